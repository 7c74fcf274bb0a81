/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher's decision: what happened, how the host is and what is remembered give what is to
 * be done. A pure function; the helper carries it out.
 */

#pragma once

#include "nm-macvtap-action.h"
#include "nm-macvtap-memory.h"
#include "nm-macvtap-scene.h"

G_BEGIN_DECLS

typedef struct {
    GPtrArray *actions; /* (element-type NMMacvtapAction) */
    gboolean again;     /* look once more when these are done: something is on its way */
} NMMacvtapDecision;

/* @events: (element-type NMMacvtapSceneEvent), oldest first. @memory is brought up to date. */
NMMacvtapDecision *
nm_macvtap_decide(const GPtrArray *events, const NMMacvtapScene *scene, NMMacvtapMemory *memory);
void nm_macvtap_decision_free(NMMacvtapDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapDecision, nm_macvtap_decision_free)

G_END_DECLS
