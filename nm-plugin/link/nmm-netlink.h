/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnl at arm's length: a route socket, its errors as ours, clean-up functions. For this layer
 * alone.
 */

#pragma once

#include <gio/gio.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>

#include "nmm-subnet.h"

G_BEGIN_DECLS

typedef struct nl_sock NmmNlSock;
typedef struct nl_cache NmmNlCache;
typedef struct rtnl_neigh NmmNlNeigh;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlSock, nl_socket_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlCache, nl_cache_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlNeigh, rtnl_neigh_put)

NmmNlSock *nmm_netlink_connect(GError **error);
/* Sets @error from @code, a negative libnl error, and returns FALSE. @what: the call, for the
 * message. */
gboolean nmm_netlink_fail(int code, const char *what, GError **error);
/* FALSE where @addr is of another family than IPv4 and IPv6, or has no bytes. */
gboolean nmm_netlink_addr_to_cidr(struct nl_addr *addr, NmmCidr *out);

G_END_DECLS
