/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision of the dispatcher helper: which actions follow from the events, the host state and
 * the states of the profiles. A pure function; nmm-actions.h carries them out.
 */

#pragma once

#include "nmm-host-state.h"
#include "nmm-lock-key.h"
#include "nmm-profile-state.h"
#include "nmm-suggested-profile.h"

G_BEGIN_DECLS

/* Of NetworkManager's dispatcher, or "refresh". */
typedef struct {
    char *action; /* "up", "vpn-down", … as in NetworkManager-dispatcher(8) */
    char *device; /* (nullable): of a VPN its base device */
    char *uuid;   /* (nullable): of the profile */
    gint64 order; /* later events have greater values; 0 if unknown */
} NmmEvent;

/* @device, @uuid: (nullable). */
NmmEvent *nmm_event_new(const char *action, const char *device, const char *uuid);
void nmm_event_free(NmmEvent *event);

/* In this order in a decision. */
typedef enum {
    NMM_ACTION_RESTORE,     /* give a device its own IP configuration back */
    NMM_ACTION_REMOVE_LINK, /* a host link without a profile that is up */
    NMM_ACTION_WITHDRAW,    /* remove a suggested profile */
    NMM_ACTION_SUGGEST,     /* add a profile in memory */
    NMM_ACTION_ACTIVATE,
    NMM_ACTION_UNPLUG, /* guests that started with their link up while the profile is down */
    NMM_ACTION_LOG,    /* a problem that is not in the log yet */
} NmmActionKind;

typedef struct {
    NmmActionKind kind;
    char *uuid;   /* of the profile; REMOVE_LINK: in the link's mark */
    char *id;     /* (nullable): of the profile */
    char *device; /* (nullable): ACTIVATE, LOG: the base device; RESTORE, REMOVE_LINK */
    NmmSuggestedProfile *suggested; /* (nullable): SUGGEST */
    GPtrArray *edits;               /* (nullable) (element-type NmmEdit): UNPLUG */
    char *uri;                      /* (nullable): UNPLUG: the guests' libvirt */
    GPtrArray *lock_keys; /* (nullable) (element-type NmmLockKey): UNPLUG: the profile's */
    char *text;           /* (nullable): LOG */
} NmmAction;

/* "activate 'guests' on lo", for the log and `nm-macvtap refresh`; does not change. */
char *nmm_action_to_string(const NmmAction *action);

typedef struct {
    const NmmHostState *host; /* with NetworkManager's side */
    GHashTable *lock_holders; /* (element-type utf8): UUIDs; the service still has a process */
    gint64 now;               /* in s, monotonic */
    gboolean suggest;         /* the administrator allows suggested profiles */
} NmmDecisionInput;

typedef struct {
    GPtrArray *actions; /* (element-type NmmAction) */
    gboolean again;     /* decide again after the actions: a profile is changing its state */
    gboolean is_late;   /* a libvirt that runs has not answered yet, and a profile waits for it */
} NmmDecision;

/* @events: (element-type NmmEvent), oldest first. Updates @states. Decides no action if it is
 * called again after the actions, without events. */
NmmDecision *
nmm_decide(const GPtrArray *events, const NmmDecisionInput *input, NmmProfileStates *states);
void nmm_decision_free(NmmDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmDecision, nmm_decision_free)

G_END_DECLS
