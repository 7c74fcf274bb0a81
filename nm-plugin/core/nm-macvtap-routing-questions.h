/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions that the routing decision wants on the wire, and no more of them than the wire is
 * to bear.
 */

#pragma once

#include "nm-macvtap-routing-entries.h"

G_BEGIN_DECLS

typedef struct {
    GArray *waiting;     /* (element-type NMMacvtapQuestion): to be taken */
    gint64 budget_since; /* in ms: when the second began … */
    guint budget_used;   /* … and what was asked in it */
} NMMacvtapRoutingQuestions;

typedef enum {
    NM_MACVTAP_ASKED,
    NM_MACVTAP_TOO_MANY_QUESTIONS, /* in this second */
    NM_MACVTAP_CANNOT_ASK,         /* the host has no business with the address now */
} NMMacvtapAskResult;

void nm_macvtap_routing_questions_init(NMMacvtapRoutingQuestions *self);
void nm_macvtap_routing_questions_clear(NMMacvtapRoutingQuestions *self);

/* @mac: 0 asks the LAN, and @entry notes when. */
NMMacvtapAskResult nm_macvtap_routing_questions_ask(NMMacvtapRoutingQuestions *self,
                                                    const NMMacvtapRoutingHost *host,
                                                    NMMacvtapRoutingEntry *entry,
                                                    NMMacvtapMacKey mac,
                                                    gint64 now_ms);
/* (transfer full) (element-type NMMacvtapQuestion): in order. */
GArray *nm_macvtap_routing_questions_take(NMMacvtapRoutingQuestions *self);

G_END_DECLS
