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
    NMM_MOVE_STEP_READ,          /* what the parent's applied connection is */
    NMM_MOVE_STEP_CHECKPOINT,    /* NM is to restore the parent if we die on the way */
    NMM_MOVE_STEP_ADD,           /* the host link's profile, with the parent's IP settings */
    NMM_MOVE_STEP_ACTIVATE,      /* the host link */
    NMM_MOVE_STEP_BIND,          /* the profile is to go when the link goes */
    NMM_MOVE_STEP_WAIT_LINK,     /* until it has its addresses */
    NMM_MOVE_STEP_REAPPLY,       /* the parent without IP */
    NMM_MOVE_STEP_WAIT_ONLINE,   /* until the host is as online as before */
    NMM_MOVE_STEP_COMMIT,        /* the checkpoint goes */
    NMM_MOVE_STEP_UP,            /* until something ends it */
    NMM_MOVE_STEP_WAIT_MANAGER,  /* until NetworkManager, which has gone, is there again */
    NMM_MOVE_STEP_RESTORE,       /* the parent with its IP settings */
    NMM_MOVE_STEP_REACTIVATE,    /* the same with its stored profile, where that failed */
    NMM_MOVE_STEP_WAIT_RESTORED, /* until it has its addresses */
    NMM_MOVE_STEP_REMOVE,        /* the host link goes */
    NMM_MOVE_STEP_RELEASE,       /* the checkpoint goes, if there is one */
    NMM_MOVE_STEP_DOWN,
} NmmMoveStep;

#define NMM_MOVE_STEP_LAST NMM_MOVE_STEP_DOWN

typedef enum {
    NMM_EVENT_DONE,
    NMM_EVENT_FAILED,   /* in step UP: the host link was lost */
    NMM_EVENT_STOP,     /* the profile is to go down */
    NMM_EVENT_LEFTOVER, /* in step READ: a process that died has left something half done */
    NMM_EVENT_ADOPT,    /* in step READ: a process that died has left the host moved */
    NMM_EVENT_LOST,     /* NetworkManager has gone, and nobody else will move back */
} NmmEvent;

typedef struct {
    NmmMoveStep step;
    gboolean stopping;   /* stop was asked for */
    gboolean failed;     /* a step failed: there is no way back to up */
    gboolean recovering; /* what is being undone is another process's; then it begins anew */
    gboolean recovered;  /* it has begun anew: what is left now cannot be undone */
} NmmMoveSteps;

void nmm_move_steps_init(NmmMoveSteps *transaction);
/* TRUE: a new step begins, in transaction->step. FALSE: the one that runs goes on. */
gboolean nmm_move_steps_handle(NmmMoveSteps *transaction, NmmEvent event);
/* Is it a step that waits for something to become true, which STOP ends at once? */
gboolean nmm_move_step_is_wait(NmmMoveStep step);
const char *nmm_move_step_to_string(NmmMoveStep step);

G_END_DECLS
