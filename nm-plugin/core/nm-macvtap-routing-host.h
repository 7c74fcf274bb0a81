/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of mode share: which addresses may never be routed to a guest, and which of the
 * host's own is the source for one that may.
 */

#pragma once

#include "nm-macvtap-refusal.h"
#include "nm-macvtap-subnet.h"

G_BEGIN_DECLS

/* What the host has; every array may be NULL for none. Host addresses have prefix 32 or 128. */
typedef struct {
    GArray *addresses; /* (element-type NMMacvtapCidr): the parent's, with their on-link prefixes */
    GArray *onlink;    /* (element-type NMMacvtapCidr): further on-link prefixes of the parent */
    GArray *own;       /* (element-type NMMacvtapCidr): the host's addresses on other devices */
    GArray *gateways;  /* (element-type NMMacvtapCidr): in use */
    GArray *servers;   /* (element-type NMMacvtapCidr): DNS servers in use */
} NMMacvtapRoutingHost;

/* A deep copy; free it with clear(). */
void nm_macvtap_routing_host_copy(NMMacvtapRoutingHost *out, const NMMacvtapRoutingHost *host);
void nm_macvtap_routing_host_clear(NMMacvtapRoutingHost *host);

/* One host's unicast address that a route makes sense for: not link-local, loopback, multicast … */
gboolean nm_macvtap_routing_is_routable(const NMMacvtapCidr *address);

typedef enum {
    NM_MACVTAP_VERDICT_GOOD,
    NM_MACVTAP_VERDICT_NO_MATTER, /* the host has no address of that family */
    NM_MACVTAP_VERDICT_REFUSED,   /* *@out_reason is set */
} NMMacvtapVerdict;

/* @out_source: (nullable): set with GOOD: the host address that has most in common with it. */
NMMacvtapVerdict nm_macvtap_routing_host_judge(const NMMacvtapRoutingHost *host,
                                               const NMMacvtapCidr *address,
                                               NMMacvtapCidr *out_source,
                                               NMMacvtapRefusalReason *out_reason);

G_END_DECLS
