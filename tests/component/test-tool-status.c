/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap status, and what it reports about profiles, guests and host links, on a host state
 * made by hand.
 */

#include "config.h"

#include "nmm-check-collect.h"
#include "nmm-error.h"
#include "nmm-guest-selection.h"
#include "tool-fixture.h"

/* Reports */

static void
test_status_text(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    NmmCheckInput *broken = new_isolated_input();
    g_autoptr(NmmReport) report = NULL;

    add_network(add_host(state, URI), "isolated", NULL);
    add_isolated(state, "guests", UUID, "isolated");
    g_ptr_array_add(inputs, new_isolated_input());
    assert_status_code(state, inputs, NMM_EXIT_OK);
    g_ptr_array_add(inputs, broken);
    set_string(&broken->guest.name, "db");
    broken->nic.plugged = FALSE;
    broken->answers = FALSE;
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);

    report = nmm_status_report(state, inputs);
    assert_text(
        report,
        "PROFILE  MODE      STATE   NETWORK   DEVICE  PARENT  HOST ADDRESS\n"
        "guests   isolated  active  isolated  virbr1  -       192.168.254.1/24\n"
        "\n"
        "GUEST    PROFILE  OVER      NIC    MAC                ADDRESS        SINCE  REACHABLE\n"
        "web one  guests   isolated  vnet3  52:11:22:33:44:55  192.168.254.7  -      yes\n"
        "db       guests   isolated  vnet3  52:11:22:33:44:55  192.168.254.7  -      needs a "
        "restart\n"
        "\n"
        "Guest 'db': the running guest does not have that interface: it needs a restart "
        "(shut it down, then start it; a reboot is not enough).\n");
}

static void
test_status_judge(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    NmmCheckInput *guest = new_isolated_input();
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(NmmReport) without_nm = NULL;

    g_ptr_array_add(inputs, guest);
    assert_status_code(state, inputs, NMM_EXIT_OK);
    /* It answers, but not everything is right. */
    set_string(&guest->way.device, "wg0");
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    set_string(&guest->way.device, "virbr1");
    guest->answers = FALSE;
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    /* Only an active profile promises that its running guests are reachable. */
    guest->profile.active = FALSE;
    assert_status_code(state, inputs, NMM_EXIT_OK);
    guest->profile.active = TRUE;
    guest->guest.running = FALSE;
    assert_status_code(state, inputs, NMM_EXIT_OK);

    add_host(state, "lxc:///system")->error =
        g_error_new_literal(NMM_ERROR, NMM_ERROR_UNREACHABLE, "connection refused");
    assert_status_code(state, inputs, NMM_EXIT_FAILED);
    report = nmm_status_report(state, inputs);
    assert_text_has(report, "Cannot list guests of 'lxc:///system': connection refused.\n");
    state->nm_error = g_error_new_literal(NMM_ERROR, NMM_ERROR_UNREACHABLE, "it is off");
    g_ptr_array_set_size(inputs, 0);
    without_nm = nmm_status_report(state, inputs);
    assert_text(without_nm,
                "No guest with a macvtap interface was found.\n"
                "\n"
                "Cannot list profiles: it is off.\n"
                "Cannot list guests of 'lxc:///system': connection refused.\n");
}

static void
test_status_json(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(JsonNode) root = NULL;
    NmmCheckInput *broken = new_isolated_input();

    add_network(add_host(state, URI), "isolated", NULL);
    add_isolated(state, "guests \"x\"", UUID, "isolated");
    g_ptr_array_add(inputs, new_isolated_input());
    g_ptr_array_add(inputs, broken);
    broken->answers = FALSE;
    set_string(&broken->address, NULL);

    report = nmm_status_report(state, inputs);
    root = parse_again(report);
    assert_path(root, "$.profiles[*].id", "[\"guests \\\"x\\\"\"]");
    assert_path(root, "$.profiles[*].host-address", "[\"192.168.254.1/24\"]");
    assert_path(root, "$.profiles[*].problem", "[null]");
    assert_path(root, "$.libvirt[*].uri", "[\"qemu:///system\"]");
    assert_path(root, "$.guests[*].reachable", "[true,false]");
    assert_path(root, "$.guests[*].broken", "[null,\"address\"]");
    assert_path(root, "$.guests[*].address", "[\"192.168.254.7\",null]");
    assert_path(root, "$.networkmanager-problem", "[null]");
}

static GPtrArray *
make_inputs(void)
{
    GPtrArray *inputs = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    NmmCheckInput *silent = new_link_input(NMM_MODE_SHARE);
    NmmCheckInput *vepa = new_link_input(NMM_MODE_SHARE);

    g_ptr_array_add(inputs, new_link_input(NMM_MODE_SHARE));
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

/* Which guests a profile selects */

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

/* Host links */

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

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool/status/text", test_status_text);
    g_test_add_func("/tool/status/judge", test_status_judge);
    g_test_add_func("/tool/status/json", test_status_json);
    g_test_add_func("/tool/selection", test_selection);
    g_test_add_func("/tool/selection/unmatched", test_unmatched);
    g_test_add_func("/tool/host-link", test_host_link);
    g_test_add_func("/tool/host-link/moved", test_host_link_moved);
    g_test_add_func("/tool/status/link", test_status);
    return g_test_run();
}
