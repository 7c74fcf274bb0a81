/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-restore.h"

#include <glib/gi18n-lib.h>

#include "nmm-active.h"
#include "nmm-checkpoint.h"
#include "nmm-device.h"
#include "nmm-error.h"
#include "nmm-link-removal.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"

/* How long a device may take to get an address before its host link is kept. */
#define ADDRESS_TIMEOUT_S   10
#define ADDRESS_INTERVAL_MS 100

typedef struct {
    NMConnection *wanted; /* (nullable): for the parent; NULL: its stored profile */

    /* Of nmm_restore_all_async(); NULL otherwise. */
    NMClient *client;
    char *uuid; /* of the profile that moved the device */
    char *device;
    char *link_uuid;
    gboolean has_new_mac;
    gint64 deadline; /* monotonic, in µs: until when the device may take to get an address */
    gboolean changed;
    GError *error; /* (nullable): the first one */
} Restore;

static void
restore_free(gpointer data)
{
    Restore *restore = data;

    g_clear_object(&restore->wanted);
    g_clear_object(&restore->client);
    g_free(restore->uuid);
    g_free(restore->device);
    g_free(restore->link_uuid);
    g_clear_error(&restore->error);
    g_free(restore);
}

/* Whether a profile other than @uuid, that is up or coming up, has a host link over @device. */
static gboolean
is_others(NMClient *client, const char *uuid, const char *device)
{
    const GPtrArray *connections = nm_client_get_connections(client);

    for (guint i = 0; i < connections->len; i++) {
        const char *other = nm_connection_get_uuid(connections->pdata[i]);
        g_autofree char *link = NULL;

        if (!nmm_profile_reader_is_macvtap(connections->pdata[i]) || g_strcmp0(other, uuid) == 0 ||
            !nmm_active_is_up(client, other))
            continue;
        link = nmm_move_profile_build_uuid(other, device);
        if (nmm_active_is_up(client, link))
            return TRUE;
    }
    return FALSE;
}

/* A service that runs meanwhile takes over what is there, and corrects it. */
static gboolean
is_taken_over(const Restore *restore)
{
    return restore->client && (nmm_active_find(restore->client, restore->uuid) ||
                               is_others(restore->client, restore->uuid, restore->device));
}

/* The parent */

static NMConnection *
get_stored(NMDevice *device)
{
    NMActiveConnection *active = nm_device_get_active_connection(device);

    return active ? NM_CONNECTION(nm_active_connection_get_connection(active)) : NULL;
}

gboolean
nmm_restore_is_stripped(NMDevice *device, NMConnection *applied)
{
    NMConnection *stored = get_stored(device);

    return stored && nmm_move_profile_has_no_ip(applied) && !nmm_move_profile_has_no_ip(stored);
}

static void
reapply_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    NMDevice *device = NM_DEVICE(object);
    GError *error = NULL;

    if (nm_device_reapply_finish(device, result, &error)) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    g_dbus_error_strip_remote_error(error);
    g_prefix_error(
        &error, _("cannot change the configuration of '%s': "), nm_device_get_iface(device));
    g_task_return_error(task, error);
}

static gboolean
needs_restore(NMDevice *device, NMConnection *applied, const Restore *restore)
{
    if (restore->wanted)
        return nmm_move_profile_has_no_ip(applied);
    return nmm_restore_is_stripped(device, applied) && !is_taken_over(restore);
}

/* (transfer none) (nullable): known by its UUID, because its name may be the user's choice. */
static NMRemoteConnection *
find_link_profile(const Restore *restore)
{
    return nm_client_get_connection_by_uuid(restore->client, restore->link_uuid);
}

/* (transfer none) (nullable): while the host may have an address through it. */
static NMDevice *
find_link(const Restore *restore)
{
    NMRemoteConnection *profile = find_link_profile(restore);
    const char *name = profile ? nm_connection_get_interface_name(NM_CONNECTION(profile)) : NULL;
    NMDevice *link = name ? nm_client_get_device_by_iface(restore->client, name) : NULL;

    return link && nm_device_get_state(link) == NM_DEVICE_STATE_ACTIVATED ? link : NULL;
}

/* NetworkManager asks a DHCP server again only if the method changes. */
typedef struct {
    GTask *task;
    NMConnection *restored;
} Renewal;

static void
renewal_stripped_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autofree Renewal *renewal = user_data;
    g_autoptr(NMConnection) restored = renewal->restored;
    NMDevice *device = NM_DEVICE(object);
    g_autoptr(GError) error = NULL;

    if (!nm_device_reapply_finish(device, result, &error))
        g_debug("%s: %s", nm_device_get_iface(device), error->message);
    nm_device_reapply_async(
        device, restored, 0, 0, g_task_get_cancellable(renewal->task), reapply_cb, renewal->task);
}

/* Takes the task. The device needs a restore. */
static void
give_back(NMDevice *device, const Restore *restore, guint64 version, GTask *task)
{
    g_autoptr(NMConnection) connection =
        nmm_move_profile_build_restored(restore->wanted ?: get_stored(device));

    nm_device_reapply_async(
        device, connection, version, 0, g_task_get_cancellable(task), reapply_cb, task);
}

/* Takes the task. */
static void
renew(NMDevice *device, NMConnection *applied, guint64 version, GTask *task)
{
    g_autoptr(NMConnection) stripped = nmm_move_profile_build_parent(applied);
    Renewal *renewal = g_new(Renewal, 1);

    *renewal = (Renewal){task, nmm_move_profile_build_restored(applied)};
    nm_device_reapply_async(
        device, stripped, version, 0, g_task_get_cancellable(task), renewal_stripped_cb, renewal);
}

/* The device has no address for a moment, so not while it has the host's only one: then it asked
 * before it lost its MAC. */
static gboolean
needs_renewal(NMConnection *applied, const Restore *restore)
{
    NMDevice *link = restore->client ? find_link(restore) : NULL;

    return restore->has_new_mac && !nmm_move_profile_has_no_ip(applied) &&
           !is_taken_over(restore) &&
           (!restore->client || (link && nmm_device_find_address(link, AF_INET)));
}

static void
applied_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    NMDevice *device = NM_DEVICE(object);
    const Restore *restore = g_task_get_task_data(task);
    GError *error = NULL;
    guint64 version = 0;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(device, result, &version, &error);

    /* A device that was deactivated meanwhile has none. */
    if (error && nm_device_get_state(device) == NM_DEVICE_STATE_ACTIVATED) {
        g_dbus_error_strip_remote_error(error);
        g_prefix_error(
            &error, _("cannot read the configuration of '%s': "), nm_device_get_iface(device));
        g_task_return_error(task, error);
        return;
    }
    g_clear_error(&error);
    if (applied && needs_restore(device, applied, restore))
        give_back(device, restore, version, g_steal_pointer(&task));
    else if (applied && needs_renewal(applied, restore))
        renew(device, applied, version, g_steal_pointer(&task));
    else
        g_task_return_boolean(task, FALSE);
}

static void restore_parent(NMDevice *device, GTask *task);

static void
state_cb(NMDevice *device, GParamSpec *pspec, gpointer user_data)
{
    g_signal_handlers_disconnect_by_func(device, state_cb, user_data);
    restore_parent(device, user_data);
}

static gboolean
is_activating(NMDevice *device)
{
    NMDeviceState state = nm_device_get_state(device);

    return state > NM_DEVICE_STATE_DISCONNECTED && state < NM_DEVICE_STATE_ACTIVATED;
}

/* Takes the task. A device that is being activated may be asking under its other MAC. */
static void
restore_parent(NMDevice *device, GTask *task)
{
    const Restore *restore = g_task_get_task_data(task);

    if (nm_device_get_state(device) == NM_DEVICE_STATE_ACTIVATED) {
        nm_device_get_applied_connection_async(
            device, 0, g_task_get_cancellable(task), applied_cb, task);
    } else if (restore->has_new_mac && is_activating(device)) {
        g_signal_connect(device, "notify::" NM_DEVICE_STATE, G_CALLBACK(state_cb), task);
    } else {
        g_task_return_boolean(task, FALSE);
        g_object_unref(task);
    }
}

void
nmm_restore_parent_async(NMDevice *device,
                         NMConnection *wanted,
                         gboolean has_new_mac,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
    GTask *task = g_task_new(device, NULL, callback, user_data);
    Restore *restore = g_new0(Restore, 1);

    restore->wanted = g_object_ref(wanted);
    restore->has_new_mac = has_new_mac;
    g_task_set_task_data(task, restore, restore_free);
    restore_parent(device, task);
}

gboolean
nmm_restore_parent_finish(GAsyncResult *result, gboolean *out_changed, GError **error)
{
    g_autoptr(GError) local = NULL;

    *out_changed = g_task_propagate_boolean(G_TASK(result), &local);
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* All of it, one after the other */

static void
note_error(Restore *restore, GError *error)
{
    if (!restore->error)
        restore->error = error;
    else
        g_clear_error(&error);
}

/* Takes the task. */
static void
end(GTask *task)
{
    Restore *restore = g_task_get_task_data(task);

    if (restore->error)
        g_task_return_error(task, g_steal_pointer(&restore->error));
    else
        g_task_return_boolean(task, TRUE);
    g_object_unref(task);
}

static void
link_removed_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_link_removal_remove_finish(result, &error))
        g_debug("host link: %s", error->message);
    end(user_data);
}

static gboolean
has_as_much(NMDevice *device, NMDevice *link, int family)
{
    return nmm_device_find_address(device, family) || !nmm_device_find_address(link, family);
}

/* Not while the link has an address and the device, which will get one, has none: if NetworkManager
 * gave the device up, that may take long. */
static gboolean
can_link_go(const Restore *restore)
{
    NMDevice *device = nm_client_get_device_by_iface(restore->client, restore->device);
    NMDevice *link = find_link(restore);

    return !link || !device || nmm_device_is_off(device) ||
           (has_as_much(device, link, AF_INET) && has_as_much(device, link, AF_INET6));
}

static gboolean
wait_cb(gpointer user_data)
{
    GTask *task = user_data;
    Restore *restore = g_task_get_task_data(task);
    gboolean is_over = is_taken_over(restore) || !find_link_profile(restore) ||
                       g_cancellable_is_cancelled(g_task_get_cancellable(task));

    if (!is_over && can_link_go(restore)) {
        restore->changed = TRUE;
        nmm_link_removal_remove_async(
            restore->client, find_link(restore), restore->link_uuid, link_removed_cb, task);
        return G_SOURCE_REMOVE;
    }
    if (!is_over && g_get_monotonic_time() < restore->deadline)
        return G_SOURCE_CONTINUE;
    if (!is_over)
        note_error(restore,
                   g_error_new(
                       NMM_ERROR,
                       NMM_ERROR_UNREACHABLE,
                       _("'%s' gets no address; the host link stays up so that the host keeps one"),
                       restore->device));
    end(task);
    return G_SOURCE_REMOVE;
}

/* Takes the task. */
static void
wait_for_address(GTask *task)
{
    Restore *restore = g_task_get_task_data(task);

    if (!find_link_profile(restore)) {
        end(task);
        return;
    }
    restore->deadline = g_get_monotonic_time() + ADDRESS_TIMEOUT_S * G_USEC_PER_SEC;
    g_timeout_add(ADDRESS_INTERVAL_MS, wait_cb, task);
}

static void
parent_restored_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    Restore *restore = g_task_get_task_data(task);
    gboolean changed = FALSE;
    GError *error = NULL;

    if (!nmm_restore_parent_finish(result, &changed, &error))
        note_error(restore, error);
    restore->changed = restore->changed || changed;
    wait_for_address(task);
}

/* Takes the task. */
static void
restore_device(GTask *task)
{
    Restore *restore = g_task_get_task_data(task);
    NMDevice *device = nm_client_get_device_by_iface(restore->client, restore->device);
    GTask *parent;

    if (!device) {
        wait_for_address(task);
        return;
    }
    parent = g_task_new(device, g_task_get_cancellable(task), parent_restored_cb, task);
    g_task_set_task_data(parent, restore, NULL);
    restore_parent(device, parent);
}

static void
checkpoint_destroyed_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    GError *error = NULL;

    if (!nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error))
        note_error(g_task_get_task_data(task), error);
    restore_device(task);
}

void
nmm_restore_all_async(NMClient *client,
                      const char *uuid,
                      const char *device,
                      gboolean has_new_mac,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
    GTask *task = g_task_new(client, cancellable, callback, user_data);
    Restore *restore = g_new(Restore, 1);
    g_autofree char *checkpoint = nmm_checkpoint_find_left(client, NMM_RUN_DIR, device);

    *restore = (Restore){
        .client = g_object_ref(client),
        .uuid = g_strdup(uuid),
        .device = g_strdup(device),
        .link_uuid = nmm_move_profile_build_uuid(uuid, device),
        .has_new_mac = has_new_mac,
        .changed = checkpoint != NULL,
    };
    g_task_set_task_data(task, restore, restore_free);
    /* Otherwise NetworkManager would activate the device again at the checkpoint's timeout. */
    if (checkpoint)
        nm_client_checkpoint_destroy(
            client, checkpoint, cancellable, checkpoint_destroyed_cb, task);
    else
        restore_device(task);
}

gboolean
nmm_restore_all_finish(GAsyncResult *result, gboolean *out_changed, GError **error)
{
    const Restore *restore = g_task_get_task_data(G_TASK(result));

    *out_changed = restore->changed;
    return g_task_propagate_boolean(G_TASK(result), error);
}
