/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the routing decision, and which guest holds or claims an entry of it. Private to
 * core/share.
 */

#pragma once

#include "nmm-routing-entries.h"

G_BEGIN_DECLS

struct _NmmRouting {
    NmmRoutingHost host;
    NmmKnownHosts known;
    NmmRoutingEntries entries;
    guint n_addresses; /* held and claimed */
    NmmRejections *reported;
    GHashTable *refusals; /* nmm-routing-refusal.h … */
    gint64 refusals_due;  /* … and when to look at the first of them */
    gint64 now;           /* of the last input that has a time */
    gint64 budget_since;  /* in ms: when the second began … */
    guint budget_used;    /* … and the probes in it */
    NmmRoutingWork *work; /* of the input in progress */
};

/* (nullable) (transfer none): the interface of a selected guest. */
NmmKnownNic *nmm_routing_find_nic(NmmRouting *self, NmmMacKey mac);
/* @nic: (nullable) */
gboolean nmm_routing_can_hold(const NmmKnownNic *nic);
/* Judges @address for the guest or peer with @nic, or, if that is NULL, for any guest. */
NmmVerdict nmm_routing_judge(const NmmRouting *self,
                             const NmmKnownNic *nic,
                             const NmmCidr *address,
                             NmmCidr *out_source,
                             NmmRejectionReason *out_reason);

/* The guest with @mac holds or claims one address more (+1) or less (-1). */
void nmm_routing_count(NmmRouting *self, NmmMacKey mac, int change);
void nmm_routing_drop_claimant(NmmRouting *self, NmmRoutingEntry *entry);
void nmm_routing_drop_holder(NmmRouting *self, NmmRoutingEntry *entry);

G_END_DECLS
