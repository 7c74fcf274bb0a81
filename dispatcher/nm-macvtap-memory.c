/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory's table and its text form, a keyfile with a group for each profile.
 */

#include "config.h"

#include "nm-macvtap-memory.h"

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
    [NM_MACVTAP_MEMORY_UNSET] = "unset",
    [NM_MACVTAP_MEMORY_ON] = "on",
    [NM_MACVTAP_MEMORY_OFF] = "off",
};

static void
entry_free(gpointer data)
{
    NMMacvtapMemoryEntry *entry = data;

    g_strfreev(entry->arrived);
    g_free(entry->moved);
    g_free(entry->told);
    g_free(entry);
}

/**
 * nm_macvtap_memory_new:
 *
 * Returns: (transfer full): an empty memory, as after a boot
 */
NMMacvtapMemory *
nm_macvtap_memory_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
}

/**
 * nm_macvtap_memory_get:
 * @memory: a memory
 * @uuid: a profile
 *
 * Returns: (transfer none): what is remembered of it; made where there is nothing yet
 */
NMMacvtapMemoryEntry *
nm_macvtap_memory_get(NMMacvtapMemory *memory, const char *uuid)
{
    NMMacvtapMemoryEntry *entry = g_hash_table_lookup(memory, uuid);

    if (!entry) {
        entry = g_new0(NMMacvtapMemoryEntry, 1);
        g_hash_table_insert(memory, g_strdup(uuid), entry);
    }
    return entry;
}

static NMMacvtapMemorySwitch
parse_wanted(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(wanted_words); i++) {
        if (g_strcmp0(word, wanted_words[i]) == 0)
            return (NMMacvtapMemorySwitch)i;
    }
    return NM_MACVTAP_MEMORY_UNSET;
}

static void
read_entry(GKeyFile *file, const char *uuid, NMMacvtapMemoryEntry *entry)
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
 * nm_macvtap_memory_new_from_text:
 * @text: what nm_macvtap_memory_to_text() returned
 *
 * Returns: (transfer full): the memory
 */
NMMacvtapMemory *
nm_macvtap_memory_new_from_text(const char *text)
{
    NMMacvtapMemory *memory = nm_macvtap_memory_new();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) uuids = NULL;

    g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
    uuids = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; uuids[i]; i++)
        read_entry(file, uuids[i], nm_macvtap_memory_get(memory, uuids[i]));
    return memory;
}

/* Only what differs from an empty entry, so that the text shows what there is to know. */
static void
write_entry(GKeyFile *file, const char *uuid, const NMMacvtapMemoryEntry *entry)
{
    if (entry->wanted != NM_MACVTAP_MEMORY_UNSET)
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
 * nm_macvtap_memory_to_text:
 * @memory: a memory
 *
 * Returns: (transfer full): its text, sorted by profile; the same for the same memory
 */
char *
nm_macvtap_memory_to_text(NMMacvtapMemory *memory)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    guint n;
    g_autofree gpointer *uuids = g_hash_table_get_keys_as_array(memory, &n);

    qsort(uuids, n, sizeof(*uuids), compare_strings);
    for (guint i = 0; i < n; i++)
        write_entry(file, uuids[i], g_hash_table_lookup(memory, uuids[i]));
    return g_key_file_to_data(file, NULL, NULL);
}
