/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap check in all modes, on input made by hand.
 */

#include "config.h"

#include "nmm-check-collect.h"
#include "tool-fixture.h"

/* Mode isolated */

static const BrokenCase isolated_cases[] = {
    {BOOLEAN(guest.exists), "guest", "", "virsh -c qemu:///system list --all"},
    {BOOLEAN(guest.is_macvtap), "macvtap", "", "domiflist 'web one'"},
    {STRING(profile.nm_problem), "it is off", "profile", "", "systemctl start NetworkManager"},
    {STRING(profile.id), NULL, "profile", "", "nmcli connection add"},
    {BOOLEAN(profile.active), "profile", "", "nmcli connection up guests"},
    {BOOLEAN(nic.in_definition), "definition", "", "journalctl"},
    {BOOLEAN(guest.running), "running", "", "virsh -c qemu:///system start 'web one'"},
    {BOOLEAN(nic.plugged), "plugged", "", "shutdown 'web one'"},
    {BOOLEAN(nic.link_down), "link", "", "domif-setlink 'web one' 52:11:22:33:44:55 up"},
    {BOOLEAN(network.exists), "network", "", "nmcli connection up guests"},
    {BOOLEAN(network.active), "network", "", "net-start isolated"},
    {STRING(network.bridge), NULL, "bridge", "", "net-edit isolated"},
    {STRING(host_address), NULL, "bridge", "", "net-edit isolated"},
    {BOOLEAN(network.bridge_exists), "bridge", "missing", "net-destroy isolated && virsh"},
    {BOOLEAN(nic.in_kernel), "device", "no interface 'vnet3'", "domiflist"},
    {STRING(nic.master), NULL, "device", "not a port", "ip link set vnet3 master virbr1"},
    {BOOLEAN(nic.is_up), "device", "is down", "ip link set vnet3 up"},
    {BOOLEAN(network.bridge_up), "bridge", "", "ip link set virbr1 up"},
    {BOOLEAN(network.bridge_has_address),
     "bridge",
     "",
     "ip address add 192.168.254.1/24 dev virbr1"},
    {STRING(firewall.zone),
     "public",
     "firewall",
     "",
     "firewall-cmd --zone=libvirt --change-interface=virbr1"},
    {STRING(firewall.zone),
     "",
     "firewall",
     "",
     "firewall-cmd --zone=libvirt --change-interface=virbr1"},
    {STRING(address), NULL, "address", "", "console 'web one'"},
    {BOOLEAN(answers), "neighbour", "", "console 'web one'"},
};

static void
test_check_broken(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(isolated_cases); i++) {
        const BrokenCase *c = &isolated_cases[i];
        g_autoptr(NmmCheckInput) input = new_isolated_input();

        spoil_input(input, c);
        assert_case(input, c);
    }
}

static void
test_check_paused(void)
{
    g_autoptr(NmmCheckInput) input = new_isolated_input();
    g_autoptr(GPtrArray) results = NULL;
    const NmmCheckResult *result;

    input->guest.paused = TRUE;
    results = nmm_check_evaluate(input);
    result = nmm_check_find_reason(results);
    g_assert_cmpstr(result->step, ==, "running");
    g_assert_cmpint(result->verdict, ==, NMM_CHECK_WAITING);
    g_assert_cmpstr(result->remedy, ==, "virsh -c qemu:///system resume 'web one'");
}

/* Its own network separates its guests from those on the other network. */
static void
test_check_used_network(void)
{
    g_autoptr(NmmCheckInput) input = new_isolated_input();
    g_autoptr(GPtrArray) results = NULL;

    input->profile.active = FALSE;
    input->profile.refusal = g_strdup("others use it");
    input->profile.other_network = g_strdup("macvtap");
    results = nmm_check_evaluate(input);
    g_assert_cmpstr(nmm_check_find_broken(results)->remedy,
                    ==,
                    "nmcli connection modify guests +vpn.data network=macvtap && "
                    "nmcli connection up guests");
}

static void
test_check_silent_service(void)
{
    g_autoptr(NmmCheckInput) input = new_isolated_input();
    g_autoptr(GPtrArray) results = NULL;
    const NmmCheckResult *result;

    g_clear_pointer(&input->problems, g_ptr_array_unref);
    input->silent_services = g_strsplit("4711 4712", " ", -1);
    results = nmm_check_evaluate(input);
    result = find_step(results, "service");
    g_assert_cmpint(result->verdict, ==, NMM_CHECK_UNKNOWN);
    g_assert_cmpstr(result->remedy, ==, "kill -KILL 4711 4712");
}

/* A libvirt without network driver: the profile cannot be activated, or the network is gone. */
static void
test_check_no_networks(void)
{
    g_autoptr(NmmCheckInput) input = new_isolated_input();
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(GPtrArray) inactive = NULL;

    set_string(&input->network.problem, "no network driver");
    results = nmm_check_evaluate(input);
    g_assert_cmpstr(nmm_check_find_broken(results)->step, ==, "network");
    g_assert_cmpstr(nmm_check_find_broken(results)->detail, ==, "no network driver");
    input->profile.active = FALSE;
    inactive = nmm_check_evaluate(input);
    g_assert_cmpstr(nmm_check_find_broken(inactive)->step, ==, "profile");
    g_assert_nonnull(strstr(nmm_check_find_broken(inactive)->detail, "no network driver"));
}

static void
test_check_whole(void)
{
    g_autoptr(NmmCheckInput) input = new_isolated_input();
    g_autoptr(GPtrArray) results = nmm_check_evaluate(input);
    g_autoptr(GPtrArray) hinted = NULL;
    const NmmCheckResult *last;

    g_assert_cmpuint(results->len, ==, 17);
    g_assert_null(nmm_check_find_broken(results));

    /* No firewalld, no persistent definition, no names: none of these is broken. */
    input->firewall.firewalld = FALSE;
    set_string(&input->firewall.zone, NULL);
    input->guest.transient = TRUE;
    input->nic.in_definition = FALSE;
    set_string(&input->names.nsswitch, "hosts: files dns\n");
    hinted = nmm_check_evaluate(input);
    g_assert_null(nmm_check_find_broken(hinted));
    last = g_ptr_array_index(hinted, hinted->len - 1);
    g_assert_cmpint(last->verdict, ==, NMM_CHECK_HINT);
    g_assert_cmpstr(last->step, ==, "names");
    g_assert_nonnull(strstr(last->detail, "macvtap"));
}

/* What could not be read does not end the evaluation, and is neither ok nor broken. */
static void
assert_unknown(NmmCheckInput *input, const char *step)
{
    g_autoptr(GPtrArray) results = nmm_check_evaluate(input);
    const NmmCheckResult *reason = nmm_check_find_reason(results);
    g_autoptr(NmmReport) report = nmm_check_report(input);

    g_assert_null(nmm_check_find_broken(results));
    g_assert_nonnull(reason);
    g_assert_cmpint(reason->verdict, ==, NMM_CHECK_UNKNOWN);
    g_assert_cmpstr(reason->step, ==, step);
    g_assert_nonnull(strstr(reason->detail, "timed out"));
    g_assert_cmpint(report->code, ==, NMM_EXIT_FAILED);
    assert_text_has(report, "\n?       cannot ");
    nmm_check_input_free(input);
}

static void
test_check_unknown(void)
{
    NmmCheckInput *input = new_isolated_input();

    input->kernel_problem = g_strdup("timed out");
    input->network.bridge_up = FALSE;
    assert_unknown(input, "bridge");

    input = new_isolated_input();
    input->firewall.firewalld = TRUE;
    set_string(&input->firewall.zone, NULL);
    input->firewall.zone_problem = g_strdup("timed out");
    assert_unknown(input, "firewall");

    input = new_isolated_input();
    set_string(&input->address, NULL);
    input->answers = FALSE;
    input->network.lease_problem = g_strdup("timed out");
    assert_unknown(input, "address");

    input = new_isolated_input();
    input->answers = FALSE;
    input->probe_problem = g_strdup("timed out");
    assert_unknown(input, "neighbour");

    input = new_isolated_input();
    set_string(&input->names.nsswitch, NULL);
    input->names.problem = g_strdup("timed out");
    assert_unknown(input, "names");
}

/* The remedy names the libvirt of the profile that selects the guest. */
static void
test_check_uri(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    const char *data[] = {NMM_KEY_GUESTS, "web", NMM_KEY_LIBVIRT_URI, "lxc:///system", NULL};
    const char *uri;
    g_autoptr(NmmCheckInput) input = NULL;

    g_assert_cmpstr(nmm_check_choose_uri(state, "web"), ==, URI);
    add_host(state, "lxc:///system");
    g_assert_cmpstr(nmm_check_choose_uri(state, "web"), ==, "lxc:///system");
    add_host(state, URI);
    add_profile(state, "guests", UUID, data);
    g_assert_cmpstr(nmm_check_choose_uri(state, "db"), ==, URI);
    uri = nmm_check_choose_uri(state, "web");
    g_assert_cmpstr(uri, ==, "lxc:///system");
    input = nmm_check_input_new("web", uri);
    assert_broken(input, "guest", "'web'", "virsh -c lxc:///system list --all");
}

static void
test_check_json(void)
{
    g_autoptr(NmmCheckInput) input = new_isolated_input();
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(JsonNode) root = NULL;

    input->network.active = FALSE;
    report = nmm_check_report(input);
    root = parse_again(report);
    assert_path(root, "$.broken", "[\"network\"]");
    assert_path(root, "$.guest", "[\"web one\"]");
    assert_path(root, "$.steps[-1:].remedy", "[\"virsh -c qemu:///system net-start isolated\"]");
    assert_text_has(report,
                    "\nBROKEN  the network 'isolated' is not active\n"
                    "        virsh -c qemu:///system net-start isolated\n");
    g_assert_cmpint(report->code, ==, NMM_EXIT_PROBLEM);
}

static void
test_quote(void)
{
    g_autofree char *plain = nmm_check_quote("web-1.example");
    g_autofree char *hostile = nmm_check_quote("a'; rm -rf /");
    g_autofree char *empty = nmm_check_quote("");

    g_assert_cmpstr(plain, ==, "web-1.example");
    g_assert_cmpstr(hostile, ==, "'a'\\''; rm -rf /'");
    g_assert_cmpstr(empty, ==, "''");
}

/* Modes share and move */

static const BrokenCase link_cases[] = {
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
    for (gsize i = 0; i < G_N_ELEMENTS(link_cases); i++) {
        const BrokenCase *c = &link_cases[i];
        g_autoptr(NmmCheckInput) input = new_link_input(GPOINTER_TO_INT(data));

        spoil_input(input, c);
        assert_case(input, c);
    }
}

static void
test_modes(gconstpointer data)
{
    static const char *const modes[] = {"vepa", "private", "passthrough"};

    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(NmmCheckInput) input = new_link_input(GPOINTER_TO_INT(data));

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
        g_autoptr(NmmCheckInput) input = new_link_input(GPOINTER_TO_INT(data));

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
    g_autoptr(NmmCheckInput) input = new_link_input(GPOINTER_TO_INT(data));
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
    g_autoptr(NmmCheckInput) share = new_link_input(NMM_MODE_SHARE);
    g_autoptr(NmmCheckInput) move = new_link_input(NMM_MODE_MOVE);
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
    g_autoptr(NmmCheckInput) input = new_link_input(GPOINTER_TO_INT(data));
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
    g_autoptr(NmmCheckInput) input = new_link_input(NMM_MODE_SHARE);
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
    g_autoptr(NmmCheckInput) input = new_link_input(NMM_MODE_ISOLATED);

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

int
main(int argc, char **argv)
{
    static const NmmMode modes[] = {NMM_MODE_SHARE, NMM_MODE_MOVE};

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool/check/paused", test_check_paused);
    g_test_add_func("/tool/check/used-network", test_check_used_network);
    g_test_add_func("/tool/check/silent-service", test_check_silent_service);
    g_test_add_func("/tool/quote", test_quote);
    g_test_add_func("/tool/check/broken", test_check_broken);
    g_test_add_func("/tool/check/whole", test_check_whole);
    g_test_add_func("/tool/check/no-networks", test_check_no_networks);
    g_test_add_func("/tool/check/unknown", test_check_unknown);
    g_test_add_func("/tool/check/uri", test_check_uri);
    g_test_add_func("/tool/check/json", test_check_json);
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
    return g_test_run();
}
