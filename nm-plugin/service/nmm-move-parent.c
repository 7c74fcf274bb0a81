/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-parent.h"

#include <glib/gi18n-lib.h>

#include "nmm-move-call.h"
#include "nmm-move-context.h"
#include "nmm-move-steps.h"
#include "nmm-names.h"
#include "nmm-parent-arp.h"
#include "nmm-restore.h"

/* ARP */

static void
log_arp(const NmmMoveContext *move, const GError *error)
{
    g_warning("profile '%s': ARP on '%s': %s",
              move->profile->id,
              nm_device_get_iface(move->device),
              error->message);
}

void
nmm_move_silence_parent(const NmmMoveContext *move, gboolean has_addresses)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_parent_arp_silence(NMM_RUN_DIR,
                                move->profile->uuid,
                                nm_device_get_iface(move->device),
                                move->link_name,
                                has_addresses,
                                &error))
        log_arp(move, error);
}

void
nmm_move_end_silence(const NmmMoveContext *move)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_parent_arp_restore(
            NMM_RUN_DIR, move->profile->uuid, nm_device_get_iface(move->device), &error))
        log_arp(move, error);
}

/* REAPPLY, STRIP */

/* Takes @error. */
static void
end_strip(GTask *task, GError *error)
{
    const NmmMoveContext *move = g_task_get_task_data(task);

    nmm_move_call_end_with(task,
                           error,
                           _("NetworkManager cannot change the configuration of '%s'"),
                           nm_device_get_iface(move->device));
}

static void
strip(GTask *task, GAsyncReadyCallback callback)
{
    const NmmMoveContext *move = g_task_get_task_data(task);

    nm_device_reapply_async(move->device, move->stripped, move->version, 0, NULL, callback, task);
}

static void
strip_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;

    nm_device_reapply_finish(NM_DEVICE(object), result, &error);
    end_strip(user_data, error);
}

/* NetworkManager refuses if another program changed the configuration meanwhile. */
void
nmm_move_strip_parent(GTask *task)
{
    strip(task, strip_cb);
}

/* If the parent was configured once more meanwhile, the next look finds it. */
static void
strip_again_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;

    nm_device_reapply_finish(NM_DEVICE(object), result, &error);
    if (g_error_matches(error, NM_DEVICE_ERROR, NM_DEVICE_ERROR_VERSION_ID_MISMATCH))
        g_clear_error(&error);
    end_strip(user_data, error);
}

void
nmm_move_strip_parent_again(GTask *task)
{
    strip(task, strip_again_cb);
}

/* RESTORE, REACTIVATE */

static void
restore_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean changed;

    if (nmm_restore_parent_finish(result, &changed, &error))
        nmm_move_call_end(user_data, NMM_EVENT_DONE);
    else
        nmm_move_call_fail(user_data, error);
}

void
nmm_move_restore_parent(GTask *task)
{
    const NmmMoveContext *move = g_task_get_task_data(task);

    nmm_restore_parent_async(move->device, move->saved, move->has_new_mac, restore_cb, task);
}

static void
reactivate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(NMActiveConnection) active G_GNUC_UNUSED =
        nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);

    nmm_move_call_end_with(
        task, error, _("cannot activate '%s' again"), nm_device_get_iface(move->device));
}

void
nmm_move_reactivate_parent(GTask *task)
{
    const NmmMoveContext *move = g_task_get_task_data(task);

    nm_client_activate_connection_async(
        move->client, NULL, move->device, NULL, NULL, reactivate_cb, task);
}
