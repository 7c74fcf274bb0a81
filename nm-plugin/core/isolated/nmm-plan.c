/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of mode isolated: puts the network's part and the guests' parts together, in the order
 * in which they are to be carried out. A pure function: it reads what was observed and touches
 * nothing.
 */

#include "config.h"

#include "nmm-plan-private.h"

#include "nmm-identity.h"

/**
 * nmm_edit_kind_to_string:
 * @kind: a kind of edit
 *
 * Returns: (transfer none): its name for scripts, the same in every version and language
 */
const char *
nmm_edit_kind_to_string(NmmEditKind kind)
{
    static const char *const names[] = {
        [NMM_EDIT_NETWORK_DEFINE] = "network-define",
        [NMM_EDIT_NETWORK_AUTOSTART] = "network-autostart",
        [NMM_EDIT_NETWORK_START] = "network-start",
        [NMM_EDIT_NIC_DETACH] = "nic-detach",
        [NMM_EDIT_NIC_ATTACH] = "nic-attach",
        [NMM_EDIT_NIC_UPDATE] = "nic-update",
        [NMM_EDIT_NETWORK_DESTROY] = "network-destroy",
        [NMM_EDIT_NETWORK_UNDEFINE] = "network-undefine",
    };

    g_return_val_if_fail((guint)kind < G_N_ELEMENTS(names), NULL);
    return names[kind];
}

/**
 * nmm_guest_status_to_string:
 * @status: a guest's status
 *
 * Returns: (transfer none): its name for scripts, the same in every version and language
 */
const char *
nmm_guest_status_to_string(NmmGuestStatus status)
{
    static const char *const names[] = {
        [NMM_GUEST_NOT_MACVTAP] = "not-macvtap",
        [NMM_GUEST_NOT_SELECTED] = "not-selected",
        [NMM_GUEST_SERVED] = "served",
        [NMM_GUEST_SERVED_BY_USER] = "served-by-user",
        [NMM_GUEST_SHUT_OFF] = "shut-off",
        [NMM_GUEST_NEEDS_RESTART] = "needs-restart",
    };

    g_return_val_if_fail((guint)status < G_N_ELEMENTS(names), NULL);
    return names[status];
}

static void
edit_free(NmmEdit *edit)
{
    g_free(edit->guest_uuid);
    g_free(edit->guest_name);
    g_free(edit->network);
    g_free(edit->alias);
    g_free(edit->xml);
    g_free(edit->reason);
    g_free(edit);
}

static void
report_free(NmmGuestReport *report)
{
    nmm_guest_unref(report->guest);
    g_free(report->mac);
    g_free(report);
}

static NmmPlan *
plan_new(void)
{
    NmmPlan *plan = g_new0(NmmPlan, 1);

    plan->edits = g_ptr_array_new_with_free_func((GDestroyNotify)edit_free);
    plan->reports = g_ptr_array_new_with_free_func((GDestroyNotify)report_free);
    plan->notes = g_ptr_array_new_with_free_func(g_free);
    return plan;
}

/**
 * nmm_plan_free:
 * @plan: (transfer full): a plan
 */
void
nmm_plan_free(NmmPlan *plan)
{
    g_free(plan->bridge);
    g_ptr_array_unref(plan->edits);
    g_ptr_array_unref(plan->reports);
    g_ptr_array_unref(plan->notes);
    g_free(plan);
}

void
nmm_planner_add_edit(NmmPlanner *planner, const NmmEdit *edit)
{
    NmmEdit *copy = g_memdup2(edit, sizeof(*edit));

    copy->network = g_strdup(planner->profile->network);
    g_ptr_array_add(planner->plan->edits, copy);
}

void
nmm_planner_add_note(NmmPlanner *planner, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(planner->plan->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

static gboolean
is_taken_out(const NmmPlanner *planner)
{
    return planner->purpose == NMM_PURPOSE_PURGE ||
           (planner->purpose == NMM_PURPOSE_DOWN &&
            planner->profile->on_disconnect == NMM_ON_DISCONNECT_REMOVE);
}

/**
 * nmm_plan_isolated:
 * @profile: a profile of mode isolated
 * @purpose: what is being done with the profile
 * @observed: what there is
 * @error: return location: %NMM_ERROR_CONFLICT where the network cannot serve the profile or
 *   its subnet is taken; %NMM_ERROR_BAD_PROFILE where the DHCP range does not fit the
 * address. Only with %NMM_PURPOSE_UP: taking down always finds a plan
 *
 * Where a running guest must give an interface back before anything else can happen (a new one
 * instead, the network removed), only the detach is planned: libvirt detaches when the guest lets
 * go, and the next plan goes on from there.
 *
 * Returns: (transfer full) (nullable): the plan
 */
NmmPlan *
nmm_plan_isolated(const NmmProfile *profile,
                  NmmPurpose purpose,
                  const NmmObserved *observed,
                  GError **error)
{
    g_autofree char *alias = nmm_identity_alias(profile->network);
    g_autoptr(NmmPlan) plan = plan_new();
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
