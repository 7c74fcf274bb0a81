/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher's decision, a file of tests/data/dispatcher for each case: the host, what is
 * remembered, what happened, and what is to follow. tests/data/dispatcher/README tells the keys. To
 * add a case is to add a file.
 */

#include "config.h"

#include "nmm-decision.h"
#include "nmm-scene-libvirt.h"

#include <string.h>

#define CASES_DIR TEST_DATA_DIR "/dispatcher"

/* A misspelled key must not make a case that tests nothing. */
static const char *const known_keys[] = {
    "about",  "actions", "active",  "again",      "arrived", "autoconnect", "base",    "bridge",
    "busy",   "devices", "events",  "guests",     "heard",   "in-memory",   "losses",  "lowers",
    "mode",   "moved",   "network", "networking", "now",     "offer",       "offered", "owner",
    "parent", "primary", "problem", "state",      "stopped", "told",        "tried",   "up-since",
    "uri",    "usable",  "used",    "wanted",     NULL,
};

static const char *const device_states[] = {"down", "activated", "unmanaged"};
static const char *const profile_states[] = {"down", "activating", "up", "deactivating"};
static const char *const modes[] = {"isolated", "share", "move"};

static int
parse_word(const char *const *words, gsize n, const char *word)
{
    for (gsize i = 0; i < n; i++) {
        if (g_strcmp0(words[i], word) == 0)
            return (int)i;
    }
    g_error("'%s' is no word of a case", word);
}
#define PARSE_WORD(words, word) parse_word(words, G_N_ELEMENTS(words), word)

static char *
get_string(GKeyFile *file, const char *group, const char *key)
{
    return g_key_file_get_string(file, group, key, NULL);
}

static gboolean
get_flag(GKeyFile *file, const char *group, const char *key)
{
    g_autoptr(GError) error = NULL;
    gboolean flag = g_key_file_get_boolean(file, group, key, &error);

    if (!error || g_error_matches(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND))
        return flag;
    g_error("%s: %s: %s", group, key, error->message);
}

static char *
get_uri(GKeyFile *file, const char *group)
{
    return get_string(file, group, "uri") ?: g_strdup(nmm_scene_get_default_uri());
}

static void
read_devices(GKeyFile *file, NmmScene *scene)
{
    g_auto(GStrv) devices = g_key_file_get_string_list(file, "host", "devices", NULL, NULL);

    for (gsize i = 0; devices && devices[i]; i++) {
        g_auto(GStrv) words = g_strsplit(devices[i], ":", 2);

        nmm_scene_add_device(scene, words[0])->state =
            (NmmSceneDeviceState)PARSE_WORD(device_states, words[1]);
    }
}

static void
read_profile(GKeyFile *file, const char *group, const char *name, NmmScene *scene)
{
    NmmSceneProfile *profile = nmm_scene_add_profile(scene, name, name);
    g_autofree char *mode = get_string(file, group, "mode");
    g_autofree char *state = get_string(file, group, "state");

    profile->mode = mode ? (NmmMode)PARSE_WORD(modes, mode) : NMM_MODE_ISOLATED;
    profile->state =
        state ? (NmmSceneProfileState)PARSE_WORD(profile_states, state) : NMM_SCENE_PROFILE_DOWN;
    profile->problem = get_string(file, group, "problem");
    profile->parent = get_string(file, group, "parent");
    profile->network = get_string(file, group, "network") ?: g_strdup("isolated");
    profile->uri = get_uri(file, group);
    profile->autoconnect = get_flag(file, group, "autoconnect");
    profile->in_memory = get_flag(file, group, "in-memory");
    profile->base = get_string(file, group, "base");
    profile->moved = get_string(file, group, "moved");
    profile->busy = get_flag(file, group, "busy");
    if (get_flag(file, group, "offered")) {
        NmmSuggestedProfile *offer = nmm_suggested_profile_new(
            profile->mode, nmm_mode_get_target(profile->mode, profile->network, profile->parent));

        g_free(profile->uuid);
        profile->uuid = g_strdup(offer->uuid);
        profile->in_memory = TRUE;
        nmm_suggested_profile_free(offer);
    }
}

static void
read_libvirt(GKeyFile *file, const char *group, const char *name, NmmScene *scene)
{
    NmmSceneLibvirt *libvirt = nmm_scene_add_libvirt(scene, name);
    char **lowers = g_key_file_get_string_list(file, group, "lowers", NULL, NULL);

    if (lowers) {
        g_strfreev(libvirt->lowers);
        libvirt->lowers = lowers;
    }
    libvirt->guests = get_flag(file, group, "guests");
    libvirt->offered = g_str_equal(name, nmm_scene_get_default_uri());
}

static void
read_network(GKeyFile *file, const char *group, const char *name, NmmScene *scene)
{
    g_autofree char *uri = get_uri(file, group);
    NmmSceneNetwork *network = nmm_scene_add_network(scene, uri, name);

    network->bridge = get_string(file, group, "bridge");
    network->active = get_flag(file, group, "active");
    network->usable = get_flag(file, group, "usable");
    network->used = get_flag(file, group, "used");
}

static void
copy_memory(GKeyFile *file, const char *group, const char *name, GKeyFile *out)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (gsize i = 0; keys[i]; i++) {
        g_autofree char *value = g_key_file_get_value(file, group, keys[i], NULL);

        g_key_file_set_value(out, name, keys[i], value);
    }
}

/* Memory of @prefix's groups, which are "memory" before and "then" after. */
static NmmProfileStates *
read_memory(GKeyFile *file, const char *prefix)
{
    g_autoptr(GKeyFile) memory = g_key_file_new();
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    g_autofree char *text = NULL;

    for (gsize i = 0; groups[i]; i++) {
        g_auto(GStrv) words = g_strsplit(groups[i], " ", 2);

        if (g_str_equal(words[0], prefix))
            copy_memory(file, groups[i], words[1], memory);
    }
    text = g_key_file_to_data(memory, NULL, NULL);
    return nmm_profile_states_new_from_text(text);
}

static NmmScene *
read_scene(GKeyFile *file)
{
    NmmScene *scene = nmm_scene_new();
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    scene->now = g_key_file_get_int64(file, "host", "now", NULL);
    scene->networking = !g_key_file_has_key(file, "host", "networking", NULL) ||
                        get_flag(file, "host", "networking");
    scene->offer = get_flag(file, "host", "offer");
    scene->primary = get_string(file, "host", "primary");
    read_devices(file, scene);
    for (gsize i = 0; groups[i]; i++) {
        g_auto(GStrv) words = g_strsplit(groups[i], " ", 2);

        if (g_str_equal(words[0], "profile"))
            read_profile(file, groups[i], words[1], scene);
        else if (g_str_equal(words[0], "libvirt"))
            read_libvirt(file, groups[i], words[1], scene);
        else if (g_str_equal(words[0], "network"))
            read_network(file, groups[i], words[1], scene);
        else if (g_str_equal(words[0], "link")) {
            g_autofree char *owner = get_string(file, groups[i], "owner");

            nmm_scene_add_link(scene, words[1], owner);
        }
    }
    return scene;
}

static GPtrArray *
read_events(GKeyFile *file)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_scene_event_free);
    g_auto(GStrv) lines = g_key_file_get_string_list(file, "case", "events", NULL, NULL);

    for (gsize i = 0; lines && lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        guint n = g_strv_length(words);

        NmmSceneEvent *event =
            nmm_scene_event_new(words[0], n > 1 ? words[1] : NULL, n > 2 ? words[2] : NULL);

        event->order = n > 3 ? g_ascii_strtoll(words[3], NULL, 10) : 0;
        g_ptr_array_add(events, event);
    }
    return events;
}

static void
check_keys(GKeyFile *file, const char *name)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    g_assert_true(g_key_file_has_key(file, "case", "about", NULL));
    g_assert_true(g_key_file_has_key(file, "expect", "actions", NULL));
    for (gsize i = 0; groups[i]; i++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, groups[i], NULL, NULL);

        for (gsize j = 0; keys[j]; j++) {
            if (!g_strv_contains(known_keys, keys[j]))
                g_error("%s: unknown key '%s'", name, keys[j]);
        }
    }
}

static char *
join_actions(const NmmDecision *decision)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < decision->actions->len; i++) {
        g_autofree char *action = nmm_action_to_string(decision->actions->pdata[i]);

        g_string_append_printf(text, "%s;", action);
    }
    return g_string_free(text, FALSE);
}

/* On the same host again, with nothing new: nothing is activated or said twice. */
static void
check_settled(const NmmScene *scene, NmmProfileStates *memory)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(NmmDecision) decision = nmm_decide(none, scene, memory);

    for (guint i = 0; i < decision->actions->len; i++) {
        const NmmAction *action = decision->actions->pdata[i];

        g_assert_cmpint(action->kind, !=, NMM_ACTION_ACTIVATE);
        g_assert_cmpint(action->kind, !=, NMM_ACTION_TELL);
    }
}

static void
test_case(gconstpointer data)
{
    const char *path = data;
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmScene) scene = NULL;
    g_autoptr(GPtrArray) events = NULL;
    g_autoptr(GHashTable) memory = NULL;
    g_autoptr(GHashTable) then = NULL;
    g_autoptr(NmmDecision) decision = NULL;
    g_autofree char *expected = NULL;
    g_autofree char *actual = NULL;
    g_autofree char *expected_memory = NULL;
    g_autofree char *actual_memory = NULL;

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    check_keys(file, path);
    scene = read_scene(file);
    events = read_events(file);
    memory = read_memory(file, "memory");
    then = read_memory(file, "then");

    decision = nmm_decide(events, scene, memory);

    expected = get_string(file, "expect", "actions");
    actual = join_actions(decision);
    g_assert_cmpstr(actual, ==, expected);
    g_assert_cmpint(decision->again, ==, get_flag(file, "expect", "again"));
    expected_memory = nmm_profile_states_to_text(then);
    actual_memory = nmm_profile_states_to_text(memory);
    g_assert_cmpstr(actual_memory, ==, expected_memory);
    check_settled(scene, memory);
}

static void
test_uuid_is_for_good(void)
{
    NmmSuggestedProfile *network = nmm_suggested_profile_new(NMM_MODE_ISOLATED, "isolated");
    NmmSuggestedProfile *device = nmm_suggested_profile_new(NMM_MODE_SHARE, "eth0");

    g_assert_cmpstr(network->uuid, ==, "02fd2225-f4ef-5a12-85fe-4b43da733041");
    g_assert_cmpstr(network->id, ==, "Isolated network isolated");
    g_assert_cmpstr(device->uuid, ==, "a29a8d3f-59df-5df4-97f0-4812ca173ee8");
    g_assert_cmpstr(device->id, ==, "Guests on eth0");
    nmm_suggested_profile_free(network);
    nmm_suggested_profile_free(device);
}

static void
test_memory_damaged(void)
{
    g_autoptr(GHashTable) memory =
        nmm_profile_states_new_from_text("[a]\nwanted=perhaps\nlosses=-7\ntried=x\n");
    const NmmProfileState *entry = nmm_profile_states_get(memory, "a");

    g_assert_cmpint(entry->wanted, ==, NMM_PROFILE_SWITCH_UNSET);
    g_assert_cmpuint(entry->losses, ==, 0);
    g_assert_false(entry->tried);
    g_clear_pointer(&memory, g_hash_table_unref);
    memory = nmm_profile_states_new_from_text("no keyfile at all");
    g_assert_cmpuint(g_hash_table_size(memory), ==, 0);
}

static void
add_cases(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(CASES_DIR, 0, &error);
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *title = NULL;

        if (!g_str_has_suffix(name, ".case"))
            continue;
        title = g_strdup_printf("/decision/%.*s", (int)(strlen(name) - strlen(".case")), name);
        g_test_add_data_func_full(
            title, g_build_filename(CASES_DIR, name, NULL), test_case, g_free);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases();
    g_test_add_func("/offer/uuid", test_uuid_is_for_good);
    g_test_add_func("/memory/damaged", test_memory_damaged);
    return g_test_run();
}
