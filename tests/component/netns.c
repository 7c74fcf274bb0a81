/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "netns.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/macvtap.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NETNS_SELF "/proc/thread-self/ns/net"

void
netns_check(int code, const char *what)
{
    if (code < 0)
        g_error("%s: %s", what, nl_geterror(code));
}

static void
check_errno(int code, const char *what)
{
    if (code < 0)
        g_error("%s: %s", what, g_strerror(errno));
}

struct nl_sock *
netns_connect(void)
{
    struct nl_sock *sock = nl_socket_alloc();

    netns_check(nl_connect(sock, NETLINK_ROUTE), "connect");
    return sock;
}

struct nl_addr *
netns_parse_address(const char *text)
{
    struct nl_addr *address;

    netns_check(nl_addr_parse(text, AF_UNSPEC, &address), text);
    return address;
}

int
netns_new(void)
{
    int previous = open(NETNS_SELF, O_RDONLY | O_CLOEXEC);
    int made;

    check_errno(previous, NETNS_SELF);
    check_errno(unshare(CLONE_NEWNET), "unshare");
    made = open(NETNS_SELF, O_RDONLY | O_CLOEXEC);
    check_errno(made, NETNS_SELF);
    netns_set_up("lo", TRUE);
    /* Addresses are usable at once, and the kernel sends nothing by itself. */
    netns_write_sysctl("net/ipv6/conf/default/accept_dad", "0");
    netns_write_sysctl("net/ipv6/conf/default/accept_ra", "0");
    netns_leave(previous);
    return made;
}

int
netns_enter(int ns)
{
    int previous = open(NETNS_SELF, O_RDONLY | O_CLOEXEC);

    check_errno(previous, NETNS_SELF);
    check_errno(setns(ns, CLONE_NEWNET), "setns");
    return previous;
}

void
netns_leave(int previous)
{
    check_errno(setns(previous, CLONE_NEWNET), "setns");
    close(previous);
}

struct rtnl_link *
netns_get_link(const char *name)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_link *link;

    netns_check(rtnl_link_get_kernel(sock, 0, name, &link), name);
    nl_socket_free(sock);
    return link;
}

static void
change_link(const char *name, struct rtnl_link *change)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_link *link = netns_get_link(name);

    netns_check(rtnl_link_change(sock, link, change, 0), name);
    rtnl_link_put(link);
    rtnl_link_put(change);
    nl_socket_free(sock);
}

void
netns_set_up(const char *name, gboolean up)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (up)
        rtnl_link_set_flags(change, IFF_UP);
    else
        rtnl_link_unset_flags(change, IFF_UP);
    change_link(name, change);
}

void
netns_set_mac(const char *name, const char *mac)
{
    struct rtnl_link *change = rtnl_link_alloc();
    struct nl_addr *address = netns_parse_address(mac);

    rtnl_link_set_addr(change, address);
    nl_addr_put(address);
    change_link(name, change);
}

void
netns_set_ifalias(const char *name, const char *ifalias)
{
    struct rtnl_link *change = rtnl_link_alloc();

    rtnl_link_set_ifalias(change, ifalias);
    change_link(name, change);
}

void
netns_set_master(const char *name, const char *master)
{
    struct rtnl_link *change = rtnl_link_alloc();

    rtnl_link_set_master(change, (int)if_nametoindex(master));
    change_link(name, change);
}

static void
add_link(struct rtnl_link *link, const char *name)
{
    struct nl_sock *sock = netns_connect();

    rtnl_link_set_name(link, name);
    netns_check(rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL), name);
    rtnl_link_put(link);
    nl_socket_free(sock);
}

static void
move_and_set_up(const char *name, int ns)
{
    struct rtnl_link *change;
    int previous;

    if (ns < 0) {
        netns_set_up(name, TRUE);
        return;
    }
    change = rtnl_link_alloc();
    rtnl_link_set_ns_fd(change, ns);
    change_link(name, change);
    previous = netns_enter(ns);
    netns_set_up(name, TRUE);
    netns_leave(previous);
}

void
netns_add_veth(const char *name, const char *peer, int peer_ns)
{
    struct rtnl_link *link = rtnl_link_veth_alloc();
    struct rtnl_link *other = rtnl_link_veth_get_peer(link);

    rtnl_link_set_name(other, peer);
    rtnl_link_put(other);
    add_link(link, name);
    netns_set_up(name, TRUE);
    move_and_set_up(peer, peer_ns);
}

void
netns_add_bridge(const char *name)
{
    add_link(rtnl_link_bridge_alloc(), name);
    netns_set_up(name, TRUE);
}

void
netns_add_macvtap(const char *name, const char *parent, const char *mode, const char *mac, int ns)
{
    struct rtnl_link *link = rtnl_link_macvtap_alloc();

    rtnl_link_set_link(link, (int)if_nametoindex(parent));
    rtnl_link_macvtap_set_mode(link, rtnl_link_macvtap_str2mode(mode));
    if (mac) {
        struct nl_addr *address = netns_parse_address(mac);

        rtnl_link_set_addr(link, address);
        nl_addr_put(address);
    }
    add_link(link, name);
    move_and_set_up(name, ns);
}

/* "243:7", of the character device. */
static dev_t
read_device_number(const char *sys, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("%s/class/net/%s/macvtap/tap%u/dev", sys, name, if_nametoindex(name));
    g_autofree char *text = NULL;
    guint major, minor;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpint(sscanf(text, "%u:%u", &major, &minor), ==, 2);
    return makedev(major, minor);
}

int
netns_open_macvtap(int ns, const char *name)
{
    g_autofree char *sys = g_dir_make_tmp("sys-XXXXXX", NULL);
    g_autofree char *node = g_strconcat(sys, "-node", NULL);
    int previous = netns_enter(ns);
    int fd;

    check_errno(mount("sysfs", sys, "sysfs", 0, NULL), sys);
    check_errno(mknod(node, S_IFCHR | 0600, read_device_number(sys, name)), node);
    check_errno(umount2(sys, MNT_DETACH), sys);
    netns_leave(previous);
    fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    check_errno(fd, node);
    g_unlink(node);
    g_rmdir(sys);
    return fd;
}

void
netns_add_altname(const char *name, const char *altname)
{
    const struct ifinfomsg info = {.ifi_index = (int)if_nametoindex(name)};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL);
    struct nl_sock *sock = netns_connect();
    struct nlattr *list;

    netns_check(nlmsg_append(message, (void *)&info, sizeof(info), NLMSG_ALIGNTO), altname);
    list = nla_nest_start(message, IFLA_PROP_LIST | NLA_F_NESTED);
    netns_check(nla_put_string(message, IFLA_ALT_IFNAME, altname), altname);
    nla_nest_end(message, list);
    netns_check(nl_send_sync(sock, message), altname);
    nl_socket_free(sock);
}

void
netns_delete(const char *name)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_link *link = netns_get_link(name);

    netns_check(rtnl_link_delete(sock, link), name);
    rtnl_link_put(link);
    nl_socket_free(sock);
}

static struct rtnl_addr *
make_address(const char *name, const char *text)
{
    struct rtnl_addr *address = rtnl_addr_alloc();
    struct nl_addr *local = netns_parse_address(text);

    rtnl_addr_set_ifindex(address, (int)if_nametoindex(name));
    netns_check(rtnl_addr_set_local(address, local), text);
    if (nl_addr_get_family(local) == AF_INET6)
        rtnl_addr_set_flags(address, IFA_F_NODAD);
    nl_addr_put(local);
    return address;
}

void
netns_add_address(const char *name, const char *text)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_addr *address = make_address(name, text);

    netns_check(rtnl_addr_add(sock, address, NLM_F_CREATE | NLM_F_REPLACE), text);
    rtnl_addr_put(address);
    nl_socket_free(sock);
}

void
netns_add_lifetime_address(const char *name, const char *text, const char *peer, guint preferred_s)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_addr *address = make_address(name, text);
    struct nl_addr *peer_address = peer ? netns_parse_address(peer) : NULL;

    if (peer)
        netns_check(rtnl_addr_set_peer(address, peer_address), peer);
    rtnl_addr_set_preferred_lifetime(address, preferred_s);
    rtnl_addr_set_valid_lifetime(address, preferred_s + 1000);
    netns_check(rtnl_addr_add(sock, address, NLM_F_CREATE | NLM_F_REPLACE), text);
    g_clear_pointer(&peer_address, nl_addr_put);
    rtnl_addr_put(address);
    nl_socket_free(sock);
}

void
netns_add_checked_address(const char *name, const char *text)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_addr *address = make_address(name, text);
    g_autofree char *accept_dad = g_strdup_printf("net/ipv6/conf/%s/accept_dad", name);
    g_autofree char *transmits = g_strdup_printf("net/ipv6/conf/%s/dad_transmits", name);

    netns_write_sysctl(accept_dad, "1");
    netns_write_sysctl(transmits, "1");
    rtnl_addr_unset_flags(address, IFA_F_NODAD);
    netns_check(rtnl_addr_add(sock, address, NLM_F_CREATE), text);
    rtnl_addr_put(address);
    nl_socket_free(sock);
}

gboolean
netns_is_duplicate(const char *name, const char *text)
{
    struct nl_sock *sock = netns_connect();
    struct nl_addr *local = netns_parse_address(text);
    struct nl_cache *cache = NULL;
    struct rtnl_addr *address;
    gboolean duplicate;

    netns_check(rtnl_addr_alloc_cache(sock, &cache), "list addresses");
    address = rtnl_addr_get(cache, (int)if_nametoindex(name), local);
    duplicate = address && (rtnl_addr_get_flags(address) & IFA_F_DADFAILED) != 0;
    g_clear_pointer(&address, rtnl_addr_put);
    nl_cache_free(cache);
    nl_addr_put(local);
    nl_socket_free(sock);
    return duplicate;
}

char *
netns_get_source(const char *text)
{
    struct nl_sock *sock = netns_connect();
    struct nl_addr *address = netns_parse_address(text);
    struct rtnl_route *route = NULL;
    char source[INET6_ADDRSTRLEN + 4] = "";

    netns_check(rtnl_route_lookup(sock, address, &route), text);
    if (rtnl_route_get_pref_src(route))
        nl_addr2str(rtnl_route_get_pref_src(route), source, sizeof(source));
    rtnl_route_put(route);
    nl_addr_put(address);
    nl_socket_free(sock);
    return *source ? g_strdup(source) : NULL;
}

void
netns_remove_address(const char *name, const char *text)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_addr *address = make_address(name, text);

    netns_check(rtnl_addr_delete(sock, address, 0), text);
    rtnl_addr_put(address);
    nl_socket_free(sock);
}

static char *
mac_to_string(struct nl_addr *address)
{
    char text[64];

    return address ? g_strdup(nl_addr2str(address, text, sizeof(text))) : NULL;
}

static struct nl_cache *
list_neighbours(struct nl_sock *sock)
{
    struct nl_cache *cache;

    netns_check(rtnl_neigh_alloc_cache(sock, &cache), "list neighbours");
    return cache;
}

/* (transfer full) (nullable): "52:…" */
static char *
read_neighbour(const char *name, const char *text, gboolean *out_permanent)
{
    struct nl_sock *sock = netns_connect();
    struct nl_cache *cache = list_neighbours(sock);
    struct nl_addr *address = netns_parse_address(text);
    struct rtnl_neigh *neighbour = rtnl_neigh_get(cache, (int)if_nametoindex(name), address);
    char *mac = NULL;

    if (neighbour) {
        mac = mac_to_string(rtnl_neigh_get_lladdr(neighbour));
        *out_permanent = rtnl_neigh_get_state(neighbour) == NUD_PERMANENT;
    }
    rtnl_neigh_put(neighbour);
    nl_addr_put(address);
    nl_cache_free(cache);
    nl_socket_free(sock);
    return mac;
}

char *
netns_get_neighbour(const char *name, const char *text)
{
    gboolean permanent;

    return read_neighbour(name, text, &permanent);
}

void
netns_add_neighbour(const char *name, const char *text, const char *mac)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_neigh *neighbour = rtnl_neigh_alloc();
    struct nl_addr *address = netns_parse_address(text);
    struct nl_addr *lladdr = NULL;

    netns_check(nl_addr_parse(mac, AF_LLC, &lladdr), mac);
    rtnl_neigh_set_ifindex(neighbour, (int)if_nametoindex(name));
    rtnl_neigh_set_dst(neighbour, address);
    rtnl_neigh_set_lladdr(neighbour, lladdr);
    rtnl_neigh_set_state(neighbour, NUD_PERMANENT);
    netns_check(rtnl_neigh_add(sock, neighbour, NLM_F_CREATE | NLM_F_REPLACE), text);
    nl_addr_put(lladdr);
    nl_addr_put(address);
    rtnl_neigh_put(neighbour);
    nl_socket_free(sock);
}

void
netns_flush_neighbours(const char *name)
{
    struct nl_sock *sock = netns_connect();
    struct nl_cache *cache = list_neighbours(sock);
    struct nl_object *object;

    for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
        struct rtnl_neigh *neighbour = (struct rtnl_neigh *)object;

        if (rtnl_neigh_get_ifindex(neighbour) == (int)if_nametoindex(name))
            rtnl_neigh_delete(sock, neighbour, 0);
    }
    nl_cache_free(cache);
    nl_socket_free(sock);
}

char *
netns_get_mac(const char *name)
{
    struct rtnl_link *link = netns_get_link(name);
    char *mac = mac_to_string(rtnl_link_get_addr(link));

    rtnl_link_put(link);
    return mac;
}

char *
netns_describe_link(const char *name)
{
    struct nl_sock *sock = netns_connect();
    struct rtnl_link *link = NULL;
    char *text = NULL;

    if (rtnl_link_get_kernel(sock, 0, name, &link) == 0) {
        g_autofree char *mac = mac_to_string(rtnl_link_get_addr(link));
        const char *ifalias = rtnl_link_get_ifalias(link);
        char parent[IF_NAMESIZE] = "";

        g_assert_cmpint(rtnl_link_macvtap_get_mode(link), ==, rtnl_link_macvtap_str2mode("bridge"));
        if_indextoname((unsigned int)rtnl_link_get_link(link), parent);
        text = g_strdup_printf("%s %s %s %s",
                               parent,
                               rtnl_link_get_flags(link) & IFF_UP ? "up" : "down",
                               mac,
                               ifalias ? ifalias : "-");
        rtnl_link_put(link);
    }
    nl_socket_free(sock);
    return text;
}

/* The kernel's order is arbitrary; as text the routes of the tests sort by address. */
static int
compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
describe_route(struct rtnl_route *route, const char *name)
{
    struct nl_addr *to = rtnl_route_get_dst(route);
    struct nl_addr *from = rtnl_route_get_pref_src(route);
    char to_text[64];
    char from_text[64] = "-";
    gboolean permanent = FALSE;
    g_autofree char *mac = NULL;

    nl_addr2str(to, to_text, sizeof(to_text));
    mac = read_neighbour(name, to_text, &permanent);
    g_assert_true(permanent);
    if (from) {
        nl_addr2str(from, from_text, sizeof(from_text));
        from_text[strcspn(from_text, "/")] = '\0';
    }
    return g_strdup_printf(
        "%s/%u src %s at %s\n", to_text, nl_addr_get_prefixlen(to), from_text, mac ? mac : "-");
}

char *
netns_describe_routes(const char *name)
{
    struct nl_sock *sock = netns_connect();
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    struct nl_cache *cache;
    struct nl_object *object;

    netns_check(rtnl_route_alloc_cache(sock, AF_UNSPEC, 0, &cache), "list routes");
    for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;

        if (rtnl_route_get_table(route) == RT_TABLE_MAIN && rtnl_route_get_nnexthops(route) == 1 &&
            rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0)) == (int)if_nametoindex(name))
            g_ptr_array_add(lines, describe_route(route, name));
    }
    nl_cache_free(cache);
    nl_socket_free(sock);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("", (char **)lines->pdata);
}

void
netns_write_sysctl(const char *path, const char *value)
{
    g_autofree char *file = g_build_filename("/proc/sys", path, NULL);
    int fd = open(file, O_WRONLY | O_CLOEXEC);

    check_errno(fd, file);
    check_errno((int)write(fd, value, strlen(value)), file);
    close(fd);
}

char *
netns_read_sysctl(const char *path)
{
    g_autofree char *file = g_build_filename("/proc/sys", path, NULL);
    GError *error = NULL;
    char *value = NULL;

    g_file_get_contents(file, &value, NULL, &error);
    g_assert_no_error(error);
    return g_strstrip(value);
}
