/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text is a keyfile with a group for each profile.
 */

#include "config.h"

#include "nmm-profile-state.h"

#define KEY_WANTED         "wanted"
#define KEY_TRIED          "tried"
#define KEY_STOPPED        "stopped"
#define KEY_LOSSES         "losses"
#define KEY_UP_SINCE       "up-since"
#define KEY_LAST_EVENT     "last-event"
#define KEY_DEVICES_UP     "devices-up"
#define KEY_MOVED          "moved"
#define KEY_LOGGED_PROBLEM "logged-problem"

static const char *const wanted_words[] = {
    [NMM_PROFILE_SWITCH_UNSET] = "unset",
    [NMM_PROFILE_SWITCH_ON] = "on",
    [NMM_PROFILE_SWITCH_OFF] = "off",
};

static void
state_free(gpointer data)
{
    NmmProfileState *state = data;

    g_strfreev(state->devices_up);
    g_free(state->moved);
    g_free(state->logged_problem);
    g_free(state);
}

NmmProfileStates *
nmm_profile_states_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, state_free);
}

NmmProfileState *
nmm_profile_states_get(NmmProfileStates *states, const char *uuid)
{
    NmmProfileState *state = g_hash_table_lookup(states, uuid);

    if (!state) {
        state = g_new0(NmmProfileState, 1);
        g_hash_table_insert(states, g_strdup(uuid), state);
    }
    return state;
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
read_state(GKeyFile *file, const char *uuid, NmmProfileState *state)
{
    g_autofree char *wanted = g_key_file_get_string(file, uuid, KEY_WANTED, NULL);

    state->wanted = parse_wanted(wanted);
    state->tried = g_key_file_get_boolean(file, uuid, KEY_TRIED, NULL);
    state->stopped = g_key_file_get_boolean(file, uuid, KEY_STOPPED, NULL);
    state->losses = (guint)MAX(g_key_file_get_integer(file, uuid, KEY_LOSSES, NULL), 0);
    state->up_since = g_key_file_get_int64(file, uuid, KEY_UP_SINCE, NULL);
    state->last_event = g_key_file_get_int64(file, uuid, KEY_LAST_EVENT, NULL);
    state->devices_up = g_key_file_get_string_list(file, uuid, KEY_DEVICES_UP, NULL, NULL);
    state->moved = g_key_file_get_string(file, uuid, KEY_MOVED, NULL);
    state->logged_problem = g_key_file_get_string(file, uuid, KEY_LOGGED_PROBLEM, NULL);
}

NmmProfileStates *
nmm_profile_states_new_from_text(const char *text)
{
    NmmProfileStates *states = nmm_profile_states_new();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) uuids = NULL;

    g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
    uuids = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; uuids[i]; i++)
        read_state(file, uuids[i], nmm_profile_states_get(states, uuids[i]));
    return states;
}

/* Only what differs from an empty state, so that the file is easy to read. */
static void
write_state(GKeyFile *file, const char *uuid, const NmmProfileState *state)
{
    if (state->wanted != NMM_PROFILE_SWITCH_UNSET)
        g_key_file_set_string(file, uuid, KEY_WANTED, wanted_words[state->wanted]);
    if (state->tried)
        g_key_file_set_boolean(file, uuid, KEY_TRIED, TRUE);
    if (state->stopped)
        g_key_file_set_boolean(file, uuid, KEY_STOPPED, TRUE);
    if (state->losses)
        g_key_file_set_integer(file, uuid, KEY_LOSSES, (int)MIN(state->losses, G_MAXINT));
    if (state->up_since)
        g_key_file_set_int64(file, uuid, KEY_UP_SINCE, state->up_since);
    if (state->last_event)
        g_key_file_set_int64(file, uuid, KEY_LAST_EVENT, state->last_event);
    if (state->devices_up)
        g_key_file_set_string_list(file,
                                   uuid,
                                   KEY_DEVICES_UP,
                                   (const char *const *)state->devices_up,
                                   g_strv_length(state->devices_up));
    if (state->moved)
        g_key_file_set_string(file, uuid, KEY_MOVED, state->moved);
    if (state->logged_problem)
        g_key_file_set_string(file, uuid, KEY_LOGGED_PROBLEM, state->logged_problem);
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

char *
nmm_profile_states_to_text(NmmProfileStates *states)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    guint n;
    g_autofree gpointer *uuids = g_hash_table_get_keys_as_array(states, &n);

    qsort(uuids, n, sizeof(*uuids), compare_strings);
    for (guint i = 0; i < n; i++)
        write_state(file, uuids[i], g_hash_table_lookup(states, uuids[i]));
    return g_key_file_to_data(file, NULL, NULL);
}
