/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's list of IPv6 addresses, as /proc has it.
 */

#include "config.h"

#include "nmm-inet6.h"

#define LINES                                                                                      \
    "00000000000000000000000000000001 01 80 10 80       lo\n"                                      \
    "fd77007700000000007700fffe000002 02 40 00 00     eth0\n"                                      \
    "fd770077000000001111222233334444 02 40 00 01     eth0\n"                                      \
    "fd770077000000000000000000000020 02 40 00 c0     eth0\n"                                      \
    "fe80000000000000007700fffe000002 02 40 20 80     eth0\n"                                      \
    "fd770077000000000000000000000030 03 40 00 80 nmmveth0\n"

static char *
list(const char *text, const char *device, guint mask, guint flags)
{
    g_auto(GStrv) addresses = nmm_inet6_parse(text, device, mask, flags);

    return g_strjoinv(" ", addresses);
}

static void
test_list(void)
{
    const struct {
        const char *device;
        guint mask;
        guint flags;
        const char *expected;
    } cases[] = {
        {"eth0", 0, 0, "fd77:77::77:ff:fe00:2 fd77:77::1111:2222:3333:4444 fd77:77::20"},
        {"eth0", NMM_INET6_TEMPORARY, 0, "fd77:77::77:ff:fe00:2 fd77:77::20"},
        {"eth0", NMM_INET6_TEMPORARY, NMM_INET6_TEMPORARY, "fd77:77::1111:2222:3333:4444"},
        {"eth0", NMM_INET6_TEMPORARY | NMM_INET6_TENTATIVE, 0, "fd77:77::77:ff:fe00:2"},
        {"eth0", NMM_INET6_TENTATIVE, NMM_INET6_TENTATIVE, "fd77:77::20"},
        {"nmmveth0", 0, 0, "fd77:77::30"},
        {"eth", 0, 0, ""},
        {"lo", 0, 0, ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = list(LINES, cases[i].device, cases[i].mask, cases[i].flags);

        g_assert_cmpstr(found, ==, cases[i].expected);
    }
}

static void
test_malformed(void)
{
    static const char *const texts[] = {
        "",
        "\n\n",
        "fd77 02 40 00 00 eth0\n",
        "fd77007700000000007700fffe00000g 02 40 00 00 eth0\n",
        "fd77007700000000007700fffe000002 02 40 00\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *found = list(texts[i], "eth0", 0, 0);

        g_assert_cmpstr(found, ==, "");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inet6/list", test_list);
    g_test_add_func("/inet6/malformed", test_malformed);
    return g_test_run();
}
