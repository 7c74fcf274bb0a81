/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges an address by the host's configuration: whether it may be routed to a guest, and with
 * which of the host's addresses as source. Knows no guests, claims or time.
 */

#pragma once

#include "nmm-rejection.h"
#include "nmm-cidr.h"

G_BEGIN_DECLS

/* One of the addresses of the parent, as the kernel has it. */
typedef struct {
    NmmCidr cidr;
    NmmCidr subnet;      /* what is on-link by it: the same, or that of its peer */
    gboolean secondary;  /* IPv4: another one of the same subnet came first; IPv6: temporary */
    gboolean deprecated; /* its preferred lifetime is over */
} NmmRoutingAddress;

gboolean nmm_routing_address_equal(const NmmRoutingAddress *a, const NmmRoutingAddress *b);

/* Every array may be NULL for none. Addresses of single hosts have prefix 32 or 128. */
typedef struct {
    GArray *addresses; /* (element-type NmmRoutingAddress): the parent's */
    GArray *onlink;    /* (element-type NmmCidr): further on-link prefixes of the parent */
    GArray *own;       /* (element-type NmmCidr): the host's addresses on other devices */
    GArray *gateways;  /* (element-type NmmCidr): in use */
    GArray *servers;   /* (element-type NmmCidr): DNS servers in use */
    GArray *trusted; /* (element-type NmmCidr): prefixes in which a guest may have what a gateway or
                        DNS server has, and what is off-link */
    GArray *peers;   /* (element-type NmmCidr): prefixes in which a peer may have addresses */
} NmmRoutingHost;

/* A deep copy without NULL arrays; free it with clear(). */
void nmm_routing_host_copy(NmmRoutingHost *out, const NmmRoutingHost *host);
void nmm_routing_host_clear(NmmRoutingHost *host);

/* The unicast address of one host, valid beyond its link: not link-local, loopback, multicast … */
gboolean nmm_routing_is_routable(const NmmCidr *address);

typedef enum {
    NMM_VERDICT_GOOD,
    NMM_VERDICT_NO_MATTER, /* the host has no address of that family, or peers are not served */
    NMM_VERDICT_REJECTED,
} NmmVerdict;

/* The host solicits @address itself. @host: a copy. */
gboolean nmm_routing_host_is_onlink(const NmmRoutingHost *host, const NmmCidr *address);
/* @host: a copy. @address: routable. @out_source: (nullable): set unless NO_MATTER: the parent's
 * address that the kernel would choose. @out_reason: set with REJECTED. */
NmmVerdict nmm_routing_host_judge(const NmmRoutingHost *host,
                                  const NmmCidr *address,
                                  NmmCidr *out_source,
                                  NmmRejectionReason *out_reason);
/* Whether peers are served at @address. */
gboolean nmm_routing_host_has_peers_at(const NmmRoutingHost *host, const NmmCidr *address);
/* The same as judge() for a peer, for which no address is trusted. */
NmmVerdict nmm_routing_host_judge_peer(const NmmRoutingHost *host,
                                       const NmmCidr *address,
                                       NmmCidr *out_source,
                                       NmmRejectionReason *out_reason);

G_END_DECLS
