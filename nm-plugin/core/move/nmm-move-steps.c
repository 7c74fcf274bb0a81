/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move. Decides what comes next; that a step is carried out, and when it is done,
 * is the service's business.
 */

#include "config.h"

#include "nmm-move-steps.h"

typedef struct {
    const char *name;
    NmmMoveStep done;
    NmmMoveStep failed;
    NmmMoveStep stop; /* the step itself: too late to stop, it is on the way down */
    gboolean is_wait;
} StepInfo;

#define STEP(name) NMM_MOVE_STEP_##name

/* A call that has been sent to NetworkManager takes effect whether or not anybody waits for its
 * answer. So only waits are interrupted, and a call that failed is undone as if it had not: its
 * answer may have been lost. */
static const StepInfo steps[] = {
    [STEP(READ)] = {"read", STEP(CHECKPOINT), STEP(DOWN), STEP(DOWN), FALSE},
    [STEP(CHECKPOINT)] = {"checkpoint", STEP(ADD), STEP(DOWN), STEP(RELEASE), FALSE},
    [STEP(ADD)] = {"add", STEP(ACTIVATE), STEP(REMOVE), STEP(REMOVE), FALSE},
    [STEP(ACTIVATE)] = {"activate", STEP(BIND), STEP(REMOVE), STEP(REMOVE), FALSE},
    [STEP(BIND)] = {"bind", STEP(WAIT_LINK), STEP(REMOVE), STEP(REMOVE), FALSE},
    [STEP(WAIT_LINK)] = {"wait-link", STEP(REAPPLY), STEP(REMOVE), STEP(REMOVE), TRUE},
    [STEP(REAPPLY)] = {"reapply", STEP(WAIT_ONLINE), STEP(RESTORE), STEP(RESTORE), FALSE},
    [STEP(WAIT_ONLINE)] = {"wait-online", STEP(COMMIT), STEP(RESTORE), STEP(RESTORE), TRUE},
    [STEP(COMMIT)] = {"commit", STEP(UP), STEP(RESTORE), STEP(RESTORE), FALSE},
    [STEP(UP)] = {"up", STEP(RESTORE), STEP(RESTORE), STEP(RESTORE), TRUE},
    [STEP(WAIT_MANAGER)] = {"wait-manager", STEP(RESTORE), STEP(DOWN), STEP(WAIT_MANAGER), TRUE},
    [STEP(RESTORE)] = {"restore", STEP(WAIT_RESTORED), STEP(REACTIVATE), STEP(RESTORE), FALSE},
    [STEP(
        REACTIVATE)] = {"reactivate", STEP(WAIT_RESTORED), STEP(RELEASE), STEP(REACTIVATE), FALSE},
    /* The parent gets no address: the host keeps the one that it has on the link. */
    [STEP(
        WAIT_RESTORED)] = {"wait-restored", STEP(REMOVE), STEP(RELEASE), STEP(WAIT_RESTORED), TRUE},
    [STEP(REMOVE)] = {"remove", STEP(RELEASE), STEP(RELEASE), STEP(REMOVE), FALSE},
    [STEP(RELEASE)] = {"release", STEP(DOWN), STEP(DOWN), STEP(RELEASE), FALSE},
    [STEP(DOWN)] = {"down", STEP(DOWN), STEP(DOWN), STEP(DOWN), FALSE},
};

/**
 * nmm_move_steps_init:
 * @transaction: a transaction, not initialised
 *
 * Its first step is %NMM_MOVE_STEP_READ.
 */
void
nmm_move_steps_init(NmmMoveSteps *transaction)
{
    *transaction = (NmmMoveSteps){.step = NMM_MOVE_STEP_READ};
}

/* The profile has gone down with NetworkManager. What another one finds there is moved back, unless
 * nothing was, or everything is moved back already. */
static NmmMoveStep
find_lost(NmmMoveSteps *transaction)
{
    transaction->stopping = TRUE;
    if (transaction->step >= NMM_MOVE_STEP_ADD && transaction->step <= NMM_MOVE_STEP_REMOVE)
        return NMM_MOVE_STEP_WAIT_MANAGER;
    return NMM_MOVE_STEP_DOWN;
}

static NmmMoveStep
find_next(NmmMoveSteps *transaction, NmmEvent event)
{
    const StepInfo *info = &steps[transaction->step];

    switch (event) {
    case NMM_EVENT_DONE:
        return transaction->stopping && info->stop != transaction->step ? info->stop : info->done;
    case NMM_EVENT_FAILED:
        transaction->failed = TRUE;
        return info->failed;
    case NMM_EVENT_STOP:
        transaction->stopping = TRUE;
        return info->is_wait ? info->stop : transaction->step;
    case NMM_EVENT_LEFTOVER:
        transaction->recovering = TRUE;
        return transaction->step == NMM_MOVE_STEP_READ ? NMM_MOVE_STEP_RESTORE : transaction->step;
    case NMM_EVENT_ADOPT:
        return transaction->step == NMM_MOVE_STEP_READ ? NMM_MOVE_STEP_UP : transaction->step;
    case NMM_EVENT_LOST:
        return find_lost(transaction);
    }
    g_return_val_if_reached(transaction->step);
}

/**
 * nmm_move_steps_handle:
 * @transaction: a transaction
 * @event: what has happened to its step
 *
 * When what another process left behind has been undone, it begins anew, unless that failed or a
 * stop was asked for. It does so once: what is left over then is to be reported as a failure.
 *
 * Returns: whether a new step begins
 */
gboolean
nmm_move_steps_handle(NmmMoveSteps *transaction, NmmEvent event)
{
    NmmMoveStep next = find_next(transaction, event);

    if (next == transaction->step)
        return FALSE;
    if (next == NMM_MOVE_STEP_DOWN && transaction->recovering && !transaction->failed &&
        !transaction->stopping)
        *transaction = (NmmMoveSteps){.step = NMM_MOVE_STEP_READ, .recovered = TRUE};
    else
        transaction->step = next;
    return TRUE;
}

/**
 * nmm_move_step_is_wait:
 * @step: a step
 *
 * Returns: whether the step waits for something to become true, rather than for a call's answer
 */
gboolean
nmm_move_step_is_wait(NmmMoveStep step)
{
    return steps[step].is_wait;
}

/**
 * nmm_move_step_to_string:
 * @step: a step
 *
 * Returns: its name, for the log
 */
const char *
nmm_move_step_to_string(NmmMoveStep step)
{
    return steps[step].name;
}
