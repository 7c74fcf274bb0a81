/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the network's part and the guests' parts together, in the order in which they are carried
 * out.
 */

#include "config.h"

#include "nmm-plan-private.h"

#include "nmm-identity.h"

static gboolean
is_taken_out(const NmmPlanner *planner)
{
    return planner->purpose == NMM_PURPOSE_PURGE ||
           (planner->purpose == NMM_PURPOSE_DOWN &&
            planner->profile->on_disconnect == NMM_ON_DISCONNECT_REMOVE);
}

NmmPlan *
nmm_plan_isolated(const NmmProfile *profile,
                  NmmPurpose purpose,
                  const NmmObserved *observed,
                  GError **error)
{
    g_autofree char *alias = nmm_identity_alias(profile->network);
    g_autoptr(NmmPlan) plan = nmm_plan_new();
    NmmPlanner planner = {
        .profile = profile,
        .purpose = purpose,
        .observed = observed,
        .network = nmm_network_find(observed->networks, profile->network),
        .alias = alias,
        .plan = plan,
    };

    if (purpose == NMM_PURPOSE_UP) {
        if (!nmm_planner_bring_network_up(&planner, error))
            return NULL;
    } else {
        nmm_planner_describe_network(&planner);
    }

    for (guint i = 0; i < observed->guests->len; i++)
        nmm_planner_do_guest(&planner, g_ptr_array_index(observed->guests, i));

    if (is_taken_out(&planner))
        nmm_planner_remove_network(&planner);
    return g_steal_pointer(&plan);
}
