/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan as data: its content, and the functions that add an edit or a note. */

#include "config.h"

#include "nmm-plan-private.h"

#include <glib/gi18n-lib.h>

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
        [NMM_EDIT_NETWORK_NO_AUTOSTART] = "network-no-autostart",
        [NMM_EDIT_NETWORK_UNDEFINE] = "network-undefine",
    };

    g_return_val_if_fail((guint)kind < G_N_ELEMENTS(names), NULL);
    return names[kind];
}

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

const char *
nmm_scope_to_string(NmmScope scope)
{
    static const char *const names[] = {
        [NMM_SCOPE_CONFIG] = "config",
        [NMM_SCOPE_LIVE] = "live",
    };

    g_return_val_if_fail((guint)scope < G_N_ELEMENTS(names), NULL);
    return names[scope];
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

NmmPlan *
nmm_plan_new(void)
{
    NmmPlan *plan = g_new0(NmmPlan, 1);

    plan->edits = g_ptr_array_new_with_free_func((GDestroyNotify)edit_free);
    plan->reports = g_ptr_array_new_with_free_func((GDestroyNotify)report_free);
    plan->notes = g_ptr_array_new_with_free_func(g_free);
    return plan;
}

void
nmm_plan_free(NmmPlan *plan)
{
    g_free(plan->bridge);
    g_free(plan->adopted);
    g_ptr_array_unref(plan->edits);
    g_ptr_array_unref(plan->reports);
    g_ptr_array_unref(plan->notes);
    g_free(plan);
}

static NmmEdit *
add_edit(NmmPlanner *planner, NmmEditKind kind, char *xml, char *reason)
{
    NmmEdit *edit = g_new0(NmmEdit, 1);

    edit->kind = kind;
    edit->network = g_strdup(planner->profile->network);
    edit->xml = xml;
    edit->reason = reason;
    g_ptr_array_add(planner->plan->edits, edit);
    return edit;
}

void
nmm_planner_add_network_edit(NmmPlanner *planner, NmmEditKind kind, char *xml, char *reason)
{
    add_edit(planner, kind, xml, reason);
}

/* Of a container that runs. Returns: whether libvirt can carry it out. */
static gboolean
note_limits(NmmPlanner *planner, const NmmGuest *guest, NmmEditKind kind, const char *reason)
{
    if (kind == NMM_EDIT_NIC_ATTACH)
        nmm_planner_add_note(
            planner,
            _("container '%s' runs, so the new interface has a name such as 'vnet1' in it and is "
              "down; configure it in the container, or restart the container"),
            guest->name);
    if (kind == NMM_EDIT_NIC_UPDATE)
        nmm_planner_add_note(planner,
                             _("container '%s': libvirt cannot change an interface of a running "
                               "container, so it stays as it is (%s)"),
                             guest->name,
                             reason);
    return kind != NMM_EDIT_NIC_UPDATE;
}

void
nmm_planner_add_nic_edit(NmmPlanner *planner,
                         const NmmGuest *guest,
                         NmmScope scope,
                         NmmEditKind kind,
                         char *xml,
                         char *reason)
{
    NmmEdit *edit;

    if (guest->container && scope == NMM_SCOPE_LIVE && !note_limits(planner, guest, kind, reason)) {
        g_free(xml);
        g_free(reason);
        return;
    }
    edit = add_edit(planner, kind, xml, reason);
    edit->scope = scope;
    edit->guest_uuid = g_strdup(guest->uuid);
    edit->guest_name = g_strdup(guest->name);
    edit->alias = g_strdup(planner->alias);
}

void
nmm_planner_add_detach(NmmPlanner *planner,
                       const NmmGuest *guest,
                       NmmScope scope,
                       const NmmNic *nic,
                       char *reason)
{
    nmm_planner_add_nic_edit(planner,
                             guest,
                             scope,
                             NMM_EDIT_NIC_DETACH,
                             guest->container ? g_strdup(nic->xml) : NULL,
                             reason);
}

void
nmm_planner_add_note(NmmPlanner *planner, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(planner->plan->notes, g_strdup_vprintf(format, args));
    va_end(args);
}
