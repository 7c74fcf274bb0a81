/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses that the routing decision has before it, each with its deadlines. A bounded table
 * without opinions: what a deadline means is not known here.
 */

#pragma once

#include "nm-macvtap-routing-stations.h"

G_BEGIN_DECLS

/* All times: NM_MACVTAP_NEVER for none. */
typedef struct {
    NMMacvtapCidr address;
    NMMacvtapMacKey holder;   /* routed to, where the host can */
    gint64 since;             /* holder */
    gint64 heard_at;          /* holder */
    gint64 verify_until;      /* the holder must speak before, or loses the address */
    NMMacvtapMacKey claimant; /* not believed yet */
    gint64 decide_at;         /* the claimant gets the address unless somebody speaks before */
    gint64 next_question;     /* while a claimant or a holder is in doubt */
    gint64 relay_at;          /* the host's own question is put to the guests */
    gint64 lan_asked_at;      /* -NM_MACVTAP_NEVER: not yet */
    gint64 lan_question_at;   /* the LAN is asked once more, after somebody's claim */
} NMMacvtapRoutingEntry;

typedef struct {
    GHashTable *all;     /* &address → NMMacvtapRoutingEntry */
    GHashTable *pending; /* set of NMMacvtapRoutingEntry: those with a deadline */
} NMMacvtapRoutingEntries;

void nm_macvtap_routing_entries_init(NMMacvtapRoutingEntries *self);
void nm_macvtap_routing_entries_clear(NMMacvtapRoutingEntries *self);

/* (nullable) (transfer none) */
NMMacvtapRoutingEntry *
nm_macvtap_routing_entries_find(const NMMacvtapRoutingEntries *self, const NMMacvtapCidr *address);
/* (nullable) (transfer none): NULL where there are too many. */
NMMacvtapRoutingEntry *nm_macvtap_routing_entries_ensure(NMMacvtapRoutingEntries *self,
                                                         const NMMacvtapCidr *address,
                                                         gint64 now_ms);
/* To be called after every change of @entry's deadlines. */
void nm_macvtap_routing_entries_settle(NMMacvtapRoutingEntries *self, NMMacvtapRoutingEntry *entry);
/* NM_MACVTAP_NEVER: nothing is pending. */
gint64 nm_macvtap_routing_entries_get_deadline(const NMMacvtapRoutingEntries *self);
/* (transfer container) (element-type NMMacvtapRoutingEntry): by address. */
GPtrArray *nm_macvtap_routing_entries_list_due(const NMMacvtapRoutingEntries *self, gint64 now_ms);

G_END_DECLS
