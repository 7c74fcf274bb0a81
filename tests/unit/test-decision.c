/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher's decision. Each case is a file in tests/data/dispatcher: the host, the states of
 * profiles before and after, the events and the expected actions. tests/data/dispatcher/README
 * documents the keys. To add a case, add a file.
 */

#include "config.h"

#include "nmm-decision.h"
#include "nmm-error.h"
#include "nmm-identity.h"

#include <string.h>

#define CASES_DIR TEST_DATA_DIR "/dispatcher"

typedef struct {
    NmmHostState *host;
    GHashTable *lock_holders;
    NmmProfileStates *states;
    NmmDecisionInput input;
} Case;

/* A misspelled key must not make a case that tests nothing. */
static const char *const known_keys[] = {
    "about",           "absent",     "actions",   "asleep",        "active",   "again",
    "autoconnect",     "base",       "bridge",    "busy",          "devices",  "devices-up",
    "events",          "guests",     "in-memory", "last-event",    "late",     "logged-problem",
    "losses",          "missing",    "mode",      "moved",         "peers",    "network",
    "networks-asleep", "networking", "now",       "on-disconnect", "owner",    "parent",
    "parents",         "plugged",    "primary",   "problem",       "state",    "stopped",
    "suggest",         "suggested",  "tried",     "timed-out",     "up-since", "uri",
    "usable",          "used",       "unfit",     "wanted",        NULL,
};

static const char *const device_states[] = {"down", "activated", "unmanaged"};
static const char *const profile_states[] = {"down", "activating", "up", "deactivating"};

static int
parse_word(const char *const *words, gsize n, const char *word)
{
    for (gsize i = 0; i < n; i++) {
        if (g_strcmp0(words[i], word) == 0)
            return (int)i;
    }
    g_error("'%s' is not a word of a case", word);
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

static const char *
get_default_uri(void)
{
    return nmm_keys_find(NMM_KEY_LIBVIRT_URI)->default_value;
}

static char *
get_uri(GKeyFile *file, const char *group)
{
    return get_string(file, group, "uri") ?: g_strdup(get_default_uri());
}

static void
read_devices(GKeyFile *file, NmmHostState *host)
{
    g_auto(GStrv) devices = g_key_file_get_string_list(file, "host", "devices", NULL, NULL);

    for (gsize i = 0; devices && devices[i]; i++) {
        g_auto(GStrv) words = g_strsplit(devices[i], ":", 2);

        nmm_host_state_add_device(host, words[0])->state =
            (NmmDeviceState)PARSE_WORD(device_states, words[1]);
    }
}

/* As NetworkManager has it: only the keys that the case sets. */
static NmmProfile *
parse_profile(GKeyFile *file, const char *group, const char *uuid)
{
    static const char *const keys[][2] = {{NMM_KEY_MODE, "mode"},
                                          {NMM_KEY_PARENT, "parent"},
                                          {NMM_KEY_NETWORK, "network"},
                                          {NMM_KEY_ON_DISCONNECT, "on-disconnect"},
                                          {NMM_KEY_PEERS, "peers"},
                                          {NMM_KEY_LIBVIRT_URI, "uri"}};
    g_autoptr(GHashTable) data = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    g_autoptr(GError) error = NULL;
    NmmProfile *profile;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        char *value = get_string(file, group, keys[i][1]);

        if (value)
            g_hash_table_insert(data, (gpointer)keys[i][0], value);
    }
    profile = nmm_profile_parse(uuid, uuid, NULL, data, NULL, &error);
    g_assert_no_error(error);
    return profile;
}

static char *
get_profile_uuid(GKeyFile *file, const char *group, const char *name)
{
    g_autoptr(NmmProfile) profile = parse_profile(file, group, name);

    if (!get_flag(file, group, "suggested"))
        return g_strdup(name);
    return nmm_identity_suggested_uuid(
        profile->mode,
        nmm_mode_get_target(profile->mode, profile->network, profile->parent),
        profile->libvirt_uri);
}

static void
read_profile(GKeyFile *file, const char *group, const char *name, Case *c)
{
    g_autofree char *uuid = get_profile_uuid(file, group, name);
    NmmHostProfile *profile = nmm_host_state_add_profile(c->host, name, uuid);
    g_autofree char *state = get_string(file, group, "state");
    g_autofree char *problem = get_string(file, group, "problem");

    profile->state = state ? (NmmActiveState)PARSE_WORD(profile_states, state) : NMM_ACTIVE_DOWN;
    if (problem)
        profile->error = g_error_new_literal(NMM_ERROR, NMM_ERROR_BAD_PROFILE, problem);
    else
        profile->profile = parse_profile(file, group, uuid);
    profile->autoconnect = get_flag(file, group, "autoconnect");
    profile->in_memory = get_flag(file, group, "in-memory") || get_flag(file, group, "suggested");
    profile->base = get_string(file, group, "base");
    profile->moved = get_string(file, group, "moved");
    if (get_flag(file, group, "busy"))
        g_hash_table_add(c->lock_holders, g_strdup(uuid));
}

/* A guest with an interface on @parent, and one on @network (nullable). */
static void
add_guest(NmmHostHypervisor *hypervisor, const char *parent, const char *mode, const char *network)
{
    guint n = hypervisor->guests->len;
    g_autofree char *nic =
        network ? g_strdup_printf("<interface type='network'><source network='%s'/></interface>",
                                  network)
                : g_strdup("");
    g_autofree char *xml =
        g_strdup_printf("<domain><name>g%u</name><uuid>00000000-0000-4000-8000-%012u</uuid>"
                        "<devices><interface type='direct'><source dev='%s' mode='%s'/>"
                        "</interface>%s</devices></domain>",
                        n,
                        n,
                        parent,
                        mode,
                        nic);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(hypervisor->guests, nmm_guest_new_from_xml(xml, NULL, &error));
    g_assert_no_error(error);
}

/* A guest that runs, with an interface that the profile of @network made. */
static void
add_plugged_guest(NmmHostHypervisor *hypervisor, const char *network)
{
    guint n = hypervisor->guests->len;
    g_autofree char *alias = nmm_identity_alias(network);
    g_autofree char *xml =
        g_strdup_printf("<domain><name>g%u</name><uuid>00000000-0000-4000-8000-%012u</uuid>"
                        "<devices><interface type='direct'><source dev='eth9' mode='vepa'/>"
                        "</interface><interface type='network'><source network='%s'/>"
                        "<alias name='%s'/></interface></devices></domain>",
                        n,
                        n,
                        network,
                        alias);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(hypervisor->guests, nmm_guest_new_from_xml(xml, xml, &error));
    g_assert_no_error(error);
}

static gboolean
is_in_list(GKeyFile *file, const char *group, const char *key, const char *word)
{
    g_auto(GStrv) list = g_key_file_get_string_list(file, group, key, NULL, NULL);

    return list && g_strv_contains((const char *const *)list, word);
}

static void
add_parent(GKeyFile *file, const char *group, const char *name, NmmHostState *host)
{
    NmmLink *link;

    if (is_in_list(file, group, "absent", name))
        return;
    link = nmm_link_new(name);
    link->ethernet = TRUE;
    link->wireless = is_in_list(file, group, "unfit", name);
    g_ptr_array_add(host->links, link);
}

static void
read_libvirt(GKeyFile *file, const char *group, const char *name, NmmHostState *host)
{
    NmmHostHypervisor *hypervisor = nmm_host_hypervisor_new(name);
    g_auto(GStrv) parents = g_key_file_get_string_list(file, group, "parents", NULL, NULL);

    for (gsize i = 0; parents && parents[i]; i++) {
        add_guest(hypervisor, parents[i], "bridge", NULL);
        add_parent(file, group, parents[i], host);
    }
    if (get_flag(file, group, "guests") && !parents)
        add_guest(hypervisor, "eth9", "vepa", NULL);
    hypervisor->asleep = get_flag(file, group, "asleep");
    hypervisor->missing = get_flag(file, group, "missing");
    if (get_flag(file, group, "networks-asleep"))
        hypervisor->networks_error =
            g_error_new_literal(NMM_ERROR, NMM_ERROR_UNSUPPORTED, "no network daemon");
    hypervisor->timed_out = get_flag(file, group, "timed-out");
    if (hypervisor->asleep || hypervisor->missing || hypervisor->timed_out)
        hypervisor->error =
            g_error_new_literal(NMM_ERROR, NMM_ERROR_UNREACHABLE, "libvirt is not running");
    nmm_host_state_set_hypervisor(host, hypervisor);
}

static void
read_network(GKeyFile *file, const char *group, const char *name, NmmHostState *host)
{
    g_autofree char *uri = get_uri(file, group);
    g_autofree char *bridge = get_string(file, group, "bridge");
    g_autofree char *xml = g_strdup_printf(
        "<network><name>%s</name><bridge name='%s'/>%s</network>",
        name,
        bridge,
        get_flag(file, group, "usable") ? "<ip address='10.9.0.1' netmask='255.255.255.0'/>" : "");
    NmmHostHypervisor *hypervisor = nmm_host_state_find_hypervisor(host, uri);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(hypervisor);
    g_ptr_array_add(
        hypervisor->networks,
        nmm_network_new_from_xml(xml, get_flag(file, group, "active"), FALSE, TRUE, &error));
    g_assert_no_error(error);
    if (get_flag(file, group, "used"))
        add_guest(hypervisor, "eth9", "vepa", name);
    if (get_flag(file, group, "plugged"))
        add_plugged_guest(hypervisor, name);
}

static void
read_link(GKeyFile *file, const char *group, const char *name, NmmHostState *host)
{
    NmmLink *link = nmm_link_new(name);

    link->profile_uuid = get_string(file, group, "owner");
    g_ptr_array_add(host->links, link);
}

static void
copy_state(GKeyFile *file, const char *group, const char *name, GKeyFile *out)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (gsize i = 0; keys[i]; i++) {
        g_autofree char *value = g_key_file_get_value(file, group, keys[i], NULL);

        g_key_file_set_value(out, name, keys[i], value);
    }
}

/* From the groups with @prefix: "before" or "after". */
static NmmProfileStates *
read_states(GKeyFile *file, const char *prefix)
{
    g_autoptr(GKeyFile) states = g_key_file_new();
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    g_autofree char *text = NULL;

    for (gsize i = 0; groups[i]; i++) {
        g_auto(GStrv) words = g_strsplit(groups[i], " ", 2);

        if (g_str_equal(words[0], prefix))
            copy_state(file, groups[i], words[1], states);
    }
    text = g_key_file_to_data(states, NULL, NULL);
    return nmm_profile_states_new_from_text(text);
}

static void
read_host(GKeyFile *file, Case *c)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    c->host->networking = !g_key_file_has_key(file, "host", "networking", NULL) ||
                          get_flag(file, "host", "networking");
    c->host->primary = get_string(file, "host", "primary");
    read_devices(file, c->host);
    for (gsize i = 0; groups[i]; i++) {
        g_auto(GStrv) words = g_strsplit(groups[i], " ", 2);

        if (g_str_equal(words[0], "profile"))
            read_profile(file, groups[i], words[1], c);
        else if (g_str_equal(words[0], "libvirt"))
            read_libvirt(file, groups[i], words[1], c->host);
        else if (g_str_equal(words[0], "network"))
            read_network(file, groups[i], words[1], c->host);
        else if (g_str_equal(words[0], "link"))
            read_link(file, groups[i], words[1], c->host);
    }
}

static GPtrArray *
read_events(GKeyFile *file)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_event_free);
    g_auto(GStrv) lines = g_key_file_get_string_list(file, "case", "events", NULL, NULL);

    for (gsize i = 0; lines && lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        guint n = g_strv_length(words);
        NmmEvent *event = nmm_event_new(words[0], n > 1 ? words[1] : NULL, n > 2 ? words[2] : NULL);

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

/* The same host again, without events: nothing is activated or logged twice. */
static void
check_settled(const Case *c)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(NmmDecision) decision = nmm_decide(none, &c->input, c->states);

    for (guint i = 0; i < decision->actions->len; i++) {
        const NmmAction *action = decision->actions->pdata[i];

        g_assert_cmpint(action->kind, !=, NMM_ACTION_ACTIVATE);
        g_assert_cmpint(action->kind, !=, NMM_ACTION_LOG);
    }
}

static void
case_clear(Case *c)
{
    nmm_host_state_free(c->host);
    g_hash_table_unref(c->lock_holders);
    g_hash_table_unref(c->states);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static void
case_init(Case *c, GKeyFile *file)
{
    c->host = nmm_host_state_new();
    c->lock_holders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    c->states = read_states(file, "before");
    read_host(file, c);
    c->input = (NmmDecisionInput){.host = c->host,
                                  .lock_holders = c->lock_holders,
                                  .now = g_key_file_get_int64(file, "host", "now", NULL),
                                  .suggest = get_flag(file, "host", "suggest")};
}

static void
check_states(GKeyFile *file, NmmProfileStates *states)
{
    g_autoptr(GHashTable) after = read_states(file, "after");
    g_autofree char *expected = nmm_profile_states_to_text(after);
    g_autofree char *actual = nmm_profile_states_to_text(states);

    g_assert_cmpstr(actual, ==, expected);
}

static void
test_case(gconstpointer data)
{
    const char *path = data;
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    g_auto(Case) c = {NULL};
    g_autoptr(GPtrArray) events = NULL;
    g_autoptr(NmmDecision) decision = NULL;
    g_autofree char *expected = NULL;
    g_autofree char *actual = NULL;

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    check_keys(file, path);
    case_init(&c, file);
    events = read_events(file);

    decision = nmm_decide(events, &c.input, c.states);

    expected = get_string(file, "expect", "actions");
    actual = join_actions(decision);
    g_assert_cmpstr(actual, ==, expected);
    g_assert_cmpint(decision->again, ==, get_flag(file, "expect", "again"));
    g_assert_cmpint(decision->is_late, ==, get_flag(file, "expect", "late"));
    check_states(file, c.states);
    check_settled(&c);
}

static void
test_suggested_uuid(void)
{
    NmmSuggestedProfile *network =
        nmm_suggested_profile_new(NMM_MODE_ISOLATED, "isolated", "qemu:///system");
    NmmSuggestedProfile *device =
        nmm_suggested_profile_new(NMM_MODE_SHARE, "eth0", "qemu:///system");
    NmmSuggestedProfile *lxc = nmm_suggested_profile_new(NMM_MODE_SHARE, "eth0", "lxc:///system");

    g_assert_cmpstr(network->uuid, ==, "02fd2225-f4ef-5a12-85fe-4b43da733041");
    g_assert_cmpstr(network->id, ==, "Isolated network isolated");
    g_assert_cmpstr(device->uuid, ==, "a29a8d3f-59df-5df4-97f0-4812ca173ee8");
    g_assert_cmpstr(device->id, ==, "Guests on eth0");
    g_assert_cmpstr(lxc->uuid, ==, "d08bf338-2150-50c1-af81-0f8039bfdabd");
    g_assert_cmpstr(lxc->id, ==, "Guests on eth0 (lxc)");
    nmm_suggested_profile_free(network);
    nmm_suggested_profile_free(device);
    nmm_suggested_profile_free(lxc);
}

static void
test_states_round_trip(void)
{
    static const char text[] = "[a]\nwanted=on\ntried=true\nstopped=true\nlosses=3\n"
                               "up-since=17\nlast-event=12884901889\ndevices-up=eth0;eth1;\n"
                               "moved=eth0\nlogged-problem=no such key\n\n[b]\nwanted=off\n";
    g_autoptr(GHashTable) states = nmm_profile_states_new_from_text(text);
    g_autofree char *again = NULL;

    nmm_profile_states_get(states, "empty");
    again = nmm_profile_states_to_text(states);
    g_assert_cmpstr(again, ==, text);
}

static void
test_states_damaged(void)
{
    g_autoptr(GHashTable) states =
        nmm_profile_states_new_from_text("[a]\nwanted=perhaps\nlosses=-7\ntried=x\n");
    const NmmProfileState *state = nmm_profile_states_get(states, "a");

    g_assert_cmpint(state->wanted, ==, NMM_PROFILE_SWITCH_UNSET);
    g_assert_cmpuint(state->losses, ==, 0);
    g_assert_false(state->tried);
    g_clear_pointer(&states, g_hash_table_unref);
    states = nmm_profile_states_new_from_text("not a keyfile");
    g_assert_cmpuint(g_hash_table_size(states), ==, 0);
}

static void
add_xml_guest(NmmHostHypervisor *hypervisor, const char *name, const char *nics)
{
    g_autofree char *xml =
        g_strdup_printf("<domain><name>%s</name><uuid>00000000-0000-4000-8000-%012u</uuid>"
                        "<devices>%s</devices></domain>",
                        name,
                        hypervisor->guests->len,
                        nics);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(hypervisor->guests, nmm_guest_new_from_xml(xml, NULL, &error));
    g_assert_no_error(error);
}

static void
add_xml_network(NmmHostHypervisor *hypervisor, const char *name, const char *inner)
{
    g_autofree char *xml = g_strdup_printf("<network><name>%s</name>%s</network>", name, inner);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(hypervisor->networks, nmm_network_new_from_xml(xml, TRUE, FALSE, TRUE, &error));
    g_assert_no_error(error);
}

#define DIRECT(dev, mode)                                                                          \
    "<interface type='direct'><source dev='" dev "' mode='" mode "'/></interface>"
#define ON(network) "<interface type='network'><source network='" network "'/></interface>"
#define IP          "<ip address='10.9.0.1' netmask='255.255.255.0'/>"

static void
assert_suggested(const GPtrArray *list, guint index, NmmMode mode, const char *target)
{
    const NmmSuggestedProfile *suggested;

    g_assert_cmpuint(index, <, list->len);
    suggested = list->pdata[index];
    g_assert_cmpint(suggested->mode, ==, mode);
    g_assert_cmpstr(suggested->target, ==, target);
}

static void
test_guest_use(void)
{
    g_autoptr(NmmHostHypervisor) hypervisor = nmm_host_hypervisor_new("qemu:///system");
    g_autoptr(NmmGuestUse) use = NULL;
    g_autoptr(GPtrArray) list = NULL;

    add_xml_network(hypervisor, "lab", "<bridge name='virbr5'/>" IP);
    add_xml_network(hypervisor, "bare", "<bridge name='virbr6'/>");
    add_xml_network(hypervisor, "nat", "<forward mode='nat'/><bridge name='virbr0'/>" IP);
    add_xml_network(hypervisor, "pool", "<forward mode='bridge'><interface dev='eth2'/></forward>");
    add_xml_network(hypervisor, "vepa", "<forward mode='vepa'><interface dev='eth3'/></forward>");
    add_xml_guest(hypervisor, "b", DIRECT("eth1", "bridge") ON("lab"));
    add_xml_guest(hypervisor, "a", DIRECT("eth0", "bridge"));
    add_xml_guest(hypervisor, "again", DIRECT("eth0", "bridge"));
    add_xml_guest(hypervisor, "pooled", ON("pool"));
    add_xml_guest(hypervisor, "vepa", ON("vepa") DIRECT("eth4", "vepa"));
    add_xml_guest(hypervisor, "natted", ON("nat") ON("bare"));

    use = nmm_guest_use_new(hypervisor);
    g_assert_true(use->has_guests);
    g_assert_cmpstrv(use->parents, ((const char *const[]){"eth0", "eth1", "eth2", NULL}));
    g_assert_true(g_hash_table_contains(use->networks, "lab"));
    g_assert_false(g_hash_table_contains(use->networks, "bare"));
    list = nmm_suggested_profile_list(hypervisor, use);
    g_assert_cmpuint(list->len, ==, 4);
    assert_suggested(list, 0, NMM_MODE_ISOLATED, "lab");
    assert_suggested(list, 1, NMM_MODE_SHARE, "eth0");
    assert_suggested(list, 3, NMM_MODE_SHARE, "eth2");
}

static void
test_guest_use_without_macvtap(void)
{
    g_autoptr(NmmHostHypervisor) hypervisor = nmm_host_hypervisor_new("qemu:///system");
    g_autoptr(NmmGuestUse) use = NULL;

    add_xml_network(hypervisor, "lab", IP);
    add_xml_guest(hypervisor, "a", ON("lab"));
    use = nmm_guest_use_new(hypervisor);
    g_assert_false(use->has_guests);
    g_assert_null(use->parents[0]);
    g_assert_cmpuint(g_hash_table_size(use->networks), ==, 0);
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
    g_test_add_func("/suggested-profile/uuid", test_suggested_uuid);
    g_test_add_func("/profile-states/round-trip", test_states_round_trip);
    g_test_add_func("/profile-states/damaged", test_states_damaged);
    g_test_add_func("/guest-use/all", test_guest_use);
    g_test_add_func("/guest-use/no-macvtap", test_guest_use_without_macvtap);
    return g_test_run();
}
