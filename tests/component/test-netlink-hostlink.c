/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds the rtnetlink host link to the contract, on the real kernel in a network namespace of its
 * own for each test. Needs root.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "hostlink-contract.h"
#include "netns.h"
#include "nmm-hostlink-netlink.h"

#define UUID       "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"
#define OTHER_UUID "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a02"

typedef struct {
    int ns;
    int previous;
    char *sysfs;
} Kernel;

static void
add_parent(gpointer data, const char *name)
{
    static const char *const mode = "net/ipv6/conf/default/addr_gen_mode";
    g_autofree char *peer = g_strconcat(name, "-peer", NULL);

    /* No link-local address of its own, which would come at some later time. */
    netns_write_sysctl(mode, "1");
    netns_add_veth(name, peer, -1);
    netns_write_sysctl(mode, "0");
}

static char *
wireless_path(const Kernel *kernel, const char *parent)
{
    return g_build_filename(kernel->sysfs, "class", "net", parent, "phy80211", NULL);
}

static void
set_wireless(gpointer data, const char *parent)
{
    g_autofree char *path = wireless_path(data, parent);

    g_assert_no_errno(g_mkdir_with_parents(path, 0700));
}

static void
set_carrier(gpointer data, const char *parent, gboolean carrier)
{
    g_autofree char *peer = g_strconcat(parent, "-peer", NULL);

    netns_set_up(peer, carrier);
}

static void
enslave(gpointer data, const char *parent, const char *bridge)
{
    netns_add_bridge(bridge);
    netns_set_master(parent, bridge);
}

static void
add_passthrough(gpointer data, const char *name, const char *parent)
{
    netns_add_macvtap(name, parent, "passthru", NULL, -1);
}

static void
add_address(gpointer data, const char *parent, const char *address)
{
    netns_add_address(parent, address);
}

static void
remove_address(gpointer data, const char *parent, const char *address)
{
    netns_remove_address(parent, address);
}

static void
add_link(gpointer data, const char *name, const char *parent, const char *ifalias)
{
    netns_add_macvtap(name, parent, "bridge", NULL, -1);
    if (ifalias != NULL)
        netns_set_ifalias(name, ifalias);
}

static void
delete_link(gpointer data, const char *name)
{
    netns_delete(name);
}

static void
set_down(gpointer data, const char *name)
{
    netns_set_up(name, FALSE);
}

static char *
describe_link(gpointer data, const char *name)
{
    return netns_describe_link(name);
}

static char *
describe_routes(gpointer data, const char *name)
{
    return netns_describe_routes(name);
}

static char *
get_mac(gpointer data, const char *name)
{
    return netns_get_mac(name);
}

static void
setup(HostlinkWorld *world)
{
    Kernel *kernel = g_new0(Kernel, 1);
    GError *error = NULL;

    kernel->ns = netns_new();
    kernel->previous = netns_enter(kernel->ns);
    kernel->sysfs = g_dir_make_tmp("nm-macvtap-sysfs-XXXXXX", &error);
    g_assert_no_error(error);
    *world = (HostlinkWorld){
        .data = kernel,
        .hostlink = nmm_hostlink_netlink_new(kernel->sysfs, &error),
        .add_parent = add_parent,
        .set_wireless = set_wireless,
        .set_carrier = set_carrier,
        .enslave = enslave,
        .add_passthrough = add_passthrough,
        .add_address = add_address,
        .remove_address = remove_address,
        .add_link = add_link,
        .delete_link = delete_link,
        .set_down = set_down,
        .describe_link = describe_link,
        .describe_routes = describe_routes,
        .get_mac = get_mac,
    };
    g_assert_no_error(error);
}

/* "sysfs/class/net/eth0/phy80211", as far as a test made it. */
static void
remove_sysfs(const Kernel *kernel)
{
    g_autofree char *path = wireless_path(kernel, "eth0");

    while (strlen(path) >= strlen(kernel->sysfs)) {
        g_rmdir(path);
        *strrchr(path, '/') = '\0';
    }
    g_assert_false(g_file_test(kernel->sysfs, G_FILE_TEST_EXISTS));
}

static void
teardown(HostlinkWorld *world)
{
    Kernel *kernel = world->data;

    remove_sysfs(kernel);
    netns_leave(kernel->previous);
    close(kernel->ns);
    g_free(kernel->sysfs);
    g_free(kernel);
}

/* What only the kernel shows: the switches that keep the link silent on the LAN. */
static void
test_sysctls(void)
{
    static const char *const expected[][2] = {
        {"net/ipv4/conf/nmmveth0/arp_filter", "1"},
        {"net/ipv4/neigh/nmmveth0/mcast_solicit", "0"},
        {"net/ipv6/neigh/nmmveth0/mcast_solicit", "0"},
        {"net/ipv6/conf/nmmveth0/accept_ra", "0"},
        {"net/ipv6/conf/nmmveth0/autoconf", "0"},
        {"net/ipv6/conf/nmmveth0/addr_gen_mode", "1"},
        {"net/ipv6/conf/nmmveth0/forwarding", "0"},
        {"net/ipv6/conf/eth0/forwarding", "0"},
    };
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    HostlinkWorld world;
    GError *error = NULL;

    setup(&world);
    add_parent(world.data, "eth0");
    nmm_hostlink_create(world.hostlink, &spec, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *value = netns_read_sysctl(expected[i][0]);

        g_assert_cmpstr(value, ==, expected[i][1]);
    }
    g_object_unref(world.hostlink);
    teardown(&world);
}

/* A passthrough guest whose interface is in another namespace: only the kernel's refusal tells. */
static void
test_hidden_passthrough(void)
{
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    g_autoptr(GError) error = NULL;
    HostlinkWorld world;
    int guest = netns_new();

    setup(&world);
    add_parent(world.data, "eth0");
    netns_add_macvtap("macvtap7", "eth0", "passthru", NULL, guest);
    g_assert_false(nmm_hostlink_create(world.hostlink, &spec, &error));
    g_assert_nonnull(strstr(error->message, "held by another device"));
    g_object_unref(world.hostlink);
    teardown(&world);
    close(guest);
}

/* Another's passthrough link, and one of ours, from another namespace, where their parents have the
 * indices that the parents here have. */
static void
test_foreign_parent(void)
{
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GError) error = NULL;
    const NmmHostlinkInfo *info;
    HostlinkWorld world;
    guint index, index1;
    int other, back;

    setup(&world);
    add_parent(world.data, "eth0");
    add_parent(world.data, "eth1");
    index = if_nametoindex("eth0");
    index1 = if_nametoindex("eth1");
    other = netns_new();
    back = netns_enter(other);
    add_parent(world.data, "far0");
    add_parent(world.data, "far1");
    g_assert_cmpuint(if_nametoindex("far0"), ==, index);
    g_assert_cmpuint(if_nametoindex("far1"), ==, index1);
    netns_add_macvtap("macvtap7", "far0", "passthru", NULL, ((Kernel *)world.data)->ns);
    netns_add_macvtap("nmmvfar1", "far1", "bridge", NULL, ((Kernel *)world.data)->ns);
    netns_leave(back);
    netns_set_ifalias("nmmvfar1", "nm-macvtap:" UUID);

    list = nmm_hostlink_list(world.hostlink, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(list->len, ==, 1);
    info = list->pdata[0];
    g_assert_cmpstr(info->name, ==, "nmmvfar1");
    g_assert_cmpstr(info->parent, ==, NULL);

    nmm_hostlink_create(world.hostlink, &spec, &error);
    g_assert_no_error(error);
    g_object_unref(world.hostlink);
    teardown(&world);
    close(other);
}

/* More events than the socket holds while nobody reads: the watch looks again and still tells. */
static void
count_cb(gpointer hostlink, guint *count)
{
    (*count)++;
}

static void
test_overrun(void)
{
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    HostlinkWorld world;
    GError *error = NULL;
    guint count = 0;

    setup(&world);
    add_parent(world.data, "eth0");
    g_signal_connect(world.hostlink, "addresses-changed", G_CALLBACK(count_cb), &count);
    nmm_hostlink_create(world.hostlink, &spec, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < 3000; i++)
        netns_set_ifalias("eth0-peer", i % 2 ? "odd" : "even");
    netns_add_address("eth0", "10.0.0.1/24"); /* nobody hears of this one */
    while (count == 0)
        g_main_context_iteration(NULL, TRUE);
    g_object_unref(world.hostlink);
    teardown(&world);
}

static GArray *
make_routes(const char *address, const char *source)
{
    GArray *routes = g_array_new(FALSE, TRUE, sizeof(NmmRoute));
    NmmRoute route = {.mac = {0x52, 0x54, 0, 0, 0, 1}};
    guint prefix = strchr(address, ':') ? 128 : 32;
    g_autoptr(GError) error = NULL;

    nmm_cidr_init(&route.address, address, prefix, &error);
    g_assert_no_error(error);
    nmm_cidr_init(&route.source, source, prefix, &error);
    g_assert_no_error(error);
    g_array_append_val(routes, route);
    return routes;
}

static void
assert_routes(const char *link, gboolean has_one)
{
    g_autofree char *routes = netns_describe_routes(link);

    g_assert_true((*routes != '\0') == has_one);
}

/* Two profiles for the same guest, or a VPN's route to the same address: who was there first keeps
 * it, and the other one says so until it is his. */
static void
test_route_of_another(gconstpointer data)
{
    const char *const *addresses = data;
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    const NmmHostlinkSpec second = {"nmmvother", "eth0", OTHER_UUID};
    g_autoptr(GArray) routes = make_routes(addresses[0], addresses[1]);
    g_autoptr(NmmHostlink) other = NULL;
    g_autoptr(GError) error = NULL;
    HostlinkWorld world;

    setup(&world);
    other = nmm_hostlink_netlink_new("/sys", &error);
    g_assert_no_error(error);
    add_parent(world.data, "eth0");
    netns_add_address("eth0", "10.0.0.1/24");
    netns_add_address("eth0", "fd00:1::1/64");
    nmm_hostlink_create(world.hostlink, &spec, &error);
    g_assert_no_error(error);
    nmm_hostlink_create(other, &second, &error);
    g_assert_no_error(error);

    nmm_hostlink_set_routes(world.hostlink, routes, &error);
    g_assert_no_error(error);
    g_assert_false(nmm_hostlink_set_routes(other, routes, &error));
    g_assert_nonnull(strstr(error->message, addresses[0]));
    g_clear_error(&error);
    assert_routes("nmmveth0", TRUE);
    assert_routes("nmmvother", FALSE);

    nmm_hostlink_remove(world.hostlink, &error);
    g_assert_no_error(error);
    nmm_hostlink_set_routes(other, routes, &error);
    g_assert_no_error(error);
    assert_routes("nmmvother", TRUE);
    g_clear_object(&other);
    g_object_unref(world.hostlink);
    teardown(&world);
}

int
main(int argc, char **argv)
{
    static const char *const ip4[] = {"10.0.0.7", "10.0.0.1"};
    static const char *const ip6[] = {"fd00:1::7", "fd00:1::1"};

    g_test_init(&argc, &argv, NULL);
    hostlink_contract_add("/netlink-hostlink", setup, teardown);
    g_test_add_func("/netlink-hostlink/sysctls", test_sysctls);
    g_test_add_func("/netlink-hostlink/hidden-passthrough", test_hidden_passthrough);
    g_test_add_func("/netlink-hostlink/foreign-parent", test_foreign_parent);
    g_test_add_func("/netlink-hostlink/overrun", test_overrun);
    g_test_add_data_func("/netlink-hostlink/route-of-another/ip4", ip4, test_route_of_another);
    g_test_add_data_func("/netlink-hostlink/route-of-another/ip6", ip6, test_route_of_another);
    return g_test_run();
}
