/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision wants done: values, and their text.
 */

#pragma once

#include "nm-macvtap-offer.h"

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

NMMacvtapAction *nm_macvtap_action_new(NMMacvtapActionKind kind);
void nm_macvtap_action_free(NMMacvtapAction *action);

/* "activate guests lo": for the log, `refresh` and the tests; stable. (transfer full) */
char *nm_macvtap_action_to_string(const NMMacvtapAction *action);

G_END_DECLS
