/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the plan one by one: network, deactivation, notes. */

#include "config.h"

#include "plan-asserts.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-identity.h"

#define ETH0 "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
#define USERS                                                                                      \
    "<interface type='network'><source network='isolated'/><mac address='52:54:00:00:00:05'/>"     \
    "</interface>"
#define ISOLATED(content) "<network><name>isolated</name>" content "</network>"
#define ADDRESS           "<ip address='192.168.254.1' prefix='24'/>"
#define OWNER(uuid)                                                                                \
    "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' uuid='" uuid "'/></metadata>"

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int kind = 0; kind <= NMM_EDIT_NETWORK_UNDEFINE; kind++)
        g_assert_true(g_hash_table_add(seen, (char *)nmm_edit_kind_to_string(kind)));
    for (int status = 0; status <= NMM_GUEST_NEEDS_RESTART; status++)
        g_assert_true(g_hash_table_add(seen, (char *)nmm_guest_status_to_string(status)));
}

static void
test_define(void)
{
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) profile = plan_host_profile_new("address6", "auto", NULL);
    g_autoptr(NmmPlan) plan = NULL;
    NmmCidr ula;

    plan_host_add_used(host, "0.0.0.0/0", "route 0.0.0.0/0 dev eth0");
    plan_host_add_used(host, "192.168.254.128/25", "route 192.168.254.128/25 dev eth0");
    plan_host_add_network(
        host, "<network><name>x</name><ip address='192.168.253.9'/></network>", FALSE);
    plan_host_add_network(host,
                          "<network><name>y</name><ip address='10.0.0.1'/>"
                          "<route address='192.168.252.0' prefix='24' gateway='10.0.0.2'/>"
                          "<route address='0.0.0.0' prefix='0' gateway='10.0.0.2'/></network>",
                          TRUE);
    plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);

    assert_plan_edits(plan, "network-define, network-autostart, network-start");
    assert_cidr(&plan->address, "192.168.251.1/24");
    nmm_identity_ula(host->observed.host_id, PLAN_HOST_NETWORK, &ula);
    g_assert_true(plan->has_address6);
    g_assert_true(nmm_cidr_equal(&plan->address6, &ula));
    g_assert_null(plan->bridge);
    assert_text_contains(plan_edit_at(plan, 0)->reason, "'192.168.251.1/24'");
    assert_text_contains(plan_edit_at(plan, 0)->xml, "192.168.251.1");
    assert_plan_note(plan, NULL);
}

static void
test_define_refused(void)
{
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) lan = plan_host_profile_new("address", "10.1.2.3/24", NULL);
    g_autoptr(NmmProfile) other = plan_host_profile_new("address", "192.168.122.9/28", NULL);
    g_autoptr(NmmProfile) six = plan_host_profile_new("address6", "fd00:1::1/64", NULL);
    g_autoptr(NmmProfile) range = plan_host_profile_new("dhcp-range", "10.0.0.2-10.0.0.9", NULL);
    g_autoptr(GError) error = NULL;

    plan_host_add_used(host, "10.0.0.0/8", "route 10.0.0.0/8 dev tun0");
    plan_host_add_used(host, "192.168.122.0/24", "route 192.168.122.0/24 dev virbr0");
    plan_host_add_used(host, "fd00:1::/48", "profile 'office'");
    plan_host_add_network(host,
                          "<network><name>default</name><forward/><ip address='192.168.122.1' "
                          "prefix='24'/></network>",
                          TRUE);

    assert_plan_conflict(
        host, lan, PARTS("'10.1.2.3/24'", "'address'", "route 10.0.0.0/8 dev tun0"));
    assert_plan_conflict(host, other, PARTS("'address'", "libvirt network 'default'"));
    assert_plan_conflict(host, six, PARTS("'fd00:1::1/64'", "'address6'", "profile 'office'"));

    g_assert_null(nmm_plan_isolated(range, NMM_PURPOSE_UP, &host->observed, &error));
    g_assert_nonnull(error);
    assert_text_contains(error->message, "'dhcp-range'");
}

static void
test_adopt(void)
{
    static const struct {
        gboolean active, autostart, persistent;
        const char *edits;
        const char *note;
    } cases[] = {
        {TRUE, TRUE, TRUE, "", NULL},
        {TRUE, FALSE, TRUE, "network-autostart", NULL},
        {FALSE, TRUE, TRUE, "network-start", NULL},
        {FALSE, FALSE, TRUE, "network-autostart, network-start", NULL},
        {TRUE, FALSE, FALSE, "", "transient"},
    };
    g_autoptr(NmmProfile) profile = plan_host_profile_new(NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        NmmNetwork *network = plan_host_add_network(
            host,
            ISOLATED("<bridge name='virbr4'/><ip address='10.0.0.1' prefix='24'/>"
                     "<ip family='ipv6' address='fd00::1' prefix='64'/>"),
            cases[i].active);
        g_autoptr(NmmPlan) plan = NULL;

        network->autostart = cases[i].autostart;
        network->persistent = cases[i].persistent;
        plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
        assert_plan_edits(plan, cases[i].edits);
        assert_cidr(&plan->address, "10.0.0.1/24");
        g_assert_true(plan->has_address6);
        assert_cidr(&plan->address6, "fd00::1/64");
        g_assert_cmpstr(plan->bridge, ==, "virbr4");
        assert_plan_note(plan, cases[i].note);
    }
}

static void
test_adopt_refused(void)
{
    static const struct {
        const char *xml;
        const char *key;
        const char *value;
        const char *parts[4];
    } cases[] = {
        {ISOLATED("<forward/>" ADDRESS), NULL, NULL, {"forwards", "'nat'", "'network'"}},
        {ISOLATED("<forward mode='bridge'/>"), NULL, NULL, {"forwards", "'bridge'"}},
        {ISOLATED(""), NULL, NULL, {"no IPv4 address"}},
        {ISOLATED("<ip family='ipv6' address='fd00::1'/>"), NULL, NULL, {"no IPv4 address"}},
        {ISOLATED(ADDRESS),
         "address",
         "10.0.0.1/24",
         {"address '192.168.254.1/24'", "'10.0.0.1/24'", "virsh net-undefine 'isolated'"}},
        {ISOLATED(ADDRESS), "address", "192.168.254.1/25", {"'192.168.254.1/25'"}},
        {ISOLATED(ADDRESS), "address6", "fd00::1/64", {"address6 'none'", "'fd00::1/64'"}},
        {ISOLATED(ADDRESS),
         "dhcp-range",
         "192.168.254.2-192.168.254.9",
         {"dhcp-range 'none'", "'192.168.254.2-192.168.254.9'"}},
        {ISOLATED("<ip address='10.0.0.1'><dhcp><range start='10.0.0.2' end='10.0.0.3'/>"
                  "<range start='10.0.0.8' end='10.0.0.9'/></dhcp></ip>"),
         "dhcp-range",
         "none",
         {"dhcp-range '10.0.0.2-10.0.0.3 10.0.0.8-10.0.0.9'", "'none'"}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new(cases[i].key, cases[i].value, NULL);

        plan_host_add_network(host, cases[i].xml, TRUE);
        assert_plan_conflict(host, profile, PARTS("network 'isolated'"));
        assert_plan_conflict(host, profile, cases[i].parts);
    }
}

/* A network of the default name that this project did not make. */
static void
test_adopt_users(void)
{
    static const char lan[] = "<interface type='network'><source network='lan'/></interface>";
    static const char named[] =
        "<interface type='network'><source network='isolated'/><mac address='52:54:00:00:00:05'/>"
        "</interface>";
    const struct {
        const char *xml;
        gboolean active;
        const char *config, *live; /* of the other guest */
        gboolean is_refused;
    } cases[] = {
        {ISOLATED(ADDRESS), TRUE, USERS, NULL, TRUE},
        {ISOLATED(ADDRESS), FALSE, USERS, NULL, TRUE},
        {ISOLATED(ADDRESS), TRUE, NULL, USERS, TRUE},
        {ISOLATED(ADDRESS), TRUE, "", USERS, TRUE},
        {ISOLATED(ADDRESS), TRUE, named, named, TRUE},
        /* No other guest, one with macvtap, one on another network, one with our interface. */
        {ISOLATED(ADDRESS), TRUE, "", "", FALSE},
        {ISOLATED(ADDRESS), TRUE, ETH0 USERS, NULL, FALSE},
        {ISOLATED(ADDRESS), TRUE, lan, lan, FALSE},
        {ISOLATED(ADDRESS), TRUE, "O", NULL, FALSE},
        {ISOLATED(OWNER("other") ADDRESS), TRUE, USERS, USERS, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) unset = plan_host_profile_new(NULL, NULL);
        g_autoptr(NmmProfile) set = plan_host_profile_new("network", "isolated", NULL);
        g_autofree char *config = plan_expand_nics(cases[i].config);
        g_autoptr(NmmPlan) plan = NULL;
        g_autoptr(NmmPlan) active = NULL;
        gboolean is_ours = strstr(cases[i].xml, "profile") != NULL;

        plan_host_add_network(host, cases[i].xml, cases[i].active);
        plan_host_add_guest(host, config, cases[i].live);
        host->observed.activating = TRUE;
        if (cases[i].is_refused)
            assert_plan_conflict(
                host, unset, PARTS("network 'isolated'", "'g1'", "key 'network'", "to 'isolated'"));
        else
            nmm_plan_free(plan_isolated_for(host, unset, NMM_PURPOSE_UP));

        plan = plan_isolated_for(host, set, NMM_PURPOSE_UP);
        g_assert_true(is_ours == !plan->adopted);
        if (cases[i].is_refused)
            assert_text_contains(plan->adopted, "'g1'");
        /* A guest that comes while the profile is active does not end it. */
        host->observed.activating = FALSE;
        active = plan_isolated_for(host, unset, NMM_PURPOSE_UP);
    }
}

/* Every key is set, and the network matches. */
static void
test_adopt_same(void)
{
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) profile = plan_host_profile_new("address",
                                                          "192.168.254.1/24",
                                                          "address6",
                                                          "fd00::1/64",
                                                          "dhcp-range",
                                                          "192.168.254.2-192.168.254.9",
                                                          NULL);
    g_autoptr(NmmPlan) plan = NULL;

    plan_host_add_network(host,
                          ISOLATED("<ip address='10.0.0.1'/>"
                                   "<ip address='192.168.254.1' netmask='255.255.255.0'><dhcp>"
                                   "<range start='192.168.254.2' end='192.168.254.9'/></dhcp></ip>"
                                   "<ip family='ipv6' address='fd00:0::1' prefix='64'/>"),
                          TRUE);
    plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
    assert_plan_edits(plan, "");
    assert_cidr(&plan->address, "192.168.254.1/24");
    assert_plan_note(plan, NULL);
}

static void
test_adopt_notes(void)
{
    static const struct {
        const char *xml;
        const char *zone;
        const char *address6;
        const char *note;
    } cases[] = {
        {ISOLATED(ADDRESS), NULL, "auto", "without IPv6"},
        {ISOLATED(ADDRESS), "work", "none", "not in 'work'"},
        {ISOLATED("<bridge zone='home'/>" ADDRESS), "work", "none", "zone 'home', not in 'work'"},
        {ISOLATED("<bridge zone='work'/>" ADDRESS), "work", "none", NULL},
        {ISOLATED("<bridge zone='home'/>" ADDRESS), NULL, "none", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new("address6", cases[i].address6, NULL);
        g_autoptr(NmmPlan) plan = NULL;

        g_free(profile->zone);
        profile->zone = g_strdup(cases[i].zone);
        plan_host_add_network(host, cases[i].xml, TRUE);
        plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
        assert_plan_edits(plan, "");
        assert_plan_note(plan, cases[i].note);
    }
}

static void
test_start_refused(void)
{
    g_autoptr(NmmProfile) profile = plan_host_profile_new(NULL, NULL);
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmPlan) plan = NULL;
    NmmNetwork *network = plan_host_add_network(host, ISOLATED(ADDRESS), FALSE);
    NmmNetwork *other = plan_host_add_network(
        host, "<network><name>b</name><ip address='192.168.254.9' prefix='29'/></network>", FALSE);

    plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
    assert_plan_edits(plan, "network-start");

    other->active = TRUE;
    assert_plan_conflict(host, profile, PARTS("'192.168.254.0/24'", "libvirt network 'b'"));
    other->active = FALSE;
    plan_host_add_used(host, "192.168.0.0/16", "route 192.168.0.0/16 dev tun0");
    assert_plan_conflict(
        host, profile, PARTS("network 'isolated'", "route 192.168.0.0/16 dev tun0"));

    network->active = TRUE;
    g_clear_pointer(&plan, nmm_plan_free);
    plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
    assert_plan_edits(plan, "");
}

static void
test_xml(void)
{
    static const NmmNicSpec wanted = {.model = "virtio", .isolated = TRUE};
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) profile = plan_host_profile_new("isolate-guests", "yes", NULL);
    g_autofree char *expected = plan_host_our_nic(1, &wanted);
    g_autofree char *alias = nmm_identity_alias(PLAN_HOST_NETWORK);
    g_autoptr(NmmPlan) up = NULL;
    g_autoptr(NmmPlan) off = NULL;
    const NmmGuestReport *report;
    g_autofree char *uuid = plan_host_guest_uuid(1);
    g_autofree char *mac = nmm_identity_mac(uuid, PLAN_HOST_NETWORK);
    g_autofree char *plain = NULL;
    g_autoptr(GString) second = NULL;
    static const NmmNicSpec e1000e = {.model = "e1000e"};

    plain = plan_host_our_nic(2, &e1000e);
    second = g_string_new(plain);
    g_string_replace(second, "</interface>", "<mtu size=\"1400\"/></interface>", 1);
    plan_host_add_network(host, ISOLATED(ADDRESS), TRUE);
    plan_host_add_guest(host, ETH0, ETH0);
    plan_host_add_guest(host, NULL, second->str);
    up = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
    assert_plan_edits(up, "nic-attach config g1, nic-attach live g1, nic-detach live g2");
    g_assert_cmpstr(plan_edit_at(up, 0)->xml, ==, expected);
    g_assert_cmpstr(plan_edit_at(up, 1)->xml, ==, expected);
    g_assert_cmpstr(plan_edit_at(up, 0)->guest_uuid, ==, uuid);
    g_assert_cmpstr(plan_edit_at(up, 2)->alias, ==, alias);
    report = g_ptr_array_index(up->reports, 0);
    g_assert_cmpstr(report->mac, ==, mac);

    off = plan_isolated_for(host, profile, NMM_PURPOSE_DOWN);
    assert_plan_edits(off, "nic-update live g2");
    g_string_replace(second, "</interface>", "<link state=\"down\"/></interface>", 1);
    g_assert_cmpstr(plan_edit_at(off, 0)->xml, ==, second->str);
}

static void
test_notes(void)
{
    static const struct {
        const char *config;
        const char *live;
        const char *hotplug;
        const char *note;
    } cases[] = {
        {ETH0 "S", NULL, "yes", "change that alias"},
        {NULL, ETH0, "no", "guest 'g1' is transient"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new("hotplug", cases[i].hotplug, NULL);
        g_autofree char *config = plan_expand_nics(cases[i].config);
        g_autoptr(NmmPlan) plan = NULL;

        plan_host_add_network(host, ISOLATED(ADDRESS), TRUE);
        plan_host_add_guest(host, config, cases[i].live);
        plan = plan_isolated_for(host, profile, NMM_PURPOSE_UP);
        assert_plan_note(plan, cases[i].note);
    }
}

static void
test_remove_network(void)
{
    static const struct {
        const char *xml;
        gboolean active, persistent, partial;
        const char *config;
        const char *live;
        const char *down;
        const char *purge;
    } cases[] = {
#define OURS   ISOLATED(OWNER(PLAN_HOST_PROFILE) ADDRESS)
#define OTHERS ISOLATED(OWNER("other-profile") ADDRESS)
#define GONE   "network-destroy, network-undefine"
        {OURS, TRUE, TRUE, FALSE, "", NULL, GONE, GONE},
        {OURS, FALSE, TRUE, FALSE, "", NULL, "network-undefine", "network-undefine"},
        {OURS, TRUE, FALSE, FALSE, "", NULL, "network-destroy", "network-destroy"},
        {OURS, TRUE, TRUE, TRUE, "", NULL, "", ""},
        {OURS,
         TRUE,
         TRUE,
         FALSE,
         "O",
         NULL,
         "nic-detach config g1, " GONE,
         "nic-detach config g1, " GONE},
        {OURS, TRUE, TRUE, FALSE, "", "O", "nic-detach live g1", "nic-detach live g1"},
        {OURS, TRUE, TRUE, FALSE, USERS, NULL, "", ""},
        {OURS, TRUE, TRUE, FALSE, NULL, USERS, "", ""},
        {OTHERS, TRUE, TRUE, FALSE, "", NULL, "", GONE},
        {ISOLATED(ADDRESS), TRUE, TRUE, FALSE, "", NULL, "", ""},
#undef OURS
#undef OTHERS
#undef GONE
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new("on-disconnect", "remove", NULL);
        NmmNetwork *network = plan_host_add_network(host, cases[i].xml, cases[i].active);
        g_autofree char *config = plan_expand_nics(cases[i].config);
        g_autofree char *live = plan_expand_nics(cases[i].live);
        g_autoptr(NmmPlan) down = NULL;
        g_autoptr(NmmPlan) purge = NULL;

        network->persistent = cases[i].persistent;
        host->observed.guests_partial = cases[i].partial;
        plan_host_add_guest(host, config, live);
        down = plan_isolated_for(host, profile, NMM_PURPOSE_DOWN);
        assert_plan_edits(down, cases[i].down);
        purge = plan_isolated_for(host, profile, NMM_PURPOSE_PURGE);
        assert_plan_edits(purge, cases[i].purge);
    }
}

/* A saved guest that could not be resumed without the network. */
static void
test_keep_saved_network(void)
{
    static const char snapshot[] =
        "<domainsnapshot><domain><devices>" USERS "</devices></domain></domainsnapshot>";
    static const struct {
        const char *snapshot, *xml;
        const char *note; /* (nullable) */
    } cases[] = {
        {NULL, "<domain><devices>" USERS "</devices></domain>", "managed save image of guest 'g1'"},
        {NULL, "<domain><devices>" ETH0 "</devices></domain>", NULL},
        {NULL, NULL, "managed save image of guest 'g1'"},
        {"clean", snapshot, "snapshot 'clean' of guest 'g1'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PlanHost) host = plan_host_new();
        g_autoptr(NmmProfile) profile = plan_host_profile_new("on-disconnect", "remove", NULL);
        g_autoptr(NmmPlan) down = NULL;
        g_autoptr(NmmPlan) purge = NULL;
        const char *edits = cases[i].note ? "" : "network-destroy, network-undefine";

        plan_host_add_network(host, ISOLATED(OWNER(PLAN_HOST_PROFILE) ADDRESS), TRUE);
        nmm_guest_add_saved(plan_host_add_guest(host, "", NULL), cases[i].snapshot, cases[i].xml);
        down = plan_isolated_for(host, profile, NMM_PURPOSE_DOWN);
        assert_plan_edits(down, edits);
        assert_plan_note(down, cases[i].note);
        purge = plan_isolated_for(host, profile, NMM_PURPOSE_PURGE);
        assert_plan_edits(purge, edits);
    }
}

/* The user removed the network: the profile's interfaces in definitions are still removed. */
static void
test_remove_without_network(void)
{
    g_autoptr(PlanHost) host = plan_host_new();
    g_autoptr(NmmProfile) profile = plan_host_profile_new(NULL, NULL);
    g_autofree char *config = plan_expand_nics("O");
    g_autoptr(NmmPlan) plan = NULL;

    plan_host_add_guest(host, config, NULL);
    plan = plan_isolated_for(host, profile, NMM_PURPOSE_PURGE);
    assert_plan_edits(plan, "nic-detach config g1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/names", test_names);
    g_test_add_func("/plan/define", test_define);
    g_test_add_func("/plan/define-refused", test_define_refused);
    g_test_add_func("/plan/adopt", test_adopt);
    g_test_add_func("/plan/adopt-refused", test_adopt_refused);
    g_test_add_func("/plan/adopt-users", test_adopt_users);
    g_test_add_func("/plan/adopt-same", test_adopt_same);
    g_test_add_func("/plan/adopt-notes", test_adopt_notes);
    g_test_add_func("/plan/start-refused", test_start_refused);
    g_test_add_func("/plan/xml", test_xml);
    g_test_add_func("/plan/notes", test_notes);
    g_test_add_func("/plan/remove-network", test_remove_network);
    g_test_add_func("/plan/keep-saved-network", test_keep_saved_network);
    g_test_add_func("/plan/remove-without-network", test_remove_without_network);
    return g_test_run();
}
