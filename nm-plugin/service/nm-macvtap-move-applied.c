/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move's parent: its applied connection with and without IP, and the checkpoint that lets
 * NetworkManager restore it where this process dies on the way.
 */

#include "config.h"

#include "nm-macvtap-move-private.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-move-profile.h"

/* Longer than the way up, and back down from there. */
#define CHECKPOINT_TIMEOUT_S 90

/* CHECKPOINT, COMMIT, RELEASE */

static void
checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    g_autoptr(NMCheckpoint) checkpoint =
        nm_client_checkpoint_create_finish(NM_CLIENT(object), result, &error);

    if (checkpoint)
        self->checkpoint = g_strdup(nm_object_get_path(NM_OBJECT(checkpoint)));
    nm_macvtap_move_end_call(self,
                             error,
                             _("NetworkManager cannot make a checkpoint of '%s'"),
                             nm_device_get_iface(self->device));
}

/* Of the parent alone: guests that are started meanwhile have devices, too. */
void
nm_macvtap_move_step_checkpoint(NMMacvtapMove *self)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new();

    g_ptr_array_add(devices, self->device);
    nm_client_checkpoint_create(nm_macvtap_move_get_client(self),
                                devices,
                                CHECKPOINT_TIMEOUT_S,
                                NM_CHECKPOINT_CREATE_FLAG_NONE,
                                NULL,
                                checkpoint_cb,
                                g_object_ref(self));
}

static void
destroy_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error);
    nm_macvtap_move_end_call(
        self, error, _("the checkpoint of '%s' is lost"), nm_device_get_iface(self->device));
}

void
nm_macvtap_move_step_release(NMMacvtapMove *self)
{
    g_autofree char *path = g_steal_pointer(&self->checkpoint);

    if (path)
        nm_client_checkpoint_destroy(
            nm_macvtap_move_get_client(self), path, NULL, destroy_cb, g_object_ref(self));
    else
        nm_macvtap_move_end_step(self, NULL);
}

/* REAPPLY, RESTORE, REACTIVATE */

static void
reapply_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;

    nm_device_reapply_finish(self->device, result, &error);
    nm_macvtap_move_end_call(self,
                             error,
                             _("NetworkManager cannot change the configuration of '%s'"),
                             nm_device_get_iface(self->device));
}

/* Refused where somebody else has changed the configuration meanwhile. */
void
nm_macvtap_move_step_reapply(NMMacvtapMove *self)
{
    nm_device_reapply_async(
        self->device, self->bare, self->version, 0, NULL, reapply_cb, g_object_ref(self));
}

static void
restore_read_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    g_autoptr(GError) error = NULL;
    guint64 version = 0;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(self->device, result, &version, &error);

    /* Activated anew, or given another configuration: then that is what somebody wants. */
    if (applied && nm_macvtap_move_profile_is_bare(applied)) {
        nm_device_reapply_async(self->device, self->saved, version, 0, NULL, reapply_cb, self);
        return;
    }
    nm_macvtap_move_end_step(self, NULL);
    g_object_unref(self);
}

/* A parent that has gone down meanwhile comes up with its stored profile, when it does. */
void
nm_macvtap_move_step_restore(NMMacvtapMove *self)
{
    if (nm_device_get_state(self->device) == NM_DEVICE_STATE_ACTIVATED)
        nm_device_get_applied_connection_async(
            self->device, 0, NULL, restore_read_cb, g_object_ref(self));
    else
        nm_macvtap_move_end_step(self, NULL);
}

static void
reactivate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    NMActiveConnection *active =
        nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);

    g_clear_object(&active);
    nm_macvtap_move_end_call(
        self, error, _("cannot activate '%s' again"), nm_device_get_iface(self->device));
}

void
nm_macvtap_move_step_reactivate(NMMacvtapMove *self)
{
    nm_client_activate_connection_async(nm_macvtap_move_get_client(self),
                                        NULL,
                                        self->device,
                                        NULL,
                                        NULL,
                                        reactivate_cb,
                                        g_object_ref(self));
}
