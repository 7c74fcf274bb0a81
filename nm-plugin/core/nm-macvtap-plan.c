/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of mode isolated: puts the network's part and the guests' parts together, in the order
 * in which they are to be carried out. A pure function: it reads what was observed and touches
 * nothing.
 */

#include "config.h"

#include "nm-macvtap-plan-private.h"

#include "nm-macvtap-identity.h"

/**
 * nm_macvtap_edit_kind_to_string:
 * @kind: a kind of edit
 *
 * Returns: (transfer none): its name for scripts, the same in every version and language
 */
const char *
nm_macvtap_edit_kind_to_string(NMMacvtapEditKind kind)
{
    static const char *const names[] = {
        [NM_MACVTAP_EDIT_NETWORK_DEFINE] = "network-define",
        [NM_MACVTAP_EDIT_NETWORK_AUTOSTART] = "network-autostart",
        [NM_MACVTAP_EDIT_NETWORK_START] = "network-start",
        [NM_MACVTAP_EDIT_NIC_DETACH] = "nic-detach",
        [NM_MACVTAP_EDIT_NIC_ATTACH] = "nic-attach",
        [NM_MACVTAP_EDIT_NIC_UPDATE] = "nic-update",
        [NM_MACVTAP_EDIT_NETWORK_DESTROY] = "network-destroy",
        [NM_MACVTAP_EDIT_NETWORK_UNDEFINE] = "network-undefine",
    };

    g_return_val_if_fail((guint)kind < G_N_ELEMENTS(names), NULL);
    return names[kind];
}

/**
 * nm_macvtap_guest_status_to_string:
 * @status: a guest's status
 *
 * Returns: (transfer none): its name for scripts, the same in every version and language
 */
const char *
nm_macvtap_guest_status_to_string(NMMacvtapGuestStatus status)
{
    static const char *const names[] = {
        [NM_MACVTAP_GUEST_NOT_MACVTAP] = "not-macvtap",
        [NM_MACVTAP_GUEST_NOT_SELECTED] = "not-selected",
        [NM_MACVTAP_GUEST_SERVED] = "served",
        [NM_MACVTAP_GUEST_SERVED_BY_USER] = "served-by-user",
        [NM_MACVTAP_GUEST_SHUT_OFF] = "shut-off",
        [NM_MACVTAP_GUEST_NEEDS_RESTART] = "needs-restart",
    };

    g_return_val_if_fail((guint)status < G_N_ELEMENTS(names), NULL);
    return names[status];
}

static void
edit_free(NMMacvtapEdit *edit)
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
report_free(NMMacvtapGuestReport *report)
{
    nm_macvtap_guest_unref(report->guest);
    g_free(report->mac);
    g_free(report);
}

static NMMacvtapPlan *
plan_new(void)
{
    NMMacvtapPlan *plan = g_new0(NMMacvtapPlan, 1);

    plan->edits = g_ptr_array_new_with_free_func((GDestroyNotify)edit_free);
    plan->reports = g_ptr_array_new_with_free_func((GDestroyNotify)report_free);
    plan->notes = g_ptr_array_new_with_free_func(g_free);
    return plan;
}

/**
 * nm_macvtap_plan_free:
 * @plan: (transfer full): a plan
 */
void
nm_macvtap_plan_free(NMMacvtapPlan *plan)
{
    g_free(plan->bridge);
    g_ptr_array_unref(plan->edits);
    g_ptr_array_unref(plan->reports);
    g_ptr_array_unref(plan->notes);
    g_free(plan);
}

void
nm_macvtap_planner_add_edit(NMMacvtapPlanner *planner, const NMMacvtapEdit *edit)
{
    NMMacvtapEdit *copy = g_memdup2(edit, sizeof(*edit));

    copy->network = g_strdup(planner->profile->network);
    g_ptr_array_add(planner->plan->edits, copy);
}

void
nm_macvtap_planner_add_note(NMMacvtapPlanner *planner, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(planner->plan->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

static gboolean
is_taken_out(const NMMacvtapPlanner *planner)
{
    return planner->purpose == NM_MACVTAP_PURPOSE_PURGE ||
           (planner->purpose == NM_MACVTAP_PURPOSE_DOWN &&
            planner->profile->on_disconnect == NM_MACVTAP_ON_DISCONNECT_REMOVE);
}

/**
 * nm_macvtap_plan_isolated:
 * @profile: a profile of mode isolated
 * @purpose: what is being done with the profile
 * @observed: what there is
 * @error: return location: %NM_MACVTAP_ERROR_CONFLICT where the network cannot serve the profile or
 *   its subnet is taken; %NM_MACVTAP_ERROR_BAD_PROFILE where the DHCP range does not fit the
 * address. Only with %NM_MACVTAP_PURPOSE_UP: taking down always finds a plan
 *
 * Where a running guest must give an interface back before anything else can happen (a new one
 * instead, the network removed), only the detach is planned: libvirt detaches when the guest lets
 * go, and the next plan goes on from there.
 *
 * Returns: (transfer full) (nullable): the plan
 */
NMMacvtapPlan *
nm_macvtap_plan_isolated(const NMMacvtapProfile *profile,
                         NMMacvtapPurpose purpose,
                         const NMMacvtapObserved *observed,
                         GError **error)
{
    g_autofree char *alias = nm_macvtap_identity_alias(profile->network);
    g_autoptr(NMMacvtapPlan) plan = plan_new();
    NMMacvtapPlanner planner = {
        .profile = profile,
        .purpose = purpose,
        .observed = observed,
        .network = nm_macvtap_network_find(observed->networks, profile->network),
        .alias = alias,
        .plan = plan,
    };

    if (purpose == NM_MACVTAP_PURPOSE_UP) {
        if (!nm_macvtap_planner_bring_network_up(&planner, error))
            return NULL;
    } else {
        nm_macvtap_planner_describe_network(&planner);
    }

    for (guint i = 0; i < observed->guests->len; i++)
        nm_macvtap_planner_do_guest(&planner, g_ptr_array_index(observed->guests, i));

    if (is_taken_out(&planner))
        nm_macvtap_planner_remove_network(&planner);
    return g_steal_pointer(&plan);
}
