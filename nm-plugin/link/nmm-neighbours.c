/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-neighbours.h"

#include <net/if.h>

static gboolean
has_mac_of(struct rtnl_neigh *neighbour)
{
    const int known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

    return (rtnl_neigh_get_state(neighbour) & known) != 0 && rtnl_neigh_get_lladdr(neighbour);
}

static gboolean
is_known(NmmNlCache *neighbours, int ifindex, struct nl_addr *address)
{
    g_autoptr(NmmNlNeigh) neighbour = rtnl_neigh_get(neighbours, ifindex, address);

    return neighbour && has_mac_of(neighbour);
}

/* Another device keeps what it knows, which may be permanent. */
void
nmm_neighbours_add(NmmNlSock *sock, NmmNlCache *neighbours, int from, int to)
{
    for (struct nl_object *object = nl_cache_get_first(neighbours); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_neigh *neighbour = (struct rtnl_neigh *)object;
        g_autoptr(NmmNlNeigh) copy = NULL;
        int state = rtnl_neigh_get_state(neighbour);

        if (rtnl_neigh_get_ifindex(neighbour) != from || !has_mac_of(neighbour) ||
            (from != to && is_known(neighbours, to, rtnl_neigh_get_dst(neighbour))))
            continue;
        copy = (NmmNlNeigh *)nl_object_clone(object);
        rtnl_neigh_set_ifindex(copy, to);
        if (from != to || (state & (NUD_DELAY | NUD_PROBE)) != 0) {
            rtnl_neigh_unset_state(copy, state);
            rtnl_neigh_set_state(copy, NUD_STALE);
        }
        rtnl_neigh_add(sock, copy, NLM_F_CREATE | NLM_F_REPLACE);
    }
}

void
nmm_neighbours_copy(const char *from, const char *to)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(NULL);
    g_autoptr(NmmNlCache) neighbours =
        sock ? nmm_dump_cache(sock, NMM_DUMP_NEIGHBOURS, NULL) : NULL;

    if (neighbours)
        nmm_neighbours_add(sock, neighbours, (int)if_nametoindex(from), (int)if_nametoindex(to));
}
