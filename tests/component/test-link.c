/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes and neighbours on the real kernel: a network namespace for the host, one for its
 * neighbour, and a veth pair between them. Needs root.
 */

#include "config.h"

#include <net/if.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/resource.h>

#include "netns.h"
#include "nmm-error.h"
#include "nmm-neighbour-probe.h"
#include "nmm-routes.h"
#include "nmm-subnet.h"

#define HOST_ADDRESS   "192.168.254.1"
#define GUEST_ADDRESS  "192.168.254.77"
#define GUEST_ADDRESS6 "fd00:1::77"
#define ABSENT_ADDRESS "192.168.254.78"
#define GUEST_MAC      "52:11:22:33:44:55"
#define TIMEOUT_MS     5000

static int neighbour_ns;

static void
start_neighbour(void)
{
    int previous = netns_enter(neighbour_ns);

    netns_set_up("guest0", TRUE);
    netns_add_address("guest0", GUEST_ADDRESS "/24");
    netns_add_address("guest0", GUEST_ADDRESS6 "/64");
    netns_leave(previous);
}

static void
stop_neighbour(void)
{
    int previous = netns_enter(neighbour_ns);

    netns_set_up("guest0", FALSE);
    netns_leave(previous);
}

static void
set_up(void)
{
    int previous;

    netns_enter(netns_new());
    neighbour_ns = netns_new();
    netns_add_veth("host0", "guest0", neighbour_ns);
    netns_add_address("host0", HOST_ADDRESS "/24");
    netns_add_address("host0", "fd00:1::1/64");
    previous = netns_enter(neighbour_ns);
    netns_set_mac("guest0", GUEST_MAC);
    netns_leave(previous);
    start_neighbour();
}

static void
add_route(struct nl_sock *sock, const char *text, const char *ifname, int type, guint table)
{
    struct rtnl_route *route = rtnl_route_alloc();
    struct nl_addr *addr = netns_parse_address(text);

    netns_check(rtnl_route_set_dst(route, addr), "route set dst");
    netns_check(rtnl_route_set_type(route, type), "route set type");
    rtnl_route_set_table(route, table);
    rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
    if (ifname) {
        struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

        rtnl_route_set_scope(route, RT_SCOPE_LINK);
        rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(ifname));
        rtnl_route_add_nexthop(route, hop);
    }
    netns_check(rtnl_route_add(sock, route, 0), "route add");
    nl_addr_put(addr);
    rtnl_route_put(route);
}

static guint
count_used(GPtrArray *used, const char *what)
{
    guint n = 0;

    for (guint i = 0; i < used->len; i++) {
        const NmmUsedSubnet *subnet = g_ptr_array_index(used, i);

        n += g_str_equal(subnet->what, what);
    }
    return n;
}

static void
test_routes(void)
{
    g_autoptr(GPtrArray) used =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    g_autoptr(GError) error = NULL;
    struct nl_sock *sock = netns_connect();

    add_route(sock, "10.9.0.0/16", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    add_route(sock, "10.10.0.0/16", NULL, RTN_BLACKHOLE, RT_TABLE_MAIN);
    add_route(sock, "10.11.0.0/24", "host0", RTN_UNICAST, 51820);
    add_route(sock, "fd99::/48", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    add_route(sock, "0.0.0.0/0", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    add_route(sock, "169.254.0.0/16", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    nl_socket_free(sock);

    g_assert_true(nmm_routes_collect(used, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count_used(used, "route 192.168.254.0/24 dev host0"), ==, 1);
    g_assert_cmpuint(count_used(used, "route 10.9.0.0/16 dev host0"), ==, 1);
    g_assert_cmpuint(count_used(used, "route 10.10.0.0/16"), ==, 1);
    g_assert_cmpuint(count_used(used, "route 10.11.0.0/24 dev host0"), ==, 1);
    g_assert_cmpuint(count_used(used, "route fd00:1::/64 dev host0"), ==, 1);
    g_assert_cmpuint(count_used(used, "route fd99::/48 dev host0"), ==, 1);
    /* No default, link-local, multicast, broadcast or local route. */
    g_assert_cmpuint(used->len, ==, 6);
}

static void
assert_reply(const char *address, gboolean expected)
{
    const char *addresses[] = {address, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) replied = NULL;

    replied = nmm_neighbour_probe("host0", addresses, TIMEOUT_MS, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(g_hash_table_lookup(replied, address), ==, expected ? GUEST_MAC : NULL);
}

static void
test_probe(void)
{
    const char *addresses[] = {GUEST_ADDRESS, ABSENT_ADDRESS, GUEST_ADDRESS6, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) replied = NULL;
    gint64 begin = g_get_monotonic_time();

    replied = nmm_neighbour_probe("host0", addresses, 60 * 1000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(replied), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(replied, GUEST_ADDRESS), ==, GUEST_MAC);
    g_assert_cmpstr(g_hash_table_lookup(replied, GUEST_ADDRESS6), ==, GUEST_MAC);
    /* The kernel gives up on the third after 3 s, before the time limit. */
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 20 * G_USEC_PER_SEC);
}

static void
test_probe_time_limit(void)
{
    const char *addresses[] = {"192.168.254.79", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) replied = NULL;
    gint64 begin = g_get_monotonic_time();

    replied = nmm_neighbour_probe("host0", addresses, 200, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(replied), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * G_USEC_PER_SEC);
}

/* More guests than the limit of open files; the last one replies. */
static void
test_probe_many(void)
{
    struct rlimit before;
    struct rlimit few;
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) replied = NULL;

    netns_flush_neighbours("host0");
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    few = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
    for (guint i = 100; i < 200; i++)
        g_ptr_array_add(addresses, g_strdup_printf("192.168.254.%u", i));
    g_ptr_array_add(addresses, g_strdup(GUEST_ADDRESS));
    g_ptr_array_add(addresses, NULL);

    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    replied =
        nmm_neighbour_probe("host0", (const char *const *)addresses->pdata, TIMEOUT_MS, &error);
    setrlimit(RLIMIT_NOFILE, &before);
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(replied), ==, 1);
    g_assert_cmpstr(g_hash_table_lookup(replied, GUEST_ADDRESS), ==, GUEST_MAC);
}

static void
test_probe_old_entry(void)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_neigh *entry = rtnl_neigh_alloc();
    struct nl_addr *dst = netns_parse_address(GUEST_ADDRESS);
    struct nl_addr *lladdr = netns_parse_address(GUEST_MAC);

    rtnl_neigh_set_ifindex(entry, (int)if_nametoindex("host0"));
    rtnl_neigh_set_dst(entry, dst);
    rtnl_neigh_set_lladdr(entry, lladdr);
    rtnl_neigh_set_state(entry, NUD_STALE);
    netns_check(rtnl_neigh_add(sock, entry, NLM_F_CREATE | NLM_F_REPLACE), "neigh add");
    assert_reply(GUEST_ADDRESS, TRUE);

    /* The entry is REACHABLE for half a minute, although the neighbour is gone. */
    stop_neighbour();
    rtnl_neigh_set_state(entry, NUD_REACHABLE);
    netns_check(rtnl_neigh_add(sock, entry, NLM_F_CREATE | NLM_F_REPLACE), "neigh add");
    assert_reply(GUEST_ADDRESS, FALSE);
    start_neighbour();
    assert_reply(GUEST_ADDRESS, TRUE);

    rtnl_neigh_put(entry);
    nl_addr_put(dst);
    nl_addr_put(lladdr);
    nl_socket_free(sock);
}

static void
test_probe_errors(void)
{
    const char *addresses[] = {GUEST_ADDRESS, NULL};
    const char *no_addresses[] = {"guest", NULL};
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_neighbour_probe("none0", addresses, 10, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'none0'"));
    g_clear_error(&error);
    g_assert_null(nmm_neighbour_probe("host0", no_addresses, 10, &error));
    g_assert_nonnull(error);
}

static void
test_lookup(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;
    g_autofree char *upper = g_ascii_strup(GUEST_MAC, -1);

    assert_reply(GUEST_ADDRESS6, TRUE);
    assert_reply(GUEST_ADDRESS, TRUE);
    found = nmm_neighbour_lookup("host0", upper, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, GUEST_ADDRESS);

    g_assert_null(nmm_neighbour_lookup("host0", "52:00:00:00:00:01", &error));
    g_assert_no_error(error);
    g_assert_null(nmm_neighbour_lookup("none0", GUEST_MAC, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    set_up();
    g_test_add_func("/link/routes", test_routes);
    g_test_add_func("/link/probe", test_probe);
    g_test_add_func("/link/probe/time-limit", test_probe_time_limit);
    g_test_add_func("/link/probe/many", test_probe_many);
    g_test_add_func("/link/probe/old-entry", test_probe_old_entry);
    g_test_add_func("/link/probe/errors", test_probe_errors);
    g_test_add_func("/link/lookup", test_lookup);
    return g_test_run();
}
