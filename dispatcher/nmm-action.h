/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision wants done: values, and their text.
 */

#pragma once

#include "nmm-suggested-profile.h"

G_BEGIN_DECLS

/* In the order in which a decision lists them. */
typedef enum {
    NMM_ACTION_RESTORE,     /* give a device its own IP configuration back */
    NMM_ACTION_REMOVE_LINK, /* a host link that nobody uses */
    NMM_ACTION_WITHDRAW,    /* take an offered profile away */
    NMM_ACTION_OFFER,       /* add a profile in memory */
    NMM_ACTION_ACTIVATE,
    NMM_ACTION_TELL, /* once in the log */
} NmmActionKind;

typedef struct {
    NmmActionKind kind;
    char *uuid;                 /* the profile; REMOVE_LINK: in the link's mark */
    char *id;                   /* (nullable): its name */
    char *device;               /* (nullable): ACTIVATE: the base; RESTORE; REMOVE_LINK */
    NmmSuggestedProfile *offer; /* (nullable): OFFER */
    char *text;                 /* (nullable): TELL */
} NmmAction;

NmmAction *nmm_action_new(NmmActionKind kind);
void nmm_action_free(NmmAction *action);

/* "activate guests lo": for the log, `refresh` and the tests; stable. (transfer full) */
char *nmm_action_to_string(const NmmAction *action);

G_END_DECLS
