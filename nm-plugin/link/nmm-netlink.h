/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this layer share for libnl: route sockets, errors, consistent dumps, conversion
 * of addresses, clean-up functions. Private to the layer.
 */

#pragma once

#include <gio/gio.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>

#include "nmm-cidr.h"

G_BEGIN_DECLS

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP (1 << 16)
#endif

typedef struct nl_sock NmmNlSock;
typedef struct nl_cache NmmNlCache;
typedef struct rtnl_link NmmNlLink;
typedef struct rtnl_neigh NmmNlNeigh;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlSock, nl_socket_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlCache, nl_cache_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlLink, rtnl_link_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNlNeigh, rtnl_neigh_put)

/* Acts on the network namespace of the calling thread. */
NmmNlSock *nmm_netlink_connect(GError **error);
/* (transfer full): a socket for the kernel's events, without groups; it does not block. */
NmmNlSock *
nmm_netlink_connect_events(nl_recvmsg_msg_cb_t message_cb, gpointer user_data, GError **error);
/* Sets NMM_ERROR_FAILED from @code, a negative libnl error, and returns FALSE. @what: the request,
 * for the message. */
gboolean nmm_netlink_fail(int code, const char *what, GError **error);

typedef enum {
    NMM_DUMP_LINKS,
    NMM_DUMP_ADDRESSES,
    NMM_DUMP_NEIGHBOURS,
    NMM_DUMP_BRIDGE_MACS,
    NMM_DUMP_ROUTES,
} NmmDumpTable;

#define NMM_DUMP_LAST NMM_DUMP_ROUTES

/* How often a table is read again because it changed during the dump. */
#define NMM_DUMP_TRIES 32

/* Every row of a table at one moment. @sock: a route socket without events. NMM_ERROR_FAILED, also
 * if the table changes during each of NMM_DUMP_TRIES dumps. */
/* (transfer full) (element-type nl_msg): in the kernel's order; for attributes that libnl's objects
 * lack. */
GPtrArray *nmm_dump_messages(NmmNlSock *sock, NmmDumpTable table, GError **error);
NmmNlCache *nmm_dump_parse(const GPtrArray *messages, NmmDumpTable table, GError **error);
NmmNlCache *nmm_dump_cache(NmmNlSock *sock, NmmDumpTable table, GError **error);

/* FALSE: @addr is NULL, no IP address, or incomplete. */
gboolean nmm_netlink_addr_to_cidr(const struct nl_addr *addr, NmmCidr *out);
/* (transfer full) (nullable): lower case. @addr: (nullable). */
char *nmm_netlink_addr_to_mac(const struct nl_addr *addr);

G_END_DECLS
