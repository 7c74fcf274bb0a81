/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of mode share: which addresses may never be routed to a guest, and which of the
 * host's own is the source for one that may.
 */

#pragma once

#include "nmm-rejection.h"
#include "nmm-subnet.h"

G_BEGIN_DECLS

/* What the host has; every array may be NULL for none. Host addresses have prefix 32 or 128. */
typedef struct {
    GArray *addresses; /* (element-type NmmCidr): the parent's, with their on-link prefixes */
    GArray *onlink;    /* (element-type NmmCidr): further on-link prefixes of the parent */
    GArray *own;       /* (element-type NmmCidr): the host's addresses on other devices */
    GArray *gateways;  /* (element-type NmmCidr): in use */
    GArray *servers;   /* (element-type NmmCidr): DNS servers in use */
} NmmRoutingHost;

/* A deep copy; free it with clear(). */
void nmm_routing_host_copy(NmmRoutingHost *out, const NmmRoutingHost *host);
void nmm_routing_host_clear(NmmRoutingHost *host);

/* One host's unicast address that a route makes sense for: not link-local, loopback, multicast … */
gboolean nmm_routing_is_routable(const NmmCidr *address);

typedef enum {
    NMM_VERDICT_GOOD,
    NMM_VERDICT_NO_MATTER, /* the host has no address of that family */
    NMM_VERDICT_REFUSED,   /* *@out_reason is set */
} NmmVerdict;

/* @out_source: (nullable): set with GOOD: the host address that has most in common with it. */
NmmVerdict nmm_routing_host_judge(const NmmRoutingHost *host,
                                  const NmmCidr *address,
                                  NmmCidr *out_source,
                                  NmmRejectionReason *out_reason);

G_END_DECLS
