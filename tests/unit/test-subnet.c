/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, ranges and the choice of a subnet, at every edge.
 */

#include "config.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-cidr.h"
#include "nmm-subnet.h"

static NmmCidr
cidr(const char *text)
{
    g_autoptr(GError) error = NULL;
    NmmCidr parsed;

    nmm_cidr_parse(text, &parsed, &error);
    g_assert_no_error(error);
    return parsed;
}

static void
test_parse(void)
{
    static const struct {
        const char *text;
        const char *canonical;
        const char *address;
        const char *network;
    } cases[] = {
        {"192.168.254.1/24", "192.168.254.1/24", "192.168.254.1", "192.168.254.0/24"},
        {"255.255.255.255/0", "255.255.255.255/0", "255.255.255.255", "0.0.0.0/0"},
        {"10.1.2.3/32", "10.1.2.3/32", "10.1.2.3", "10.1.2.3/32"},
        {"10.1.255.3/19", "10.1.255.3/19", "10.1.255.3", "10.1.224.0/19"},
        {"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0", "0.0.0.0/0"},
        {"FD00:0:0::1/64", "fd00::1/64", "fd00::1", "fd00::/64"},
        {"fd00::ffff/127", "fd00::ffff/127", "fd00::ffff", "fd00::fffe/127"},
        {"fd00::1/128", "fd00::1/128", "fd00::1", "fd00::1/128"},
        {"::/0", "::/0", "::", "::/0"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        NmmCidr parsed = cidr(cases[i].text);
        g_autofree char *canonical = nmm_cidr_to_string(&parsed);
        g_autofree char *address = nmm_cidr_address_to_string(&parsed);
        g_autofree char *network = nmm_cidr_network_to_string(&parsed);
        NmmCidr again;

        g_assert_cmpstr(canonical, ==, cases[i].canonical);
        g_assert_cmpstr(address, ==, cases[i].address);
        g_assert_cmpstr(network, ==, cases[i].network);
        g_assert_true(nmm_cidr_init(&again, address, parsed.prefix, NULL));
        g_assert_true(nmm_cidr_equal(&parsed, &again));
    }
}

static void
test_parse_bad(void)
{
    static const char *const bad[] = {
        "",
        "/",
        "/24",
        "192.168.254.1",
        "192.168.254.1/",
        "192.168.254.1/33",
        "192.168.254.1/-1",
        "192.168.254.1/+1",
        "192.168.254.1/024",
        "192.168.254.1/00",
        "192.168.254.1/24 ",
        "192.168.254.1/ 24",
        " 192.168.254.1/24",
        "192.168.254.1/24/24",
        "192.168.254.1/24x",
        "192.168.254.1/4294967320",
        "192.168.254.1/18446744073709551640",
        "192.168.254.01/24",
        "192.168.254/24",
        "192.168.254.256/24",
        "192.168.254.1/255.255.255.0",
        "fd00::1/129",
        "fd00::1%eth0/64",
        "fd00::g/64",
        "localhost/8",
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        NmmCidr untouched = {.prefix = 77};

        g_assert_false(nmm_cidr_parse(bad[i], &untouched, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_nonnull(strstr(error->message, bad[i]));
        g_assert_cmpuint(untouched.prefix, ==, 77);
    }
}

static void
test_init_bad(void)
{
    static const struct {
        const char *address;
        guint prefix;
    } bad[] = {
        {"", 24}, {"10.0.0.1/24", 24}, {"10.0.0.1", 33}, {"fd00::1", 129}, {"10.0.0.1", G_MAXUINT}};
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        NmmCidr untouched = {.prefix = 77};

        g_assert_false(nmm_cidr_init(&untouched, bad[i].address, bad[i].prefix, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
        g_assert_cmpuint(untouched.prefix, ==, 77);
    }
}

static void
test_equal(void)
{
    NmmCidr a = cidr("10.0.0.1/24");
    NmmCidr other_prefix = cidr("10.0.0.1/25");
    NmmCidr other_host = cidr("10.0.0.2/24");
    /* The same bytes in another family. */
    NmmCidr other_family = cidr("a00:1::/24");

    g_assert_true(nmm_cidr_equal(&a, &a));
    g_assert_false(nmm_cidr_equal(&a, &other_prefix));
    g_assert_false(nmm_cidr_equal(&a, &other_host));
    g_assert_cmpmem(a.bytes, 4, other_family.bytes, 4);
    g_assert_false(nmm_cidr_equal(&a, &other_family));
}

static void
test_overlaps(void)
{
    static const struct {
        const char *a;
        const char *b;
        gboolean overlaps;
    } cases[] = {
        {"192.168.254.1/24", "192.168.254.1/24", TRUE},
        {"192.168.254.1/24", "192.168.254.200/32", TRUE},
        {"192.168.254.1/24", "192.168.0.0/16", TRUE},
        {"192.168.254.1/24", "192.168.255.0/24", FALSE},
        {"192.168.254.1/24", "192.168.253.255/32", FALSE},
        {"192.168.254.1/24", "192.168.255.255/23", TRUE},
        {"192.168.254.0/25", "192.168.254.128/25", FALSE},
        {"192.168.254.127/31", "192.168.254.126/32", TRUE},
        {"10.0.0.1/32", "10.0.0.1/32", TRUE},
        {"10.0.0.1/32", "10.0.0.2/32", FALSE},
        {"0.0.0.0/0", "10.0.0.2/32", TRUE},
        {"128.0.0.0/1", "10.0.0.2/32", FALSE},
        {"0.0.0.0/0", "::/0", FALSE},
        {"10.0.0.0/8", "a00::/8", FALSE},
        {"fd00::1/64", "fd00::ffff:0:0:1/128", TRUE},
        {"fd00::1/64", "fd00:0:0:1::/64", FALSE},
        {"fd00::/63", "fd00:0:0:1::/64", TRUE},
        {"::/0", "fd00::1/128", TRUE},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        NmmCidr a = cidr(cases[i].a);
        NmmCidr b = cidr(cases[i].b);

        g_assert_cmpint(nmm_cidr_overlaps(&a, &b), ==, cases[i].overlaps);
        g_assert_cmpint(nmm_cidr_overlaps(&b, &a), ==, cases[i].overlaps);
    }
}

static void
test_is_default(void)
{
    static const char *const yes[] = {"0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8000::/1"};
    static const char *const no[] = {"0.0.0.0/2", "10.0.0.0/8", "0.0.0.0/32", "2000::/3"};
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(yes); i++) {
        NmmCidr route = cidr(yes[i]);

        g_assert_true(nmm_cidr_is_default(&route));
    }
    for (i = 0; i < G_N_ELEMENTS(no); i++) {
        NmmCidr route = cidr(no[i]);

        g_assert_false(nmm_cidr_is_default(&route));
    }
}

static void
test_link_local(void)
{
    static const struct {
        const char *text;
        guint rank; /* 1: link-local */
    } cases[] = {
        {"169.253.255.255/32", 3},
        {"169.254.0.0/16", 1},
        {"169.254.255.255/32", 1},
        {"169.255.0.0/16", 3},
        {"10.169.254.1/24", 3},
        {"0.0.0.0/0", 3},
        {"fe7f:ffff::1/64", 2},
        {"fe80::/10", 1},
        {"fe80::1/64", 1},
        {"fe90::1/64", 1},
        {"febf:ffff::1/128", 1},
        {"fec0::1/64", 2},
        {"ff02::1/128", 2},
        {"fd00:fe80::1/64", 2},
        {"a9fe::1/64", 2}, /* 169.254 in its first bytes */
        {"::1/128", 2},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        NmmCidr parsed = cidr(cases[i].text);

        g_assert_cmpuint(nmm_cidr_get_rank(&parsed), ==, cases[i].rank);
        g_assert_cmpint(nmm_cidr_is_link_local(&parsed), ==, cases[i].rank == 1);
    }
}

static void
test_is_host(void)
{
    static const char *const yes[] = {
        "10.0.0.1/24",
        "10.0.0.254/24",
        "10.0.0.1/30",
        "10.0.0.2/30",
        "10.0.1.0/16",
        "10.0.0.0/31",
        "10.0.0.1/31",
        "10.0.0.0/32",
        "fd00::1/64",
        "fd00::ffff:ffff:ffff:ffff/64",
        "fd00::/127",
        "fd00::/128",
    };
    static const char *const no[] = {
        "10.0.0.0/24", "10.0.0.255/24", "10.0.0.0/30", "10.0.0.3/30", "0.0.0.0/0", "fd00::/64"};
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(yes); i++) {
        NmmCidr address = cidr(yes[i]);

        g_assert_true(nmm_cidr_is_host(&address));
    }
    for (i = 0; i < G_N_ELEMENTS(no); i++) {
        NmmCidr address = cidr(no[i]);

        g_assert_false(nmm_cidr_is_host(&address));
    }
}

static void
assert_range(const NmmRange *range, const char *first, const char *last)
{
    g_autofree char *range_first = nmm_range_first_to_string(range);
    g_autofree char *range_last = nmm_range_last_to_string(range);

    g_assert_cmpstr(range_first, ==, first);
    g_assert_cmpstr(range_last, ==, last);
}

static void
test_range_parse(void)
{
    static const char *const bad[] = {
        "",
        "-",
        "10.0.0.1",
        "10.0.0.1-",
        "-10.0.0.1",
        "10.0.0.1 - 10.0.0.2",
        "10.0.0.1-10.0.0.2-10.0.0.3",
        "10.0.0.2-10.0.0.1",
        "10.0.0.1-2",
        "fd00::1-fd00::2",
    };
    NmmRange range;
    gsize i;

    g_assert_true(nmm_range_parse("192.168.254.2-192.168.254.254", &range, NULL));
    assert_range(&range, "192.168.254.2", "192.168.254.254");
    g_assert_true(nmm_range_parse("10.0.0.5-10.0.0.5", &range, NULL));
    assert_range(&range, "10.0.0.5", "10.0.0.5");
    g_assert_true(nmm_range_parse("0.0.0.0-255.255.255.255", &range, NULL));
    assert_range(&range, "0.0.0.0", "255.255.255.255");

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        NmmRange untouched = {.first = 77};

        g_assert_false(nmm_range_parse(bad[i], &untouched, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_nonnull(strstr(error->message, bad[i]));
        g_assert_cmpuint(untouched.first, ==, 77);
    }
}

static void
test_range_for_subnet(void)
{
    static const struct {
        const char *host;
        const char *first;
        const char *last;
    } cases[] = {
        {"192.168.254.1/24", "192.168.254.2", "192.168.254.254"},
        {"192.168.254.254/24", "192.168.254.1", "192.168.254.253"},
        {"192.168.254.100/24", "192.168.254.101", "192.168.254.254"},
        {"192.168.254.127/24", "192.168.254.128", "192.168.254.254"},
        {"192.168.254.128/24", "192.168.254.1", "192.168.254.127"},
        {"192.168.254.2/24", "192.168.254.3", "192.168.254.254"},
        {"10.0.0.1/30", "10.0.0.2", "10.0.0.2"},
        {"10.0.0.2/30", "10.0.0.1", "10.0.0.1"},
        {"10.0.0.1/29", "10.0.0.2", "10.0.0.6"},
        {"10.0.0.1/16", "10.0.0.2", "10.0.255.254"},
        /* Never beyond the /16 of the host. */
        {"10.0.0.1/8", "10.0.0.2", "10.0.255.255"},
        {"10.7.0.1/8", "10.7.0.2", "10.7.255.255"},
        {"10.7.0.0/8", "10.7.0.1", "10.7.255.255"},
        {"10.7.255.255/8", "10.7.0.0", "10.7.255.254"},
        {"10.255.255.254/8", "10.255.0.0", "10.255.255.253"},
        /* An adopted network's host address may be anything. */
        {"10.0.0.0/24", "10.0.0.1", "10.0.0.254"},
        {"10.0.0.255/24", "10.0.0.1", "10.0.0.254"},
    };
    static const char *const none[] = {"10.0.0.1/31", "10.0.0.1/32", "fd00::1/64"};
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        NmmCidr host = cidr(cases[i].host);
        NmmRange range;

        g_assert_true(nmm_range_for_subnet(&host, &range));
        assert_range(&range, cases[i].first, cases[i].last);
        g_assert_true(nmm_range_check(&range, &host, NULL));
    }
    for (i = 0; i < G_N_ELEMENTS(none); i++) {
        NmmCidr host = cidr(none[i]);
        NmmRange untouched = {.first = 77};

        g_assert_false(nmm_range_for_subnet(&host, &untouched));
        g_assert_cmpuint(untouched.first, ==, 77);
    }
}

static void
test_range_check(void)
{
    static const struct {
        const char *range;
        const char *host;
        const char *complaint; /* NULL: none */
    } cases[] = {
        {"10.0.0.2-10.0.0.254", "10.0.0.1/24", NULL},
        {"10.0.0.2-10.0.0.2", "10.0.0.1/24", NULL},
        {"10.0.0.1-10.0.0.253", "10.0.0.254/24", NULL},
        {"10.0.0.1-10.0.0.254", "10.0.0.1/24", "own address '10.0.0.1'"},
        {"10.0.0.1-10.0.0.254", "10.0.0.254/24", "own address '10.0.0.254'"},
        {"10.0.0.2-10.0.0.254", "10.0.0.100/24", "own address '10.0.0.100'"},
        {"10.0.0.0-10.0.0.9", "10.0.0.100/24", "subnet '10.0.0.0/24'"},
        {"10.0.0.2-10.0.0.255", "10.0.0.1/24", "subnet '10.0.0.0/24'"},
        {"10.0.1.2-10.0.1.9", "10.0.0.1/24", "subnet '10.0.0.0/24'"},
        {"9.255.255.2-9.255.255.9", "10.0.0.1/24", "subnet '10.0.0.0/24'"},
        {"10.0.0.2-10.0.1.9", "10.0.0.1/24", "subnet '10.0.0.0/24'"},
        {"10.0.0.0-10.0.0.1", "10.0.0.0/31", "subnet '10.0.0.0/31'"},
        {"10.0.0.1-10.0.0.1", "10.0.0.1/32", "subnet '10.0.0.1/32'"},
        {"10.0.0.2-10.0.255.255", "10.0.0.1/8", NULL},
        {"10.0.0.2-10.1.0.0", "10.0.0.1/8", "too large for libvirt"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        NmmCidr host = cidr(cases[i].host);
        NmmRange range;
        gboolean ok;

        g_assert_true(nmm_range_parse(cases[i].range, &range, NULL));
        ok = nmm_range_check(&range, &host, &error);
        g_assert_cmpint(ok, ==, cases[i].complaint == NULL);
        if (ok)
            continue;
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_nonnull(strstr(error->message, cases[i].range));
        g_assert_nonnull(strstr(error->message, cases[i].complaint));
    }
}

static void
add_used(GPtrArray *used, const char *text, const char *what)
{
    NmmCidr taken = cidr(text);

    g_ptr_array_add(used, nmm_used_subnet_new(&taken, what));
}

static GPtrArray *
used_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
}

static void
test_find_overlap(void)
{
    g_autoptr(GPtrArray) used = used_new();
    NmmCidr wanted = cidr("192.168.254.1/24");
    const NmmUsedSubnet *found;

    g_assert_null(nmm_subnet_find_overlap(&wanted, used));
    add_used(used, "0.0.0.0/0", "route default dev eth0");
    add_used(used, "128.0.0.0/1", "route 128.0.0.0/1 dev tun0");
    add_used(used, "fd00::/64", "profile 'office'");
    add_used(used, "192.168.253.0/24", "libvirt network 'default'");
    g_assert_null(nmm_subnet_find_overlap(&wanted, used));
    add_used(used, "192.168.0.0/16", "route 192.168.0.0/16 dev tun0");
    add_used(used, "192.168.254.0/24", "profile 'lab'");
    found = nmm_subnet_find_overlap(&wanted, used);
    g_assert_nonnull(found);
    g_assert_cmpstr(found->what, ==, "route 192.168.0.0/16 dev tun0");
}

static void
assert_chosen(GPtrArray *used, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    NmmCidr chosen;

    nmm_subnet_choose(used, &chosen, &error);
    g_assert_no_error(error);
    text = nmm_cidr_to_string(&chosen);
    g_assert_cmpstr(text, ==, expected);
}

static void
test_choose(void)
{
    g_autoptr(GPtrArray) used = used_new();
    g_autoptr(GError) error = NULL;
    NmmCidr untouched = {.prefix = 77};

    assert_chosen(used, "192.168.254.1/24");
    add_used(used, "0.0.0.0/1", "route 0.0.0.0/1 dev tun0");
    add_used(used, "128.0.0.0/1", "route 128.0.0.0/1 dev tun0");
    assert_chosen(used, "192.168.254.1/24");
    add_used(used, "192.168.254.77/32", "route 192.168.254.77 dev eth0");
    assert_chosen(used, "192.168.253.1/24");
    add_used(used, "192.168.252.1/23", "libvirt network 'lab'");
    assert_chosen(used, "192.168.251.1/24");
    add_used(used, "192.168.128.0/17", "profile 'office'");
    assert_chosen(used, "192.168.127.1/24");
    add_used(used, "192.168.64.0/18", "profile 'office'");
    add_used(used, "192.168.32.0/19", "profile 'office'");
    add_used(used, "192.168.16.0/20", "profile 'office'");
    add_used(used, "192.168.8.0/21", "profile 'office'");
    add_used(used, "192.168.4.0/22", "profile 'office'");
    add_used(used, "192.168.2.0/23", "profile 'office'");
    assert_chosen(used, "192.168.1.1/24");
    add_used(used, "192.168.1.0/24", "profile 'home'");

    g_assert_false(nmm_subnet_choose(used, &untouched, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "route 192.168.254.77 dev eth0"));
    g_assert_nonnull(strstr(error->message, "vpn.data address"));
    g_assert_cmpuint(untouched.prefix, ==, 77);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/subnet/parse", test_parse);
    g_test_add_func("/subnet/parse/bad", test_parse_bad);
    g_test_add_func("/subnet/init/bad", test_init_bad);
    g_test_add_func("/subnet/equal", test_equal);
    g_test_add_func("/subnet/overlaps", test_overlaps);
    g_test_add_func("/subnet/is-default", test_is_default);
    g_test_add_func("/subnet/link-local", test_link_local);
    g_test_add_func("/subnet/is-host", test_is_host);
    g_test_add_func("/subnet/range/parse", test_range_parse);
    g_test_add_func("/subnet/range/for-subnet", test_range_for_subnet);
    g_test_add_func("/subnet/range/check", test_range_check);
    g_test_add_func("/subnet/find-overlap", test_find_overlap);
    g_test_add_func("/subnet/choose", test_choose);
    return g_test_run();
}
