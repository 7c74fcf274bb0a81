/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether another host is ready for a guest: hosts made by hand.
 */

#include "config.h"

#include "nmm-check-migration.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-guest-devices.h"

#define URI    "qemu:///system"
#define TARGET "qemu+ssh://b/system"

#define DIRECT(dev)   "<interface type='direct'><source dev='" dev "' mode='bridge'/></interface>"
#define NETWORK(name) "<interface type='network'><source network='" name "'/></interface>"
#define BRIDGE(name)  "<interface type='bridge'><source bridge='" name "'/></interface>"
#define BY_HAND(name) "<interface type='ethernet'><target dev='" name "' managed='no'/></interface>"
/* A running guest's, on a network that forwards through macvtap. */
#define THROUGH(name, dev)                                                                         \
    "<interface type='direct'><source network='" name "' dev='" dev "' mode='bridge'/></interface>"

#define ISOLATED "<network><name>isolated</name><ip address='192.168.254.1'/></network>"
#define NAT      "<network><name>isolated</name><forward mode='nat'/></network>"
#define POOL(dev)                                                                                  \
    "<network><name>pool</name><forward mode='bridge'><interface dev='" dev                        \
    "'/></forward></network>"

typedef struct {
    const char *title;
    const char *nics;
    const char *mode; /* (nullable): of an active profile "guests" */
    const char *here; /* (nullable): a network of the guest's host */
    /* Of the target: (nullable): a network, active unless its XML follows a '-'; names of
     * interfaces, with a '-' before the name if it is down. */
    const char *network;
    const char *links;

    const char *verdicts; /* "STEP VERDICT, …" */
    const char *detail;   /* (nullable): part of that of the first result that is not ok */
    const char *command;  /* (nullable): its remedy, or what shows more */
} Case;

static const Case cases[] = {
    {"ready", DIRECT("eth0"), NULL, NULL, NULL, "lo eth0", "target ok, interface ok", NULL, NULL},
    {"no-interface",
     DIRECT("eth0"),
     NULL,
     NULL,
     NULL,
     "lo eth1",
     "target ok, interface broken",
     "no interface 'eth0'",
     NULL},
    {"interface-down",
     DIRECT("eth0"),
     NULL,
     NULL,
     NULL,
     "-eth0",
     "target ok, interface broken",
     "'eth0' of the target is down",
     NULL},
    {"altname", /* of eth0 */
     DIRECT("enp1s0"),
     NULL,
     NULL,
     NULL,
     "eth0",
     "target ok, interface unknown",
     "'enp1s0'",
     NULL},
    {"bridge",
     BRIDGE("br0") DIRECT("eth0"),
     NULL,
     NULL,
     NULL,
     "eth0",
     "target ok, interface broken, interface ok",
     "no interface 'br0'",
     NULL},
    {"by-hand",
     BY_HAND("tap7"),
     NULL,
     NULL,
     NULL,
     "eth0",
     "target ok, interface broken",
     "no interface 'tap7'",
     NULL},
    {"user-network-missing",
     NETWORK("isolated"),
     NULL,
     ISOLATED,
     NULL,
     "eth0",
     "target ok, interface broken",
     "define and start it",
     "virsh -c qemu:///system net-dumpxml --inactive isolated"},
    {"profile-network-missing",
     DIRECT("eth0") NETWORK("isolated"),
     "isolated",
     ISOLATED,
     NULL,
     "eth0",
     "target ok, interface ok, interface broken",
     "activate the profile 'guests' there",
     NULL},
    {"network-inactive",
     NETWORK("isolated"),
     NULL,
     ISOLATED,
     "-" ISOLATED,
     "eth0",
     "target ok, interface broken",
     "is not active",
     "virsh -c qemu+ssh://b/system net-start isolated"},
    {"network-other-mode",
     NETWORK("isolated"),
     NULL,
     ISOLATED,
     NAT,
     "eth0",
     "target ok, interface hint",
     "forward mode",
     NULL},
    {"network-ready",
     DIRECT("eth0") NETWORK("isolated"),
     "isolated",
     ISOLATED,
     ISOLATED,
     "eth0",
     "target ok, interface ok, interface ok",
     NULL,
     NULL},
    /* Each host has its own device behind the network. */
    {"macvtap-network",
     THROUGH("pool", "eth0"),
     NULL,
     POOL("eth0"),
     POOL("eno1"),
     "eno1",
     "target ok, interface ok",
     NULL,
     NULL},
    {"macvtap-network-without-device",
     THROUGH("pool", "eth0"),
     NULL,
     POOL("eth0"),
     POOL("eno1"),
     "eth0",
     "target ok, interface broken",
     "no interface 'eno1'",
     NULL},
    {"host-link",
     DIRECT("eth0"),
     "share",
     NULL,
     NULL,
     "eth0 nmmveth0",
     "target ok, interface ok, host-link ok",
     NULL,
     NULL},
    {"no-host-link",
     DIRECT("eth0"),
     "share",
     NULL,
     NULL,
     "eth0",
     "target ok, interface ok, host-link broken",
     "'nmmveth0', so it will not reach the guest; activate the profile 'guests' there",
     NULL},
    {"host-link-down",
     DIRECT("eth0"),
     "move",
     NULL,
     NULL,
     "eth0 -nmmveth0",
     "target ok, interface ok, host-link broken",
     "'nmmveth0'",
     NULL},
    {"host-link-of-network",
     THROUGH("pool", "eth0"),
     "share",
     POOL("eth0"),
     POOL("eno1"),
     "eno1 nmmveno1",
     "target ok, interface ok, host-link ok",
     NULL,
     NULL},
};

static NmmGuest *
make_guest(const char *nics)
{
    g_autofree char *xml =
        g_strdup_printf("<domain id='1'><name>web</name><uuid>3c2f8a10-1111-4a6b-9c3d-000000000001"
                        "</uuid><devices>%s</devices></domain>",
                        nics);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(NULL, xml, &error);

    g_assert_no_error(error);
    return guest;
}

/* @xml: (nullable): see Case */
static GPtrArray *
make_networks(const char *xml)
{
    GPtrArray *networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    g_autoptr(GError) error = NULL;
    gboolean active = xml && *xml != '-';

    if (xml)
        g_ptr_array_add(
            networks, nmm_network_new_from_xml(xml + (active ? 0 : 1), active, TRUE, TRUE, &error));
    g_assert_no_error(error);
    return networks;
}

static GPtrArray *
make_links(const char *names)
{
    GPtrArray *links = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);
    g_auto(GStrv) words = g_strsplit(names, " ", -1);

    for (char **word = words; *word; word++) {
        gboolean up = **word != '-';
        NmmLink *link = nmm_link_new(*word + (up ? 0 : 1));

        link->up = up;
        g_ptr_array_add(links, link);
    }
    return links;
}

static void
add_profile(NmmHostState *state, const char *mode)
{
    const char *uuid = "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01";
    NmmHostProfile *profile = nmm_host_state_add_profile(state, "guests", uuid);
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;

    g_hash_table_insert(data, (char *)"mode", (char *)mode);
    profile->profile = nmm_profile_parse("guests", uuid, NULL, data, NULL, &error);
    g_assert_no_error(error);
    profile->state = NMM_ACTIVE_UP;
}

/* (transfer none): on eth0, which is enp1s0, too. */
static NmmHostHypervisor *
add_hypervisor(NmmHostState *state, const Case *c)
{
    NmmHostHypervisor *hypervisor = nmm_host_hypervisor_new(URI);
    g_autoptr(GPtrArray) links = make_links("eth0");

    ((NmmLink *)links->pdata[0])->altnames = g_strsplit("enp1s0", " ", -1);
    g_ptr_array_unref(hypervisor->networks);
    hypervisor->networks = make_networks(c->here);
    g_ptr_array_add(hypervisor->guests, make_guest(c->nics));
    nmm_guest_devices_join(hypervisor->guests, hypervisor->networks, links);
    nmm_host_state_set_hypervisor(state, hypervisor);
    return hypervisor;
}

static NmmMigrationTarget *
make_target(const Case *c)
{
    NmmMigrationTarget *target = nmm_migration_target_new(TARGET);

    target->networks = make_networks(c->network);
    target->links = make_links(c->links);
    return target;
}

/* (transfer full): see Case */
static char *
describe(const GPtrArray *results)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < results->len; i++) {
        const NmmCheckResult *result = results->pdata[i];

        g_string_append_printf(text,
                               "%s%s %s",
                               i > 0 ? ", " : "",
                               result->step,
                               nmm_check_verdict_to_string(result->verdict));
    }
    return g_string_free(text, FALSE);
}

/* (nullable) */
static const NmmCheckResult *
find_trouble(const GPtrArray *results)
{
    for (guint i = 0; i < results->len; i++) {
        const NmmCheckResult *result = results->pdata[i];

        if (result->verdict != NMM_CHECK_OK)
            return result;
    }
    return NULL;
}

/* (transfer full). @target: (transfer full) */
static GPtrArray *
evaluate(const Case *c, NmmMigrationTarget *target)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    G_GNUC_UNUSED g_autoptr(NmmMigrationTarget) owned = target;
    const NmmHostHypervisor *hypervisor = add_hypervisor(state, c);

    if (c->mode)
        add_profile(state, c->mode);
    return nmm_check_migration(state, hypervisor, hypervisor->guests->pdata[0], target);
}

static void
test_case(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GPtrArray) results = evaluate(c, make_target(c));
    const NmmCheckResult *trouble = find_trouble(results);
    g_autofree char *verdicts = describe(results);

    g_assert_cmpstr(verdicts, ==, c->verdicts);
    g_assert_cmpint(c->detail != NULL, ==, trouble != NULL);
    if (!trouble)
        return;
    g_assert_nonnull(strstr(trouble->detail, c->detail));
    g_assert_cmpstr(trouble->remedy ? trouble->remedy : trouble->look, ==, c->command);
}

/* What cannot be read is not missing. */
static void
test_unread(void)
{
    const Case c = {.nics = DIRECT("eth0") NETWORK("isolated"), .mode = "share", .links = "eth0"};
    NmmMigrationTarget *target = nmm_migration_target_new(TARGET);
    g_autoptr(GPtrArray) results = NULL;
    g_autofree char *verdicts = NULL;

    nmm_fail(&target->networks_error, NMM_ERROR_UNSUPPORTED, "no driver");
    nmm_fail(&target->links_error, NMM_ERROR_UNSUPPORTED, "no driver");
    results = evaluate(&c, target);
    verdicts = describe(results);
    g_assert_cmpstr(
        verdicts, ==, "target ok, interface unknown, interface unknown, host-link unknown");
}

static void
test_target(void)
{
    const Case c = {.nics = DIRECT("eth0"), .links = "eth0"};
    NmmMigrationTarget *unreachable = nmm_migration_target_new(TARGET);
    NmmMigrationTarget *same = make_target(&c);
    g_autoptr(GPtrArray) unread = NULL;
    g_autoptr(GPtrArray) running = NULL;
    g_autofree char *unread_verdicts = NULL;
    g_autofree char *running_verdicts = NULL;

    nmm_fail(&unreachable->error, NMM_ERROR_UNREACHABLE, "no answer");
    unread = evaluate(&c, unreachable);
    unread_verdicts = describe(unread);
    g_assert_cmpstr(unread_verdicts, ==, "target unknown");
    same->runs_guest = TRUE;
    running = evaluate(&c, same);
    running_verdicts = describe(running);
    g_assert_cmpstr(running_verdicts, ==, "target broken");
}

/* As libvirt describes it. */
static void
assert_device(const char *link, const char *name, gboolean up)
{
    g_autofree char *xml =
        g_strdup_printf("<device><name>net_%s_02_00</name><capability type='net'>"
                        "<interface>%s</interface>%s<capability type='80203'/></capability>"
                        "</device>",
                        name,
                        name,
                        link);
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmLink) read = nmm_link_new_from_xml(xml, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(read->name, ==, name);
    g_assert_cmpint(read->up, ==, up);
}

static void
test_device(void)
{
    g_autoptr(GError) error = NULL;

    assert_device("<link speed='1000' state='up'/>", "eth0", TRUE);
    assert_device("<link state='unknown'/>", "lo", TRUE);
    assert_device("<link state='down'/>", "eth1", FALSE);
    assert_device("<link state='lowerlayerdown'/>", "eth2", FALSE);
    assert_device("", "eth3", TRUE);
    g_assert_null(nmm_link_new_from_xml("<device><capability type='net'/></device>", &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_XML);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/check-migration/%s", cases[i].title);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/check-migration/unread", test_unread);
    g_test_add_func("/check-migration/target", test_target);
    g_test_add_func("/check-migration/device", test_device);
    return g_test_run();
}
