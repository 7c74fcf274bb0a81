/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single requests to the kernel, each about one object: values in, values out. Private to the
 * layer.
 */

#pragma once

#include <netlink/route/addr.h>

#include "nmm-hostlink.h"
#include "nmm-netlink.h"

G_BEGIN_DECLS

/* NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. */
NmmNlLink *nmm_rtnl_get_link(NmmNlSock *sock, const char *name, GError **error);
/* Down, mode bridge, on @parent. */
gboolean nmm_rtnl_add_macvtap(NmmNlSock *sock,
                              const char *name,
                              int parent,
                              const char *mac,
                              GError **error);
/* @ifalias: (nullable): NULL keeps it. */
gboolean nmm_rtnl_change_link(NmmNlSock *sock,
                              const char *name,
                              const char *ifalias,
                              gboolean up,
                              GError **error);

typedef struct {
    const char *name;
    const char *mac;
} NmmMacChange;

/* One after the other until one is refused, as fast as possible. Each link keeps its neighbours,
 * which the kernel forgets then. NMM_ERROR_UNSUPPORTED if the driver does not change the MAC of a
 * link that is up, or ignores it; NMM_ERROR_CONFLICT if the MAC is in use on that device. */
gboolean
nmm_rtnl_change_macs(NmmNlSock *sock, const NmmMacChange *changes, gsize n, GError **error);
/* Also TRUE if there is no such link. */
gboolean nmm_rtnl_delete_link(NmmNlSock *sock, int ifindex, GError **error);
/* The index of the link below; 0: none, or it is in another network namespace. */
int nmm_rtnl_get_parent(NmmNlLink *link);
/* (nullable) (transfer none): of a macvtap or macvlan, as libvirt calls it: "bridge", … */
const char *nmm_rtnl_get_macvtap_mode(NmmNlLink *link);
/* (transfer full) (nullable): the macvtap or macvlan in mode passthrough on @parent. */
char *nmm_rtnl_find_passthrough(NmmNlCache *links, int parent);
/* From sysfs, because rtnetlink has no such attribute. @sysfs: "/sys" except in tests. */
gboolean nmm_rtnl_is_wireless(const char *sysfs, const char *name);

/* @replace: this project made a route to that address, which this one replaces. Another program's
 * route stays, and is an error. */
gboolean nmm_rtnl_add_route(NmmNlSock *sock,
                            int ifindex,
                            const NmmRoute *route,
                            gboolean replace,
                            GError **error);
/* Also TRUE if there is none. */
gboolean nmm_rtnl_delete_route(NmmNlSock *sock, int ifindex, const NmmRoute *route, GError **error);
/*
 * Drops the packets that wait on @parent for a reply that never arrives there. The kernel would
 * fail a TCP connection after 3 s, and repeats nothing while the first packet waits. The next
 * packet takes the route.
 */
void nmm_rtnl_release_waiting(NmmNlSock *sock, int parent, const NmmRoute *route);

/* FALSE: it is tentative, duplicate or deprecated. */
gboolean nmm_rtnl_read_address(struct rtnl_addr *address, NmmCidr *out);
/* As nmm_hostlink_list_addresses() and nmm_hostlink_list_neighbours(). */
GArray *nmm_rtnl_list_addresses(NmmNlSock *sock, int ifindex, GError **error);
GArray *nmm_rtnl_list_neighbours(NmmNlSock *sock, int ifindex, GError **error);

G_END_DECLS
