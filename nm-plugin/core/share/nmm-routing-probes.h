/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions that the routing decision wants on the wire, and no more of them than the wire is
 * to bear.
 */

#pragma once

#include "nmm-routing-entries.h"

G_BEGIN_DECLS

typedef struct {
    GArray *waiting;     /* (element-type NmmProbe): to be taken */
    gint64 budget_since; /* in ms: when the second began … */
    guint budget_used;   /* … and what was asked in it */
} NmmRoutingProbes;

typedef enum {
    NMM_ASKED,
    NMM_TOO_MANY_QUESTIONS, /* in this second */
    NMM_CANNOT_ASK,         /* the host has no business with the address now */
} NmmAskResult;

void nmm_routing_probes_init(NmmRoutingProbes *self);
void nmm_routing_probes_clear(NmmRoutingProbes *self);

/* @mac: 0 asks the LAN, and @entry notes when. */
NmmAskResult nmm_routing_probes_ask(NmmRoutingProbes *self,
                                    const NmmRoutingHost *host,
                                    NmmRoutingEntry *entry,
                                    NmmMacKey mac,
                                    gint64 now_ms);
/* (transfer full) (element-type NmmProbe): in order. */
GArray *nmm_routing_probes_take(NmmRoutingProbes *self);

G_END_DECLS
