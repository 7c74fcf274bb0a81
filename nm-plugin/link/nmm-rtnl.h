/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The single requests that the host link is made of: one kernel object each, values in, values out.
 * For this layer alone.
 */

#pragma once

#include <netlink/route/addr.h>
#include <netlink/route/link.h>

#include "nmm-hostlink.h"
#include "nmm-netlink.h"

G_BEGIN_DECLS

typedef struct rtnl_link NmmNlLink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlLink, rtnl_link_put)

/* Returns: (transfer full) (nullable): NULL where there is none; with @error set where the kernel
 * did not say. */
NmmNlLink *nmm_rtnl_get_link(NmmNlSock *sock, const char *name, GError **error);
/* Down, mode bridge, on @parent. */
gboolean nmm_rtnl_add_macvtap(NmmNlSock *sock,
                              const char *name,
                              int parent,
                              const char *mac,
                              GError **error);
/* @ifalias: (nullable): is left alone. */
gboolean nmm_rtnl_change_link(NmmNlSock *sock,
                              const char *name,
                              const char *ifalias,
                              gboolean up,
                              GError **error);
/* TRUE where there is none. */
gboolean nmm_rtnl_delete_link(NmmNlSock *sock, int ifindex, GError **error);
/* The index of the link below it; 0 where there is none, or where it is in another network
 * namespace. */
int nmm_rtnl_get_parent(NmmNlLink *link);
/* (nullable): macvtap or macvlan in mode passthrough on @parent. */
char *nmm_rtnl_find_passthrough(NmmNlCache *links, int parent);
/* rtnetlink does not tell. @sysfs: "/sys" but in tests. */
gboolean nmm_rtnl_is_wireless(const char *sysfs, const char *name);

/* @is_ours: the kernel has one to that address that we made, which this one replaces; another's
 * stays as it is, and is an error. */
gboolean nmm_rtnl_add_route(NmmNlSock *sock,
                            int ifindex,
                            const NmmRoute *route,
                            gboolean is_ours,
                            GError **error);
gboolean nmm_rtnl_delete_route(NmmNlSock *sock, int ifindex, const NmmRoute *route, GError **error);
/*
 * What waits on @parent for an answer that will never come there: the kernel would fail a TCP
 * connection after 3 s, and sends nothing again while the first packet waits. It is let go, to be
 * lost on the wire; the next goes by the route.
 */
void nmm_rtnl_release_waiting(NmmNlSock *sock, int parent, const NmmRoute *route);

/* FALSE where it is tentative, duplicate or deprecated. */
gboolean nmm_rtnl_read_address(struct rtnl_addr *address, NmmCidr *out);
/* (element-type NmmCidr) and (element-type NmmHostlinkNeighbour) */
GArray *nmm_rtnl_list_addresses(NmmNlSock *sock, int ifindex, GError **error);
GArray *nmm_rtnl_list_neighbours(NmmNlSock *sock, int ifindex, GError **error);

G_END_DECLS
