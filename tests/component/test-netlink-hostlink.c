/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract on the rtnetlink host link, each test in a network namespace, and what only the real
 * kernel shows. Needs root.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "hostlink-contract.h"
#include "netns.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"

#define UUID       "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"
#define OTHER_UUID "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a02"

typedef struct {
    int ns;
    int previous;
    char *sysfs;
} Namespace;

static void
add_parent(gpointer data, const char *name)
{
    static const char *const mode = "net/ipv6/conf/default/addr_gen_mode";
    g_autofree char *peer = g_strconcat(name, "-peer", NULL);

    /* No link-local address, which would appear later. */
    netns_write_sysctl(mode, "1");
    netns_add_veth(name, peer, -1);
    netns_write_sysctl(mode, "0");
}

static char *
wireless_path(const Namespace *self, const char *parent)
{
    return g_build_filename(self->sysfs, "class", "net", parent, "phy80211", NULL);
}

static void
set_wireless(gpointer data, const char *parent)
{
    g_autofree char *path = wireless_path(data, parent);

    g_assert_no_errno(g_mkdir_with_parents(path, 0700));
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
    if (ifalias)
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
setup(HostlinkKernel *kernel)
{
    Namespace *self = g_new0(Namespace, 1);
    GError *error = NULL;

    self->ns = netns_new();
    self->previous = netns_enter(self->ns);
    self->sysfs = g_dir_make_tmp("nm-macvtap-sysfs-XXXXXX", &error);
    g_assert_no_error(error);
    *kernel = (HostlinkKernel){
        .data = self,
        .hostlink = nmm_hostlink_netlink_new(self->sysfs, &error),
        .add_parent = add_parent,
        .set_wireless = set_wireless,
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
remove_sysfs(const Namespace *self)
{
    g_autofree char *path = wireless_path(self, "eth0");

    while (strlen(path) >= strlen(self->sysfs)) {
        g_rmdir(path);
        *strrchr(path, '/') = '\0';
    }
    g_assert_false(g_file_test(self->sysfs, G_FILE_TEST_EXISTS));
}

static void
teardown(HostlinkKernel *kernel)
{
    Namespace *self = kernel->data;

    remove_sysfs(self);
    netns_leave(self->previous);
    close(self->ns);
    g_free(self->sysfs);
    g_free(self);
}

/* The addresses of a host, and a guest. */
static const struct {
    struct {
        const char *address;
        const char *peer; /* (nullable) */
        gboolean deprecated;
    } host[4];
    const char *guest;
} sources[] = {
    {{{"10.0.0.10/24"}, {"10.0.0.190/32"}}, "10.0.0.191"},
    {{{"10.0.0.190/32"}, {"10.0.0.10/24"}}, "10.0.0.191"},
    {{{"10.0.0.10/24"}, {"10.0.0.190/24"}}, "10.0.0.191"},
    {{{"10.0.0.10/24", NULL, TRUE}, {"10.0.0.190/24"}}, "10.0.0.191"},
    {{{"10.0.0.190/16"}, {"10.0.0.10/24"}}, "10.0.0.191"},
    {{{"10.0.0.190/16"}, {"10.0.0.10/24"}}, "10.0.1.191"},
    {{{"10.0.0.10/24"}, {"10.0.1.4/24"}, {"10.0.1.10/24"}}, "10.0.1.5"},
    {{{"10.0.0.10/24"}, {"10.0.0.188/30"}}, "10.0.0.190"},
    {{{"10.0.0.10/24"}, {"10.0.9.9", "10.0.1.5/32"}}, "10.0.1.5"},
    {{{"10.9.0.1", "10.0.1.0/24"}}, "10.0.1.5"},
    {{{"fd00::4/64", NULL, TRUE}, {"fd00::10/64"}}, "fd00::5"},
    {{{"fd00::4/64", NULL, TRUE}, {"2001:db8::1/64"}}, "fd00::5"},
    {{{"fd00::4/64", NULL, TRUE}}, "fd00::5"},
    {{{"fd00::1/128"}, {"fd00::4/64"}}, "fd00::5"},
    {{{"fd00::10/64"}, {"fd00::4/128"}}, "fd00::5"},
    {{{"2001:db8::1/64"}, {"fd00::1/64"}}, "fd00::5"},
};

/* A route has the source that the kernel chooses without this project. */
static void
test_source(gconstpointer data)
{
    const guint n = GPOINTER_TO_UINT(data);
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    g_autofree char *expected = NULL;
    g_autofree char *chosen = NULL;
    NmmRoutingHost given = {NULL};
    NmmRoutingHost host;
    HostlinkKernel kernel;
    NmmRejectionReason reason;
    NmmCidr guest;
    NmmCidr source;
    GError *error = NULL;

    setup(&kernel);
    add_parent(kernel.data, "eth0");
    for (gsize i = 0; sources[n].host[i].address; i++)
        netns_add_lifetime_address("eth0",
                                   sources[n].host[i].address,
                                   sources[n].host[i].peer,
                                   sources[n].host[i].deprecated ? 0 : 500);
    g_assert_true(nmm_hostlink_create(kernel.hostlink, &spec, NULL));
    given.addresses = nmm_hostlink_list_addresses(kernel.hostlink, &error);
    g_assert_no_error(error);
    nmm_routing_host_copy(&host, &given);
    nmm_cidr_init_host(&guest, sources[n].guest, &error);
    g_assert_no_error(error);
    g_assert_cmpint(nmm_routing_host_judge(&host, &guest, &source, &reason), ==, NMM_VERDICT_GOOD);
    chosen = nmm_cidr_address_to_string(&source);
    expected = netns_get_source(sources[n].guest);
    g_assert_cmpstr(chosen, ==, expected);
    nmm_routing_host_clear(&given);
    nmm_routing_host_clear(&host);
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
}

/* The settings that keep the link silent on the LAN. */
static void
test_sysctls(void)
{
    static const char *const expected[][2] = {
        {"net/ipv4/conf/nmmveth0/arp_filter", "1"},
        {"net/ipv4/conf/nmmveth0/medium_id", "-1"},
        {"net/ipv4/neigh/nmmveth0/mcast_solicit", "0"},
        {"net/ipv6/neigh/nmmveth0/mcast_solicit", "0"},
        {"net/ipv6/conf/nmmveth0/accept_ra", "0"},
        {"net/ipv6/conf/nmmveth0/autoconf", "0"},
        {"net/ipv6/conf/nmmveth0/addr_gen_mode", "1"},
        {"net/ipv6/conf/nmmveth0/forwarding", "0"},
        {"net/ipv6/conf/eth0/forwarding", "0"},
    };
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    HostlinkKernel kernel;
    GError *error = NULL;

    setup(&kernel);
    add_parent(kernel.data, "eth0");
    nmm_hostlink_create(kernel.hostlink, &spec, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *value = netns_read_sysctl(expected[i][0]);

        g_assert_cmpstr(value, ==, expected[i][1]);
    }
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
}

/* The passthrough guest's interface is in another namespace, so only the kernel refuses the link.
 */
static void
test_hidden_passthrough(void)
{
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    g_autoptr(GError) error = NULL;
    HostlinkKernel kernel;
    int guest = netns_new();

    setup(&kernel);
    add_parent(kernel.data, "eth0");
    netns_add_macvtap("macvtap7", "eth0", "passthru", NULL, guest);
    g_assert_false(nmm_hostlink_create(kernel.hostlink, &spec, &error));
    g_assert_nonnull(strstr(error->message, "another device already uses the parent"));
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
    close(guest);
}

/* The parents of links from another namespace have the index of the parent here. */
static void
test_foreign_parent(void)
{
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    g_autoptr(GError) error = NULL;
    HostlinkKernel kernel;
    guint index;
    int other, back;

    setup(&kernel);
    add_parent(kernel.data, "eth0");
    index = if_nametoindex("eth0");
    other = netns_new();
    back = netns_enter(other);
    add_parent(kernel.data, "far0");
    g_assert_cmpuint(if_nametoindex("far0"), ==, index);
    netns_add_macvtap("macvtap7", "far0", "passthru", NULL, ((Namespace *)kernel.data)->ns);
    netns_leave(back);

    nmm_hostlink_create(kernel.hostlink, &spec, &error);
    g_assert_no_error(error);
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
    close(other);
}

static void
assert_orphan_error(const char *name, const char *uuid, NmmError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hostlink_remove_orphan(name, uuid, &error));
    g_assert_error(error, NMM_ERROR, (int)code);
}

static void
test_remove_orphan(void)
{
    HostlinkKernel kernel;
    g_autoptr(GError) error = NULL;
    g_autofree char *kept = NULL;
    g_autofree char *removed = NULL;

    setup(&kernel);
    add_parent(kernel.data, "eth0");
    add_link(kernel.data, "macvtap0", "eth0", NULL);
    add_link(kernel.data, "nmmvother", "eth0", "nm-macvtap:" OTHER_UUID);
    assert_orphan_error("nmmvother", UUID, NMM_ERROR_CONFLICT);
    assert_orphan_error("macvtap0", UUID, NMM_ERROR_CONFLICT);
    assert_orphan_error("nmmvnone", UUID, NMM_ERROR_NOT_FOUND);
    g_assert_true(nmm_hostlink_remove_orphan("nmmvother", OTHER_UUID, &error));
    g_assert_no_error(error);
    removed = netns_describe_link("nmmvother");
    g_assert_cmpstr(removed, ==, NULL);
    kept = netns_describe_link("macvtap0");
    g_assert_nonnull(kept);
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
}

/* More events than the socket holds before it is read: the watch still reports the change. */
static void
gone_cb(const char *reason, gpointer user_data)
{
    g_assert_not_reached();
}

static void
count_cb(gpointer user_data)
{
    (*(guint *)user_data)++;
}

static void
test_overrun(void)
{
    static const NmmHostlinkCallbacks callbacks = {gone_cb, count_cb};
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    HostlinkKernel kernel;
    GError *error = NULL;
    guint count = 0;

    setup(&kernel);
    add_parent(kernel.data, "eth0");
    nmm_hostlink_set_callbacks(kernel.hostlink, &callbacks, &count);
    nmm_hostlink_create(kernel.hostlink, &spec, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < 3000; i++)
        netns_set_ifalias("eth0-peer", i % 2 ? "odd" : "even");
    netns_add_address("eth0", "10.0.0.1/24"); /* the socket loses this event */
    while (count == 0)
        g_main_context_iteration(NULL, TRUE);
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
}

static GArray *
make_routes(const char *address, const char *source)
{
    GArray *routes = g_array_new(FALSE, TRUE, sizeof(NmmRoute));
    NmmRoute route = {.mac = {0x52, 0x54, 0, 0, 0, 1}};
    g_autoptr(GError) error = NULL;

    nmm_cidr_init_host(&route.address, address, &error);
    g_assert_no_error(error);
    nmm_cidr_init_host(&route.source, source, &error);
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

/* Two profiles for the same guest, or a VPN's route to the same address: the first one keeps the
 * route, and the second one fails until it is gone. */
static void
test_route_of_another(gconstpointer data)
{
    const char *const *addresses = data;
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    const NmmHostlinkSpec second = {"nmmvother", "eth0", OTHER_UUID};
    g_autoptr(GArray) routes = make_routes(addresses[0], addresses[1]);
    g_autoptr(NmmHostlink) other = NULL;
    g_autoptr(GError) error = NULL;
    HostlinkKernel kernel;

    setup(&kernel);
    other = nmm_hostlink_netlink_new("/sys", &error);
    g_assert_no_error(error);
    add_parent(kernel.data, "eth0");
    netns_add_address("eth0", "10.0.0.1/24");
    netns_add_address("eth0", "fd00:1::1/64");
    nmm_hostlink_create(kernel.hostlink, &spec, &error);
    g_assert_no_error(error);
    nmm_hostlink_create(other, &second, &error);
    g_assert_no_error(error);

    nmm_hostlink_set_routes(kernel.hostlink, routes, &error);
    g_assert_no_error(error);
    g_assert_false(nmm_hostlink_set_routes(other, routes, &error));
    g_assert_nonnull(strstr(error->message, addresses[0]));
    g_clear_error(&error);
    assert_routes("nmmveth0", TRUE);
    assert_routes("nmmvother", FALSE);

    nmm_hostlink_remove(kernel.hostlink, &error);
    g_assert_no_error(error);
    nmm_hostlink_set_routes(other, routes, &error);
    g_assert_no_error(error);
    assert_routes("nmmvother", TRUE);
    g_clear_pointer(&other, nmm_hostlink_free);
    nmm_hostlink_free(kernel.hostlink);
    teardown(&kernel);
}

int
main(int argc, char **argv)
{
    static const char *const ip4[] = {"10.0.0.7", "10.0.0.1"};
    static const char *const ip6[] = {"fd00:1::7", "fd00:1::1"};

    g_test_init(&argc, &argv, NULL);
    hostlink_contract_add("/netlink-hostlink", setup, teardown);
    g_test_add_func("/netlink-hostlink/sysctls", test_sysctls);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autofree char *path = g_strdup_printf("/netlink-hostlink/source/%u", i);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_source);
    }
    g_test_add_func("/netlink-hostlink/hidden-passthrough", test_hidden_passthrough);
    g_test_add_func("/netlink-hostlink/foreign-parent", test_foreign_parent);
    g_test_add_func("/netlink-hostlink/remove-orphan", test_remove_orphan);
    g_test_add_func("/netlink-hostlink/overrun", test_overrun);
    g_test_add_data_func("/netlink-hostlink/route-of-another/ip4", ip4, test_route_of_another);
    g_test_add_data_func("/netlink-hostlink/route-of-another/ip6", ip6, test_route_of_another);
    return g_test_run();
}
