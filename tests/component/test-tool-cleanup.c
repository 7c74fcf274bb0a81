/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap cleanup: what profiles left behind, on a host state made by hand.
 */

#include "config.h"

#include "nmm-check-collect.h"
#include "nmm-error.h"
#include "nmm-identity.h"
#include "tool-fixture.h"

/* Networks and interfaces */

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
    add_guest_on(hypervisor, "web1", "isolated", ours);
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
    add_guest_on(hypervisor, "web2", "isolated", other);
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
    add_guest_on(hypervisor, "web1", "isolated", ours);
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
    add_guest_on(hypervisor, "web2", "isolated", "ua-users");
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
        add_guest_on(hypervisor, "web1", "default", "ua-mine");
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
    add_guest_on(hypervisor, "web1", "isolated", ours);
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
    add_guest_on(hypervisor, "web1", "default", "ua-mine");
    assert_orphans(state, "");
}

/* Host links and bridges */

static void
add_bridge_network(NmmHostHypervisor *hypervisor, const char *mac, gboolean active)
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
assert_devices(const NmmHostState *state, const char *expected)
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
    assert_devices(state, "");
    link->profile_uuid = g_strdup(UUID);
    assert_devices(state, "link nmmveth0;");
    profile = add_link_profile(state, "share");
    assert_devices(state, "");
    profile->state = NMM_ACTIVE_ACTIVATING;
    assert_devices(state, "");
    profile->state = NMM_ACTIVE_DOWN;
    assert_devices(state, "link nmmveth0;");
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
    add_bridge_network(hypervisor, "52:54:00:AA:BB:CC", TRUE);
    assert_devices(state, "");
    assert_status_code(state, inputs, NMM_EXIT_OK);

    add_bridge_network(hypervisor, "52:54:00:AA:BB:CC", FALSE);
    assert_devices(state, "bridge virbr1;");
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    removable = nmm_status_report(state, inputs);
    assert_text_has(removable, "Network 'isolated': it cannot start because a libvirt daemon");
    assert_text_has(removable, "left its bridge 'virbr1' behind");
    /* With something on it, or another MAC than libvirt gives it, it is not ours to remove, but it
     * is in the way. */
    bridge->n_ports = 1;
    assert_devices(state, "");
    bridge->n_ports = 0;
    set_string(&bridge->mac, "02:00:00:00:00:01");
    assert_devices(state, "");
    assert_status_code(state, inputs, NMM_EXIT_PROBLEM);
    foreign = nmm_status_report(state, inputs);
    assert_text_has(foreign, "another interface has the name 'virbr1'");
}

/* Report */

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
    add_guest_on(hypervisor, "web1", "isolated", alias);
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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool/orphans", test_orphans);
    g_test_add_func("/tool/orphans/retired", test_orphans_retired);
    g_test_add_func("/tool/orphans/saved", test_orphans_saved);
    g_test_add_func("/tool/orphans/of-remove", test_orphans_of_remove);
    g_test_add_func("/tool/orphans/foreign", test_orphans_foreign);
    g_test_add_func("/tool/cleanup/output", test_cleanup_output);
    g_test_add_func("/tool/orphans/links", test_orphan_links);
    g_test_add_func("/tool/orphans/bridge", test_orphan_bridge);
    return g_test_run();
}
