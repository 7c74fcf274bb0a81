/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the kernel about links, addresses, neighbours and routes, through libnl-route.
 */

#include "config.h"

#include "nmm-rtnl.h"

#include <glib/gi18n-lib.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/macvtap.h>
#include <netlink/route/route.h>

#include "nmm-error.h"
#include "nmm-neighbours.h"

typedef struct nl_addr NlAddr;
typedef struct rtnl_route NlRoute;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlAddr, nl_addr_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlRoute, rtnl_route_put)

static gboolean
fail_link(int code, const char *what, const char *name, GError **error)
{
    if (code == -NLE_NODEV || code == -NLE_OBJ_NOTFOUND)
        return nmm_fail(error, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), name);
    return nmm_netlink_fail(code, what, error);
}

NmmNlLink *
nmm_rtnl_get_link(NmmNlSock *sock, const char *name, GError **error)
{
    NmmNlLink *link = NULL;
    int code = rtnl_link_get_kernel(sock, 0, name, &link);

    if (code < 0)
        fail_link(code, "get link", name, error);
    return link;
}

gboolean
nmm_rtnl_add_macvtap(NmmNlSock *sock, const char *name, int parent, const char *mac, GError **error)
{
    g_autoptr(NmmNlLink) link = rtnl_link_macvtap_alloc();
    g_autoptr(NlAddr) address = NULL;
    int code = nl_addr_parse(mac, AF_LLC, &address);

    if (code < 0)
        return nmm_netlink_fail(code, "parse MAC", error);
    rtnl_link_set_name(link, name);
    rtnl_link_set_link(link, parent);
    /* udev's policy for random MACs leaves an address alone that was set. */
    rtnl_link_set_addr(link, address);
    rtnl_link_macvtap_set_mode(link, rtnl_link_macvtap_str2mode("bridge"));
    code = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
    /* The holder is in another network namespace, because the parent was checked before. */
    if (code == -NLE_BUSY || code == -NLE_INVAL)
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("the kernel cannot create a macvtap link because another device already uses the "
              "parent"));
    return code == 0 || nmm_netlink_fail(code, "add link", error);
}

gboolean
nmm_rtnl_change_link(NmmNlSock *sock,
                     const char *name,
                     const char *ifalias,
                     gboolean up,
                     GError **error)
{
    g_autoptr(NmmNlLink) link = nmm_rtnl_get_link(sock, name, error);
    g_autoptr(NmmNlLink) change = rtnl_link_alloc();
    int code;

    if (!link)
        return FALSE;
    if (ifalias)
        rtnl_link_set_ifalias(change, ifalias);
    if (up)
        rtnl_link_set_flags(change, IFF_UP);
    code = rtnl_link_change(sock, link, change, 0);
    return code == 0 || fail_link(code, "change link", name, error);
}

static gboolean
request_mac(NmmNlSock *sock, NmmNlLink *link, const char *mac, GError **error)
{
    g_autoptr(NmmNlLink) change = rtnl_link_alloc();
    g_autoptr(NlAddr) address = NULL;
    int code = nl_addr_parse(mac, AF_LLC, &address);

    if (code < 0)
        return nmm_netlink_fail(code, "parse MAC", error);
    rtnl_link_set_addr(change, address);
    code = rtnl_link_change(sock, link, change, 0);
    if (code == -NLE_BUSY || code == -NLE_OPNOTSUPP)
        return nmm_fail(error,
                        NMM_ERROR_UNSUPPORTED,
                        _("the driver of '%s' cannot change its MAC address while it is up: %s"),
                        rtnl_link_get_name(link),
                        nl_geterror(code));
    if (code == -NLE_EXIST)
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("the MAC address %s is in use on the parent of '%s'"),
                        mac,
                        rtnl_link_get_name(link));
    return code == 0 || fail_link(code, "change MAC", rtnl_link_get_name(link), error);
}

/* Some drivers report success without a change. */
static gboolean
has_mac(NmmNlSock *sock, const char *name, const char *mac, GError **error)
{
    g_autoptr(NmmNlLink) link = nmm_rtnl_get_link(sock, name, error);
    g_autofree char *now = link ? nmm_netlink_addr_to_mac(rtnl_link_get_addr(link)) : NULL;

    return link && (g_strcmp0(now, mac) == 0 ||
                    nmm_fail(error,
                             NMM_ERROR_UNSUPPORTED,
                             _("the driver of '%s' cannot change its MAC address"),
                             name));
}

/* TRUE without a request if the link has the MAC already. */
static gboolean
request_change(NmmNlSock *sock, NmmNlLink *link, const NmmMacChange *change, GError **error)
{
    g_autofree char *now = nmm_netlink_addr_to_mac(rtnl_link_get_addr(link));

    return g_strcmp0(now, change->mac) == 0 || request_mac(sock, link, change->mac, error);
}

/* (transfer full) (nullable) (element-type NmmNlLink) */
static GPtrArray *
get_links(NmmNlSock *sock, const NmmMacChange *changes, gsize n, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)rtnl_link_put);

    for (gsize i = 0; i < n; i++) {
        NmmNlLink *link = nmm_rtnl_get_link(sock, changes[i].name, error);

        if (!link)
            return NULL;
        g_ptr_array_add(links, link);
    }
    return g_steal_pointer(&links);
}

/* Without a gap: what arrives between two changes is lost, and a packet to an unknown neighbour
 * would show the LAN the new MAC. */
gboolean
nmm_rtnl_change_macs(NmmNlSock *sock, const NmmMacChange *changes, gsize n, GError **error)
{
    g_autoptr(NmmNlCache) neighbours = nmm_dump_cache(sock, NMM_DUMP_NEIGHBOURS, NULL);
    g_autoptr(GPtrArray) links = get_links(sock, changes, n, error);
    g_autoptr(GError) refused = NULL;
    gsize done = 0;

    if (!links)
        return FALSE;
    while (done < n && request_change(sock, links->pdata[done], &changes[done], &refused))
        done++;
    for (gsize i = 0; neighbours && i < n; i++) {
        int ifindex = rtnl_link_get_ifindex(links->pdata[i]);

        nmm_neighbours_add(sock, neighbours, ifindex, ifindex);
    }
    for (gsize i = 0; i < done; i++) {
        if (!has_mac(sock, changes[i].name, changes[i].mac, error))
            return FALSE;
    }
    if (refused)
        g_propagate_error(error, g_steal_pointer(&refused));
    return done == n;
}

gboolean
nmm_rtnl_delete_link(NmmNlSock *sock, int ifindex, GError **error)
{
    g_autoptr(NmmNlLink) link = rtnl_link_alloc();
    int code;

    rtnl_link_set_ifindex(link, ifindex);
    code = rtnl_link_delete(sock, link);
    if (code == 0 || code == -NLE_NODEV || code == -NLE_OBJ_NOTFOUND)
        return TRUE;
    return nmm_netlink_fail(code, "delete link", error);
}

int
nmm_rtnl_get_parent(NmmNlLink *link)
{
    int32_t namespace;

    /* The index is one of that namespace then, and here another link's or none's. */
    return rtnl_link_get_link_netnsid(link, &namespace) == 0 ? 0 : rtnl_link_get_link(link);
}

const char *
nmm_rtnl_get_macvtap_mode(NmmNlLink *link)
{
    uint32_t mode = 0;

    if (rtnl_link_is_macvtap(link))
        mode = rtnl_link_macvtap_get_mode(link);
    else if (rtnl_link_is_macvlan(link))
        mode = rtnl_link_macvlan_get_mode(link);
    switch (mode) {
    case MACVLAN_MODE_PRIVATE:
        return "private";
    case MACVLAN_MODE_VEPA:
        return "vepa";
    case MACVLAN_MODE_BRIDGE:
        return "bridge";
    case MACVLAN_MODE_PASSTHRU:
        return "passthrough";
    case MACVLAN_MODE_SOURCE:
        return "source";
    default:
        return NULL;
    }
}

static gboolean
is_passthrough(struct rtnl_link *link)
{
    return g_strcmp0(nmm_rtnl_get_macvtap_mode(link), "passthrough") == 0;
}

char *
nmm_rtnl_find_passthrough(NmmNlCache *links, int parent)
{

    for (struct nl_object *object = nl_cache_get_first(links); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_link *link = (struct rtnl_link *)object;

        if (nmm_rtnl_get_parent(link) == parent && is_passthrough(link))
            return g_strdup(rtnl_link_get_name(link));
    }
    return NULL;
}

gboolean
nmm_rtnl_is_wireless(const char *sysfs, const char *name)
{
    static const char *const marks[] = {"phy80211", "wireless"};

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *path = g_build_filename(sysfs, "class", "net", name, marks[i], NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return TRUE;
    }
    return FALSE;
}

static NlAddr *
make_address(const NmmCidr *cidr)
{
    gboolean is4 = cidr->family == G_SOCKET_FAMILY_IPV4;
    NlAddr *address = nl_addr_build(is4 ? AF_INET : AF_INET6, cidr->bytes, is4 ? 4 : 16);

    nl_addr_set_prefixlen(address, (int)cidr->prefix);
    return address;
}

static NmmNlNeigh *
make_neighbour(int ifindex, const NmmRoute *route, int state)
{
    g_autoptr(NlAddr) address = make_address(&route->address);
    g_autoptr(NlAddr) mac = nl_addr_build(AF_LLC, route->mac, sizeof(route->mac));
    NmmNlNeigh *neighbour = rtnl_neigh_alloc();

    rtnl_neigh_set_ifindex(neighbour, ifindex);
    rtnl_neigh_set_dst(neighbour, address);
    rtnl_neigh_set_lladdr(neighbour, mac);
    rtnl_neigh_set_state(neighbour, state);
    return neighbour;
}

static NlRoute *
make_route(int ifindex, const NmmRoute *route)
{
    g_autoptr(NlAddr) address = make_address(&route->address);
    g_autoptr(NlAddr) source = make_address(&route->source);
    struct rtnl_nexthop *nexthop = rtnl_route_nh_alloc();
    NlRoute *made = rtnl_route_alloc();

    rtnl_route_set_family(made, (uint8_t)nl_addr_get_family(address));
    rtnl_route_set_table(made, RT_TABLE_MAIN);
    rtnl_route_set_scope(made, RT_SCOPE_LINK);
    rtnl_route_set_protocol(made, RTPROT_STATIC);
    rtnl_route_set_priority(made, NMM_HOSTLINK_METRIC);
    rtnl_route_set_dst(made, address);
    rtnl_route_set_pref_src(made, source);
    rtnl_route_nh_set_ifindex(nexthop, ifindex);
    rtnl_route_add_nexthop(made, nexthop);
    return made;
}

gboolean
nmm_rtnl_add_route(NmmNlSock *sock,
                   int ifindex,
                   const NmmRoute *route,
                   gboolean replace,
                   GError **error)
{
    g_autoptr(NmmNlNeigh) neighbour = make_neighbour(ifindex, route, NUD_PERMANENT);
    g_autoptr(NlRoute) made = make_route(ifindex, route);
    int code;

    /* The neighbour first, so that no packet finds the route and the kernel asks for the MAC. */
    code = rtnl_neigh_add(sock, neighbour, NLM_F_CREATE | NLM_F_REPLACE);
    if (code < 0)
        return nmm_netlink_fail(code, "add neighbour", error);
    code = rtnl_route_add(sock, made, NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL));
    if (code == 0)
        return TRUE;
    nmm_netlink_fail(code, "add route", error);
    if (!replace)
        rtnl_neigh_delete(sock, neighbour, 0);
    if (error) {
        g_autofree char *address = nmm_cidr_address_to_string(&route->address);

        g_prefix_error(error, "%s: ", address);
    }
    return FALSE;
}

static gboolean
is_absent(int code)
{
    return code == -NLE_OBJ_NOTFOUND || code == -NLE_NODEV || code == -NLE_NOADDR;
}

gboolean
nmm_rtnl_delete_route(NmmNlSock *sock, int ifindex, const NmmRoute *route, GError **error)
{
    g_autoptr(NmmNlNeigh) neighbour = make_neighbour(ifindex, route, NUD_PERMANENT);
    g_autoptr(NlRoute) made = make_route(ifindex, route);
    int code = rtnl_route_delete(sock, made, 0);

    /* ESRCH: the kernel removed it together with the host's address. */
    if (code < 0 && !is_absent(code))
        return nmm_netlink_fail(code, "delete route", error);
    code = rtnl_neigh_delete(sock, neighbour, 0);
    if (code < 0 && !is_absent(code))
        return nmm_netlink_fail(code, "delete neighbour", error);
    return TRUE;
}

void
nmm_rtnl_release_waiting(NmmNlSock *sock, int parent, const NmmRoute *route)
{
    g_autoptr(NmmNlNeigh) neighbour = make_neighbour(parent, route, NUD_REACHABLE);

    /* Without NLM_F_CREATE: if nothing waits there is no entry, and none is made. */
    if (rtnl_neigh_add(sock, neighbour, NLM_F_REPLACE) == 0)
        rtnl_neigh_delete(sock, neighbour, 0);
}

/* @useless: flags, one of which is enough. */
static gboolean
read_address(struct rtnl_addr *address, unsigned int useless, NmmCidr *out)
{
    if ((rtnl_addr_get_flags(address) & useless) != 0 ||
        !nmm_netlink_addr_to_cidr(rtnl_addr_get_local(address), out))
        return FALSE;
    out->prefix = (guint)rtnl_addr_get_prefixlen(address);
    return TRUE;
}

gboolean
nmm_rtnl_read_address(struct rtnl_addr *address, NmmCidr *out)
{
    return read_address(address, IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED, out);
}

static gboolean
read_routing_address(struct rtnl_addr *address, NmmRoutingAddress *out)
{
    unsigned int flags = rtnl_addr_get_flags(address);

    if (!read_address(address, IFA_F_TENTATIVE | IFA_F_DADFAILED, &out->cidr))
        return FALSE;
    /* With a peer, the prefix is the peer's. */
    out->subnet = out->cidr;
    if (nmm_netlink_addr_to_cidr(rtnl_addr_get_peer(address), &out->subnet))
        out->subnet.prefix = out->cidr.prefix;
    out->secondary = (flags & IFA_F_SECONDARY) != 0; /* the same bit as IFA_F_TEMPORARY */
    out->deprecated = (flags & IFA_F_DEPRECATED) != 0;
    return TRUE;
}

GArray *
nmm_rtnl_list_addresses(NmmNlSock *sock, int ifindex, GError **error)
{
    g_autoptr(NmmNlCache) cache = nmm_dump_cache(sock, NMM_DUMP_ADDRESSES, error);
    GArray *addresses;

    if (!cache)
        return NULL;
    addresses = g_array_new(FALSE, FALSE, sizeof(NmmRoutingAddress));
    for (struct nl_object *object = nl_cache_get_first(cache); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        NmmRoutingAddress one;

        if (rtnl_addr_get_ifindex(address) == ifindex && read_routing_address(address, &one))
            g_array_append_val(addresses, one);
    }
    return addresses;
}

GArray *
nmm_rtnl_list_neighbours(NmmNlSock *sock, int ifindex, GError **error)
{
    const int reachable = NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
    g_autoptr(NmmNlCache) cache = nmm_dump_cache(sock, NMM_DUMP_NEIGHBOURS, error);
    GArray *neighbours;

    if (!cache)
        return NULL;
    neighbours = g_array_new(FALSE, TRUE, sizeof(NmmLanNeighbour));
    for (struct nl_object *object = nl_cache_get_first(cache); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_neigh *neigh = (struct rtnl_neigh *)object;
        struct nl_addr *mac = rtnl_neigh_get_lladdr(neigh);
        NmmLanNeighbour neighbour;

        if (rtnl_neigh_get_ifindex(neigh) != ifindex ||
            (rtnl_neigh_get_state(neigh) & reachable) == 0 || !mac ||
            nl_addr_get_len(mac) != NMM_MAC_BYTES ||
            !nmm_netlink_addr_to_cidr(rtnl_neigh_get_dst(neigh), &neighbour.address))
            continue;
        memcpy(neighbour.mac, nl_addr_get_binary_addr(mac), sizeof(neighbour.mac));
        g_array_append_val(neighbours, neighbour);
    }
    return neighbours;
}
