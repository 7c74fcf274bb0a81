/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses that the routing decision has before it, each with its deadlines. A bounded table
 * without opinions: what a deadline means is not known here.
 */

#pragma once

#include "nmm-known-hosts.h"

G_BEGIN_DECLS

/* All times: NMM_NEVER for none. */
typedef struct {
    NmmCidr address;
    NmmMacKey holder;       /* routed to, where the host can */
    gint64 since;           /* holder */
    gint64 heard_at;        /* holder */
    gint64 verify_until;    /* the holder must speak before, or loses the address */
    NmmMacKey claimant;     /* not believed yet */
    gint64 decide_at;       /* the claimant gets the address unless somebody speaks before */
    gint64 next_question;   /* while a claimant or a holder is in doubt */
    gint64 relay_at;        /* the host's own question is put to the guests */
    gint64 lan_asked_at;    /* -NMM_NEVER: not yet */
    gint64 lan_question_at; /* the LAN is asked once more, after somebody's claim */
} NmmRoutingEntry;

typedef struct {
    GHashTable *all;     /* &address → NmmRoutingEntry */
    GHashTable *pending; /* set of NmmRoutingEntry: those with a deadline */
} NmmRoutingEntries;

void nmm_routing_entries_init(NmmRoutingEntries *self);
void nmm_routing_entries_clear(NmmRoutingEntries *self);

/* (nullable) (transfer none) */
NmmRoutingEntry *nmm_routing_entries_find(const NmmRoutingEntries *self, const NmmCidr *address);
/* (nullable) (transfer none): NULL where there are too many. */
NmmRoutingEntry *
nmm_routing_entries_ensure(NmmRoutingEntries *self, const NmmCidr *address, gint64 now_ms);
/* To be called after every change of @entry's deadlines. */
void nmm_routing_entries_settle(NmmRoutingEntries *self, NmmRoutingEntry *entry);
/* NMM_NEVER: nothing is pending. */
gint64 nmm_routing_entries_get_deadline(const NmmRoutingEntries *self);
/* (transfer container) (element-type NmmRoutingEntry): by address. */
GPtrArray *nmm_routing_entries_list_due(const NmmRoutingEntries *self, gint64 now_ms);

G_END_DECLS
