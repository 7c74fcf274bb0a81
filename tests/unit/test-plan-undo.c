/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back after an activation that failed, and the network that follows its profile. */

#include "config.h"

#include "plan-asserts.h"

#include <string.h>

#include "nmm-error.h"

#define ETH0 "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
#define USERS                                                                                      \
    "<interface type='network'><source network='isolated'/><mac address='52:54:00:00:00:05'/>"     \
    "</interface>"
#define OWNER                                                                                      \
    "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' uuid='" PLAN_HOST_PROFILE "'/>"       \
    "</metadata>"
#define ISOLATED(content) "<network><name>isolated</name><uuid>u</uuid>" content "</network>"
#define OURS(content)     ISOLATED(OWNER "<bridge name='virbr4'/>" content)
#define RANGE             "<dhcp><range start='10.0.0.2' end='10.0.0.9'/></dhcp>"
#define IP(content)       "<ip address='10.0.0.1' netmask='255.255.255.0'>" content "</ip>"
#define HOST              "<host mac='52:54:00:00:00:07' ip='10.0.0.7'/>"

/* "-": the guest has no such state */
static const char *
state(const char *nics)
{
    return g_str_equal(nics, "-") ? NULL : nics;
}

static void
add_guest(PlanHost *host, const char *config, const char *live)
{
    g_autofree char *config_nics = plan_expand_nics(state(config));
    g_autofree char *live_nics = plan_expand_nics(state(live));

    plan_host_add_guest(host, config_nics, live_nics);
}

static NmmPlan *
plan_undo(PlanHost *before, PlanHost *host)
{
    g_autoptr(NmmProfile) profile = plan_host_profile_new(NULL, NULL);

    host->observed.guests_before = before->guests;
    host->observed.networks_before = before->networks;
    return plan_isolated_for(host, profile, NMM_PURPOSE_UNDO);
}

static void
test_guest(void)
{
    static const struct {
        const char *config_before, *live_before;
        const char *config, *live;
        const char *edits;
    } cases[] = {
        {ETH0, ETH0, ETH0, ETH0, ""},
        {ETH0, "-", ETH0 "O", "-", "nic-detach config g1"},
        {ETH0, ETH0, ETH0 "O", ETH0 "O", "nic-detach config g1, nic-detach live g1"},
        /* It started meanwhile. */
        {ETH0, "-", ETH0 "O", ETH0 "O", "nic-detach config g1, nic-detach live g1"},
        {ETH0 "O", "-", ETH0 "O", ETH0 "O", ""},
        /* It stopped meanwhile. */
        {ETH0, ETH0, ETH0 "O", "-", "nic-detach config g1"},
        {ETH0 "O", ETH0 "D", ETH0 "O", ETH0 "O", "nic-update live g1"},
        {ETH0 "E", ETH0 "I", ETH0 "O", ETH0 "O", "nic-update config g1, nic-update live g1"},
        {ETH0 "W",
         ETH0 "W",
         ETH0 "O",
         ETH0,
         "nic-detach config g1, nic-attach config g1, nic-attach live g1"},
        {ETH0 "W", "-", ETH0, "-", "nic-attach config g1"},
        {ETH0 USERS, ETH0 USERS, ETH0 USERS, ETH0 USERS, ""},
        /* The user's own change stays. */
        {ETH0, "-", ETH0 USERS, "-", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) before = plan_host_new();
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmPlan) plan = NULL;
        g_autoptr(NmmPlan) second = NULL;

        plan_host_add_network(before, ISOLATED(IP("")), TRUE);
        plan_host_add_network(host, ISOLATED(IP("")), TRUE);
        add_guest(before, cases[i].config_before, cases[i].live_before);
        add_guest(host, cases[i].config, cases[i].live);
        plan = plan_undo(before, host);
        assert_plan_edits(plan, cases[i].edits);
        plan_host_apply(host, plan);
        second = plan_undo(before, host);
        assert_plan_edits(second, "");
    }
}

/* A guest that appeared meanwhile was not in the activation. */
static void
test_new_guest(void)
{
    g_autoptr(PlanHost) before = plan_host_new();
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmPlan) plan = NULL;

    add_guest(host, ETH0 "O", "-");
    plan = plan_undo(before, host);
    assert_plan_edits(plan, "");
}

static void
test_network(void)
{
    static const struct {
        const char *before; /* (nullable) */
        gboolean was_active, was_autostart;
        const char *now;
        gboolean active, autostart;
        const char *live;
        const char *edits;
    } cases[] = {
        {NULL, FALSE, FALSE, OURS(IP(RANGE)), FALSE, TRUE, "-", "network-undefine"},
        {NULL, FALSE, FALSE, OURS(IP(RANGE)), TRUE, TRUE, "-", "network-destroy, network-undefine"},
        /* The user defined it meanwhile, or the user's guest uses it. */
        {NULL, FALSE, FALSE, ISOLATED(IP(RANGE)), TRUE, TRUE, "-", ""},
        {NULL, FALSE, FALSE, OURS(IP(RANGE)), TRUE, TRUE, USERS, ""},
        {ISOLATED(IP("")), TRUE, TRUE, ISOLATED(IP("")), TRUE, TRUE, "-", ""},
        {ISOLATED(IP("")), TRUE, FALSE, ISOLATED(IP("")), TRUE, TRUE, "-", "network-no-autostart"},
        {ISOLATED(IP("")),
         FALSE,
         FALSE,
         ISOLATED(IP("")),
         TRUE,
         TRUE,
         "-",
         "network-destroy, network-no-autostart"},
        {ISOLATED(IP("")), FALSE, TRUE, ISOLATED(IP("")), TRUE, TRUE, USERS, ""},
        {OURS(IP("")), FALSE, TRUE, OURS(IP(RANGE)), FALSE, TRUE, "-", "network-define"},
        {OURS(IP("")),
         FALSE,
         TRUE,
         OURS(IP(RANGE)),
         TRUE,
         TRUE,
         "-",
         "network-define, network-destroy"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) before = plan_host_new();
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmPlan) plan = NULL;

        if (cases[i].before)
            plan_host_add_network(before, cases[i].before, cases[i].was_active)->autostart =
                cases[i].was_autostart;
        plan_host_add_network(host, cases[i].now, cases[i].active)->autostart = cases[i].autostart;
        add_guest(before, ETH0, "-");
        add_guest(host, ETH0, cases[i].live);
        plan = plan_undo(before, host);
        assert_plan_edits(plan, cases[i].edits);
    }
}

/* Following the profile */

/* (transfer full): without the whitespace between elements. */
static char *
join_lines(const char *xml)
{
    g_auto(GStrv) lines = g_strsplit(xml, "\n", -1);

    for (char **line = lines; *line; line++)
        g_strstrip(*line);
    return g_strjoinv("", lines);
}

static void
test_follow(void)
{
    static const struct {
        const char *xml;
        const char *zone;
        const char *key, *value;
        const char *wanted; /* (nullable): in the new definition; NULL: it stays */
    } cases[] = {
        {OURS(IP(RANGE)), NULL, NULL, NULL, NULL},
        {OURS(IP(RANGE)), NULL, "address", "10.0.0.1/24", NULL},
        {OURS(IP(RANGE)), NULL, "dhcp-range", "10.0.0.2-10.0.0.9", NULL},
        {OURS(IP(RANGE)), "work", NULL, NULL, "<bridge name=\"virbr4\" zone=\"work\"/>"},
        {OURS("<dns enable='no'/>" IP("")),
         "work",
         "address",
         "10.9.0.1/16",
         "<ip address=\"10.9.0.1\" prefix=\"16\">"},
        {OURS(IP(RANGE)),
         NULL,
         "address",
         "10.9.0.1/24",
         "<range start=\"10.9.0.2\" end=\"10.9.0.254\"/>"},
        {OURS(IP("<dhcp>" HOST "<range start='10.0.0.2' end='10.0.0.9'/></dhcp>")),
         NULL,
         "dhcp-range",
         "10.0.0.20-10.0.0.29",
         "<host mac=\"52:54:00:00:00:07\" ip=\"10.0.0.7\"/>"
         "<range start=\"10.0.0.20\" end=\"10.0.0.29\"/>"},
        {OURS(IP("<dhcp>" HOST "<range start='10.0.0.2' end='10.0.0.9'/></dhcp>")),
         NULL,
         "dhcp-range",
         "none",
         "<dhcp><host mac=\"52:54:00:00:00:07\" ip=\"10.0.0.7\"/></dhcp>"},
        {OURS(IP(RANGE)), NULL, "dhcp-range", "none", "netmask=\"255.255.255.0\"/>"},
        {OURS(IP("")), NULL, "address6", "fd00::1/64", "<ip family=\"ipv6\""},
        {OURS(IP("") "<ip family='ipv6' address='fd00::9' prefix='64'/>"),
         NULL,
         "address6",
         "fd00::1/64",
         "<ip family=\"ipv6\" address=\"fd00::1\" prefix=\"64\"/></network>"},
        {OURS(IP("") "<ip family='ipv6' address='fd00::9' prefix='64'/>"),
         NULL,
         "address6",
         "auto",
         NULL},
        /* Its zone goes again; what the user added stays. */
        {ISOLATED(OWNER "<title>mine</title><bridge name='virbr4' zone='gone'/>" IP("")),
         NULL,
         NULL,
         NULL,
         "<title>mine</title><bridge name=\"virbr4\"/>"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new(cases[i].key, cases[i].value, NULL);
        g_autoptr(NmmPlan) plan = NULL;
        g_autofree char *compact = NULL;

        profile->zone = g_strdup(cases[i].zone);
        plan_host_add_network(host, cases[i].xml, FALSE);
        plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
        assert_plan_edits(plan,
                          cases[i].wanted ? "network-define, network-start" : "network-start");
        assert_plan_note(plan, NULL);
        if (!cases[i].wanted)
            continue;
        compact = join_lines(plan_edit_at(plan, 0)->xml);
        assert_text_contains(compact, cases[i].wanted);
        assert_text_contains(compact, "<uuid>u</uuid>");
        assert_text_contains(compact, PLAN_HOST_PROFILE);
    }
}

/* Networks that are not changed, or not started. */
static void
test_follow_not(void)
{
    static const struct {
        const char *xml;
        gboolean active;
        const char *parts[3];
    } cases[] = {
        {ISOLATED(IP(RANGE)), FALSE, {"address '10.0.0.1/24'", "'192.168.77.1/24'"}},
        {OURS(IP(RANGE)), TRUE, {"address '10.0.0.1/24'", "'192.168.77.1/24'"}},
        {OURS(IP("<dhcp>" HOST "</dhcp>")), FALSE, {"address '10.0.0.1/24'", "'192.168.77.1/24'"}},
        {OURS("<forward/>" IP(RANGE)), FALSE, {"forwards"}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new("address", "192.168.77.1/24", NULL);

        plan_host_add_network(host, cases[i].xml, cases[i].active);
        assert_plan_conflict(host, profile, cases[i].parts);
    }
}

/* The host's LAN is now the subnet that was free when the network was defined. */
static void
test_follow_not_to_another_subnet(void)
{
    g_autoptr(NmmProfile) profile = plan_host_profile_new(NULL, NULL);
    g_autoptr(NmmProfile) chosen = plan_host_profile_new("address", "192.168.77.1/24", NULL);
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmPlan) plan = NULL;

    plan_host_add_network(host, OURS(IP(RANGE)), FALSE);
    plan_host_add_used(host, "10.0.0.0/16", "route 10.0.0.0/16 dev eth0");
    assert_plan_conflict(
        host, profile, (const char *const[]){"cannot start network 'isolated'", NULL});
    plan = plan_isolated_for(host, chosen, NMM_PURPOSE_UP);
    assert_plan_edits(plan, "network-define, network-start");
    assert_cidr(&plan->address, "192.168.77.1/24");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/undo/guest", test_guest);
    g_test_add_func("/plan/undo/new-guest", test_new_guest);
    g_test_add_func("/plan/undo/network", test_network);
    g_test_add_func("/plan/follow/changes", test_follow);
    g_test_add_func("/plan/follow/refused", test_follow_not);
    g_test_add_func("/plan/follow/subnet-in-use", test_follow_not_to_another_subnet);
    return g_test_run();
}
