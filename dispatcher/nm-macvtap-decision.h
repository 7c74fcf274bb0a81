/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher's decision: what happened, how the host is and what is remembered give what is to
 * be done. A pure function; the helper carries it out.
 */

#pragma once

#include "nm-macvtap-memory.h"
#include "nm-macvtap-offer.h"
#include "nm-macvtap-scene.h"

G_BEGIN_DECLS

/* In the order in which a decision lists them. */
typedef enum {
    NM_MACVTAP_ACTION_RESTORE,     /* give a device its own IP configuration back */
    NM_MACVTAP_ACTION_REMOVE_LINK, /* a host link that nobody uses */
    NM_MACVTAP_ACTION_WITHDRAW,    /* take an offered profile away */
    NM_MACVTAP_ACTION_OFFER,       /* add a profile in memory */
    NM_MACVTAP_ACTION_ACTIVATE,
    NM_MACVTAP_ACTION_TELL, /* once in the log */
} NMMacvtapActionKind;

typedef struct {
    NMMacvtapActionKind kind;
    char *uuid;            /* the profile; REMOVE_LINK: in the link's mark */
    char *id;              /* (nullable): its name */
    char *device;          /* (nullable): ACTIVATE: the base; RESTORE; REMOVE_LINK */
    NMMacvtapOffer *offer; /* (nullable): OFFER */
    char *text;            /* (nullable): TELL */
} NMMacvtapAction;

typedef struct {
    GPtrArray *actions; /* (element-type NMMacvtapAction) */
    gboolean again;     /* look once more when these are done: something is on its way */
} NMMacvtapDecision;

/* @events: (element-type NMMacvtapSceneEvent), oldest first. @memory is brought up to date. */
NMMacvtapDecision *
nm_macvtap_decide(const GPtrArray *events, const NMMacvtapScene *scene, NMMacvtapMemory *memory);
void nm_macvtap_decision_free(NMMacvtapDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapDecision, nm_macvtap_decision_free)

/* "activate guests lo": for the log, `refresh` and the tests; stable. (transfer full) */
char *nm_macvtap_action_to_string(const NMMacvtapAction *action);

G_END_DECLS
