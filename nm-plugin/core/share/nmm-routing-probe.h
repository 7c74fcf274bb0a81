/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which probes the routing decision sends, and how many of them in a second. Private to core/share.
 */

#pragma once

#include "nmm-routing-holder.h"

G_BEGIN_DECLS

typedef enum {
    NMM_PROBE_SENT,
    NMM_PROBE_OVER_BUDGET, /* too many in this second */
    NMM_PROBE_IMPOSSIBLE,  /* the host has no use for the address now */
} NmmProbeResult;

/* @mac: 0 probes the LAN. */
NmmProbeResult
nmm_routing_probe(NmmRouting *self, NmmRoutingEntry *entry, NmmMacKey mac, gint64 now);
/* The same for an address that need not be good; one of the host's own is never probed. */
NmmProbeResult
nmm_routing_probe_guest(NmmRouting *self, const NmmCidr *address, NmmMacKey mac, gint64 now);
void nmm_routing_probe_all_guests(NmmRouting *self, NmmRoutingEntry *entry, gint64 now);
/* Probes the guest that holds the address, otherwise the LAN. Silence counts only after a probe
 * that was sent. */
void nmm_routing_probe_in_doubt(NmmRouting *self, NmmRoutingEntry *entry, gint64 now);

G_END_DECLS
