/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routes.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/route.h>

#include <glib/gi18n-lib.h>

#include "nmm-netlink.h"

/* Types that give the destination a meaning: traffic goes there, or must not. */
static gboolean
is_taking_type(int type)
{
    switch (type) {
    case RTN_UNICAST:
    case RTN_BLACKHOLE:
    case RTN_UNREACHABLE:
    case RTN_PROHIBIT:
    case RTN_THROW:
    case RTN_NAT:
        return TRUE;
    default:
        return FALSE;
    }
}

/* Every device has these, whatever its subnet. */
static gboolean
is_everywhere(const NmmCidr *cidr)
{
    if (nmm_cidr_is_default(cidr) || nmm_cidr_is_link_local(cidr))
        return TRUE;
    /* Multicast. */
    if (cidr->family == G_SOCKET_FAMILY_IPV4)
        return (cidr->bytes[0] & 0xf0) == 0xe0;
    return cidr->bytes[0] == 0xff;
}

/* (transfer full) (nullable): the first device of the route. */
static char *
get_device(struct rtnl_route *route)
{
    char name[IF_NAMESIZE];
    struct rtnl_nexthop *hop;

    if (rtnl_route_get_nnexthops(route) < 1)
        return NULL;
    hop = rtnl_route_nexthop_n(route, 0);
    if (!if_indextoname(rtnl_route_nh_get_ifindex(hop), name))
        return NULL;
    return g_strdup(name);
}

static void
collect_one(struct nl_object *object, gpointer user_data)
{
    struct rtnl_route *route = (struct rtnl_route *)object;
    GPtrArray *used = user_data;
    g_autofree char *network = NULL;
    g_autofree char *device = NULL;
    g_autofree char *what = NULL;
    NmmCidr cidr;

    if (rtnl_route_get_table(route) == RT_TABLE_LOCAL ||
        !is_taking_type(rtnl_route_get_type(route)) || (rtnl_route_get_flags(route) & RTM_F_CLONED))
        return;
    if (!nmm_netlink_addr_to_cidr(rtnl_route_get_dst(route), &cidr) || is_everywhere(&cidr))
        return;
    network = nmm_cidr_network_to_string(&cidr);
    device = get_device(route);
    what = device ? g_strdup_printf(_("route %s dev %s"), network, device)
                  : g_strdup_printf(_("route %s"), network);
    g_ptr_array_add(used, nmm_used_subnet_new(&cidr, what));
}

gboolean
nmm_routes_collect(GPtrArray *used, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlCache) routes = sock ? nmm_dump_cache(sock, NMM_DUMP_ROUTES, error) : NULL;

    if (!routes)
        return FALSE;
    nl_cache_foreach(routes, collect_one, used);
    return TRUE;
}
