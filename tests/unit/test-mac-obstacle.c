/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the host link of mode move can have the parent's MAC.
 */

#include "config.h"

#include "nmm-mac-obstacle.h"

static const NmmMacFacts plain = {.name = "eth0", .is_ethernet = TRUE};

static void
assert_obstacle(NmmMacFacts facts, const char *expected)
{
    g_autofree char *obstacle = nmm_mac_obstacle_find(&facts);

    if (!expected)
        g_assert_null(obstacle);
    else
        g_assert_nonnull(strstr(obstacle, expected));
}

static void
test_parent(void)
{
    NmmMacFacts facts = plain;

    assert_obstacle(facts, NULL);
    facts.is_ethernet = FALSE;
    assert_obstacle(facts, "'eth0' is built on other devices");
    facts = plain;
    facts.has_8021x = TRUE;
    assert_obstacle(facts, "'eth0' authenticates with 802.1X");
    facts = plain;
    facts.vlan = "eth0.5";
    assert_obstacle(facts, "VLAN device 'eth0.5'");
}

static void
test_connection_that_sets_the_mac(void)
{
    static const char *const values[] = {
        "permanent", "random", "stable", "stable-ssid", "02:00:00:00:00:01"};
    NmmMacFacts facts = plain;

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        facts.cloned_mac = values[i];
        assert_obstacle(facts, values[i]);
    }
    facts.cloned_mac = "preserve";
    assert_obstacle(facts, NULL);
}

static void
test_connection_with_a_link_local_address(void)
{
    NmmMacFacts facts = plain;

    facts.link_local = NMM_LINK_LOCAL_YES;
    assert_obstacle(facts, "'eth0' an IPv4 link-local address");
    facts.link_local = NMM_LINK_LOCAL_NO;
    assert_obstacle(facts, NULL);
}

static void
test_default(void)
{
    static const struct {
        const char *config;
        const char *expected;
    } cases[] = {
        {"", NULL},
        {"not a keyfile", NULL},
        {"[connection]\nipv6.ip6-privacy=2\n", NULL},
        {"[connection]\nethernet.cloned-mac-address=preserve\n", NULL},
        {"[connection]\nethernet.cloned-mac-address=stable\n", "(stable)"},
        {"[connection]\nwifi.cloned-mac-address=stable\n", NULL},
        {"[connection-mac]\nmatch-device=interface-name:eth*\nethernet.cloned-mac-address=random\n",
         "(random)"},
        {"[device]\nethernet.cloned-mac-address=random\n", NULL},
        {"[connection]\nipv4.link-local=2\n", NULL},
        {"[connection]\nipv4.link-local=3\n", "link-local"},
        {"[connection-ll]\nipv4.link-local=4\n", "link-local"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        NmmMacFacts facts = plain;

        facts.config = cases[i].config;
        assert_obstacle(facts, cases[i].expected);
        /* What the connection sets counts. */
        facts.cloned_mac = "preserve";
        facts.link_local = NMM_LINK_LOCAL_NO;
        assert_obstacle(facts, NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mac-obstacle/parent", test_parent);
    g_test_add_func("/mac-obstacle/connection", test_connection_that_sets_the_mac);
    g_test_add_func("/mac-obstacle/link-local", test_connection_with_a_link_local_address);
    g_test_add_func("/mac-obstacle/default", test_default);
    return g_test_run();
}
