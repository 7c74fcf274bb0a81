/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes and neighbours on the real kernel: a network namespace for the host, a second one, held by
 * a child process, for its neighbour, and a veth pair between them. Needs root.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/addr.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-reach.h"
#include "nm-macvtap-routes.h"

#define HOST_ADDRESS   "192.168.254.1"
#define GUEST_ADDRESS  "192.168.254.77"
#define GUEST_ADDRESS6 "fd00:1::77"
#define NOBODY_ADDRESS "192.168.254.78"
#define GUEST_MAC      "52:11:22:33:44:55"
#define TIMEOUT_MS     5000

static void
check_nl(int code)
{
    if (code < 0)
        g_error("libnl: %s", nl_geterror(code));
}

static struct nl_sock *
connect_route(void)
{
    struct nl_sock *sock = nl_socket_alloc();

    check_nl(nl_connect(sock, NETLINK_ROUTE));
    return sock;
}

static struct nl_addr *
parse_address(const char *text)
{
    struct nl_addr *addr;

    check_nl(nl_addr_parse(text, AF_UNSPEC, &addr));
    return addr;
}

static void
add_address(struct nl_sock *sock, const char *ifname, const char *text)
{
    struct rtnl_addr *address = rtnl_addr_alloc();
    struct nl_addr *local = parse_address(text);

    rtnl_addr_set_ifindex(address, (int)if_nametoindex(ifname));
    check_nl(rtnl_addr_set_local(address, local));
    /* No duplicate address detection: the address is of use at once. */
    if (nl_addr_get_family(local) == AF_INET6)
        rtnl_addr_set_flags(address, IFA_F_NODAD);
    check_nl(rtnl_addr_add(sock, address, NLM_F_REPLACE));
    nl_addr_put(local);
    rtnl_addr_put(address);
}

static void
set_link(struct nl_sock *sock, const char *ifname, gboolean up, const char *mac, int pid)
{
    struct rtnl_link *link;
    struct rtnl_link *change = rtnl_link_alloc();

    check_nl(rtnl_link_get_kernel(sock, 0, ifname, &link));
    if (up)
        rtnl_link_set_flags(change, IFF_UP);
    else
        rtnl_link_unset_flags(change, IFF_UP);
    if (mac) {
        struct nl_addr *addr = parse_address(mac);

        rtnl_link_set_addr(change, addr);
        nl_addr_put(addr);
    }
    if (pid)
        rtnl_link_set_ns_pid(change, pid);
    check_nl(rtnl_link_change(sock, link, change, 0));
    rtnl_link_put(change);
    rtnl_link_put(link);
}

/* In the neighbour's namespace: 'u' for up, 'd' for down. */
static void
neighbour_obey(struct nl_sock *sock, char order)
{
    if (order == 'u') {
        set_link(sock, "guest0", TRUE, GUEST_MAC, 0);
        add_address(sock, "guest0", GUEST_ADDRESS "/24");
        add_address(sock, "guest0", GUEST_ADDRESS6 "/64");
    } else {
        set_link(sock, "guest0", FALSE, NULL, 0);
    }
}

typedef struct {
    pid_t pid;
    int orders;
    int answers;
} Neighbour;

static Neighbour neighbour;

static void
neighbour_main(int orders, int answers)
{
    struct nl_sock *sock;
    char order = 'r';

    if (unshare(CLONE_NEWNET) < 0)
        g_error("unshare: %s", g_strerror(errno));
    sock = connect_route();
    do {
        if (order != 'r')
            neighbour_obey(sock, order);
        if (write(answers, &order, 1) != 1)
            break;
    } while (read(orders, &order, 1) == 1);
    _exit(0);
}

static void
neighbour_wait(void)
{
    char answer;

    if (read(neighbour.answers, &answer, 1) != 1)
        g_error("the neighbour has died");
}

static void
neighbour_order(char order)
{
    g_assert_cmpint(write(neighbour.orders, &order, 1), ==, 1);
    neighbour_wait();
}

static void
neighbour_start(void)
{
    int orders[2];
    int answers[2];

    g_assert_cmpint(pipe(orders), ==, 0);
    g_assert_cmpint(pipe(answers), ==, 0);
    neighbour.pid = fork();
    g_assert_cmpint(neighbour.pid, >=, 0);
    if (neighbour.pid == 0) {
        close(orders[1]);
        close(answers[0]);
        neighbour_main(orders[0], answers[1]);
    }
    close(orders[0]);
    close(answers[1]);
    neighbour.orders = orders[1];
    neighbour.answers = answers[0];
    neighbour_wait();
}

static void
set_up(void)
{
    struct nl_sock *sock;

    if (unshare(CLONE_NEWNET) < 0)
        g_error("this test needs root: unshare: %s", g_strerror(errno));
    sock = connect_route();
    check_nl(rtnl_link_veth_add(sock, "host0", "guest0", getpid()));
    neighbour_start();
    set_link(sock, "guest0", FALSE, NULL, neighbour.pid);
    set_link(sock, "host0", TRUE, NULL, 0);
    add_address(sock, "host0", HOST_ADDRESS "/24");
    add_address(sock, "host0", "fd00:1::1/64");
    neighbour_order('u');
    nl_socket_free(sock);
}

static void
add_route(struct nl_sock *sock, const char *text, const char *ifname, int type, guint table)
{
    struct rtnl_route *route = rtnl_route_alloc();
    struct nl_addr *addr = parse_address(text);

    check_nl(rtnl_route_set_dst(route, addr));
    check_nl(rtnl_route_set_type(route, type));
    rtnl_route_set_table(route, table);
    rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
    if (ifname) {
        struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

        rtnl_route_set_scope(route, RT_SCOPE_LINK);
        rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(ifname));
        rtnl_route_add_nexthop(route, hop);
    }
    check_nl(rtnl_route_add(sock, route, 0));
    nl_addr_put(addr);
    rtnl_route_put(route);
}

static guint
count_used(GPtrArray *used, const char *what)
{
    guint n = 0;

    for (guint i = 0; i < used->len; i++) {
        const NMMacvtapUsedSubnet *subnet = g_ptr_array_index(used, i);

        n += g_str_equal(subnet->what, what);
    }
    return n;
}

static void
test_routes(void)
{
    g_autoptr(GPtrArray) used =
        g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_used_subnet_free);
    g_autoptr(GError) error = NULL;
    struct nl_sock *sock = connect_route();

    add_route(sock, "10.9.0.0/16", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    add_route(sock, "10.10.0.0/16", NULL, RTN_BLACKHOLE, RT_TABLE_MAIN);
    add_route(sock, "10.11.0.0/24", "host0", RTN_UNICAST, 51820);
    add_route(sock, "fd99::/48", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    add_route(sock, "0.0.0.0/0", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    add_route(sock, "169.254.0.0/16", "host0", RTN_UNICAST, RT_TABLE_MAIN);
    nl_socket_free(sock);

    g_assert_true(nm_macvtap_routes_collect(used, &error));
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
assert_answers(const char *address, gboolean expected)
{
    const char *addresses[] = {address, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) answered = NULL;

    answered = nm_macvtap_reach_probe("host0", addresses, TIMEOUT_MS, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(g_hash_table_lookup(answered, address), ==, expected ? GUEST_MAC : NULL);
}

static void
test_probe(void)
{
    const char *addresses[] = {GUEST_ADDRESS, NOBODY_ADDRESS, GUEST_ADDRESS6, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) answered = NULL;
    gint64 begin = g_get_monotonic_time();

    answered = nm_macvtap_reach_probe("host0", addresses, 60 * 1000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(answered), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(answered, GUEST_ADDRESS), ==, GUEST_MAC);
    g_assert_cmpstr(g_hash_table_lookup(answered, GUEST_ADDRESS6), ==, GUEST_MAC);
    /* The kernel has given up on the third after 3 s; nobody waits for the time limit. */
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 20 * G_USEC_PER_SEC);
}

static void
test_probe_time_limit(void)
{
    const char *addresses[] = {"192.168.254.79", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) answered = NULL;
    gint64 begin = g_get_monotonic_time();

    answered = nm_macvtap_reach_probe("host0", addresses, 200, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(answered), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * G_USEC_PER_SEC);
}

static void
test_probe_old_entry(void)
{
    struct nl_sock *sock = connect_route();
    struct rtnl_neigh *entry = rtnl_neigh_alloc();
    struct nl_addr *dst = parse_address(GUEST_ADDRESS);
    struct nl_addr *lladdr = parse_address(GUEST_MAC);

    rtnl_neigh_set_ifindex(entry, (int)if_nametoindex("host0"));
    rtnl_neigh_set_dst(entry, dst);
    rtnl_neigh_set_lladdr(entry, lladdr);
    rtnl_neigh_set_state(entry, NUD_STALE);
    check_nl(rtnl_neigh_add(sock, entry, NLM_F_CREATE | NLM_F_REPLACE));
    assert_answers(GUEST_ADDRESS, TRUE);

    /* The table says REACHABLE, for half a minute; the neighbour is gone all the same. */
    neighbour_order('d');
    set_link(sock, "host0", TRUE, NULL, 0);
    rtnl_neigh_set_state(entry, NUD_REACHABLE);
    check_nl(rtnl_neigh_add(sock, entry, NLM_F_CREATE | NLM_F_REPLACE));
    assert_answers(GUEST_ADDRESS, FALSE);
    neighbour_order('u');
    assert_answers(GUEST_ADDRESS, TRUE);

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

    g_assert_null(nm_macvtap_reach_probe("none0", addresses, 10, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'none0'"));
    g_clear_error(&error);
    g_assert_null(nm_macvtap_reach_probe("host0", no_addresses, 10, &error));
    g_assert_nonnull(error);
}

static void
test_lookup(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;
    g_autofree char *upper = g_ascii_strup(GUEST_MAC, -1);

    assert_answers(GUEST_ADDRESS6, TRUE);
    assert_answers(GUEST_ADDRESS, TRUE);
    found = nm_macvtap_reach_lookup("host0", upper, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, GUEST_ADDRESS);

    g_assert_null(nm_macvtap_reach_lookup("host0", "52:00:00:00:00:01", &error));
    g_assert_no_error(error);
    g_assert_null(nm_macvtap_reach_lookup("none0", GUEST_MAC, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    set_up();
    g_test_add_func("/link/routes", test_routes);
    g_test_add_func("/link/probe", test_probe);
    g_test_add_func("/link/probe/time-limit", test_probe_time_limit);
    g_test_add_func("/link/probe/old-entry", test_probe_old_entry);
    g_test_add_func("/link/probe/errors", test_probe_errors);
    g_test_add_func("/link/lookup", test_lookup);
    result = g_test_run();
    close(neighbour.orders);
    waitpid(neighbour.pid, NULL, 0);
    return result;
}
