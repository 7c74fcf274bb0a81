/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move's parent: its applied connection with and without IP, and the checkpoint that lets
 * NetworkManager restore it where this process dies on the way.
 */

#include "config.h"

#include "nmm-move-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-move-profile.h"
#include "nmm-names.h"

/* CHECKPOINT, COMMIT, RELEASE */

static void
checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;
    g_autoptr(NMCheckpoint) checkpoint =
        nm_client_checkpoint_create_finish(NM_CLIENT(object), result, &error);

    /* After an error the note stays: there may be one, and only the answer be lost. */
    if (checkpoint)
        nmm_checkpoint_note(self->checkpoint,
                            nm_object_get_path(NM_OBJECT(checkpoint)),
                            nm_checkpoint_get_created(checkpoint));
    nmm_move_end_call(self,
                      error,
                      _("NetworkManager cannot make a checkpoint of '%s'"),
                      nm_device_get_iface(self->device));
}

/* The clock of a checkpoint's time, in ms. */
static gint64
read_clock(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Of the parent alone: guests that are started meanwhile have devices, too. */
void
nmm_move_step_checkpoint(NmmMove *self)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    GError *error = NULL;

    g_clear_pointer(&self->checkpoint, nmm_checkpoint_free);
    self->checkpoint =
        nmm_checkpoint_begin(NMM_RUN_DIR, nm_device_get_iface(self->device), read_clock(), &error);
    if (!self->checkpoint) {
        nmm_move_end_step(self, error);
        return;
    }
    g_ptr_array_add(devices, self->device);
    nm_client_checkpoint_create(nmm_move_get_client(self),
                                devices,
                                NMM_CHECKPOINT_TIMEOUT_S,
                                NM_CHECKPOINT_CREATE_FLAG_NONE,
                                NULL,
                                checkpoint_cb,
                                g_object_ref(self));
}

static void
destroy_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error);
    /* Otherwise NetworkManager may still have it: a later step tries again, and if that fails, the
     * note stays for the next activation. */
    if (!error || g_error_matches(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_INVALID_ARGUMENTS))
        g_clear_pointer(&self->checkpoint, nmm_checkpoint_end);
    nmm_move_end_call(
        self, error, _("the checkpoint of '%s' is lost"), nm_device_get_iface(self->device));
}

void
nmm_move_step_release(NmmMove *self)
{
    const char *path = self->checkpoint ? nmm_checkpoint_get_path(self->checkpoint) : NULL;

    if (path)
        nm_client_checkpoint_destroy(
            nmm_move_get_client(self), path, NULL, destroy_cb, g_object_ref(self));
    else
        nmm_move_end_step(self, NULL);
}

/* REAPPLY, RESTORE, REACTIVATE */

static void
reapply_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;

    nm_device_reapply_finish(self->device, result, &error);
    nmm_move_end_call(self,
                      error,
                      _("NetworkManager cannot change the configuration of '%s'"),
                      nm_device_get_iface(self->device));
}

/* Refused where somebody else has changed the configuration meanwhile. */
void
nmm_move_step_reapply(NmmMove *self)
{
    nm_device_reapply_async(
        self->device, self->bare, self->version, 0, NULL, reapply_cb, g_object_ref(self));
}

static void
restore_read_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;
    guint64 version = 0;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(self->device, result, &version, &error);

    /* A parent that has gone down meanwhile has none. */
    if (error && nm_device_get_state(self->device) != NM_DEVICE_STATE_ACTIVATED)
        g_clear_error(&error);
    /* Activated anew, or given another configuration: then that is what somebody wants. */
    if (applied && nmm_move_profile_is_bare(applied)) {
        nm_device_reapply_async(self->device, self->saved, version, 0, NULL, reapply_cb, self);
        return;
    }
    nmm_move_end_call(
        self, error, _("cannot read the configuration of '%s'"), nm_device_get_iface(self->device));
}

/* A parent that has gone down meanwhile comes up with its stored profile, when it does. */
void
nmm_move_step_restore(NmmMove *self)
{
    if (nm_device_get_state(self->device) == NM_DEVICE_STATE_ACTIVATED)
        nm_device_get_applied_connection_async(
            self->device, 0, NULL, restore_read_cb, g_object_ref(self));
    else
        nmm_move_end_step(self, NULL);
}

static void
reactivate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;
    NMActiveConnection *active =
        nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);

    g_clear_object(&active);
    nmm_move_end_call(
        self, error, _("cannot activate '%s' again"), nm_device_get_iface(self->device));
}

void
nmm_move_step_reactivate(NmmMove *self)
{
    nm_client_activate_connection_async(nmm_move_get_client(self),
                                        NULL,
                                        self->device,
                                        NULL,
                                        NULL,
                                        reactivate_cb,
                                        g_object_ref(self));
}
