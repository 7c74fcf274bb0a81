/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-move-steps.h"

typedef struct {
    const char *name;
    NmmMoveStep done;
    NmmMoveStep failed;
    NmmMoveStep stop; /* the step itself if it is on the way down already */
    gboolean is_wait;
} StepInfo;

#define STEP(name) NMM_MOVE_STEP_##name

/* A call that was sent to NetworkManager takes effect whether or not the service waits for the
 * reply. So only waits are interrupted, and a call that failed is undone as if it had succeeded,
 * because its reply may have been lost. */
static const StepInfo steps[] = {
    [STEP(READ)] = {"read", STEP(CHECKPOINT), STEP(DOWN), STEP(DOWN), FALSE},
    [STEP(CHECKPOINT)] = {"checkpoint", STEP(ADD), STEP(RELEASE), STEP(RELEASE), FALSE},
    [STEP(ADD)] = {"add", STEP(ACTIVATE), STEP(REMOVE), STEP(REMOVE), FALSE},
    [STEP(ACTIVATE)] = {"activate", STEP(WAIT_MADE), STEP(REMOVE), STEP(REMOVE), FALSE},
    [STEP(WAIT_MADE)] = {"wait-made", STEP(TAKE_MAC), STEP(REMOVE), STEP(REMOVE), TRUE},
    [STEP(TAKE_MAC)] = {"take-mac", STEP(BIND), STEP(UNDO_MAC), STEP(UNDO_MAC), FALSE},
    [STEP(BIND)] = {"bind", STEP(CONFIGURE), STEP(UNDO_MAC), STEP(UNDO_MAC), FALSE},
    [STEP(CONFIGURE)] = {"configure", STEP(WAIT_LINK), STEP(UNDO_MAC), STEP(UNDO_MAC), FALSE},
    [STEP(WAIT_LINK)] = {"wait-link", STEP(REAPPLY), STEP(UNDO_MAC), STEP(UNDO_MAC), TRUE},
    [STEP(REAPPLY)] = {"reapply", STEP(WAIT_ONLINE), STEP(RETURN_MAC), STEP(RETURN_MAC), FALSE},
    [STEP(WAIT_ONLINE)] = {"wait-online", STEP(COMMIT), STEP(RETURN_MAC), STEP(RETURN_MAC), TRUE},
    [STEP(COMMIT)] = {"commit", STEP(UP), STEP(RETURN_MAC), STEP(RETURN_MAC), FALSE},
    [STEP(UP)] = {"up", STEP(RETURN_MAC), STEP(RETURN_MAC), STEP(RETURN_MAC), TRUE},
    [STEP(FOLLOW)] = {"follow", STEP(WAIT_FOLLOWED), STEP(RETURN_MAC), STEP(RETURN_MAC), FALSE},
    [STEP(
        WAIT_FOLLOWED)] = {"wait-followed", STEP(STRIP), STEP(RETURN_MAC), STEP(RETURN_MAC), TRUE},
    [STEP(STRIP)] = {"strip", STEP(UP), STEP(RETURN_MAC), STEP(RETURN_MAC), FALSE},
    [STEP(WAIT_MANAGER)] = {"wait-manager", STEP(RETURN_MAC), STEP(DOWN), STEP(WAIT_MANAGER), TRUE},
    [STEP(RETURN_MAC)] = {"return-mac", STEP(RESTORE), STEP(RESTORE), STEP(RETURN_MAC), FALSE},
    [STEP(RESTORE)] = {"restore", STEP(WAIT_RESTORED), STEP(REACTIVATE), STEP(RESTORE), FALSE},
    [STEP(
        REACTIVATE)] = {"reactivate", STEP(WAIT_RESTORED), STEP(RELEASE), STEP(REACTIVATE), FALSE},
    /* If the parent gets no address, the host keeps the one that it has on the link. */
    [STEP(
        WAIT_RESTORED)] = {"wait-restored", STEP(REMOVE), STEP(RELEASE), STEP(WAIT_RESTORED), TRUE},
    [STEP(UNDO_MAC)] = {"undo-mac", STEP(REMOVE), STEP(REMOVE), STEP(UNDO_MAC), FALSE},
    [STEP(REMOVE)] = {"remove", STEP(RELEASE), STEP(RELEASE), STEP(REMOVE), FALSE},
    [STEP(RELEASE)] = {"release", STEP(DOWN), STEP(DOWN), STEP(RELEASE), FALSE},
    [STEP(DOWN)] = {"down", STEP(DOWN), STEP(DOWN), STEP(DOWN), FALSE},
};

void
nmm_move_steps_init(NmmMoveSteps *self)
{
    *self = (NmmMoveSteps){.step = NMM_MOVE_STEP_READ};
}

/* The profile went down with NetworkManager. A new one gets everything moved back, unless nothing
 * was moved, or everything is moved back already. */
static NmmMoveStep
find_lost(NmmMoveSteps *self)
{
    self->stopping = TRUE;
    if (self->step >= NMM_MOVE_STEP_ADD && self->step <= NMM_MOVE_STEP_REMOVE)
        return NMM_MOVE_STEP_WAIT_MANAGER;
    return NMM_MOVE_STEP_DOWN;
}

static NmmMoveStep
find_next(NmmMoveSteps *self, NmmEvent event)
{
    const StepInfo *info = &steps[self->step];

    switch (event) {
    case NMM_EVENT_DONE:
        return self->stopping && info->stop != self->step ? info->stop : info->done;
    case NMM_EVENT_FAILED:
        self->failed = TRUE;
        return info->failed;
    case NMM_EVENT_STOP:
        self->stopping = TRUE;
        return info->is_wait ? info->stop : self->step;
    case NMM_EVENT_LEFTOVER:
        self->recovering = TRUE;
        return self->step == NMM_MOVE_STEP_READ ? NMM_MOVE_STEP_RETURN_MAC : self->step;
    case NMM_EVENT_ADOPT:
        return self->step == NMM_MOVE_STEP_READ ? NMM_MOVE_STEP_UP : self->step;
    case NMM_EVENT_RETURNED:
        return self->step == NMM_MOVE_STEP_UP ? NMM_MOVE_STEP_FOLLOW : self->step;
    case NMM_EVENT_LOST:
        return find_lost(self);
    }
    g_return_val_if_reached(self->step);
}

gboolean
nmm_move_steps_handle(NmmMoveSteps *self, NmmEvent event)
{
    NmmMoveStep next = find_next(self, event);

    if (next == self->step)
        return FALSE;
    if (next == NMM_MOVE_STEP_DOWN && self->recovering && !self->failed && !self->stopping)
        *self = (NmmMoveSteps){.step = NMM_MOVE_STEP_READ, .recovered = TRUE};
    else
        self->step = next;
    return TRUE;
}

gboolean
nmm_move_step_is_wait(NmmMoveStep step)
{
    return steps[step].is_wait;
}

gboolean
nmm_move_step_is_up(NmmMoveStep step)
{
    return step >= NMM_MOVE_STEP_UP && step <= NMM_MOVE_STEP_STRIP;
}

const char *
nmm_move_step_to_string(NmmMoveStep step)
{
    return steps[step].name;
}
