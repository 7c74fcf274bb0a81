/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four dumps of the kernel's tables (links, addresses, neighbours, routes), joined by interface.
 */

#include "config.h"

#include "nmm-links.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/route.h>
#include <unistd.h>

#include "nmm-rtnl.h"

/* The entry has a MAC. */
#define STATES_KNOWN (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

typedef struct {
    NmmNlSock *sock;
    const char *sysfs;
    GPtrArray *links;
    GHashTable *by_index; /* ifindex → NmmLink, borrowed */
    glong ticks;          /* of the kernel's clock in a second */
} Reader;

static void
read_link(Reader *reader, NmmNlCache *cache, struct rtnl_link *from)
{
    int ifindex = rtnl_link_get_ifindex(from);
    NmmLink *link = nmm_link_new(rtnl_link_get_name(from));
    g_autoptr(NmmNlLink) parent = rtnl_link_get(cache, nmm_rtnl_get_parent(from));
    g_autoptr(NmmNlLink) master = rtnl_link_get(cache, rtnl_link_get_master(from));

    link->kind = g_strdup(rtnl_link_get_type(from));
    link->mac = nmm_netlink_addr_to_mac(rtnl_link_get_addr(from));
    link->parent = parent ? g_strdup(rtnl_link_get_name(parent)) : NULL;
    link->macvtap_mode = g_strdup(nmm_rtnl_get_macvtap_mode(from));
    link->profile_uuid = g_strdup(nmm_hostlink_read_mark(rtnl_link_get_ifalias(from)));
    link->up = (rtnl_link_get_flags(from) & IFF_UP) != 0;
    link->carrier = (rtnl_link_get_flags(from) & IFF_LOWER_UP) != 0;
    link->ethernet = rtnl_link_get_arptype(from) == ARPHRD_ETHER;
    link->wireless = nmm_rtnl_is_wireless(reader->sysfs, link->name);
    if (master) {
        link->master = g_strdup(rtnl_link_get_name(master));
        link->master_kind = g_strdup(rtnl_link_get_type(master));
    }
    link->passthrough = nmm_rtnl_find_passthrough(cache, ifindex);
    g_hash_table_insert(reader->by_index, GINT_TO_POINTER(ifindex), link);
    g_ptr_array_add(reader->links, link);
}

static NmmLink *
find_link(Reader *reader, int ifindex)
{
    return g_hash_table_lookup(reader->by_index, GINT_TO_POINTER(ifindex));
}

/* libnl's objects lack them (seen with libnl 3.7). */
static void
read_altnames(Reader *reader, struct nlmsghdr *header)
{
    const struct nlattr *list = nlmsg_find_attr(header, sizeof(struct ifinfomsg), IFLA_PROP_LIST);
    const struct ifinfomsg *info = nlmsg_data(header);
    NmmLink *link = find_link(reader, info->ifi_index);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    struct nlattr *name;
    int rest;

    if (!link || !list || link->altnames)
        return;
    nla_for_each_nested(name, list, rest)
    {
        if (nla_type(name) == IFLA_ALT_IFNAME && nla_len(name) > 0)
            g_strv_builder_add(names, nla_get_string(name));
    }
    link->altnames = g_strv_builder_end(names);
}

static gboolean
read_links(Reader *reader, GError **error)
{
    g_autoptr(GPtrArray) messages = nmm_dump_messages(reader->sock, NMM_DUMP_LINKS, error);
    g_autoptr(NmmNlCache) cache = messages ? nmm_dump_parse(messages, NMM_DUMP_LINKS, error) : NULL;
    struct nl_object *object;

    if (!cache)
        return FALSE;
    for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object))
        read_link(reader, cache, (struct rtnl_link *)object);
    for (guint i = 0; i < messages->len; i++)
        read_altnames(reader, nlmsg_hdr(messages->pdata[i]));
    for (guint i = 0; i < reader->links->len; i++) {
        const NmmLink *port = g_ptr_array_index(reader->links, i);
        NmmLink *master = nmm_links_find(reader->links, port->master);

        if (master)
            master->n_ports++;
    }
    return TRUE;
}

static gboolean
read_addresses(Reader *reader, GError **error)
{
    g_autoptr(NmmNlCache) addresses = nmm_dump_cache(reader->sock, NMM_DUMP_ADDRESSES, error);
    struct nl_object *object;

    if (!addresses)
        return FALSE;
    for (object = nl_cache_get_first(addresses); object; object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        NmmLink *link = find_link(reader, rtnl_addr_get_ifindex(address));
        NmmCidr cidr;

        if (link && nmm_rtnl_read_address(address, &cidr))
            g_array_append_val(link->addresses, cidr);
    }
    return TRUE;
}

static gboolean
read_cidr(const struct nlattr *attribute, int family, NmmCidr *out)
{
    gboolean is_ip4 = family == AF_INET;

    if (!attribute || nla_len(attribute) != (is_ip4 ? 4 : 16))
        return FALSE;
    nmm_cidr_set_address(
        out, is_ip4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6, nla_data(attribute));
    return TRUE;
}

static void
read_neighbour(Reader *reader, const struct ndmsg *header, struct nlattr **attributes)
{
    NmmLink *link = find_link(reader, header->ndm_ifindex);
    const struct nlattr *lladdr = attributes[NDA_LLADDR];
    struct nda_cacheinfo info = {0};
    NmmCidr address;
    g_autofree char *mac = NULL;

    if (!link || (header->ndm_state & STATES_KNOWN) == 0 || !lladdr ||
        nla_len(lladdr) != NMM_MAC_BYTES ||
        !read_cidr(attributes[NDA_DST], header->ndm_family, &address))
        return;
    if (attributes[NDA_CACHEINFO])
        nla_memcpy(&info, attributes[NDA_CACHEINFO], sizeof(info));
    mac = nmm_mac_to_string(nla_data(lladdr));
    nmm_link_add_neighbour(link,
                           &address,
                           mac,
                           (header->ndm_state & NUD_PERMANENT) != 0,
                           (gint64)info.ndm_updated * 1000 / reader->ticks);
}

static void
read_neighbour_message(Reader *reader, struct nlmsghdr *header)
{
    struct nlattr *attributes[NDA_MAX + 1];
    const struct ndmsg *neighbour = nlmsg_data(header);

    if (header->nlmsg_type == RTM_NEWNEIGH && nlmsg_valid_hdr(header, sizeof(*neighbour)) &&
        (neighbour->ndm_family == AF_INET || neighbour->ndm_family == AF_INET6) &&
        nlmsg_parse(header, sizeof(*neighbour), attributes, NDA_MAX, NULL) == 0)
        read_neighbour(reader, neighbour, attributes);
}

static int
compare_neighbours(gconstpointer a, gconstpointer b)
{
    const NmmNeighbour *first = *(NmmNeighbour *const *)a;
    const NmmNeighbour *second = *(NmmNeighbour *const *)b;
    int rank = (int)nmm_cidr_get_rank(&second->address) - (int)nmm_cidr_get_rank(&first->address);

    return rank != 0 ? rank : nmm_cidr_compare_address(&first->address, &second->address);
}

/* From messages, because libnl's objects lack the age of an entry. */
static gboolean
read_neighbours(Reader *reader, GError **error)
{
    g_autoptr(GPtrArray) messages = nmm_dump_messages(reader->sock, NMM_DUMP_NEIGHBOURS, error);

    if (!messages)
        return FALSE;
    for (guint i = 0; i < messages->len; i++)
        read_neighbour_message(reader, nlmsg_hdr(messages->pdata[i]));
    for (guint i = 0; i < reader->links->len; i++)
        g_ptr_array_sort(((NmmLink *)g_ptr_array_index(reader->links, i))->neighbours,
                         compare_neighbours);
    return TRUE;
}

static void
mark_routed(NmmLink *link, struct rtnl_route *route)
{
    NmmCidr destination;

    if (!nmm_netlink_addr_to_cidr(rtnl_route_get_dst(route), &destination))
        return;
    for (guint i = 0; i < link->neighbours->len; i++) {
        NmmNeighbour *neighbour = g_ptr_array_index(link->neighbours, i);

        if (!nmm_cidr_equal(&neighbour->address, &destination))
            continue;
        neighbour->routed = TRUE;
        if (!nmm_netlink_addr_to_cidr(rtnl_route_get_pref_src(route), &neighbour->source))
            neighbour->source.prefix = 0;
    }
}

static gboolean
read_routes(Reader *reader, GError **error)
{
    g_autoptr(NmmNlCache) routes = nmm_dump_cache(reader->sock, NMM_DUMP_ROUTES, error);
    struct nl_object *object;

    if (!routes)
        return FALSE;
    for (object = nl_cache_get_first(routes); object; object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;
        struct rtnl_nexthop *nexthop = rtnl_route_nexthop_n(route, 0);
        NmmLink *link;

        if (!nexthop || rtnl_route_get_table(route) != RT_TABLE_MAIN)
            continue;
        link = find_link(reader, rtnl_route_nh_get_ifindex(nexthop));
        if (link)
            mark_routed(link, route);
    }
    return TRUE;
}

static GPtrArray *
read_all(NmmNlSock *sock, const char *sysfs, gboolean only_interfaces, GError **error)
{
    g_autoptr(GHashTable) by_index = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);
    Reader reader = {
        .sock = sock,
        .sysfs = sysfs,
        .links = links,
        .by_index = by_index,
        .ticks = sysconf(_SC_CLK_TCK),
    };

    if (!read_links(&reader, error))
        return NULL;
    if (!only_interfaces && (!read_addresses(&reader, error) || !read_neighbours(&reader, error) ||
                             !read_routes(&reader, error)))
        return NULL;
    return g_steal_pointer(&links);
}

GPtrArray *
nmm_links_read_interfaces(NmmNlSock *sock, const char *sysfs, GError **error)
{
    return read_all(sock, sysfs, TRUE, error);
}

GPtrArray *
nmm_links_read_devices(GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);

    return sock ? read_all(sock, "/sys", TRUE, error) : NULL;
}

GPtrArray *
nmm_links_read(const char *sysfs, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);

    return sock ? read_all(sock, sysfs, FALSE, error) : NULL;
}
