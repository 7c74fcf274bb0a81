/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnl at arm's length: a route socket, its errors as ours, clean-up functions. For this layer
 * alone.
 */

#pragma once

#include <gio/gio.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>

#include "nm-macvtap-subnet.h"

G_BEGIN_DECLS

typedef struct nl_sock NMMacvtapNlSock;
typedef struct nl_cache NMMacvtapNlCache;
typedef struct rtnl_neigh NMMacvtapNlNeigh;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapNlSock, nl_socket_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapNlCache, nl_cache_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapNlNeigh, rtnl_neigh_put)

NMMacvtapNlSock *nm_macvtap_netlink_connect(GError **error);
/* Sets @error from @code, a negative libnl error, and returns FALSE. @what: the call, for the
 * message. */
gboolean nm_macvtap_netlink_fail(int code, const char *what, GError **error);
/* FALSE where @addr is of another family than IPv4 and IPv6, or has no bytes. */
gboolean nm_macvtap_netlink_addr_to_cidr(struct nl_addr *addr, NMMacvtapCidr *out);

G_END_DECLS
