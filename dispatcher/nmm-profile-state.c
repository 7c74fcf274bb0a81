/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory's table and its text form, a keyfile with a group for each profile.
 */

#include "config.h"

#include "nmm-profile-state.h"

#define KEY_WANTED   "wanted"
#define KEY_TRIED    "tried"
#define KEY_STOPPED  "stopped"
#define KEY_LOSSES   "losses"
#define KEY_UP_SINCE "up-since"
#define KEY_HEARD    "heard"
#define KEY_ARRIVED  "arrived"
#define KEY_MOVED    "moved"
#define KEY_TOLD     "told"

static const char *const wanted_words[] = {
    [NMM_PROFILE_SWITCH_UNSET] = "unset",
    [NMM_PROFILE_SWITCH_ON] = "on",
    [NMM_PROFILE_SWITCH_OFF] = "off",
};

static void
entry_free(gpointer data)
{
    NmmProfileState *entry = data;

    g_strfreev(entry->arrived);
    g_free(entry->moved);
    g_free(entry->told);
    g_free(entry);
}

/**
 * nmm_profile_states_new:
 *
 * Returns: (transfer full): an empty memory, as after a boot
 */
NmmProfileStates *
nmm_profile_states_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
}

/**
 * nmm_profile_states_get:
 * @memory: a memory
 * @uuid: a profile
 *
 * Returns: (transfer none): what is remembered of it; made where there is nothing yet
 */
NmmProfileState *
nmm_profile_states_get(NmmProfileStates *memory, const char *uuid)
{
    NmmProfileState *entry = g_hash_table_lookup(memory, uuid);

    if (!entry) {
        entry = g_new0(NmmProfileState, 1);
        g_hash_table_insert(memory, g_strdup(uuid), entry);
    }
    return entry;
}

static NmmProfileSwitch
parse_wanted(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(wanted_words); i++) {
        if (g_strcmp0(word, wanted_words[i]) == 0)
            return (NmmProfileSwitch)i;
    }
    return NMM_PROFILE_SWITCH_UNSET;
}

static void
read_entry(GKeyFile *file, const char *uuid, NmmProfileState *entry)
{
    g_autofree char *wanted = g_key_file_get_string(file, uuid, KEY_WANTED, NULL);

    entry->wanted = parse_wanted(wanted);
    entry->tried = g_key_file_get_boolean(file, uuid, KEY_TRIED, NULL);
    entry->stopped = g_key_file_get_boolean(file, uuid, KEY_STOPPED, NULL);
    entry->losses = (guint)MAX(g_key_file_get_integer(file, uuid, KEY_LOSSES, NULL), 0);
    entry->up_since = g_key_file_get_int64(file, uuid, KEY_UP_SINCE, NULL);
    entry->heard = g_key_file_get_int64(file, uuid, KEY_HEARD, NULL);
    entry->arrived = g_key_file_get_string_list(file, uuid, KEY_ARRIVED, NULL, NULL);
    entry->moved = g_key_file_get_string(file, uuid, KEY_MOVED, NULL);
    entry->told = g_key_file_get_string(file, uuid, KEY_TOLD, NULL);
}

/**
 * nmm_profile_states_new_from_text:
 * @text: what nmm_profile_states_to_text() returned
 *
 * Returns: (transfer full): the memory
 */
NmmProfileStates *
nmm_profile_states_new_from_text(const char *text)
{
    NmmProfileStates *memory = nmm_profile_states_new();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) uuids = NULL;

    g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
    uuids = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; uuids[i]; i++)
        read_entry(file, uuids[i], nmm_profile_states_get(memory, uuids[i]));
    return memory;
}

/* Only what differs from an empty entry, so that the text shows what there is to know. */
static void
write_entry(GKeyFile *file, const char *uuid, const NmmProfileState *entry)
{
    if (entry->wanted != NMM_PROFILE_SWITCH_UNSET)
        g_key_file_set_string(file, uuid, KEY_WANTED, wanted_words[entry->wanted]);
    if (entry->tried)
        g_key_file_set_boolean(file, uuid, KEY_TRIED, TRUE);
    if (entry->stopped)
        g_key_file_set_boolean(file, uuid, KEY_STOPPED, TRUE);
    if (entry->losses)
        g_key_file_set_integer(file, uuid, KEY_LOSSES, (int)MIN(entry->losses, G_MAXINT));
    if (entry->up_since)
        g_key_file_set_int64(file, uuid, KEY_UP_SINCE, entry->up_since);
    if (entry->heard)
        g_key_file_set_int64(file, uuid, KEY_HEARD, entry->heard);
    if (entry->arrived)
        g_key_file_set_string_list(file,
                                   uuid,
                                   KEY_ARRIVED,
                                   (const char *const *)entry->arrived,
                                   g_strv_length(entry->arrived));
    if (entry->moved)
        g_key_file_set_string(file, uuid, KEY_MOVED, entry->moved);
    if (entry->told)
        g_key_file_set_string(file, uuid, KEY_TOLD, entry->told);
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/**
 * nmm_profile_states_to_text:
 * @memory: a memory
 *
 * Returns: (transfer full): its text, sorted by profile; the same for the same memory
 */
char *
nmm_profile_states_to_text(NmmProfileStates *memory)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    guint n;
    g_autofree gpointer *uuids = g_hash_table_get_keys_as_array(memory, &n);

    qsort(uuids, n, sizeof(*uuids), compare_strings);
    for (guint i = 0; i < n; i++)
        write_entry(file, uuids[i], g_hash_table_lookup(memory, uuids[i]));
    return g_key_file_to_data(file, NULL, NULL);
}
