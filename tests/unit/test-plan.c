/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the plan one by one: the network, each case of a guest's interfaces, each way down.
 */

#include "config.h"

#include "world.h"

#include <string.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-identity.h"

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
#define OWNER(uuid)                                                                                \
    "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' uuid='" uuid "'/></metadata>"

static NMMacvtapPlan *
plan_for(World *world, const NMMacvtapProfile *profile, NMMacvtapPurpose purpose)
{
    g_autoptr(GError) error = NULL;
    NMMacvtapPlan *plan = nm_macvtap_plan_isolated(profile, purpose, &world->observed, &error);

    g_assert_no_error(error);
    return plan;
}

/* @expected: the edits in order: kind, and for interfaces scope and guest. */
static void
assert_edits(const NMMacvtapPlan *plan, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < plan->edits->len; i++) {
        const NMMacvtapEdit *edit = g_ptr_array_index(plan->edits, i);

        g_string_append_printf(
            text, "%s%s", i > 0 ? ", " : "", nm_macvtap_edit_kind_to_string(edit->kind));
        if (edit->guest_name)
            g_string_append_printf(text,
                                   " %s %s",
                                   edit->scope == NM_MACVTAP_SCOPE_CONFIG ? "config" : "live",
                                   edit->guest_name);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static const NMMacvtapEdit *
edit_at(const NMMacvtapPlan *plan, guint i)
{
    g_assert_cmpuint(i, <, plan->edits->len);
    return g_ptr_array_index(plan->edits, i);
}

static void
assert_status(const NMMacvtapPlan *plan, guint i, const char *expected)
{
    const NMMacvtapGuestReport *report = g_ptr_array_index(plan->reports, i);

    g_assert_cmpstr(nm_macvtap_guest_status_to_string(report->status), ==, expected);
}

static void
assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_error("'%s' is not in '%s'", part, text);
}

/* One note that has @part in it, or none at all where it is NULL. */
static void
assert_note(const NMMacvtapPlan *plan, const char *part)
{
    g_assert_cmpuint(plan->notes->len, ==, part ? 1 : 0);
    if (part)
        assert_contains(g_ptr_array_index(plan->notes, 0), part);
}

static void
assert_cidr(const NMMacvtapCidr *cidr, const char *expected)
{
    g_autofree char *text = nm_macvtap_cidr_to_string(cidr);

    g_assert_cmpstr(text, ==, expected);
}

static void
assert_conflict(World *world, const NMMacvtapProfile *profile, const char *const *parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NMMacvtapPlan) plan =
        nm_macvtap_plan_isolated(profile, NM_MACVTAP_PURPOSE_UP, &world->observed, &error);

    g_assert_null(plan);
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_CONFLICT);
    for (; *parts; parts++)
        assert_contains(error->message, *parts);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int kind = 0; kind <= NM_MACVTAP_EDIT_NETWORK_UNDEFINE; kind++)
        g_assert_true(g_hash_table_add(seen, (char *)nm_macvtap_edit_kind_to_string(kind)));
    for (int status = 0; status <= NM_MACVTAP_GUEST_NEEDS_RESTART; status++)
        g_assert_true(g_hash_table_add(seen, (char *)nm_macvtap_guest_status_to_string(status)));
}

static void
test_define(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapProfile) profile = world_profile_new("address6", "auto", NULL);
    g_autoptr(NMMacvtapPlan) plan = NULL;
    NMMacvtapCidr ula;

    world_add_used(world, "0.0.0.0/0", "route 0.0.0.0/0 dev eth0");
    world_add_used(world, "192.168.254.128/25", "route 192.168.254.128/25 dev eth0");
    world_add_network(
        world, "<network><name>x</name><ip address='192.168.253.9'/></network>", FALSE);
    world_add_network(world,
                      "<network><name>y</name><ip address='10.0.0.1'/>"
                      "<route address='192.168.252.0' prefix='24' gateway='10.0.0.2'/>"
                      "<route address='0.0.0.0' prefix='0' gateway='10.0.0.2'/></network>",
                      TRUE);
    plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);

    assert_edits(plan, "network-define, network-autostart, network-start");
    assert_cidr(&plan->address, "192.168.251.1/24");
    nm_macvtap_identity_ula(world->observed.host_id, WORLD_NETWORK, &ula);
    g_assert_true(plan->has_address6);
    g_assert_true(nm_macvtap_cidr_equal(&plan->address6, &ula));
    g_assert_null(plan->bridge);
    assert_contains(edit_at(plan, 0)->reason, "'192.168.251.1/24'");
    assert_contains(edit_at(plan, 0)->xml, "192.168.251.1");
    assert_note(plan, NULL);
}

static void
test_define_refused(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapProfile) lan = world_profile_new("address", "10.1.2.3/24", NULL);
    g_autoptr(NMMacvtapProfile) other = world_profile_new("address", "192.168.122.9/28", NULL);
    g_autoptr(NMMacvtapProfile) six = world_profile_new("address6", "fd00:1::1/64", NULL);
    g_autoptr(NMMacvtapProfile) range = world_profile_new("dhcp-range", "10.0.0.2-10.0.0.9", NULL);
    g_autoptr(GError) error = NULL;

    world_add_used(world, "10.0.0.0/8", "route 10.0.0.0/8 dev tun0");
    world_add_used(world, "192.168.122.0/24", "route 192.168.122.0/24 dev virbr0");
    world_add_used(world, "fd00:1::/48", "profile 'office'");
    world_add_network(world,
                      "<network><name>default</name><forward/><ip address='192.168.122.1' "
                      "prefix='24'/></network>",
                      TRUE);

    assert_conflict(world, lan, PARTS("'10.1.2.3/24'", "'address'", "route 10.0.0.0/8 dev tun0"));
    assert_conflict(world, other, PARTS("'address'", "libvirt network 'default'"));
    assert_conflict(world, six, PARTS("'fd00:1::1/64'", "'address6'", "profile 'office'"));

    g_assert_null(nm_macvtap_plan_isolated(range, NM_MACVTAP_PURPOSE_UP, &world->observed, &error));
    g_assert_nonnull(error);
    assert_contains(error->message, "'dhcp-range'");
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
    g_autoptr(NMMacvtapProfile) profile = world_profile_new(NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        NMMacvtapNetwork *network =
            world_add_network(world,
                              ISOLATED("<bridge name='virbr4'/><ip address='10.0.0.1' prefix='24'/>"
                                       "<ip family='ipv6' address='fd00::1' prefix='64'/>"),
                              cases[i].active);
        g_autoptr(NMMacvtapPlan) plan = NULL;

        network->autostart = cases[i].autostart;
        network->persistent = cases[i].persistent;
        plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
        assert_edits(plan, cases[i].edits);
        assert_cidr(&plan->address, "10.0.0.1/24");
        g_assert_true(plan->has_address6);
        assert_cidr(&plan->address6, "fd00::1/64");
        g_assert_cmpstr(plan->bridge, ==, "virbr4");
        assert_note(plan, cases[i].note);
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
        g_autoptr(World) world = world_new();
        g_autoptr(NMMacvtapProfile) profile = world_profile_new(cases[i].key, cases[i].value, NULL);

        world_add_network(world, cases[i].xml, TRUE);
        assert_conflict(world, profile, PARTS("network 'isolated'"));
        assert_conflict(world, profile, cases[i].parts);
    }
}

/* Every key set, and the network has it so. */
static void
test_adopt_same(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapProfile) profile = world_profile_new("address",
                                                            "192.168.254.1/24",
                                                            "address6",
                                                            "fd00::1/64",
                                                            "dhcp-range",
                                                            "192.168.254.2-192.168.254.9",
                                                            NULL);
    g_autoptr(NMMacvtapPlan) plan = NULL;

    world_add_network(world,
                      ISOLATED("<ip address='10.0.0.1'/>"
                               "<ip address='192.168.254.1' netmask='255.255.255.0'><dhcp>"
                               "<range start='192.168.254.2' end='192.168.254.9'/></dhcp></ip>"
                               "<ip family='ipv6' address='fd00:0::1' prefix='64'/>"),
                      TRUE);
    plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
    assert_edits(plan, "");
    assert_cidr(&plan->address, "192.168.254.1/24");
    assert_note(plan, NULL);
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
        g_autoptr(World) world = world_new();
        g_autoptr(NMMacvtapProfile) profile =
            world_profile_new("address6", cases[i].address6, NULL);
        g_autoptr(NMMacvtapPlan) plan = NULL;

        g_free(profile->zone);
        profile->zone = g_strdup(cases[i].zone);
        world_add_network(world, cases[i].xml, TRUE);
        plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
        assert_edits(plan, "");
        assert_note(plan, cases[i].note);
    }
}

static void
test_start_refused(void)
{
    g_autoptr(NMMacvtapProfile) profile = world_profile_new(NULL, NULL);
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapPlan) plan = NULL;
    NMMacvtapNetwork *network = world_add_network(world, ISOLATED(ADDRESS), FALSE);
    NMMacvtapNetwork *other = world_add_network(
        world, "<network><name>b</name><ip address='192.168.254.9' prefix='29'/></network>", FALSE);

    plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
    assert_edits(plan, "network-start");

    other->active = TRUE;
    assert_conflict(world, profile, PARTS("'192.168.254.0/24'", "libvirt network 'b'"));
    other->active = FALSE;
    world_add_used(world, "192.168.0.0/16", "route 192.168.0.0/16 dev tun0");
    assert_conflict(world, profile, PARTS("network 'isolated'", "route 192.168.0.0/16 dev tun0"));

    network->active = TRUE;
    g_clear_pointer(&plan, nm_macvtap_plan_free);
    plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
    assert_edits(plan, "");
}

/* Guest g1 with the given interfaces; "O" stands for ours as the plan makes it, "W" for ours with
 * another MAC, "D" with the link down, "I" isolated, "E" of model e1000e, "S" our alias elsewhere.
 */
static char *
expand(const char *nics)
{
    GString *text;
    static const struct {
        const char *mark;
        NMMacvtapNicSpec spec;
    } marks[] = {
        {"O", {.model = "virtio"}},
        {"W", {.model = "virtio", .mac = "52:54:00:99:99:99"}},
        {"D", {.model = "virtio", .link_down = TRUE}},
        {"I", {.model = "virtio", .isolated = TRUE}},
        {"E", {.model = "e1000e"}},
        {"S", {.model = "virtio", .network = "default"}},
    };

    if (!nics)
        return NULL;
    text = g_string_new(nics);
    for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *nic = world_our_nic(1, &marks[i].spec);

        g_string_replace(text, marks[i].mark, nic, 1);
    }
    return g_string_free(text, FALSE);
}

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
check_guest(const GuestCase *c, NMMacvtapPurpose purpose)
{
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapProfile) profile = world_profile_new(c->key, c->value, NULL);
    g_autofree char *config = expand(c->config);
    g_autofree char *live = expand(c->live);
    g_autoptr(NMMacvtapPlan) plan = NULL;

    world_add_network(world, ISOLATED(ADDRESS), TRUE);
    world_add_network(world, MACNET, TRUE);
    world_add_guest(world, config, live);
    plan = plan_for(world, profile, purpose);
    assert_edits(plan, c->edits);
    assert_status(plan, 0, c->status);
    if (c->reason)
        assert_contains(edit_at(plan, 0)->reason, c->reason);
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
         "macvtap interface on 'eth0' and none on network 'isolated'"},
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
        /* the user's own */
        {ETH0 USERS, ETH0 USERS, NULL, NULL, "", "served-by-user"},
        {ETH0 USERS, ETH0, NULL, NULL, "nic-attach live g1", "served"},
        {ETH0 USERS, ETH0, "hotplug", "no", "", "needs-restart"},
        {ETH0 USERS "O", NULL, NULL, NULL, "nic-detach config g1", "served-by-user", "of its own"},
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
        check_guest(&cases[i], NM_MACVTAP_PURPOSE_UP);
}

static void
test_guest_down(void)
{
    static const GuestCase cases[] = {
        {ETH0 "O", ETH0 "O", NULL, NULL, "nic-update live g1", "served", "disconnected"},
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
         "removed"},
        {ETH0 "S" USERS, NULL, "on-disconnect", "remove", "", "served-by-user"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_guest(&cases[i], NM_MACVTAP_PURPOSE_DOWN);
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
        check_guest(&cases[i], NM_MACVTAP_PURPOSE_PURGE);
}

/* The XML of attach is the same for both states and has all the profile asks for; that of update
 * keeps what a running guest cannot change. */
static void
test_xml(void)
{
    static const NMMacvtapNicSpec wanted = {.model = "virtio", .isolated = TRUE};
    static const NMMacvtapNicSpec pulled = {.model = "e1000e", .link_down = TRUE};
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapProfile) profile = world_profile_new("isolate-guests", "yes", NULL);
    g_autofree char *expected = world_our_nic(1, &wanted);
    g_autofree char *down = world_our_nic(2, &pulled);
    g_autofree char *alias = nm_macvtap_identity_alias(WORLD_NETWORK);
    g_autoptr(NMMacvtapPlan) up = NULL;
    g_autoptr(NMMacvtapPlan) off = NULL;
    const NMMacvtapGuestReport *report;
    g_autofree char *uuid = world_guest_uuid(1);
    g_autofree char *mac = nm_macvtap_identity_mac(uuid, WORLD_NETWORK);
    g_autofree char *second = NULL;
    static const NMMacvtapNicSpec e1000e = {.model = "e1000e"};

    second = world_our_nic(2, &e1000e);
    world_add_network(world, ISOLATED(ADDRESS), TRUE);
    world_add_guest(world, ETH0, ETH0);
    world_add_guest(world, NULL, second);
    up = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
    assert_edits(up, "nic-attach config g1, nic-attach live g1, nic-detach live g2");
    g_assert_cmpstr(edit_at(up, 0)->xml, ==, expected);
    g_assert_cmpstr(edit_at(up, 1)->xml, ==, expected);
    g_assert_cmpstr(edit_at(up, 0)->guest_uuid, ==, uuid);
    g_assert_cmpstr(edit_at(up, 2)->alias, ==, alias);
    report = g_ptr_array_index(up->reports, 0);
    g_assert_cmpstr(report->mac, ==, mac);

    off = plan_for(world, profile, NM_MACVTAP_PURPOSE_DOWN);
    assert_edits(off, "nic-update live g2");
    g_assert_cmpstr(edit_at(off, 0)->xml, ==, down);
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
        {ETH0 "S", NULL, "yes", "another alias"},
        {NULL, ETH0, "no", "guest 'g1' is transient"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(NMMacvtapProfile) profile = world_profile_new("hotplug", cases[i].hotplug, NULL);
        g_autofree char *config = expand(cases[i].config);
        g_autoptr(NMMacvtapPlan) plan = NULL;

        world_add_network(world, ISOLATED(ADDRESS), TRUE);
        world_add_guest(world, config, cases[i].live);
        plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_UP);
        assert_note(plan, cases[i].note);
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
#define OURS   ISOLATED(OWNER(WORLD_PROFILE) ADDRESS)
#define OTHERS ISOLATED(OWNER("somebody") ADDRESS)
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
        g_autoptr(World) world = world_new();
        g_autoptr(NMMacvtapProfile) profile = world_profile_new("on-disconnect", "remove", NULL);
        NMMacvtapNetwork *network = world_add_network(world, cases[i].xml, cases[i].active);
        g_autofree char *config = expand(cases[i].config);
        g_autofree char *live = expand(cases[i].live);
        g_autoptr(NMMacvtapPlan) down = NULL;
        g_autoptr(NMMacvtapPlan) purge = NULL;

        network->persistent = cases[i].persistent;
        world->observed.guests_partial = cases[i].partial;
        world_add_guest(world, config, live);
        down = plan_for(world, profile, NM_MACVTAP_PURPOSE_DOWN);
        assert_edits(down, cases[i].down);
        purge = plan_for(world, profile, NM_MACVTAP_PURPOSE_PURGE);
        assert_edits(purge, cases[i].purge);
    }
}

/* The network was removed by hand: what is left of ours in definitions still goes. */
static void
test_remove_without_network(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(NMMacvtapProfile) profile = world_profile_new(NULL, NULL);
    g_autofree char *config = expand("O");
    g_autoptr(NMMacvtapPlan) plan = NULL;

    world_add_guest(world, config, NULL);
    plan = plan_for(world, profile, NM_MACVTAP_PURPOSE_PURGE);
    assert_edits(plan, "nic-detach config g1");
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
    g_test_add_func("/plan/adopt-same", test_adopt_same);
    g_test_add_func("/plan/adopt-notes", test_adopt_notes);
    g_test_add_func("/plan/start-refused", test_start_refused);
    g_test_add_func("/plan/guest-up", test_guest_up);
    g_test_add_func("/plan/guest-down", test_guest_down);
    g_test_add_func("/plan/guest-purge", test_guest_purge);
    g_test_add_func("/plan/xml", test_xml);
    g_test_add_func("/plan/notes", test_notes);
    g_test_add_func("/plan/remove-network", test_remove_network);
    g_test_add_func("/plan/remove-without-network", test_remove_without_network);
    return g_test_run();
}
