/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pure parts of the tool, on input made by hand: mode isolated, orphans, reports.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-check-collect.h"
#include "nmm-table.h"
#include "nmm-text.h"
#include "nmm-tool.h"
#include "tool-fixture.h"

/* Text */

static void
test_text(void)
{
    g_autofree char *escape = nmm_text_clean("a\033[2Jb\nc");
    g_autofree char *invalid = nmm_text_clean("a\xff");

    g_assert_cmpstr(escape, ==, "a\357\277\275[2Jb\357\277\275c");
    g_assert_true(g_utf8_validate(invalid, -1, NULL));
    g_assert_cmpuint(nmm_text_width("web1"), ==, 4);
    g_assert_cmpuint(nmm_text_width("büro"), ==, 4);
    g_assert_cmpuint(nmm_text_width("bu\xcc\x88ro"), ==, 4);
    g_assert_cmpuint(nmm_text_width("客人"), ==, 4);
}

static void
test_table(void)
{
    const char *titles[] = {"A", "LONG", "C", NULL};
    const char *first[] = {"客人", "x", NULL};
    const char *second[] = {"web", "", "end"};
    g_autoptr(NmmTable) table = nmm_table_new(titles);
    g_autofree char *text = NULL;

    nmm_table_add(table, first);
    nmm_table_add(table, second);
    text = nmm_table_to_string(table);
    g_assert_cmpstr(text,
                    ==,
                    "A     LONG  C\n"
                    "客人  x     -\n"
                    "web   -     end\n");
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

/* Steps */

static NmmCheckInput *
new_good_input(void)
{
    NmmCheckInput *input = new_selected_input("web one");

    input->network.name = g_strdup("isolated");
    input->nic.mac = g_strdup("52:11:22:33:44:55");
    input->nic.alias = g_strdup("ua-nm-macvtap-01234567");
    input->nic.target = g_strdup("vnet3");
    input->network.exists = TRUE;
    input->network.active = TRUE;
    input->network.bridge = g_strdup("virbr1");
    input->host_address = g_strdup("192.168.254.1/24");
    input->network.bridge_exists = TRUE;
    input->way.device = g_strdup("virbr1");
    input->nic.master = g_strdup("virbr1");
    input->network.bridge_up = TRUE;
    input->network.bridge_has_address = TRUE;
    input->network.has_dhcp = TRUE;
    input->firewall.firewalld = TRUE;
    input->firewall.zone = g_strdup("libvirt");
    input->firewall.wanted_zone = g_strdup("libvirt");
    input->address = g_strdup("192.168.254.7");
    input->answers = TRUE;
    return input;
}

static const BrokenCase broken_cases[] = {
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
    for (gsize i = 0; i < G_N_ELEMENTS(broken_cases); i++) {
        const BrokenCase *c = &broken_cases[i];
        g_autoptr(NmmCheckInput) input = new_good_input();

        spoil_input(input, c);
        assert_case(input, c);
    }
}

static void
test_check_paused(void)
{
    g_autoptr(NmmCheckInput) input = new_good_input();
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
    g_autoptr(NmmCheckInput) input = new_good_input();
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
    g_autoptr(NmmCheckInput) input = new_good_input();
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
    g_autoptr(NmmCheckInput) input = new_good_input();
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
    g_autoptr(NmmCheckInput) input = new_good_input();
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
    NmmCheckInput *input = new_good_input();

    input->kernel_problem = g_strdup("timed out");
    input->network.bridge_up = FALSE;
    assert_unknown(input, "bridge");

    input = new_good_input();
    input->firewall.firewalld = TRUE;
    set_string(&input->firewall.zone, NULL);
    input->firewall.zone_problem = g_strdup("timed out");
    assert_unknown(input, "firewall");

    input = new_good_input();
    set_string(&input->address, NULL);
    input->answers = FALSE;
    input->network.lease_problem = g_strdup("timed out");
    assert_unknown(input, "address");

    input = new_good_input();
    input->answers = FALSE;
    input->probe_problem = g_strdup("timed out");
    assert_unknown(input, "neighbour");

    input = new_good_input();
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
    add_profile(state, "guests", UUID, data);
    g_assert_cmpstr(nmm_check_choose_uri(state, "db"), ==, URI);
    uri = nmm_check_choose_uri(state, "web");
    g_assert_cmpstr(uri, ==, "lxc:///system");
    input = nmm_check_input_new("web", uri);
    assert_broken(input, "guest", "'web'", "virsh -c lxc:///system list --all");
}

/* Host states */

static void
add_network(NmmHostHypervisor *hypervisor, const char *name, const char *owner)
{
    g_autofree char *metadata =
        owner ? g_strdup_printf("<metadata><nmmacvtap:profile xmlns:nmmacvtap="
                                "'urn:nm-macvtap:network:1' uuid='%s' id='guests'/></metadata>",
                                owner)
              : g_strdup("");
    g_autofree char *xml =
        g_strdup_printf("<network><name>%s</name><uuid>%s</uuid>%s<bridge name='virbr1'/>"
                        "<ip address='192.168.254.1' prefix='24'/></network>",
                        name,
                        UUID,
                        metadata);
    g_autoptr(GError) error = NULL;
    NmmNetwork *network = nmm_network_new_from_xml(xml, TRUE, TRUE, TRUE, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(network->owner_uuid, ==, owner);
    g_ptr_array_add(hypervisor->networks, network);
}

static void
add_guest(NmmHostHypervisor *hypervisor, const char *name, const char *network, const char *alias)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>%s</name><uuid>%s</uuid><devices>"
        "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
        "<interface type='network'><mac address='52:00:00:00:00:01'/><source network='%s'/>"
        "<alias name='%s'/></interface></devices></domain>",
        name,
        GUEST_UUID,
        network,
        alias);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, xml, &error);

    g_assert_no_error(error);
    g_ptr_array_add(hypervisor->guests, guest);
}

static NmmHostProfile *
add_isolated(NmmHostState *state, const char *id, const char *uuid, const char *network)
{
    const char *data[] = {NMM_KEY_NETWORK, network, NULL};

    return add_profile(state, id, uuid, data);
}

static void
spoil_profile(NmmHostProfile *profile, const char *network)
{
    g_clear_pointer(&profile->profile, nmm_profile_unref);
    profile->error = g_error_new_literal(NMM_ERROR, NMM_ERROR_BAD_PROFILE, "unknown key 'x'");
    profile->raw_network = g_strdup(network);
}

static char *
describe_orphans(const NmmHostState *state)
{
    g_autoptr(GPtrArray) orphans = nmm_orphans_find(state);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < orphans->len; i++) {
        const NmmOrphan *orphan = g_ptr_array_index(orphans, i);

        g_string_append_printf(
            text, "%s %s %s;", orphan->kind, orphan->network, orphan->guest ? orphan->guest : "-");
    }
    return g_string_free(text, FALSE);
}

static void
assert_orphans(const NmmHostState *state, const char *expected)
{
    g_autofree char *found = describe_orphans(state);

    g_assert_cmpstr(found, ==, expected);
}

static void
test_orphans(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    g_autofree char *ours = nmm_identity_alias("isolated");
    g_autofree char *other = nmm_identity_alias("elsewhere");
    NmmHostProfile *profile;

    add_network(hypervisor, "isolated", UUID);
    add_guest(hypervisor, "web1", "isolated", ours);
    /* The interface is in definition and running guest, but is one orphan. The network comes after
     * what is on it. */
    assert_orphans(state, "interface isolated web1;network isolated -;");

    /* The profile that made the network exists, but names another one. */
    profile = add_isolated(state, "guests", UUID, "second");
    assert_orphans(state, "interface isolated web1;");
    spoil_profile(profile, "second");
    assert_orphans(state, "interface isolated web1;");
    g_ptr_array_set_size(state->profiles, 0);

    /* A profile that names the network owns everything on it, valid or not. */
    profile = add_isolated(state, "mine", "11111111-2222-3333-4444-000000000000", "isolated");
    assert_orphans(state, "");
    spoil_profile(profile, "isolated");
    assert_orphans(state, "");
    g_ptr_array_set_size(state->profiles, 0);

    /* A user's interface keeps the network. One with the alias for another network counts as the
     * user's. */
    add_guest(hypervisor, "web2", "isolated", other);
    assert_orphans(state, "interface isolated web1;");
}

/* After retire, nothing needs what the profiles made, unless they are still active, or
 * on-disconnect=keep. */
static void
test_orphans_retired(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    g_autofree char *ours = nmm_identity_alias("isolated");
    NmmHostProfile *profile = add_isolated(state, "guests", UUID, "isolated");

    add_network(hypervisor, "isolated", UUID);
    add_guest(hypervisor, "web1", "isolated", ours);
    assert_orphans(state, "");
    state->retired = TRUE;
    profile->state = NMM_ACTIVE_DEACTIVATING;
    assert_orphans(state, "");
    profile->state = NMM_ACTIVE_DOWN;
    assert_orphans(state, "interface isolated web1;network isolated -;");
    profile->profile->on_disconnect = NMM_ON_DISCONNECT_KEEP;
    assert_orphans(state, "");
    spoil_profile(profile, "isolated");
    assert_orphans(state, "interface isolated web1;network isolated -;");

    /* A user's interface keeps the network. */
    add_guest(hypervisor, "web2", "isolated", "ua-users");
    assert_orphans(state, "interface isolated web1;");
}

static const char saved_xml[] =
    "<domain><devices><interface type='network'><source network='isolated'/></interface></devices>"
    "</domain>";
static const char snapshot_xml[] =
    "<domainsnapshot><domain><devices/></domain><inactiveDomain><devices><interface "
    "type='network'><source network='isolated'/></interface></devices></inactiveDomain>"
    "</domainsnapshot>";

/* A saved guest could not be resumed without the network. */
static void
test_orphans_saved(void)
{
    static const struct {
        const char *snapshot;
        const char *xml;
        const char *found;
        const char *keeper;
    } cases[] = {
        {NULL, saved_xml, "", "the managed save image of guest 'web1'"},
        {"clean", snapshot_xml, "", "snapshot 'clean' of guest 'web1'"},
        /* One that cannot be read may need it. */
        {NULL, NULL, "", "the managed save image of guest 'web1'"},
        {"clean", "<x/>", "", "snapshot 'clean' of guest 'web1'"},
        {NULL, "<domain><devices/></domain>", "network isolated -;", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(NmmHostState) state = nmm_host_state_new();
        g_autoptr(GPtrArray) inputs = g_ptr_array_new();
        NmmHostHypervisor *hypervisor = add_host(state, URI);
        g_autofree char *keeper = NULL;
        g_autoptr(NmmReport) status = NULL;

        add_network(hypervisor, "isolated", UUID);
        add_guest(hypervisor, "web1", "default", "ua-mine");
        nmm_guest_add_saved(hypervisor->guests->pdata[0], cases[i].snapshot, cases[i].xml);
        assert_orphans(state, cases[i].found);
        keeper = nmm_orphans_describe_keeper(state, hypervisor, hypervisor->networks->pdata[0]);
        g_assert_cmpstr(keeper, ==, cases[i].keeper);
        status = nmm_status_report(state, inputs);
        if (keeper)
            assert_text_has(status, keeper);
    }
}

/* A profile that is down and should have removed everything: what a saved guest kept. */
static void
test_orphans_of_remove(void)
{
    static const char *const keys[] = {"on-disconnect", "remove", NULL};
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    g_autofree char *ours = nmm_identity_alias("isolated");
    NmmHostProfile *profile = add_profile(state, "guests", UUID, keys);

    add_network(hypervisor, "isolated", UUID);
    add_guest(hypervisor, "web1", "isolated", ours);
    profile->state = NMM_ACTIVE_DOWN;
    assert_orphans(state, "interface isolated web1;network isolated -;");
    profile->state = NMM_ACTIVE_UP;
    assert_orphans(state, "");
    profile->state = NMM_ACTIVE_DEACTIVATING;
    assert_orphans(state, "");
}

static void
test_orphans_foreign(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);

    add_network(hypervisor, "default", NULL);
    add_guest(hypervisor, "web1", "default", "ua-mine");
    assert_orphans(state, "");
}

/* Commands */

static void
test_status_text(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    NmmCheckInput *broken = new_good_input();
    g_autoptr(NmmReport) report = NULL;

    add_network(add_host(state, URI), "isolated", NULL);
    add_isolated(state, "guests", UUID, "isolated");
    g_ptr_array_add(inputs, new_good_input());
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
    NmmCheckInput *guest = new_good_input();
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
    NmmCheckInput *broken = new_good_input();

    add_network(add_host(state, URI), "isolated", NULL);
    add_isolated(state, "guests \"x\"", UUID, "isolated");
    g_ptr_array_add(inputs, new_good_input());
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

static void
test_check_json(void)
{
    g_autoptr(NmmCheckInput) input = new_good_input();
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
test_plan_output(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    NmmHostProfile *profile = add_isolated(state, "guests", UUID, "isolated");
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    g_autofree char *alias = nmm_identity_alias("elsewhere");
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmPlan) plan = NULL;
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(JsonNode) root = NULL;
    NmmObserved observed = {
        .guests = hypervisor->guests,
        .networks = hypervisor->networks,
        .used = used,
        .host_id = "",
    };

    add_guest(hypervisor, "web1", "elsewhere", alias);
    plan = nmm_plan_isolated(profile->profile, NMM_PURPOSE_UP, &observed, &error);
    g_assert_no_error(error);
    report = nmm_plan_report(profile->profile, plan, "it is private");
    root = parse_again(report);
    assert_path(root,
                "$.changes[*].kind",
                "[\"network-define\",\"network-autostart\",\"network-start\",\"nic-attach\","
                "\"nic-attach\"]");
    assert_path(root, "$.changes[*].scope", "[null,null,null,\"config\",\"live\"]");
    assert_path(root, "$.guests[*].name", "[\"web1\"]");
    assert_path(root, "$.refused", "[\"it is private\"]");

    assert_text_has(report, "define network");
    assert_text_has(report, "running guest");
    assert_text_has(report, "The profile cannot be activated: it is private.\n");
    g_assert_cmpint(report->code, ==, NMM_EXIT_FAILED);
}

static void
test_cleanup_output(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    NmmHostHypervisor *hypervisor = add_host(state, URI);
    g_autofree char *alias = nmm_identity_alias("isolated");
    g_autoptr(GPtrArray) orphans = NULL;
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(JsonNode) root = NULL;

    add_network(hypervisor, "isolated", UUID);
    add_guest(hypervisor, "web1", "isolated", alias);
    orphans = nmm_orphans_find(state);
    report = nmm_cleanup_report(state, orphans);
    assert_text(report,
                "LEFTOVER   DEVICE  NETWORK   GUEST  LIBVIRT\n"
                "interface  -       isolated  web1   qemu:///system\n"
                "network    -       isolated  -      qemu:///system\n");
    root = parse_again(report);
    assert_path(root, "$.leftovers[*].kind", "[\"interface\",\"network\"]");
    assert_path(root, "$.leftovers[*].removed", "[false,false]");
}

static void
test_refresh_output(void)
{
    g_autoptr(NmmReport) none = nmm_refresh_report("");
    g_autoptr(NmmReport) two = nmm_refresh_report("activate 'a \"b\"' on lo\nsuggest 'c'\n");
    g_autoptr(JsonNode) root = parse_again(two);

    assert_text(none, "");
    assert_text(two, "activate 'a \"b\"' on lo\nsuggest 'c'\n");
    assert_path(root, "$.actions", "[[\"activate 'a \\\"b\\\"' on lo\",\"suggest 'c'\"]]");
}

static int
run_tool(const char *arguments)
{
    g_autofree char *line = g_strconcat("nm-macvtap ", arguments, NULL);
    g_auto(GStrv) argv = NULL;
    int argc;
    g_autofree char **copy = NULL;

    g_assert_true(g_shell_parse_argv(line, &argc, &argv, NULL));
    /* Option parsing removes words from the array. */
    copy = g_memdup2(argv, sizeof(char *) * ((gsize)argc + 1));
    return nmm_tool_main(argc, copy);
}

static void
test_usage(void)
{
    g_assert_cmpint(run_tool(""), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("--no-such-option status"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("no-such-command"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("status web1"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check web1 web2"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("plan --yes guests"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("cleanup --yes everything"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check --"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check -- -web1 -web2"), ==, NMM_EXIT_USAGE);
    /* A name like an option. The guest does not exist, or libvirt does not answer. */
    g_assert_cmpint(run_tool("check -- -no-such-guest"), !=, NMM_EXIT_USAGE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool/check/paused", test_check_paused);
    g_test_add_func("/tool/check/used-network", test_check_used_network);
    g_test_add_func("/tool/check/silent-service", test_check_silent_service);
    g_test_add_func("/tool/text", test_text);
    g_test_add_func("/tool/table", test_table);
    g_test_add_func("/tool/quote", test_quote);
    g_test_add_func("/tool/check/broken", test_check_broken);
    g_test_add_func("/tool/check/whole", test_check_whole);
    g_test_add_func("/tool/check/no-networks", test_check_no_networks);
    g_test_add_func("/tool/check/unknown", test_check_unknown);
    g_test_add_func("/tool/check/uri", test_check_uri);
    g_test_add_func("/tool/orphans", test_orphans);
    g_test_add_func("/tool/orphans/retired", test_orphans_retired);
    g_test_add_func("/tool/orphans/saved", test_orphans_saved);
    g_test_add_func("/tool/orphans/of-remove", test_orphans_of_remove);
    g_test_add_func("/tool/orphans/foreign", test_orphans_foreign);
    g_test_add_func("/tool/status/text", test_status_text);
    g_test_add_func("/tool/status/judge", test_status_judge);
    g_test_add_func("/tool/status/json", test_status_json);
    g_test_add_func("/tool/check/json", test_check_json);
    g_test_add_func("/tool/plan/output", test_plan_output);
    g_test_add_func("/tool/cleanup/output", test_cleanup_output);
    g_test_add_func("/tool/refresh/output", test_refresh_output);
    g_test_add_func("/tool/usage", test_usage);
    return g_test_run();
}
