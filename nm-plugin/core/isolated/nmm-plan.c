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

static void
do_guests(NmmPlanner *planner)
{
    for (guint i = 0; i < planner->observed->guests->len; i++) {
        NmmGuest *guest = g_ptr_array_index(planner->observed->guests, i);

        if (planner->purpose == NMM_PURPOSE_UNDO)
            nmm_planner_undo_guest(planner, guest);
        else
            nmm_planner_do_guest(planner, guest);
    }
}

static gboolean
fill_plan(NmmPlanner *planner, GError **error)
{
    if (planner->purpose != NMM_PURPOSE_UP)
        nmm_planner_describe_network(planner);
    else if (!nmm_planner_bring_network_up(planner, error))
        return FALSE;
    do_guests(planner);
    if (planner->purpose == NMM_PURPOSE_UNDO)
        nmm_planner_undo_network(planner);
    else if (is_taken_out(planner))
        nmm_planner_remove_network(planner);
    return TRUE;
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
    gboolean ok = fill_plan(&planner, error);

    g_clear_pointer(&planner.followed, nmm_network_free);
    return ok ? g_steal_pointer(&plan) : NULL;
}
