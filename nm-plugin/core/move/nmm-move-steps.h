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
    NMM_MOVE_STEP_READ,          /* read the parent's applied connection */
    NMM_MOVE_STEP_CHECKPOINT,    /* NetworkManager restores the parent if this process dies */
    NMM_MOVE_STEP_ADD,           /* add the host link's profile, with the parent's IP settings */
    NMM_MOVE_STEP_ACTIVATE,      /* activate the host link */
    NMM_MOVE_STEP_WAIT_MADE,     /* until the link is up, if it takes the parent's MAC */
    NMM_MOVE_STEP_TAKE_MAC,      /* give the link the parent's MAC, and the parent another one */
    NMM_MOVE_STEP_BIND,          /* let NetworkManager remove the profile together with the link */
    NMM_MOVE_STEP_CONFIGURE,     /* give the link all IP settings, unless ADD did */
    NMM_MOVE_STEP_WAIT_LINK,     /* until the link has its addresses */
    NMM_MOVE_STEP_REAPPLY,       /* take the IP settings from the parent */
    NMM_MOVE_STEP_WAIT_ONLINE,   /* until the host is online, if it was before */
    NMM_MOVE_STEP_COMMIT,        /* remove the checkpoint */
    NMM_MOVE_STEP_UP,            /* until an event ends it */
    NMM_MOVE_STEP_FOLLOW,        /* give the link the parent's new configuration, if it changed */
    NMM_MOVE_STEP_WAIT_FOLLOWED, /* until the link has its addresses */
    NMM_MOVE_STEP_STRIP,         /* take the IP settings from the parent again */
    NMM_MOVE_STEP_WAIT_MANAGER,  /* until NetworkManager runs again */
    NMM_MOVE_STEP_RETURN_MAC,    /* give the parent its own MAC back */
    NMM_MOVE_STEP_RESTORE,       /* give the parent its IP settings back */
    NMM_MOVE_STEP_REACTIVATE,    /* activate the parent with its stored profile, if that failed */
    NMM_MOVE_STEP_WAIT_RESTORED, /* until the parent has its addresses */
    NMM_MOVE_STEP_UNDO_MAC,      /* RETURN_MAC, while the parent has its IP settings */
    NMM_MOVE_STEP_REMOVE,        /* remove the host link */
    NMM_MOVE_STEP_RELEASE,       /* remove the checkpoint, if there is one */
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
