/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The single requests that the host link is made of: one kernel object each, values in, values out.
 * For this layer alone.
 */

#pragma once

#include <netlink/route/addr.h>
#include <netlink/route/link.h>

#include "nm-macvtap-hostlink.h"
#include "nm-macvtap-netlink.h"

G_BEGIN_DECLS

typedef struct rtnl_link NMMacvtapNlLink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapNlLink, rtnl_link_put)

/* Returns: (transfer full) (nullable): NULL where there is none; with @error set where the kernel
 * did not say. */
NMMacvtapNlLink *nm_macvtap_rtnl_get_link(NMMacvtapNlSock *sock, const char *name, GError **error);
/* Down, mode bridge, on @parent. */
gboolean nm_macvtap_rtnl_add_macvtap(NMMacvtapNlSock *sock,
                                     const char *name,
                                     int parent,
                                     const char *mac,
                                     GError **error);
/* @ifalias: (nullable): is left alone. */
gboolean nm_macvtap_rtnl_change_link(NMMacvtapNlSock *sock,
                                     const char *name,
                                     const char *ifalias,
                                     gboolean up,
                                     GError **error);
/* TRUE where there is none. */
gboolean nm_macvtap_rtnl_delete_link(NMMacvtapNlSock *sock, int ifindex, GError **error);
/* The index of the link below it; 0 where there is none, or where it is in another network
 * namespace. */
int nm_macvtap_rtnl_get_parent(NMMacvtapNlLink *link);
/* (nullable): macvtap or macvlan in mode passthrough on @parent. */
char *nm_macvtap_rtnl_find_passthrough(NMMacvtapNlCache *links, int parent);
/* rtnetlink does not tell. @sysfs: "/sys" but in tests. */
gboolean nm_macvtap_rtnl_is_wireless(const char *sysfs, const char *name);

/* @is_ours: the kernel has one to that address that we made, which this one replaces; another's
 * stays as it is, and is an error. */
gboolean nm_macvtap_rtnl_add_route(NMMacvtapNlSock *sock,
                                   int ifindex,
                                   const NMMacvtapRoute *route,
                                   gboolean is_ours,
                                   GError **error);
gboolean nm_macvtap_rtnl_delete_route(NMMacvtapNlSock *sock,
                                      int ifindex,
                                      const NMMacvtapRoute *route,
                                      GError **error);
/*
 * What waits on @parent for an answer that will never come there: the kernel would fail a TCP
 * connection after 3 s, and sends nothing again while the first packet waits. It is let go, to be
 * lost on the wire; the next goes by the route.
 */
void
nm_macvtap_rtnl_release_waiting(NMMacvtapNlSock *sock, int parent, const NMMacvtapRoute *route);

/* FALSE where it is tentative, duplicate or deprecated. */
gboolean nm_macvtap_rtnl_read_address(struct rtnl_addr *address, NMMacvtapCidr *out);
/* (element-type NMMacvtapCidr) and (element-type NMMacvtapHostlinkNeighbour) */
GArray *nm_macvtap_rtnl_list_addresses(NMMacvtapNlSock *sock, int ifindex, GError **error);
GArray *nm_macvtap_rtnl_list_neighbours(NMMacvtapNlSock *sock, int ifindex, GError **error);

G_END_DECLS
