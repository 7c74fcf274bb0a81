/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of mode move's steps, as a table: which step follows on which event. The host always
 * has an address: the host link gets its addresses before the parent loses them, and the parent
 * gets them back before the host link is removed. The MAC that the host's addresses have on the LAN
 * moves first: the host link gets it before it asks a DHCP server, and the parent gets it back
 * before it asks one. Does not carry out the steps.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_MOVE_STEP_READ,        /* the parent's applied connection */
    NMM_MOVE_STEP_CHECKPOINT,  /* NetworkManager restores the parent if this process dies */
    NMM_MOVE_STEP_ADD,         /* the host link's profile, with the parent's IP settings */
    NMM_MOVE_STEP_ACTIVATE,    /* the host link */
    NMM_MOVE_STEP_WAIT_MADE,   /* until it is up, if it takes the parent's MAC */
    NMM_MOVE_STEP_TAKE_MAC,    /* the link with the parent's MAC, the parent with another one */
    NMM_MOVE_STEP_BIND,        /* the profile goes when the link goes */
    NMM_MOVE_STEP_CONFIGURE,   /* the link with all IP settings, unless ADD gave it these */
    NMM_MOVE_STEP_WAIT_LINK,   /* until it has its addresses */
    NMM_MOVE_STEP_REAPPLY,     /* the parent without IP */
    NMM_MOVE_STEP_WAIT_ONLINE, /* until the host is as online as before */
    NMM_MOVE_STEP_COMMIT,      /* the checkpoint goes */
    NMM_MOVE_STEP_UP,          /* until an event ends it */
    NMM_MOVE_STEP_FOLLOW, /* the host link with the parent's new configuration, if it changed */
    NMM_MOVE_STEP_WAIT_FOLLOWED, /* until it has its addresses */
    NMM_MOVE_STEP_STRIP,         /* the parent without IP again */
    NMM_MOVE_STEP_WAIT_MANAGER,  /* until NetworkManager, which went away, is back */
    NMM_MOVE_STEP_RETURN_MAC,    /* the parent with its own MAC */
    NMM_MOVE_STEP_RESTORE,       /* the parent with its IP settings */
    NMM_MOVE_STEP_REACTIVATE,    /* the parent with its stored profile, if that failed */
    NMM_MOVE_STEP_WAIT_RESTORED, /* until it has its addresses */
    NMM_MOVE_STEP_UNDO_MAC,      /* RETURN_MAC, and the parent has its IP settings */
    NMM_MOVE_STEP_REMOVE,        /* the host link goes */
    NMM_MOVE_STEP_RELEASE,       /* the checkpoint goes, if there is one */
    NMM_MOVE_STEP_DOWN,
} NmmMoveStep;

#define NMM_MOVE_STEP_LAST NMM_MOVE_STEP_DOWN

typedef enum {
    NMM_EVENT_DONE,
    NMM_EVENT_FAILED,   /* in step UP: the host link was lost */
    NMM_EVENT_RETURNED, /* in step UP: another program gave the parent an IP configuration */
    NMM_EVENT_STOP,     /* the profile goes down */
    NMM_EVENT_LEFTOVER, /* in step READ: a process that died left something half done */
    NMM_EVENT_ADOPT,    /* in step READ: a process that died left the host moved */
    NMM_EVENT_LOST,     /* NetworkManager went away, and no other program will move back */
} NmmEvent;

typedef struct {
    NmmMoveStep step;
    gboolean stopping;   /* stop was requested */
    gboolean failed;     /* a step failed: the profile cannot come up any more */
    gboolean recovering; /* what is being undone is another process's; then it begins again */
    gboolean recovered;  /* it began again: what is left over now cannot be undone */
} NmmMoveSteps;

/* The first step is READ. */
void nmm_move_steps_init(NmmMoveSteps *self);
/* TRUE: a new step begins, self->step. FALSE: the current one continues. When the changes of
 * another process are undone, READ begins again, once, unless undoing them failed or a stop was
 * requested. */
gboolean nmm_move_steps_handle(NmmMoveSteps *self, NmmEvent event);
/* Whether the step waits for a condition, so that STOP ends it at once. */
gboolean nmm_move_step_is_wait(NmmMoveStep step);
/* Whether the profile is up in the step. */
gboolean nmm_move_step_is_up(NmmMoveStep step);
/* For the log. */
const char *nmm_move_step_to_string(NmmMoveStep step);

G_END_DECLS
