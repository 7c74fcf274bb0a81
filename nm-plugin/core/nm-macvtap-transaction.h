/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move as a table of steps: which step follows on which event. The order is such that the host
 * is never without an address: the host link has its own before the parent's is taken away, and the
 * parent has it back before the host link goes.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_STEP_READ,          /* what the parent's applied connection is */
    NM_MACVTAP_STEP_CHECKPOINT,    /* NM is to restore the parent if we die on the way */
    NM_MACVTAP_STEP_ADD,           /* the host link's profile, with the parent's IP settings */
    NM_MACVTAP_STEP_ACTIVATE,      /* the host link */
    NM_MACVTAP_STEP_BIND,          /* the profile is to go when the link goes */
    NM_MACVTAP_STEP_WAIT_LINK,     /* until it has its addresses */
    NM_MACVTAP_STEP_REAPPLY,       /* the parent without IP */
    NM_MACVTAP_STEP_WAIT_ONLINE,   /* until the host is as online as before */
    NM_MACVTAP_STEP_COMMIT,        /* the checkpoint goes */
    NM_MACVTAP_STEP_UP,            /* until something ends it */
    NM_MACVTAP_STEP_WAIT_MANAGER,  /* until NetworkManager, which has gone, is there again */
    NM_MACVTAP_STEP_RESTORE,       /* the parent with its IP settings */
    NM_MACVTAP_STEP_REACTIVATE,    /* the same with its stored profile, where that failed */
    NM_MACVTAP_STEP_WAIT_RESTORED, /* until it has its addresses */
    NM_MACVTAP_STEP_REMOVE,        /* the host link goes */
    NM_MACVTAP_STEP_RELEASE,       /* the checkpoint goes, if there is one */
    NM_MACVTAP_STEP_DOWN,
} NMMacvtapStep;

#define NM_MACVTAP_STEP_LAST NM_MACVTAP_STEP_DOWN

typedef enum {
    NM_MACVTAP_EVENT_DONE,
    NM_MACVTAP_EVENT_FAILED,   /* in step UP: the host link was lost */
    NM_MACVTAP_EVENT_STOP,     /* the profile is to go down */
    NM_MACVTAP_EVENT_LEFTOVER, /* in step READ: a process that died has left something half done */
    NM_MACVTAP_EVENT_ADOPT,    /* in step READ: a process that died has left the host moved */
    NM_MACVTAP_EVENT_LOST,     /* NetworkManager has gone, and nobody else will move back */
} NMMacvtapEvent;

typedef struct {
    NMMacvtapStep step;
    gboolean stopping;   /* stop was asked for */
    gboolean failed;     /* a step failed: there is no way back to up */
    gboolean recovering; /* what is being undone is another process's; then it begins anew */
    gboolean recovered;  /* it has begun anew: what is left now cannot be undone */
} NMMacvtapTransaction;

void nm_macvtap_transaction_init(NMMacvtapTransaction *transaction);
/* TRUE: a new step begins, in transaction->step. FALSE: the one that runs goes on. */
gboolean nm_macvtap_transaction_handle(NMMacvtapTransaction *transaction, NMMacvtapEvent event);
/* Is it a step that waits for something to become true, which STOP ends at once? */
gboolean nm_macvtap_step_is_wait(NMMacvtapStep step);
const char *nm_macvtap_step_to_string(NMMacvtapStep step);

G_END_DECLS
