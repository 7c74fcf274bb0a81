/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses that the routing decision handles, each with its deadlines, and the routes of those
 * that a guest holds. A bounded table that decides nothing. Private to core/share.
 */

#pragma once

#include "nmm-known-hosts.h"

G_BEGIN_DECLS

/* All times: NMM_NEVER for none. */
typedef struct {
    NmmCidr address;
    NmmMacKey holder;      /* routed to this guest if the host can */
    gint64 since;          /* … it holds the address */
    gint64 heard_at;       /* holder */
    gint64 verify_until;   /* the holder loses the address unless it is heard before */
    NmmMacKey claimant;    /* not accepted yet */
    gint64 decide_at;      /* the claimant gets the address unless another host is heard before */
    gint64 next_probe_at;  /* while a claimant or a holder is in doubt */
    gint64 relay_at;       /* the host's own request is repeated to the guests */
    gint64 lan_probed_at;  /* -NMM_NEVER: not yet */
    gint64 lan_reprobe_at; /* a second probe of the LAN, after a claim heard on the link */
    gint64 deadline;       /* the first of these when the entry was settled */
} NmmRoutingEntry;

typedef struct {
    GHashTable *all;     /* &address → NmmRoutingEntry */
    GHashTable *pending; /* set of NmmRoutingEntry: those with a deadline */
    gint64 deadline;     /* the first of all … */
    gboolean stale;      /* … or an earlier one, of an entry that has changed */
    gint64 swept_at;     /* when idle entries were last removed */
} NmmRoutingEntries;

void nmm_routing_entries_init(NmmRoutingEntries *self);
void nmm_routing_entries_clear(NmmRoutingEntries *self);

/* (nullable) (transfer none) */
NmmRoutingEntry *nmm_routing_entries_find(const NmmRoutingEntries *self, const NmmCidr *address);
/* Finds or makes it. (nullable) (transfer none): NULL if there are too many. */
NmmRoutingEntry *
nmm_routing_entries_ensure(NmmRoutingEntries *self, const NmmCidr *address, gint64 now_ms);
/* Call it after every change of @entry's deadlines. */
void nmm_routing_entries_settle(NmmRoutingEntries *self, NmmRoutingEntry *entry);
/* The first of all; NMM_NEVER: nothing is pending. */
gint64 nmm_routing_entries_get_deadline(NmmRoutingEntries *self);
/* (transfer container) (element-type NmmRoutingEntry): sorted by address. */
GPtrArray *nmm_routing_entries_list_due(const NmmRoutingEntries *self, gint64 now_ms);

/* (transfer full) (element-type NmmRoute): one for each address that a guest holds and for which
 * the host has a source; sorted, guests' names are those of @known, which has every holder. */
GArray *nmm_routing_entries_list_routes(const NmmRoutingEntries *self,
                                        const NmmRoutingHost *host,
                                        const NmmKnownHosts *known);

G_END_DECLS
