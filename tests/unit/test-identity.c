/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden values were computed by another program from the description in nmm-identity.c.
 * They never change, because users' leases and marks depend on them.
 */

#include "config.h"

#include <string.h>

#include "nmm-identity.h"
#include "nmm-names.h"

#define GUEST   "6f1c2d3e-0a4b-4c5d-8e9f-a0b1c2d3e4f5"
#define MACHINE "0123456789abcdef0123456789abcdef"

static void
test_mac_golden(void)
{
    static const struct {
        const char *guest;
        const char *network;
        const char *mac;
    } cases[] = {
        {GUEST, "isolated", "52:0f:1a:2a:f0:20"},
        {"6F1C2D3E-0A4B-4C5D-8E9F-A0B1C2D3E4F5", "isolated", "52:0f:1a:2a:f0:20"},
        {GUEST, "büro netz", "52:dd:a1:f8:eb:44"},
        {"00000000-0000-0000-0000-000000000000", "isolated", "52:95:3e:b3:6e:2f"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *mac = nmm_identity_mac(cases[i].guest, cases[i].network);

        g_assert_cmpstr(mac, ==, cases[i].mac);
    }
}

static void
test_mac_distinct(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint i;

    for (i = 0; i < 1000; i++) {
        g_autofree char *uuid = g_uuid_string_random();
        char *mac = nmm_identity_mac(uuid, "isolated");
        guint octet;

        g_assert_true(g_regex_match_simple("^52(:[0-9a-f]{2}){5}$", mac, 0, 0));
        octet = (guint)g_ascii_strtoull(mac, NULL, 16);
        g_assert_cmpuint(octet & 1, ==, 0); /* unicast */
        g_assert_cmpuint(octet & 2, ==, 2); /* locally administered */
        g_assert_true(g_hash_table_add(seen, mac));
    }
}

/* The hash includes the border between two inputs. */
static void
test_mac_inputs_apart(void)
{
    g_autofree char *a = nmm_identity_mac("ab", "c");
    g_autofree char *b = nmm_identity_mac("a", "bc");

    g_assert_cmpstr(a, !=, b);
}

static void
test_alias(void)
{
    g_autofree char *isolated = nmm_identity_alias("isolated");
    g_autofree char *other = nmm_identity_alias("büro netz");

    g_assert_cmpstr(isolated, ==, "ua-nm-macvtap-1c3d5bb9");
    g_assert_cmpstr(other, ==, "ua-nm-macvtap-7f184071");
    g_assert_true(nmm_identity_is_our_alias(isolated));
    g_assert_true(nmm_identity_is_our_alias(other));
}

static void
test_alias_foreign(void)
{
    static const char *const foreign[] = {
        "",
        "net0",
        "ua-nm-macvtap",
        "ua-nm-macvtap-",
        "ua-nm-macvtap-0123456",
        "ua-nm-macvtap-012345678",
        "ua-nm-macvtap-0123456g",
        "ua-nm-macvtap-0123456F",
        "xua-nm-macvtap-01234567",
    };
    gsize i;

    g_assert_false(nmm_identity_is_our_alias(NULL));
    for (i = 0; i < G_N_ELEMENTS(foreign); i++)
        g_assert_false(nmm_identity_is_our_alias(foreign[i]));
}

static void
test_ula(void)
{
    NmmCidr cidr;
    NmmCidr other;
    g_autofree char *text = NULL;

    nmm_identity_ula(MACHINE, "isolated", &cidr);
    text = nmm_cidr_to_string(&cidr);
    g_assert_cmpstr(text, ==, "fdf9:36ea:521f::1/64");

    nmm_identity_ula(MACHINE, "lab", &other);
    g_assert_false(nmm_cidr_overlaps(&cidr, &other));
    nmm_identity_ula("fedcba9876543210fedcba9876543210", "isolated", &other);
    g_assert_false(nmm_cidr_overlaps(&cidr, &other));
}

static void
test_link_name(void)
{
    static const struct {
        const char *parent;
        const char *link;
    } cases[] = {
        {"eth0", "nmmveth0"},
        {"eth0.100", "nmmveth0.100"},
        {"enp0s31f6u1", "nmmvenp0s31f6u1"},
        {"enp0s31f6u1u2", "nmmvenp0s2b5754"},
        {"enx001122334455", "nmmvenx0031ed92"},
        /* Five bytes are left for the beginning; the ü in bytes 4 and 5 does not fit. */
        {"abcdüüüüü", "nmmvabcd268eb0"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *link = nmm_identity_link_name(cases[i].parent);

        g_assert_cmpstr(link, ==, cases[i].link);
        g_assert_cmpuint(strlen(link), <=, 15);
        g_assert_true(g_utf8_validate(link, -1, NULL));
        g_assert_true(g_str_has_prefix(link, NMM_LINK_PREFIX));
    }
}

/* A golden value that never changes. The case of the input does not matter; the host does. */
static void
test_link_mac(void)
{
    static const char *const uuid = "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01";
    g_autofree char *mac = nmm_identity_link_mac(uuid, "00:11:22:33:44:5a");
    g_autofree char *upper =
        nmm_identity_link_mac("0D0A8A4E-6F6B-4D77-9F0E-0C2B9E6C1A01", "00:11:22:33:44:5A");
    g_autofree char *other_host = nmm_identity_link_mac(uuid, "00:11:22:33:44:5b");
    g_autofree char *as_network = nmm_identity_mac(uuid, "00:11:22:33:44:5a");

    g_assert_cmpstr(mac, ==, "52:a0:8b:f3:1a:50");
    g_assert_cmpstr(upper, ==, mac);
    g_assert_cmpstr(other_host, !=, mac);
    g_assert_cmpstr(as_network, !=, mac);
}

/* Not the link's MAC of any profile, and the same for all. */
static void
test_standin_mac(void)
{
    g_autofree char *mac = nmm_identity_standin_mac("02:77:00:00:01:02");
    g_autofree char *lower = nmm_identity_standin_mac("00:11:22:33:44:5a");
    g_autofree char *upper = nmm_identity_standin_mac("00:11:22:33:44:5A");
    g_autofree char *other = nmm_identity_standin_mac("52:54:00:12:34:56");

    g_assert_cmpstr(mac, ==, "52:d6:c2:8f:b4:be");
    g_assert_cmpstr(upper, ==, lower);
    g_assert_cmpstr(other, ==, "52:f6:31:a5:a3:52");
}

#define QEMU "qemu:///system"
#define LXC  "lxc:///system"

/* Golden values: with others, profiles in use would be suggested again. */
static void
test_suggested(void)
{
    g_autofree char *network = nmm_identity_suggested_uuid(NMM_MODE_ISOLATED, "isolated", QEMU);
    g_autofree char *device = nmm_identity_suggested_uuid(NMM_MODE_SHARE, "eth0", QEMU);
    g_autofree char *lxc = nmm_identity_suggested_uuid(NMM_MODE_SHARE, "eth0", LXC);

    g_assert_cmpstr(network, ==, "02fd2225-f4ef-5a12-85fe-4b43da733041");
    g_assert_cmpstr(device, ==, "a29a8d3f-59df-5df4-97f0-4812ca173ee8");
    g_assert_cmpstr(lxc, ==, "d08bf338-2150-50c1-af81-0f8039bfdabd");
    g_assert_true(nmm_identity_is_suggested(network, NMM_MODE_ISOLATED, "isolated", QEMU));
    g_assert_true(nmm_identity_is_suggested(lxc, NMM_MODE_SHARE, "eth0", LXC));
    g_assert_false(nmm_identity_is_suggested(lxc, NMM_MODE_SHARE, "eth0", QEMU));
    g_assert_false(nmm_identity_is_suggested(device, NMM_MODE_SHARE, "eth0", LXC));
    g_assert_false(nmm_identity_is_suggested(network, NMM_MODE_ISOLATED, "other", QEMU));
    g_assert_false(nmm_identity_is_suggested(network, NMM_MODE_SHARE, "isolated", QEMU));
    g_assert_false(nmm_identity_is_suggested(device, NMM_MODE_SHARE, NULL, QEMU));
    g_assert_false(nmm_identity_is_suggested(
        "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01", NMM_MODE_SHARE, "eth0", QEMU));
}

/* The build's configuration directory, not always /etc. */
static void
test_config_file(void)
{
    g_assert_cmpstr(NMM_CONFIG_FILE, ==, NMM_SYSCONFDIR "/NetworkManager/nm-macvtap.conf");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/identity/mac/golden", test_mac_golden);
    g_test_add_func("/identity/mac/distinct", test_mac_distinct);
    g_test_add_func("/identity/mac/inputs-apart", test_mac_inputs_apart);
    g_test_add_func("/identity/alias", test_alias);
    g_test_add_func("/identity/alias/foreign", test_alias_foreign);
    g_test_add_func("/identity/ula", test_ula);
    g_test_add_func("/identity/link-name", test_link_name);
    g_test_add_func("/identity/link-mac", test_link_mac);
    g_test_add_func("/identity/standin-mac", test_standin_mac);
    g_test_add_func("/identity/suggested", test_suggested);
    g_test_add_func("/identity/config-file", test_config_file);
    return g_test_run();
}
