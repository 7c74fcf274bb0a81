/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher's decision: what happened, how the host is and what is remembered give what is to
 * be done. A pure function; the helper carries it out.
 */

#pragma once

#include "nmm-action.h"
#include "nmm-profile-state.h"
#include "nmm-scene.h"

G_BEGIN_DECLS

typedef struct {
    GPtrArray *actions; /* (element-type NmmAction) */
    gboolean again;     /* look once more when these are done: something is on its way */
} NmmDecision;

/* @events: (element-type NmmSceneEvent), oldest first. @memory is brought up to date. */
NmmDecision *nmm_decide(const GPtrArray *events, const NmmScene *scene, NmmProfileStates *memory);
void nmm_decision_free(NmmDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmDecision, nmm_decision_free)

G_END_DECLS
