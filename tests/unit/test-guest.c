/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests from the output of `virsh dumpxml` and from definitions that a user may have edited; the
 * XML of a new interface, read back.
 */

#include "config.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-nic-xml.h"
#include "nmm-network.h"

#define UUID "232a8368-4462-4598-807e-8a42fa7c7211"

static char *
read_data(const char *name)
{
    g_autofree char *path = g_build_filename(TEST_DATA_DIR, name, NULL);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static NmmGuest *
read_guest(const char *config, const char *live)
{
    g_autofree char *config_xml = config ? read_data(config) : NULL;
    g_autofree char *live_xml = live ? read_data(live) : NULL;
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(config_xml, live_xml, &error);

    g_assert_no_error(error);
    return guest;
}

static NmmGuest *
guest_with(const char *devices)
{
    g_autofree char *xml =
        g_strdup_printf("<domain><name>g</name><uuid>" UUID "</uuid>%s</domain>", devices);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, NULL, &error);

    g_assert_no_error(error);
    return guest;
}

static const NmmNic *
nic_at(const NmmGuestState *state, guint i)
{
    g_assert_cmpuint(i, <, state->nics->len);
    return g_ptr_array_index(state->nics, i);
}

static const char *
or_dash(const char *value)
{
    return value ? value : "-";
}

/* @expected: type, network, lower device and its mode, MAC, alias, model, target, link, isolation.
 */
static void
assert_nic(const NmmNic *nic, const char *expected)
{
    static const char *const types[] = {
        [NMM_NIC_OTHER] = "other",
        [NMM_NIC_DIRECT] = "direct",
        [NMM_NIC_NETWORK] = "network",
    };
    g_autofree char *text = g_strdup_printf("%s %s %s %s %s %s %s %s %s %s",
                                            types[nic->type],
                                            or_dash(nic->network),
                                            or_dash(nic->lower),
                                            or_dash(nic->macvtap_mode),
                                            or_dash(nic->mac),
                                            or_dash(nic->alias),
                                            or_dash(nic->model),
                                            or_dash(nic->target),
                                            nic->link_down ? "down" : "up",
                                            nic->isolated ? "isolated" : "-");

    g_assert_cmpstr(text, ==, expected);
}

static void
test_config(void)
{
    static const char *const expected[] = {
        "direct - eth0 bridge 52:54:00:aa:00:01 - virtio - up -",
        "network macnet - - 52:54:00:aa:00:02 - virtio - up -",
        "network isolated - - 52:54:00:aa:00:03 ua-nm-macvtap-0badcafe virtio - down isolated",
        "network isolated - - 52:54:00:bb:00:03 ua-nm-macvtap-1badcafe e1000e - up -",
    };
    g_autoptr(NmmGuest) guest = read_guest("domains/macvtap-config.xml", NULL);

    g_assert_cmpstr(guest->name, ==, "web1");
    g_assert_cmpstr(guest->uuid, ==, UUID);
    g_assert_null(guest->live);
    g_assert_cmpuint(guest->config->nics->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_nic(nic_at(guest->config, i), expected[i]);
}

/* libvirt shows the interface on network 'macnet' as type direct, with the network's name. */
static void
test_live(void)
{
    g_autoptr(NmmGuest) transient = read_guest(NULL, "domains/macvtap-live.xml");
    g_autoptr(NmmGuest) guest =
        read_guest("domains/macvtap-config.xml", "domains/macvtap-live.xml");

    assert_nic(nic_at(guest->live, 1),
               "direct macnet eth0 bridge 52:54:00:aa:00:02 net1 virtio macvtap1 up -");
    assert_nic(nic_at(guest->live, 2),
               "network isolated - - 52:54:00:aa:00:03 ua-nm-macvtap-0badcafe virtio vnet0 down "
               "isolated");
    g_assert_nonnull(guest->config);
    g_assert_null(transient->config);
    g_assert_cmpstr(transient->name, ==, "web1");
}

static void
test_not_macvtap(void)
{
    g_autoptr(NmmGuest) guest = read_guest("domains/nat-config.xml", "domains/nat-live.xml");
    g_autoptr(GPtrArray) networks = g_ptr_array_new();

    g_assert_cmpstr(guest->name, ==, "nat only");
    g_assert_cmpint(nic_at(guest->live, 0)->type, ==, NMM_NIC_NETWORK);
    g_assert_cmpint(nic_at(guest->live, 1)->type, ==, NMM_NIC_OTHER);
    g_assert_null(nmm_guest_state_find_macvtap(guest->config, NULL, networks));
    g_assert_null(nmm_guest_state_find_macvtap(guest->live, NULL, networks));
}

static void
test_foreign(void)
{
    g_autoptr(NmmGuest) guest =
        guest_with("<metadata><interface type='direct'><source dev='eth0'/></interface>"
                   "<x:devices xmlns:x='urn:x'><interface type='direct'/></x:devices></metadata>"
                   "<devices xmlns:y='urn:y'><!-- <interface type='direct'/> -->"
                   "<y:interface type='direct'><source dev='eth0'/></y:interface>"
                   "<interface type='direct'><y:source dev='eth1'/><source dev='eth2'/>"
                   "<mac address='52:54:00:AB:CD:EF'/></interface></devices>");

    g_assert_cmpuint(guest->config->nics->len, ==, 1);
    assert_nic(nic_at(guest->config, 0), "direct - eth2 - 52:54:00:ab:cd:ef - - - up -");
}

static void
test_bare(void)
{
    g_autoptr(NmmGuest) none = guest_with("");
    g_autoptr(NmmGuest) bare = guest_with("<devices><interface/></devices>");

    g_assert_cmpuint(none->config->nics->len, ==, 0);
    assert_nic(nic_at(bare->config, 0), "other - - - - - - - up -");
}

static void
assert_bad(const char *config, const char *live, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmGuest) guest = nmm_guest_new_from_xml(config, live, &error);

    g_assert_null(guest);
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_XML);
    if (!strstr(error->message, message))
        g_error("'%s' is not in '%s'", message, error->message);
}

static void
test_bad(void)
{
    static const char good[] = "<domain><name>a &amp; 'ü'</name><uuid>" UUID "</uuid></domain>";

    assert_bad("<domain>", NULL, "malformed");
    assert_bad("<network/>", NULL, "'network'");
    assert_bad("<domain/>", NULL, "no name");
    assert_bad("<domain><name/><uuid>" UUID "</uuid></domain>", NULL, "no name");
    assert_bad("<domain><name>g</name></domain>", NULL, "guest 'g': the definition has no UUID");
    assert_bad(good, "<domain>", "guest 'a & 'ü'': the XML document is malformed");
    assert_bad("<domain>", good, "guest 'a & 'ü'': the XML document is malformed");
    assert_bad("<domain>", "<domain>", "malformed");
}

static void
test_find_macvtap(void)
{
    g_autofree char *macnet = read_data("networks/macvtap.xml");
    g_autoptr(GPtrArray) networks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    g_autoptr(NmmGuest) direct =
        guest_with("<devices><interface type='direct'><source dev='eth1'/></interface></devices>");
    g_autoptr(NmmGuest) through = guest_with(
        "<devices><interface type='network'><source network='macnet'/></interface></devices>");
    g_autoptr(NmmGuest) absent =
        guest_with("<devices><interface type='network'><source network='gone'/></interface>"
                   "<interface type='network'/></devices>");
    g_autoptr(NmmGuest) bridged =
        guest_with("<devices><interface type='bridge'><source bridge='br0'/></interface>"
                   "<interface type='hostdev'><source/></interface></devices>");

    g_ptr_array_add(networks, nmm_network_new_from_xml(macnet, TRUE, TRUE, TRUE, NULL));

    g_assert_true(nmm_guest_state_find_macvtap(direct->config, NULL, networks) ==
                  nic_at(direct->config, 0));
    g_assert_nonnull(nmm_guest_state_find_macvtap(direct->config, "eth1", networks));
    g_assert_null(nmm_guest_state_find_macvtap(direct->config, "eth0", networks));
    g_assert_nonnull(nmm_guest_state_find_macvtap(through->config, NULL, networks));
    g_assert_nonnull(nmm_guest_state_find_macvtap(through->config, "eth0", networks));
    g_assert_null(nmm_guest_state_find_macvtap(through->config, "eth1", networks));
    g_assert_null(nmm_guest_state_find_macvtap(absent->config, NULL, networks));
    g_assert_null(nmm_guest_state_find_macvtap(bridged->config, NULL, networks));
    g_assert_true(nmm_nic_is_macvtap(nic_at(direct->config, 0), "eth1", networks));
    g_assert_false(nmm_nic_is_macvtap(nic_at(direct->config, 0), "eth0", networks));

    /* libvirt's default if there is none; a network sets the mode of all its guests. */
    g_assert_cmpstr(nmm_nic_get_macvtap_mode(nic_at(direct->config, 0), networks), ==, "vepa");
    g_assert_cmpstr(nmm_nic_get_macvtap_mode(nic_at(through->config, 0), networks), ==, "bridge");
}

static void
test_spec(void)
{
    static const NmmNicSpec full = {
        .network = "a & <b> 'ü' \"c\"",
        .mac = "52:01:02:03:04:05",
        .alias = "ua-nm-macvtap-12345678",
        .model = "virtio",
        .isolated = TRUE,
        .link_down = TRUE,
    };
    static const NmmNicSpec least = {.network = "n", .mac = "52:01:02:03:04:05", .alias = "ua-x"};
    static const NmmNicSpec *const specs[] = {&full, &least};

    for (guint i = 0; i < G_N_ELEMENTS(specs); i++) {
        const NmmNicSpec *spec = specs[i];
        g_autofree char *xml = nmm_nic_spec_to_xml(spec);
        g_autofree char *devices = g_strdup_printf("<devices>%s</devices>", xml);
        g_autoptr(NmmGuest) guest = guest_with(devices);
        g_autofree char *expected = g_strdup_printf("network %s - - %s %s %s - %s %s",
                                                    spec->network,
                                                    spec->mac,
                                                    spec->alias,
                                                    or_dash(spec->model),
                                                    spec->link_down ? "down" : "up",
                                                    spec->isolated ? "isolated" : "-");

        assert_nic(nic_at(guest->config, 0), expected);
    }
}

/* Of a container's interface, libvirt keeps only the MAC. */
static void
test_container(void)
{
    static const struct {
        const char *type;
        const char *network;
        const char *mac; /* "": the one that this project gives it */
        gboolean is_ours;
    } cases[] = {
        {"lxc", "isolated", "", TRUE},
        {"lxc", "isolated", "52:54:00:00:00:01", FALSE},
        {"lxc", "default", "52:54:00:00:00:01", FALSE},
        {"kvm", "isolated", "", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *own = nmm_identity_mac(UUID, cases[i].network);
        g_autofree char *alias = nmm_identity_alias(cases[i].network);
        g_autofree char *xml = g_strdup_printf(
            "<domain type='%s'><name>g</name><uuid>" UUID "</uuid><devices>"
            "<interface type='network'><source network='%s'/><mac address='%s'/></interface>"
            "</devices></domain>",
            cases[i].type,
            cases[i].network,
            *cases[i].mac ? cases[i].mac : own);
        g_autoptr(NmmGuest) guest = nmm_guest_new_from_xml(xml, xml, NULL);
        const NmmNic *nics[] = {nic_at(guest->config, 0), nic_at(guest->live, 0)};

        for (gsize j = 0; j < G_N_ELEMENTS(nics); j++) {
            g_assert_cmpstr(nics[j]->alias, ==, cases[i].is_ours ? alias : NULL);
            g_assert_cmpint(nmm_nic_is_ours(nics[j]), ==, cases[i].is_ours);
            g_assert_cmpint(nics[j]->xml != NULL, ==, cases[i].is_ours);
        }
    }
}

static void
test_ref(void)
{
    NmmGuest *guest = guest_with("");

    g_assert_true(nmm_guest_ref(guest) == guest);
    nmm_guest_unref(guest);
    g_assert_cmpstr(guest->name, ==, "g");
    nmm_guest_unref(guest);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest/config", test_config);
    g_test_add_func("/guest/live", test_live);
    g_test_add_func("/guest/not-macvtap", test_not_macvtap);
    g_test_add_func("/guest/foreign", test_foreign);
    g_test_add_func("/guest/bare", test_bare);
    g_test_add_func("/guest/bad", test_bad);
    g_test_add_func("/guest/find-macvtap", test_find_macvtap);
    g_test_add_func("/guest/spec", test_spec);
    g_test_add_func("/guest/container", test_container);
    g_test_add_func("/guest/ref", test_ref);
    return g_test_run();
}
