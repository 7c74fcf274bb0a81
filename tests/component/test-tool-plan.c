/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap plan in all modes, on a host state made by hand.
 */

#include "config.h"

#include "nmm-check-collect.h"
#include "nmm-error.h"
#include "nmm-identity.h"
#include "tool-fixture.h"

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

    add_guest_on(hypervisor, "web1", "elsewhere", alias);
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

/* Locks that the service would take */

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
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool/plan/output", test_plan_output);
    g_test_add_func("/tool/plan/lock-conflict", test_lock_conflict);
    g_test_add_data_func("/tool/plan/share", "share", test_plan);
    g_test_add_data_func("/tool/plan/move", "move", test_plan);
    return g_test_run();
}
