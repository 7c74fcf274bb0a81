/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The edits for one guest, by its interfaces and the purpose of the plan. */

#include "config.h"

#include "plan-asserts.h"

#define ETH0 "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
#define USERS                                                                                      \
    "<interface type='network'><source network='isolated'/><mac address='52:54:00:00:00:05'/>"     \
    "</interface>"
#define THROUGH "<interface type='network'><source network='macnet'/></interface>"
#define MACNET                                                                                     \
    "<network><name>macnet</name><forward mode='bridge'><interface dev='eth0'/></forward>"         \
    "</network>"
#define ISOLATED(content) "<network><name>isolated</name>" content "</network>"
#define ADDRESS           "<ip address='192.168.254.1' prefix='24'/>"

typedef struct {
    const char *config;
    const char *live;
    const char *key;
    const char *value;
    const char *edits;
    const char *status;
    const char *reason; /* (nullable): part of the first edit's */
} GuestCase;

static void
check_guest(const GuestCase *c, NmmPurpose purpose)
{
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) profile = plan_host_profile_new(c->key, c->value, NULL);
    g_autofree char *config = plan_expand_nics(c->config);
    g_autofree char *live = plan_expand_nics(c->live);
    g_autoptr(NmmPlan) plan = NULL;

    plan_host_add_network(host, ISOLATED(ADDRESS), TRUE);
    plan_host_add_network(host, MACNET, TRUE);
    plan_host_add_guest(host, config, live);
    plan = plan_isolated_for(host, profile, purpose);
    assert_plan_edits(plan, c->edits);
    assert_plan_status(plan, 0, c->status);
    if (c->reason)
        assert_text_contains(plan_edit_at(plan, 0)->reason, c->reason);
}

static void
test_guest_up(void)
{
    static const GuestCase cases[] = {
        /* attach */
        {ETH0,
         NULL,
         NULL,
         NULL,
         "nic-attach config g1",
         "shut-off",
         "macvtap interface on 'eth0', but no interface on network 'isolated'"},
        {ETH0, ETH0, NULL, NULL, "nic-attach config g1, nic-attach live g1", "served"},
        {NULL, ETH0, NULL, NULL, "nic-attach live g1", "served"},
        {THROUGH, NULL, NULL, NULL, "nic-attach config g1", "shut-off", "through network 'macnet'"},
        {ETH0, ETH0, "hotplug", "no", "nic-attach config g1", "needs-restart"},
        {ETH0 "O", ETH0, "hotplug", "no", "", "needs-restart"},
        {ETH0 "O", ETH0, NULL, NULL, "nic-attach live g1", "served"},
        {ETH0, "", NULL, NULL, "nic-attach config g1", "served"},
        {NULL, ETH0, "hotplug", "no", "", "not-selected"},
        /* nothing to do */
        {ETH0 "O", ETH0 "O", NULL, NULL, "", "served"},
        {ETH0 "O", NULL, NULL, NULL, "", "shut-off"},
        {"", "", NULL, NULL, "", "not-macvtap"},
        {USERS, NULL, NULL, NULL, "", "not-macvtap"},
        {ETH0, ETH0, "parent", "eth1", "", "not-macvtap"},
        {ETH0, ETH0, "exclude-guests", "g1", "", "not-selected"},
        {ETH0, ETH0, "guests", "g2", "", "not-selected"},
        /* an interface of the user */
        {ETH0 USERS, ETH0 USERS, NULL, NULL, "", "served-by-user"},
        {ETH0 USERS, ETH0, NULL, NULL, "nic-attach live g1", "served"},
        {ETH0 USERS, ETH0, "hotplug", "no", "", "needs-restart"},
        {ETH0 USERS "O",
         NULL,
         NULL,
         NULL,
         "nic-detach config g1",
         "served-by-user",
         "its own interface"},
        {ETH0 "S", NULL, NULL, NULL, "", "not-selected"},
        /* corrections */
        {ETH0 "W",
         NULL,
         NULL,
         NULL,
         "nic-detach config g1, nic-attach config g1",
         "shut-off",
         "MAC"},
        {NULL, ETH0 "W", NULL, NULL, "nic-detach live g1", "served", "'52:54:00:99:99:99'"},
        {ETH0 "O", ETH0 "W", "hotplug", "no", "", "needs-restart"},
        {ETH0 "D",
         ETH0 "D",
         NULL,
         NULL,
         "nic-update config g1, nic-update live g1",
         "served",
         "down"},
        {ETH0 "I", ETH0 "I", NULL, NULL, "nic-update config g1, nic-update live g1", "served"},
        {ETH0 "O",
         ETH0 "I",
         "isolate-guests",
         "yes",
         "nic-update config g1",
         "served",
         "not isolated"},
        {ETH0 "E", ETH0 "E", NULL, NULL, "nic-update config g1", "served", "model 'virtio'"},
        {ETH0 "E", ETH0 "E", "nic-model", "default", "", "served"},
        {ETH0 "O", ETH0 "D", "hotplug", "no", "nic-update live g1", "served"},
        /* no longer wanted */
        {"O",
         ETH0 "O",
         NULL,
         NULL,
         "nic-detach config g1",
         "served",
         "no macvtap interface any more"},
        {"O", "O", NULL, NULL, "nic-detach config g1, nic-detach live g1", "not-macvtap"},
        {ETH0 "O",
         NULL,
         "parent",
         "eth1",
         "nic-detach config g1",
         "not-macvtap",
         "'eth1' any more"},
        {ETH0 "O", NULL, "guests", "g2", "nic-detach config g1", "not-selected", "does not select"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_guest(&cases[i], NMM_PURPOSE_UP);
}

static void
test_guest_down(void)
{
    static const GuestCase cases[] = {
        {ETH0 "O", ETH0 "O", NULL, NULL, "nic-update live g1", "served", "the guest is unplugged"},
        {ETH0 "O", ETH0 "D", NULL, NULL, "", "served"},
        {"", "O", "guests", "g2", "nic-update live g1", "not-macvtap"},
        {ETH0 "O", NULL, NULL, NULL, "", "shut-off"},
        {ETH0 USERS, ETH0 USERS, NULL, NULL, "", "served-by-user"},
        {ETH0, ETH0, NULL, NULL, "", "not-selected"},
        {ETH0 "O", ETH0 "O", "on-disconnect", "keep", "", "served"},
        {ETH0 "W",
         ETH0 "O",
         "on-disconnect",
         "remove",
         "nic-detach config g1, nic-detach live g1",
         "not-selected",
         "removes"},
        {ETH0 "S" USERS, NULL, "on-disconnect", "remove", "", "served-by-user"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_guest(&cases[i], NMM_PURPOSE_DOWN);
}

static void
test_guest_purge(void)
{
    static const GuestCase cases[] = {
        {ETH0 "O", NULL, "on-disconnect", "keep", "nic-detach config g1", "not-selected"},
        {"O", ETH0 "D", "guests", "g2", "nic-detach config g1, nic-detach live g1", "not-selected"},
        {ETH0 USERS, ETH0 USERS, NULL, NULL, "", "served-by-user"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_guest(&cases[i], NMM_PURPOSE_PURGE);
}

typedef struct {
    const char *config;
    const char *live;
    const char *key;
    const char *value;
    NmmPurpose purpose;
    const char *edits;
    const char *note; /* (nullable): part of it */
} ContainerCase;

/* libvirt keeps no alias, and cannot change an interface of a container that runs. */
static void
test_container(void)
{
    static const ContainerCase cases[] = {
        {ETH0, NULL, NULL, NULL, NMM_PURPOSE_UP, "nic-attach config g1", NULL},
        {ETH0,
         ETH0,
         NULL,
         NULL,
         NMM_PURPOSE_UP,
         "nic-attach config g1, nic-attach live g1",
         "'vnet1'"},
        {ETH0, ETH0, "hotplug", "no", NMM_PURPOSE_UP, "nic-attach config g1", NULL},
        {ETH0 "O", ETH0 "O", NULL, NULL, NMM_PURPOSE_UP, "", NULL},
        {ETH0 "O", ETH0 "I", NULL, NULL, NMM_PURPOSE_UP, "", "running container"},
        {ETH0 "I", ETH0 "O", NULL, NULL, NMM_PURPOSE_UP, "nic-update config g1", NULL},
        {"O", "O", NULL, NULL, NMM_PURPOSE_UP, "nic-detach config g1, nic-detach live g1", NULL},
        {ETH0 "O", ETH0 "O", NULL, NULL, NMM_PURPOSE_DOWN, "", "is unplugged"},
        {ETH0 "O", NULL, NULL, NULL, NMM_PURPOSE_DOWN, "", NULL},
        {ETH0 USERS, ETH0 USERS, "on-disconnect", "remove", NMM_PURPOSE_DOWN, "", NULL},
        {ETH0 "O",
         ETH0 "O",
         "on-disconnect",
         "remove",
         NMM_PURPOSE_DOWN,
         "nic-detach config g1, nic-detach live g1",
         NULL},
        {ETH0 "O",
         ETH0 "O",
         NULL,
         NULL,
         NMM_PURPOSE_PURGE,
         "nic-detach config g1, nic-detach live g1",
         NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ContainerCase *c = &cases[i];
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new(c->key, c->value, NULL);
        g_autofree char *config = plan_expand_nics(c->config);
        g_autofree char *live = plan_expand_nics(c->live);
        g_autoptr(NmmPlan) plan = NULL;
        g_autoptr(NmmPlan) again = NULL;

        host->containers = TRUE;
        plan_host_add_network(host, ISOLATED(ADDRESS), TRUE);
        plan_host_add_guest(host, config, live);
        plan = plan_isolated_for(host, profile, c->purpose);
        assert_plan_edits(plan, c->edits);
        assert_plan_note(plan, c->note);
        plan_host_apply(host, plan);
        again = plan_isolated_for(host, profile, c->purpose);
        assert_plan_edits(again, "");
    }
}

/* It releases the interface at once, so the network can go in the same plan. */
static void
test_container_network(void)
{
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) profile = plan_host_profile_new("on-disconnect", "remove", NULL);
    g_autofree char *nics = plan_expand_nics(ETH0 "O");
    g_autoptr(NmmPlan) plan = NULL;

    host->containers = TRUE;
    plan_host_add_network(host,
                          ISOLATED("<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' "
                                   "uuid='" PLAN_HOST_PROFILE "'/></metadata>" ADDRESS),
                          TRUE);
    plan_host_add_guest(host, nics, nics);
    plan = plan_isolated_for(host, profile, NMM_PURPOSE_DOWN);
    assert_plan_edits(plan,
                      "nic-detach config g1, nic-detach live g1, network-destroy, "
                      "network-undefine");
    plan_host_apply(host, plan);
    g_assert_cmpuint(host->networks->len, ==, 0);
}

/* Attach has the same XML for both states, with everything that the profile asks for. Update keeps
 * what a running guest cannot change. */

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/guest-up", test_guest_up);
    g_test_add_func("/plan/guest-down", test_guest_down);
    g_test_add_func("/plan/guest-purge", test_guest_purge);
    g_test_add_func("/plan/container", test_container);
    g_test_add_func("/plan/container/network", test_container_network);
    return g_test_run();
}
