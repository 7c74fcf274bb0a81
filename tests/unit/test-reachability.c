/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a host link on eth0 reaches an interface: each macvtap mode, directly and through a
 * libvirt network.
 */

#include "config.h"

#include "nmm-network.h"
#include "nmm-reachability.h"

static const char *const modes[] = {"bridge", "vepa", "private", "passthrough", "Bridge", NULL};

static void
assert_reach(const NmmNic *nic, const char *parent, GPtrArray *networks, gboolean expected)
{
    g_assert_cmpint(nmm_reachability_has_nic(nic, parent, networks), ==, expected);
}

static void
test_direct(void)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        const NmmNic nic = {
            .type = NMM_NIC_DIRECT,
            .lower = (char *)"eth0",
            .macvtap_mode = (char *)modes[i],
        };

        assert_reach(&nic, "eth0", none, i == 0);
        assert_reach(&nic, NULL, none, i == 0);
        assert_reach(&nic, "eth1", none, FALSE);
    }
}

static void
assert_network(const char *mode, gboolean expected)
{
    g_autofree char *xml = g_strdup_printf("<network><name>n</name><forward mode='%s'>"
                                           "<interface dev='eth0'/></forward></network>",
                                           mode);
    g_autoptr(GPtrArray) networks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    const NmmNic nic = {.type = NMM_NIC_NETWORK, .network = (char *)"n"};

    g_ptr_array_add(networks, nmm_network_new_from_xml(xml, TRUE, TRUE, TRUE, NULL));
    assert_reach(&nic, "eth0", networks, expected);
    assert_reach(&nic, NULL, networks, expected);
    assert_reach(&nic, "eth1", networks, FALSE);
}

static void
test_network(void)
{
    for (guint i = 0; i < 4; i++)
        assert_network(modes[i], i == 0);
    assert_network("nat", FALSE);
}

static void
test_not_macvtap(void)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    const NmmNic other = {.type = NMM_NIC_OTHER};
    const NmmNic absent = {.type = NMM_NIC_NETWORK, .network = (char *)"absent"};

    assert_reach(&other, "eth0", none, FALSE);
    assert_reach(&absent, NULL, none, FALSE);
    g_assert_false(nmm_reachability_has_mode(NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reachability/direct", test_direct);
    g_test_add_func("/reachability/network", test_network);
    g_test_add_func("/reachability/not-macvtap", test_not_macvtap);
    return g_test_run();
}
