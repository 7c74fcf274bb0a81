/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-move-mac.h"

#include <glib/gi18n-lib.h>

#include "nmm-device.h"
#include "nmm-mac-swap.h"
#include "nmm-move-call.h"
#include "nmm-move-parent.h"
#include "nmm-names.h"
#include "nmm-parent.h"

void
nmm_move_decide_mac(NmmMoveContext *move)
{
    g_clear_pointer(&move->own_mac_cause, g_free);
    move->takes_mac = move->profile->link_mac == NMM_LINK_MAC_PARENT;
    if (move->takes_mac)
        move->own_mac_cause = nmm_parent_find_mac_obstacle(move->client, move->device, move->saved);
    if (move->own_mac_cause)
        move->takes_mac = FALSE;
}

static void
take_mac(NmmMoveContext *move, gboolean *out_is_quiet)
{
    g_autoptr(GError) error = NULL;

    *out_is_quiet = FALSE;
    move->has_taken = nmm_mac_swap_begin(
        NMM_RUN_DIR, nm_device_get_iface(move->device), move->link_name, out_is_quiet, &error);
    if (error)
        move->own_mac_cause = g_strdup(error->message);
}

static void
known_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    nmm_move_call_end(user_data, NMM_EVENT_DONE);
}

/* A link that is gone fails the next step. While the link has its first MAC, NetworkManager sends
 * from the host's IPv6 addresses there, too, and the LAN would go on sending to that MAC. */
void
nmm_move_take_mac(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);
    NMDevice *link = nmm_move_context_get_link_device(move);
    gboolean is_quiet = FALSE;

    if (move->takes_mac && link) {
        nmm_move_context_announce(move, move->device, AF_INET6);
        take_mac(move, &is_quiet);
    }
    if (move->has_taken && is_quiet)
        nmm_move_silence_parent(move, TRUE);
    if (move->has_taken)
        nmm_device_wait_mac_async(move->client, link, move->parent_mac, known_cb, task);
    else
        nmm_move_call_end(task, NMM_EVENT_DONE);
}

/* The process that died may have begun to give it back, and the LAN have learned another one. */
void
nmm_move_adopt_mac(NmmMoveContext *move)
{
    gboolean is_quiet;

    if (move->takes_mac)
        take_mac(move, &is_quiet);
    else
        move->has_taken =
            g_ascii_strcasecmp(move->parent_mac, nm_device_get_hw_address(move->device)) != 0;
    if (move->has_taken)
        nmm_move_context_announce(move, nmm_move_context_get_link_device(move), AF_UNSPEC);
}

void
nmm_move_settle_mac(const NmmMoveContext *move)
{
    if (move->has_taken)
        nmm_mac_swap_settle(move->link_name);
}

static gboolean
return_mac(NmmMoveContext *move, GError **error)
{
    gboolean changed = FALSE;

    move->has_taken = FALSE;
    if (nmm_mac_swap_undo(
            NMM_RUN_DIR, nm_device_get_iface(move->device), move->profile->uuid, &changed, error)) {
        move->has_new_mac = changed;
        return changed;
    }
    g_prefix_error(
        error, _("cannot give '%s' its MAC address back: "), nm_device_get_iface(move->device));
    return FALSE;
}

void
nmm_move_return_mac_now(NmmMoveContext *move)
{
    g_autoptr(GError) error = NULL;

    return_mac(move, &error);
    if (error)
        g_warning("profile '%s': %s", move->profile->id, error->message);
}

void
nmm_move_return_mac(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;

    if (return_mac(move, &error))
        nmm_device_wait_mac_async(move->client, move->device, move->parent_mac, known_cb, task);
    else if (error)
        nmm_move_call_fail(task, error);
    else
        nmm_move_call_end(task, NMM_EVENT_DONE);
}

GPtrArray *
nmm_move_report_mac(const NmmMoveContext *move)
{
    GPtrArray *problems;
    NmmProblem *problem;

    if (!move->own_mac_cause)
        return NULL;
    problems = nmm_problems_new();
    problem = nmm_problem_new(NMM_PROBLEM_OWN_MAC,
                              NULL,
                              _("the host link '%s' has its own MAC address, so a DHCP server "
                                "may give the host another address: %s"),
                              move->link_name,
                              move->own_mac_cause);
    problem->key = g_strdup(NMM_KEY_MAC);
    g_warning("profile '%s': %s", move->profile->id, problem->message);
    g_ptr_array_add(problems, problem);
    return problems;
}
