/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pure parts of the tool in the modes share and move, on input made by hand.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-guest-selection.h"
#include "nmm-check-collect.h"
#include "tool-fixture.h"

#define MAC   "52:54:00:00:00:01"
#define SINCE 1795694400 /* 2026-11-26 12:00:00 UTC */

/* Steps */

static NmmCheckInput *
new_good_input(NmmMode mode)
{
    NmmCheckInput *input = new_selected_input("web");

    input->profile.mode = mode;
    input->nic.mac = g_strdup(MAC);
    input->nic.target = g_strdup("macvtap0");
    input->guest.definition_is_bridge = TRUE;
    input->link.parent = g_strdup("eth0");
    input->link.parent_up = TRUE;
    input->link.parent_carrier = TRUE;
    input->link.name = g_strdup("nmmveth0");
    input->link.up = TRUE;
    input->way.device = g_strdup("nmmveth0");
    input->host_address = g_strdup("10.0.0.2/24");
    nmm_check_input_add_address(input, "10.0.0.7", SINCE, "10.0.0.2");
    ((NmmCheckAddress *)g_ptr_array_index(input->link.addresses, 0))->answers = TRUE;
    nmm_check_input_choose_address(input);
    return input;
}

static const BrokenCase broken_cases[] = {
    {BOOLEAN(guest.exists), "guest", "'web'", "list --all"},
    {BOOLEAN(guest.is_macvtap), "macvtap", "no macvtap interface", "domiflist web"},
    {STRING(link.parent_problem), "'eth0' is a Wi-Fi card", "parent", "Wi-Fi", "edit guests"},
    {BOOLEAN(link.parent_up), "parent", "is down", "ip link set eth0 up"},
    {BOOLEAN(link.parent_carrier), "parent", "carrier", "ip link show eth0"},
    {BOOLEAN(profile.active), "profile", "not active", "nmcli connection up guests"},
    {STRING(link.problem), "it is another's", "host-link", "it is another's", "up guests"},
    {BOOLEAN(link.up), "host-link", "'nmmveth0' is down", "up guests"},
    {STRING(host_address), NULL, "host-link", "no address on 'eth0'", "nmcli device show eth0"},
    {BOOLEAN(guest.running), "running", "shut off", "start web"},
    {BOOLEAN(nic.plugged),
     "plugged",
     "needs a restart",
     "virsh -c qemu:///system shutdown web && while virsh -c qemu:///system list --uuid | "
     "grep -q " GUEST_UUID "; do sleep 1; done && virsh -c qemu:///system start web"},
    {BOOLEAN(guest.gone),
     "device",
     "'macvtap0' disappeared together with the device 'eth0'",
     "nic=$(virsh -c qemu:///system dumpxml web --xpath "
     "'//interface[mac/@address=\"52:54:00:00:00:0a\"]') && "
     "virsh -c qemu:///system detach-interface web direct --mac 52:54:00:00:00:0a --live && "
     "printf %s \"$nic\" | virsh -c qemu:///system attach-device web /dev/stdin --live"},
    {BOOLEAN(nic.is_up), "device", "'macvtap0' is down", "ip link set macvtap0 up"},
    {BOOLEAN(nic.link_down), "link", "unplugged", "domif-setlink web " MAC " up"},
    {STRING(way.device),
     "wg0",
     "route",
     "leave on 'wg0' instead of 'nmmveth0'",
     "ip -4 rule add pref 1 to 10.0.0.7 lookup main"},
    {BOOLEAN(answers), "neighbour", "'10.0.0.7'", "console web"},
};

static void
test_broken(gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(broken_cases); i++) {
        const BrokenCase *c = &broken_cases[i];
        g_autoptr(NmmCheckInput) input = new_good_input(GPOINTER_TO_INT(data));

        spoil_input(input, c);
        assert_case(input, c);
    }
}

static void
test_modes(gconstpointer data)
{
    static const char *const modes[] = {"vepa", "private", "passthrough"};

    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(NmmCheckInput) input = new_good_input(GPOINTER_TO_INT(data));

        /* Activating the profile would not help, so the mode comes first. */
        input->profile.active = FALSE;
        set_string(&input->guest.macvtap_mode, modes[i]);
        assert_broken(input, "mode", "needs a restart", "shutdown web");
        input->guest.definition_is_bridge = FALSE;
        assert_broken(input, "mode", modes[i], "virsh -c qemu:///system edit web");
        assert_broken(input, "mode", "mode='bridge'", "edit web");
    }
}

/* A name that virsh would take for something else. */
static void
test_names_for_virsh(gconstpointer data)
{
    static const char *const names[] = {"100", "--all"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(NmmCheckInput) input = new_good_input(GPOINTER_TO_INT(data));

        set_string(&input->guest.name, names[i]);
        input->guest.running = FALSE;
        assert_broken(input, "running", "shut off", "virsh -c qemu:///system start " GUEST_UUID);
        input->guest.running = TRUE;
        input->nic.link_down = TRUE;
        assert_broken(input, "link", "unplugged", "domif-setlink " GUEST_UUID " " MAC " up");
    }
}

/* libvirt knows the MAC of the definition alone. */
static void
test_changed_mac(gconstpointer data)
{
    g_autoptr(NmmCheckInput) input = new_good_input(GPOINTER_TO_INT(data));
    g_autoptr(GPtrArray) results = NULL;
    const NmmCheckResult *macvtap;

    input->nic.defined_mac = g_strdup("52:54:00:00:00:77");
    input->guest.defined_mac = g_strdup("52:54:00:00:00:77");
    results = nmm_check_evaluate(input);
    g_assert_null(nmm_check_find_reason(results));
    macvtap = results->pdata[1];
    g_assert_nonnull(strstr(macvtap->detail, "from '52:54:00:00:00:77' to '52:54:00:00:00:0a'"));
    input->nic.link_down = TRUE;
    assert_broken(input, "link", "unplugged", "domif-setlink web 52:54:00:00:00:77 up");
}

static void
test_route(void)
{
    g_autoptr(NmmCheckInput) share = new_good_input(NMM_MODE_SHARE);
    g_autoptr(NmmCheckInput) move = new_good_input(NMM_MODE_MOVE);
    g_autoptr(GPtrArray) results = NULL;

    share->routed = FALSE;
    assert_broken(share, "route", "'10.0.0.7' over 'nmmveth0'", "up guests");
    /* The host is a LAN host, and needs no route. */
    move->routed = FALSE;
    results = nmm_check_evaluate(move);
    g_assert_null(nmm_check_find_reason(results));
    g_assert_cmpuint(results->len, ==, 17);
}

/* A guest without traffic is not broken. */
static void
test_waiting(gconstpointer data)
{
    g_autoptr(NmmCheckInput) input = new_good_input(GPOINTER_TO_INT(data));
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(NmmReport) report = NULL;
    const NmmCheckResult *end;

    g_ptr_array_set_size(input->link.addresses, 0);
    set_string(&input->address, NULL);
    input->answers = input->routed = FALSE;
    input->since = 0;
    results = nmm_check_evaluate(input);
    g_assert_null(nmm_check_find_broken(results));
    end = nmm_check_find_reason(results);
    g_assert_cmpint(end->verdict, ==, NMM_CHECK_WAITING);
    g_assert_cmpstr(end->step, ==, "address");
    g_assert_cmpstr(nmm_check_verdict_to_string(end->verdict), ==, "waiting");
    g_assert_null(end->remedy);
    report = nmm_check_report(input);
    assert_text_has(report,
                    input->profile.mode == NMM_MODE_SHARE ? "\nwait    no traffic from it yet"
                                                          : "\nwait    no traffic with it yet");
    assert_text_lacks(report, "answers the host");
    g_assert_cmpint(report->code, ==, NMM_EXIT_OK);
}

static void
test_unasked(void)
{
    g_autoptr(NmmCheckInput) input = new_good_input(NMM_MODE_SHARE);
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(NmmReport) report = NULL;

    input->answers = FALSE;
    g_assert_false(nmm_check_input_is_reachable(input));
    input->unprivileged = TRUE;
    g_assert_true(nmm_check_input_is_reachable(input));
    results = nmm_check_evaluate(input);
    g_assert_null(nmm_check_find_reason(results));
    g_assert_cmpint(find_step(results, "neighbour")->verdict, ==, NMM_CHECK_HINT);
    report = nmm_check_report(input);
    assert_text_lacks(report, "answers the host");
    input->routed = FALSE;
    g_assert_false(nmm_check_input_is_reachable(input));
}

/* An old address that still has its route does not hide the one that answers. */
static void
test_choose(void)
{
    g_autoptr(NmmCheckInput) input = nmm_check_input_new("web", URI);

    nmm_check_input_choose_address(input);
    g_assert_null(input->address);
    nmm_check_input_add_address(input, "10.0.0.7", SINCE, "10.0.0.2");
    nmm_check_input_add_address(input, "10.0.0.8", SINCE + 5, NULL);
    nmm_check_input_choose_address(input);
    g_assert_cmpstr(input->address, ==, "10.0.0.7");
    g_assert_true(input->routed);
    g_assert_false(input->answers);
    ((NmmCheckAddress *)g_ptr_array_index(input->link.addresses, 1))->answers = TRUE;
    nmm_check_input_choose_address(input);
    g_assert_cmpstr(input->address, ==, "10.0.0.8");
    g_assert_cmpint(input->since, ==, SINCE + 5);
    g_assert_false(input->routed);
    g_assert_true(input->answers);
}

static void
test_bridge_left(void)
{
    g_autoptr(NmmCheckInput) input = new_good_input(NMM_MODE_ISOLATED);

    input->profile.active = FALSE;
    input->network.bridge_left = TRUE;
    set_string(&input->network.bridge, "virbr1");
    set_string(&input->network.name, "isolated");
    assert_broken(input,
                  "profile",
                  "the bridge 'virbr1' was left behind",
                  "ip link delete virbr1 && virsh -c qemu:///system net-start isolated");
    input->profile.active = TRUE;
    input->network.exists = TRUE;
    assert_broken(input,
                  "network",
                  "the bridge 'virbr1' was left behind",
                  "ip link delete virbr1 && virsh -c qemu:///system net-start isolated");
}

/* Host states */

/* @nics: of its definition, and of the running guest if @running. */
static NmmGuest *
add_guest(NmmHostHypervisor *hypervisor, const char *name, const char *nics, gboolean running)
{
    g_autofree char *xml = g_strdup_printf("<domain><name>%s</name><uuid>%s</uuid>"
                                           "<devices>%s</devices></domain>",
                                           name,
                                           GUEST_UUID,
                                           nics);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, running ? xml : NULL, &error);

    g_assert_no_error(error);
    g_ptr_array_add(hypervisor->guests, guest);
    return guest;
}

#define NIC(device, mode, mac)                                                                     \
    "<interface type='direct'><mac address='" mac "'/><source dev='" device "'" mode               \
    "/><target dev='macvtap0'/></interface>"
#define BRIDGE "  mode='bridge'"

static NmmHostProfile *
add_link_profile(NmmHostState *state, const char *mode)
{
    const char *data[] = {"mode", mode, NULL};
    NmmHostProfile *profile = add_profile(state, "guests", UUID, data);

    profile->parent = g_strdup("eth0");
    profile->link = g_strdup("nmmveth0");
    return profile;
}

static NmmLink *
add_link(NmmHostState *state, const char *name, const char *kind, const char *parent)
{
    NmmLink *link = nmm_link_new(name);

    link->kind = g_strdup(kind);
    link->parent = g_strdup(parent);
    link->up = link->carrier = link->ethernet = TRUE;
    g_ptr_array_add(state->links, link);
    return link;
}

static void
add_address(NmmLink *link, const char *text)
{
    NmmCidr cidr;

    g_assert_true(nmm_cidr_parse(text, &cidr, NULL));
    g_array_append_val(link->addresses, cidr);
}

static void
test_selection(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    NmmHostProfile *profile = add_link_profile(state, "share");
    NmmGuest *guest = add_guest(
        hypervisor, "web", NIC("eth0", "", "52:54:00:00:00:09") NIC("eth0", BRIDGE, MAC), TRUE);

    /* Of two interfaces, the one that the host link reaches. */
    g_assert_cmpstr(nmm_guest_selection_find_nic(profile, hypervisor, guest)->mac, ==, MAC);
    g_assert_cmpstr(
        nmm_guest_selection_find_nic(NULL, hypervisor, guest)->mac, ==, "52:54:00:00:00:09");
    add_guest(hypervisor, "db", NIC("eth1", BRIDGE, MAC), FALSE);
    g_assert_cmpuint(nmm_guest_selection_count(state, profile), ==, 1);
    g_assert_null(nmm_guest_selection_describe_empty(state, profile));
    set_string(&profile->parent, "eth1");
    g_assert_true(
        nmm_guest_selection_has(profile, hypervisor, g_ptr_array_index(hypervisor->guests, 1)));
    g_assert_false(nmm_guest_selection_has(profile, hypervisor, guest));
}

/* Data of a profile that matches no guest, and part of the note on it; NULL for no note. */
typedef struct {
    const char *data[7];
    const char *note;
} UnmatchedCase;

static const UnmatchedCase unmatched_cases[] = {
    {{"mode", "isolated", NULL}, NULL},
    {{"mode", "isolated", "parent", "eth0", NULL}, NULL},
    {{"mode", "isolated", "guests", "web ghost", NULL}, NULL},
    {{"mode", "isolated", "parent", "eth7", NULL}, "interface on 'eth7'"},
    {{"mode", "share", "parent", "eth7", NULL}, "interface on 'eth7'"},
    {{"mode", "move", "guests", "ghost", NULL}, "macvtap interface is called 'ghost'"},
    {{"mode", "isolated", "guests", "plain", NULL}, "macvtap interface is called 'plain'"},
    {{"mode", "isolated", "guests", "web", "parent", "eth7", NULL}, "interface on 'eth7'"},
};

static void
test_unmatched(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(unmatched_cases); i++) {
        const UnmatchedCase *c = &unmatched_cases[i];
        g_autoptr(NmmHostState) state = nmm_host_state_new();
        g_autoptr(GPtrArray) inputs = g_ptr_array_new();
        NmmHostHypervisor *hypervisor = add_host(state, URI);
        NmmHostProfile *profile = add_profile(state, "guests", UUID, c->data);
        g_autofree char *note = NULL;

        add_guest(hypervisor, "web", NIC("eth0", BRIDGE, MAC), TRUE);
        add_guest(hypervisor, "plain", "", TRUE);
        note = nmm_guest_selection_describe_empty(state, profile);
        assert_status_code(state, inputs, c->note ? NMM_EXIT_PROBLEM : NMM_EXIT_OK);
        if (!c->note) {
            g_assert_null(note);
            continue;
        }
        g_assert_nonnull(strstr(note, c->note));
        /* For a profile that is down it is a note, but not a problem. */
        profile->state = NMM_ACTIVE_DOWN;
        assert_status_code(state, inputs, NMM_EXIT_OK);
        /* Without libvirt, the guests are not known. */
        hypervisor->error = g_error_new_literal(NMM_ERROR, NMM_ERROR_UNREACHABLE, "gone");
        g_assert_null(nmm_guest_selection_describe_empty(state, profile));
    }
}

static void
test_host_link(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostProfile *profile = add_link_profile(state, "share");
    g_autoptr(GError) error = NULL;
    NmmLink *link;

    g_assert_null(nmm_host_state_find_host_link(state, profile, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
    g_clear_error(&error);

    add_address(add_link(state, "eth0", "veth", NULL), "10.0.0.2/24");
    link = add_link(state, "nmmveth0", "macvtap", "eth0");
    g_assert_null(nmm_host_state_find_host_link(state, profile, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_clear_error(&error);
    link->profile_uuid = g_strdup(OTHER_UUID);
    g_assert_null(nmm_host_state_find_host_link(state, profile, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_clear_error(&error);
    set_string(&link->profile_uuid, UUID);
    g_assert_true(nmm_host_state_find_host_link(state, profile, &error) == link);
    g_assert_no_error(error);
    g_assert_cmpuint(nmm_host_state_get_address(state, profile)->bytes[3], ==, 2);
}

/* NetworkManager makes it, without a mark. */
static void
test_host_link_moved(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostProfile *profile = add_link_profile(state, "move");
    NmmLink *parent = add_link(state, "eth0", "veth", NULL);
    NmmLink *link;

    add_address(parent, "10.0.0.2/24");
    g_assert_cmpuint(nmm_host_state_get_address(state, profile)->bytes[3], ==, 2);
    link = add_link(state, "nmmveth0", "macvtap", "eth0");
    add_address(link, "10.0.0.3/24");
    g_assert_true(nmm_host_state_find_host_link(state, profile, NULL) == link);
    g_assert_cmpuint(nmm_host_state_get_address(state, profile)->bytes[3], ==, 3);
    set_string(&link->parent, "eth1");
    g_assert_null(nmm_host_state_find_host_link(state, profile, NULL));

    /* Neither parent is known: one is in another network namespace, the other does not exist. */
    g_clear_pointer(&link->parent, g_free);
    g_clear_pointer(&profile->parent, g_free);
    g_assert_null(nmm_host_state_find_host_link(state, profile, NULL));
}

/* Orphans */

static void
add_network(NmmHostHypervisor *hypervisor, const char *mac, gboolean active)
{
    g_autofree char *xml = g_strdup_printf("<network><name>isolated</name><uuid>%s</uuid>"
                                           "<mac address='%s'/><bridge name='virbr1'/>"
                                           "<ip address='192.168.254.1' prefix='24'/></network>",
                                           UUID,
                                           mac);
    g_autoptr(GError) error = NULL;
    NmmNetwork *network = nmm_network_new_from_xml(xml, active, TRUE, TRUE, &error);

    g_assert_no_error(error);
    g_ptr_array_set_size(hypervisor->networks, 0);
    g_ptr_array_add(hypervisor->networks, network);
}

static void
assert_orphans(const NmmHostState *state, const char *expected)
{
    g_autoptr(GPtrArray) orphans = nmm_orphans_find(state);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < orphans->len; i++) {
        const NmmOrphan *orphan = g_ptr_array_index(orphans, i);

        g_string_append_printf(text, "%s %s;", orphan->kind, orphan->device);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
test_orphan_links(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmLink *link = add_link(state, "nmmveth0", "macvtap", "eth0");
    NmmHostProfile *profile;

    /* Without our mark it belongs to another program, whatever its name. */
    assert_orphans(state, "");
    link->profile_uuid = g_strdup(UUID);
    assert_orphans(state, "link nmmveth0;");
    profile = add_link_profile(state, "share");
    assert_orphans(state, "");
    profile->state = NMM_ACTIVE_ACTIVATING;
    assert_orphans(state, "");
    profile->state = NMM_ACTIVE_DOWN;
    assert_orphans(state, "link nmmveth0;");
}

static void
test_orphan_bridge(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    NmmLink *bridge = add_link(state, "virbr1", "bridge", NULL);
    g_autoptr(GPtrArray) inputs = g_ptr_array_new();
    g_autoptr(NmmReport) removable = NULL;
    g_autoptr(NmmReport) foreign = NULL;

    bridge->mac = g_strdup("52:54:00:aa:bb:cc");
    add_network(hypervisor, "52:54:00:AA:BB:CC", TRUE);
    assert_orphans(state, "");
    assert_status_code(state, inputs, NMM_EXIT_OK);

    add_network(hypervisor, "52:54:00:AA:BB:CC", FALSE);
    assert_orphans(state, "bridge virbr1;");
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    removable = nmm_status_report(state, inputs);
    assert_text_has(removable, "Network 'isolated': it cannot start because a libvirt daemon");
    assert_text_has(removable, "left its bridge 'virbr1' behind");
    /* With something on it, or another MAC than libvirt gives it, it is not ours to remove, but it
     * is in the way. */
    bridge->n_ports = 1;
    assert_orphans(state, "");
    bridge->n_ports = 0;
    set_string(&bridge->mac, "02:00:00:00:00:01");
    assert_orphans(state, "");
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    foreign = nmm_status_report(state, inputs);
    assert_text_has(foreign, "another interface has the name 'virbr1'");
}

/* Commands */

static GPtrArray *
make_inputs(void)
{
    GPtrArray *inputs = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    NmmCheckInput *silent = new_good_input(NMM_MODE_SHARE);
    NmmCheckInput *vepa = new_good_input(NMM_MODE_SHARE);

    g_ptr_array_add(inputs, new_good_input(NMM_MODE_SHARE));
    g_ptr_array_add(inputs, silent);
    set_string(&silent->guest.name, "silent");
    g_ptr_array_set_size(silent->link.addresses, 0);
    set_string(&silent->address, NULL);
    silent->answers = silent->routed = FALSE;
    silent->since = 0;
    g_ptr_array_add(inputs, vepa);
    set_string(&vepa->guest.name, "vepa");
    set_string(&vepa->guest.macvtap_mode, "vepa");
    vepa->guest.definition_is_bridge = FALSE;
    g_ptr_array_set_size(vepa->link.addresses, 0);
    set_string(&vepa->address, NULL);
    vepa->answers = vepa->routed = FALSE;
    vepa->since = 0;
    return inputs;
}

static void
test_status(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs = make_inputs();
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(JsonNode) root = NULL;

    add_link_profile(state, "share");
    add_address(add_link(state, "eth0", "veth", NULL), "10.0.0.2/24");
    report = nmm_status_report(state, inputs);
    assert_text(
        report,
        "PROFILE  MODE   STATE   NETWORK  DEVICE    PARENT  HOST ADDRESS\n"
        "guests   share  active  -        nmmveth0  eth0    10.0.0.2/24\n"
        "\n"
        "GUEST   PROFILE  OVER      NIC       MAC                ADDRESS   SINCE                "
        "REACHABLE\n"
        "web     guests   nmmveth0  macvtap0  52:54:00:00:00:01  10.0.0.7  2026-11-26 12:00:00  "
        "yes\n"
        "silent  guests   nmmveth0  macvtap0  52:54:00:00:00:01  -         -                    "
        "no traffic yet\n"
        "vepa    guests   nmmveth0  macvtap0  52:54:00:00:00:01  -         -                    "
        "no\n"
        "\n"
        "Guest 'silent': no traffic from it yet (MAC '52:54:00:00:00:01'): it gets its route when "
        "it first communicates with the host.\n"
        "Guest 'vepa': its macvtap mode is 'vepa', which cannot reach the host link: set mode='bridge' "
        "in its definition and restart it, or use a profile of mode 'isolated'.\n");

    root = parse_again(report);
    assert_path(root, "$.profiles[*].link", "[\"nmmveth0\"]");
    assert_path(root, "$.profiles[*].parent", "[\"eth0\"]");
    assert_path(root, "$.profiles[*].host-address", "[\"10.0.0.2/24\"]");
    assert_path(root, "$.guests[*].reachable", "[true,false,false]");
    assert_path(root, "$.guests[*].broken", "[null,null,\"mode\"]");
    assert_path(root, "$.guests[*].waiting", "[null,\"address\",null]");
    assert_path(root, "$.guests[*].since", "[\"2026-11-26T12:00:00Z\",null,null]");
    assert_path(root, "$.guests[0].addresses[*].address", "[\"10.0.0.7\"]");
    assert_path(root, "$.guests[*].mode", "[\"share\",\"share\",\"share\"]");

    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    /* A guest without traffic is not a problem. */
    g_ptr_array_set_size(inputs, 2);
    assert_status_code(state, inputs, NMM_EXIT_OK);
}

static void
test_plan(gconstpointer data)
{
    const char *mode = data;
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    NmmHostProfile *profile = add_link_profile(state, mode);
    gboolean is_move = g_str_equal(mode, "move");
    g_autoptr(GPtrArray) inputs = NULL;
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(NmmReport) active = NULL;
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(JsonNode) active_root = NULL;

    profile->state = NMM_ACTIVE_DOWN;
    add_address(add_link(state, "eth0", "veth", NULL), "10.0.0.2/24");
    add_guest(hypervisor, "bridge", NIC("eth0", BRIDGE, MAC), TRUE);
    add_guest(hypervisor, "off", NIC("eth0", BRIDGE, MAC), FALSE);
    add_guest(hypervisor, "vepa", NIC("eth0", "", MAC), TRUE);
    add_guest(hypervisor, "elsewhere", NIC("eth1", BRIDGE, MAC), TRUE);
    inputs = nmm_check_predict(state, profile);
    report = nmm_plan_link_report(state, profile, inputs, "it is private");
    root = parse_again(report);
    assert_path(root,
                "$.changes[*].kind",
                is_move ? "[\"link-add\",\"configuration-move\",\"multicast-receive\"]"
                        : "[\"link-add\",\"multicast-receive\"]");
    assert_path(root,
                "$.changes[*].device",
                is_move ? "[\"nmmveth0\",\"nmmveth0\",\"macvtap0\"]"
                        : "[\"nmmveth0\",\"macvtap0\"]");
    assert_path(root, "$.guests[*].name", "[\"bridge\",\"off\",\"vepa\"]");
    assert_path(root, "$.guests[*].status", "[\"served\",\"shut-off\",\"unreachable\"]");
    assert_path(root, "$.refused", "[\"it is private\"]");

    assert_text_has(report, "make host link");
    assert_text_has(report, "receive multicast");
    assert_text_has(report, "Guest 'vepa': its macvtap mode is 'vepa'");
    assert_text_has(report, "Note: guests reach the host at '10.0.0.2'.\n");
    assert_text_has(report, "The profile cannot be activated: it is private.\n");
    (is_move ? assert_text_has : assert_text_lacks)(report, "move configuration");

    profile->state = NMM_ACTIVE_UP;
    active = nmm_plan_link_report(state, profile, inputs, NULL);
    active_root = parse_again(active);
    assert_path(active_root, "$.changes[*].kind", "[]");
    assert_text_has(active, "would change nothing");
}

/* (transfer full) (nullable): why @profile would be refused. */
static char *
describe_conflict(const NmmHostState *state, const NmmHostProfile *profile)
{
    g_autoptr(GError) error = NULL;

    if (nmm_host_state_check_locks(state, profile, &error)) {
        g_assert_no_error(error);
        return NULL;
    }
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    return g_strdup(error->message);
}

static void
assert_conflict(const NmmHostState *state, const NmmHostProfile *profile, const char *what)
{
    g_autofree char *text = describe_conflict(state, profile);

    g_assert_true(what ? text && g_str_has_prefix(text, what) : !text);
}

static NmmHostProfile *
add_profile_on(NmmHostState *state, const char *id, const char *mode, const char *parent)
{
    NmmHostProfile *profile =
        add_profile(state, id, id, (const char *const[]){"mode", mode, "parent", parent, NULL});

    profile->parent = g_strdup(parent);
    profile->link = g_strconcat("nmmv", parent, NULL);
    return profile;
}

/* The locks that the service would take. */
static void
test_lock_conflict(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostProfile *move = add_profile_on(state, "own", "move", "eth0");
    NmmHostProfile *share = add_profile_on(state, "lan", "share", "eth0");
    NmmHostProfile *isolated =
        add_profile(state, "iso", "iso", (const char *const[]){"network", "isolated", NULL});
    NmmHostProfile *same =
        add_profile(state, "same", "same", (const char *const[]){"network", "isolated", NULL});
    NmmHostProfile *other =
        add_profile(state, "other", "other", (const char *const[]){"network", "lab", NULL});

    share->state = same->state = other->state = NMM_ACTIVE_DOWN;
    assert_conflict(state, share, "host link 'nmmveth0' is in use by profile 'own'");
    assert_conflict(
        state, same, "network 'isolated' of 'qemu:///system' is in use by profile 'iso'");
    assert_conflict(state, other, NULL);

    /* A link of another name is another lock, but a configuration can be moved once only. */
    set_string(&share->link, "lan0");
    assert_conflict(state, share, NULL);
    share->profile->mode = NMM_MODE_MOVE;
    assert_conflict(state, share, "the configuration of 'eth0' is in use by profile 'own'");
    set_string(&share->parent, "eth1");
    assert_conflict(state, share, NULL);

    /* A profile that is down or deactivating does not count. */
    set_string(&share->parent, "eth0");
    move->state = NMM_ACTIVE_DEACTIVATING;
    isolated->state = NMM_ACTIVE_DOWN;
    assert_conflict(state, share, NULL);
    assert_conflict(state, same, NULL);
    move->state = NMM_ACTIVE_ACTIVATING;
    assert_conflict(state, share, "the configuration of 'eth0' is in use by profile 'own'");
}

int
main(int argc, char **argv)
{
    static const NmmMode modes[] = {NMM_MODE_SHARE, NMM_MODE_MOVE};

    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        static const struct {
            const char *name;
            GTestDataFunc func;
        } tests[] = {{"broken", test_broken},
                     {"modes", test_modes},
                     {"changed-mac", test_changed_mac},
                     {"names-for-virsh", test_names_for_virsh},
                     {"waiting", test_waiting}};

        for (gsize t = 0; t < G_N_ELEMENTS(tests); t++) {
            g_autofree char *path =
                g_strdup_printf("/tool/check/%s/%s", nmm_mode_to_string(modes[i]), tests[t].name);

            g_test_add_data_func(path, GINT_TO_POINTER(modes[i]), tests[t].func);
        }
    }
    g_test_add_func("/tool/check/route", test_route);
    g_test_add_func("/tool/check/unasked", test_unasked);
    g_test_add_func("/tool/check/choose", test_choose);
    g_test_add_func("/tool/check/bridge-left", test_bridge_left);
    g_test_add_func("/tool/selection", test_selection);
    g_test_add_func("/tool/selection/unmatched", test_unmatched);
    g_test_add_func("/tool/host-link", test_host_link);
    g_test_add_func("/tool/host-link/moved", test_host_link_moved);
    g_test_add_func("/tool/orphans/links", test_orphan_links);
    g_test_add_func("/tool/orphans/bridge", test_orphan_bridge);
    g_test_add_func("/tool/status/link", test_status);
    g_test_add_func("/tool/plan/lock-conflict", test_lock_conflict);
    g_test_add_data_func("/tool/plan/share", "share", test_plan);
    g_test_add_data_func("/tool/plan/move", "move", test_plan);
    return g_test_run();
}
