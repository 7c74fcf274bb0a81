/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An action as a value: made, told and freed. Whether it is called for is the decision's.
 */

#include "config.h"

#include "nmm-action.h"

/**
 * nmm_action_new:
 * @kind: what is to be done
 *
 * Returns: (transfer full): an action that says nothing else yet
 */
NmmAction *
nmm_action_new(NmmActionKind kind)
{
    NmmAction *action = g_new0(NmmAction, 1);

    action->kind = kind;
    return action;
}

/**
 * nmm_action_free:
 * @action: (nullable): an action
 */
void
nmm_action_free(NmmAction *action)
{
    if (!action)
        return;
    g_free(action->uuid);
    g_free(action->id);
    g_free(action->device);
    nmm_suggested_profile_free(action->offer);
    g_free(action->text);
    g_free(action);
}

/**
 * nmm_action_to_string:
 * @action: an action
 *
 * Returns: (transfer full): what it does, in one line
 */
char *
nmm_action_to_string(const NmmAction *action)
{
    switch (action->kind) {
    case NMM_ACTION_RESTORE:
        return g_strdup_printf("restore %s", action->device);
    case NMM_ACTION_REMOVE_LINK:
        return g_strdup_printf("remove-link %s", action->device);
    case NMM_ACTION_WITHDRAW:
        return g_strdup_printf("withdraw '%s'", action->id);
    case NMM_ACTION_OFFER:
        return g_strdup_printf("offer '%s'", action->id);
    case NMM_ACTION_ACTIVATE:
        return g_strdup_printf("activate '%s' on %s", action->id, action->device);
    case NMM_ACTION_TELL:
        return g_strdup_printf("tell '%s': %s", action->id, action->text);
    }
    g_return_val_if_reached(NULL);
}
