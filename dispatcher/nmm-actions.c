/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table has one function for each kind of action. Each ends its task exactly once; if a profile
 * or link to remove is already gone, the action succeeds without a change.
 */

#include "config.h"

#include "nmm-actions.h"

#include "nmm-active.h"
#include "nmm-announce.h"
#include "nmm-checkpoint.h"
#include "nmm-device.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"

/* How long a device may take for its address before its host link is kept. */
#define ADDRESS_TIMEOUT_S   10
#define ADDRESS_INTERVAL_MS 100

typedef struct {
    NMClient *client;
    char *uuid; /* of the profile that moved it */
    char *device;
    guint pending; /* calls to NetworkManager under way */
    gboolean changed;
    NMRemoteConnection *link; /* (nullable): the host link's profile */
    gint64 deadline;          /* monotonic, in µs: until when the device may take for an address */
    GError *error;            /* (nullable): the first one */
} Restore;

static void
restore_free(gpointer data)
{
    Restore *restore = data;

    g_object_unref(restore->client);
    g_clear_object(&restore->link);
    g_free(restore->uuid);
    g_free(restore->device);
    g_clear_error(&restore->error);
    g_free(restore);
}

static void
activate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    g_autoptr(NMActiveConnection) active =
        nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);

    if (active)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

/* NetworkManager takes the base of a VPN from the "specific object", and refuses a device of
 * another one; without it, it takes the device of the default route. */
static void
activate(NMClient *client, const NmmAction *action, GTask *task)
{
    NMRemoteConnection *connection = nm_client_get_connection_by_uuid(client, action->uuid);
    NMDevice *device = nm_client_get_device_by_iface(client, action->device);
    NMActiveConnection *base = device ? nm_device_get_active_connection(device) : NULL;

    /* Activated since the decision: NetworkManager would return an error. */
    if (nmm_active_is_up(client, action->uuid)) {
        g_task_return_boolean(task, FALSE);
        g_object_unref(task);
        return;
    }
    if (connection && base) {
        nm_client_activate_connection_async(client,
                                            NM_CONNECTION(connection),
                                            device,
                                            nm_object_get_path(NM_OBJECT(base)),
                                            g_task_get_cancellable(task),
                                            activate_cb,
                                            task);
        return;
    }
    g_task_return_new_error(
        task, NMM_ERROR, NMM_ERROR_NOT_FOUND, "the profile or its base device is gone");
    g_object_unref(task);
}

static NMConnection *
build_connection(const NmmSuggestedProfile *suggested)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();
    NMSetting *vpn = nm_setting_vpn_new();

    g_object_set(base,
                 NM_SETTING_CONNECTION_ID,
                 suggested->id,
                 NM_SETTING_CONNECTION_UUID,
                 suggested->uuid,
                 NM_SETTING_CONNECTION_TYPE,
                 NM_SETTING_VPN_SETTING_NAME,
                 NM_SETTING_CONNECTION_AUTOCONNECT,
                 FALSE,
                 NULL);
    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, NMM_DBUS_SERVICE, NULL);
    nm_setting_vpn_add_data_item(
        NM_SETTING_VPN(vpn), NMM_KEY_MODE, nmm_mode_to_string(suggested->mode));
    nm_setting_vpn_add_data_item(
        NM_SETTING_VPN(vpn),
        nmm_mode_get_target(suggested->mode, NMM_KEY_NETWORK, NMM_KEY_PARENT),
        suggested->target);
    nm_connection_add_setting(connection, base);
    nm_connection_add_setting(connection, vpn);
    return connection;
}

static void
suggest_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    g_autoptr(NMRemoteConnection) connection =
        nm_client_add_connection2_finish(NM_CLIENT(object), result, NULL, &error);

    if (connection)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
suggest(NMClient *client, const NmmAction *action, GTask *task)
{
    g_autoptr(NMConnection) connection = build_connection(action->suggested);

    nm_client_add_connection2(client,
                              nm_connection_to_dbus(connection, NM_CONNECTION_SERIALIZE_ALL),
                              NM_SETTINGS_ADD_CONNECTION2_FLAG_IN_MEMORY |
                                  NM_SETTINGS_ADD_CONNECTION2_FLAG_BLOCK_AUTOCONNECT,
                              NULL,
                              FALSE,
                              g_task_get_cancellable(task),
                              suggest_cb,
                              task);
}

static void
withdraw_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
withdraw(NMClient *client, const NmmAction *action, GTask *task)
{
    NMRemoteConnection *connection = nm_client_get_connection_by_uuid(client, action->uuid);

    if (connection) {
        nm_remote_connection_delete_async(
            connection, g_task_get_cancellable(task), withdraw_cb, task);
        return;
    }
    g_task_return_boolean(task, FALSE);
    g_object_unref(task);
}

static void
remove_link(NMClient *client, const NmmAction *action, GTask *task)
{
    GError *error = NULL;
    g_autoptr(NmmHostlink) kernel = NULL;
    gboolean removed = FALSE;

    /* Activated since the decision: the service makes the link again. */
    if (nmm_active_is_up(client, action->uuid)) {
        g_task_return_boolean(task, FALSE);
        g_object_unref(task);
        return;
    }
    kernel = nmm_hostlink_netlink_new("/sys", &error);
    if (kernel)
        removed = nmm_hostlink_remove_leftover(kernel, action->device, action->uuid, &error);
    if (removed || g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
        g_clear_error(&error);
        g_task_return_boolean(task, removed);
    } else {
        g_task_return_error(task, error);
    }
    g_object_unref(task);
}

/* The task ends with the last call, and with the first error. @error: (transfer full) (nullable) */
static void
restore_done(GTask *task, GError *error)
{
    Restore *restore = g_task_get_task_data(task);

    if (!restore->error)
        restore->error = error;
    else
        g_clear_error(&error);
    restore->pending--;
    if (restore->pending == 0 && restore->error)
        g_task_return_error(task, g_steal_pointer(&restore->error));
    else if (restore->pending == 0)
        g_task_return_boolean(task, restore->changed);
    g_object_unref(task);
}

static void
reapply_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;

    nm_device_reapply_finish(NM_DEVICE(object), result, &error);
    restore_done(user_data, error);
}

/* As mode move leaves a device. Whatever else a person has changed on it for the time being is not
 * ours to undo. */
static gboolean
is_bare_by_us(NMConnection *applied, NMConnection *stored)
{
    return nmm_move_profile_is_bare(applied) && !nmm_move_profile_is_bare(stored);
}

/* Has another profile that is up, or coming, a host link over the device by now? */
static gboolean
is_anothers(Restore *restore)
{
    const GPtrArray *connections = nm_client_get_connections(restore->client);

    for (guint i = 0; i < connections->len; i++) {
        const char *uuid = nm_connection_get_uuid(connections->pdata[i]);
        g_autofree char *link = NULL;

        if (!nmm_profile_reader_is_macvtap(connections->pdata[i]) ||
            g_strcmp0(uuid, restore->uuid) == 0 || !nmm_active_is_up(restore->client, uuid))
            continue;
        link = nmm_move_profile_build_uuid(uuid, restore->device);
        if (nmm_active_is_up(restore->client, link))
            return TRUE;
    }
    return FALSE;
}

/* Switched on again since the decision: the service takes over what is there, and puts it right. So
 * is what another profile has moved since. */
static gboolean
is_taken_over(Restore *restore)
{
    const GPtrArray *actives = nm_client_get_active_connections(restore->client);

    for (guint i = 0; i < actives->len; i++) {
        if (g_strcmp0(nm_active_connection_get_uuid(actives->pdata[i]), restore->uuid) == 0)
            return TRUE;
    }
    return is_anothers(restore);
}

static void
applied_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMDevice *device = NM_DEVICE(object);
    GTask *task = user_data;
    Restore *restore = g_task_get_task_data(task);
    NMActiveConnection *active = nm_device_get_active_connection(device);
    NMRemoteConnection *stored = active ? nm_active_connection_get_connection(active) : NULL;
    GError *error = NULL;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(device, result, NULL, &error);

    if (!applied || !stored || !is_bare_by_us(applied, NM_CONNECTION(stored)) ||
        is_taken_over(restore)) {
        restore_done(task, error);
        return;
    }
    restore->changed = TRUE;
    /* Without a connection, NetworkManager takes the stored one. */
    nm_device_reapply_async(device, NULL, 0, 0, g_task_get_cancellable(task), reapply_cb, task);
}

/* A device that is not activated takes the stored configuration by itself when it is. */
static void
restore_device(GTask *task)
{
    Restore *restore = g_task_get_task_data(task);
    NMDevice *device = nm_client_get_device_by_iface(restore->client, restore->device);

    if (!device || nm_device_get_state(device) != NM_DEVICE_STATE_ACTIVATED)
        return;
    restore->pending++;
    nm_device_get_applied_connection_async(
        device, 0, g_task_get_cancellable(task), applied_cb, g_object_ref(task));
}

static void
checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error);
    restore_done(user_data, error);
}

/* Else NetworkManager would activate the device anew when its time is over. */
static void
destroy_checkpoint(GTask *task)
{
    Restore *restore = g_task_get_task_data(task);
    g_autofree char *path = nmm_checkpoint_find_left(restore->client, NMM_RUN_DIR, restore->device);

    if (!path)
        return;
    restore->pending++;
    restore->changed = TRUE;
    nm_client_checkpoint_destroy(
        restore->client, path, g_task_get_cancellable(task), checkpoint_cb, g_object_ref(task));
}

static void
delete_link_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Restore *restore = g_task_get_task_data(user_data);
    g_autoptr(GError) error = NULL;

    /* A volatile profile may have gone by itself meanwhile. */
    if (!nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error))
        g_debug("profile of a host link: %s", error->message);
    g_clear_error(&error);
    /* The LAN may have learnt the link's MAC. */
    if (!nmm_announce(restore->device, &error))
        g_debug("%s", error->message);
    restore_done(user_data, NULL);
}

/* Known by the UUID that mode move gives it, as its name may be the user's choice. */
static NMRemoteConnection *
find_link_profile(NMClient *client, const NmmAction *action)
{
    g_autofree char *uuid = nmm_move_profile_build_uuid(action->uuid, action->device);

    return nm_client_get_connection_by_uuid(client, uuid);
}

/* (nullable): the host link, as long as the host has an address through it. */
static NMDevice *
find_link(Restore *restore)
{
    const char *name = nm_connection_get_interface_name(NM_CONNECTION(restore->link));
    NMDevice *link = name ? nm_client_get_device_by_iface(restore->client, name) : NULL;

    return link && nm_device_get_state(link) == NM_DEVICE_STATE_ACTIVATED ? link : NULL;
}

static gboolean
has_as_much(NMDevice *device, NMDevice *link, int family)
{
    return nmm_device_find_address(device, family) || !nmm_device_find_address(link, family);
}

/* Not as long as it has an address and the device, which shall have one, has none: one that
 * NetworkManager has given up may not get any for long. */
static gboolean
may_link_go(Restore *restore)
{
    NMDevice *device = nm_client_get_device_by_iface(restore->client, restore->device);
    NMDevice *link = find_link(restore);

    return !link || !device || nmm_device_is_off(device) ||
           (has_as_much(device, link, AF_INET) && has_as_much(device, link, AF_INET6));
}

static gboolean
link_cb(gpointer user_data)
{
    GTask *task = user_data;
    Restore *restore = g_task_get_task_data(task);

    if (is_taken_over(restore)) {
        restore_done(task, NULL);
        return G_SOURCE_REMOVE;
    }
    if (may_link_go(restore)) {
        restore->changed = TRUE;
        nm_remote_connection_delete_async(
            restore->link, g_task_get_cancellable(task), delete_link_cb, task);
        return G_SOURCE_REMOVE;
    }
    if (g_get_monotonic_time() < restore->deadline)
        return G_SOURCE_CONTINUE;
    restore_done(task,
                 g_error_new(NMM_ERROR,
                             NMM_ERROR_UNREACHABLE,
                             "'%s' gets no address; the host link stays, so that the host has one",
                             restore->device));
    return G_SOURCE_REMOVE;
}

/* First the device gets its addresses back, then the link goes: the host is never without any. */
static void
restore(NMClient *client, const NmmAction *action, GTask *task)
{
    Restore *restore = g_new0(Restore, 1);
    NMRemoteConnection *link = find_link_profile(client, action);

    restore->client = g_object_ref(client);
    restore->uuid = g_strdup(action->uuid);
    restore->device = g_strdup(action->device);
    restore->pending = 1;
    g_task_set_task_data(task, restore, restore_free);
    destroy_checkpoint(task);
    restore_device(task);
    if (link) {
        restore->pending++;
        restore->link = g_object_ref(link);
        restore->deadline = g_get_monotonic_time() + ADDRESS_TIMEOUT_S * G_USEC_PER_SEC;
        g_timeout_add(ADDRESS_INTERVAL_MS, link_cb, g_object_ref(task));
    }
    restore_done(task, NULL);
}

static void (*const runners[])(NMClient *client, const NmmAction *action, GTask *task) = {
    [NMM_ACTION_RESTORE] = restore,
    [NMM_ACTION_REMOVE_LINK] = remove_link,
    [NMM_ACTION_WITHDRAW] = withdraw,
    [NMM_ACTION_SUGGEST] = suggest,
    [NMM_ACTION_ACTIVATE] = activate,
};

void
nmm_actions_run_async(NMClient *client,
                      const NmmAction *action,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
    g_return_if_fail((gsize)action->kind < G_N_ELEMENTS(runners));

    runners[action->kind](client, action, g_task_new(NULL, cancellable, callback, user_data));
}

gboolean
nmm_actions_run_finish(GAsyncResult *result, gboolean *out_changed, GError **error)
{
    GError *local = NULL;

    *out_changed = g_task_propagate_boolean(G_TASK(result), &local);
    if (!local)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}
