/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table has one function for each kind of action. Each ends its task exactly once; if a profile
 * or link to remove is already gone, the action succeeds without a change.
 */

#include "config.h"

#include "nmm-actions.h"

#include "nmm-active.h"
#include "nmm-announce.h"
#include "nmm-device.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-link-removal.h"
#include "nmm-mac-swap.h"
#include "nmm-names.h"
#include "nmm-parent-arp.h"
#include "nmm-profile-lock.h"
#include "nmm-restore.h"
#include "nmm-unplug.h"

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
    if (!nmm_keys_is_default(NMM_KEY_LIBVIRT_URI, suggested->uri))
        nm_setting_vpn_add_data_item(NM_SETTING_VPN(vpn), NMM_KEY_LIBVIRT_URI, suggested->uri);
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
    gboolean removed = FALSE;

    /* Activated since the decision: the service makes the link again. */
    if (nmm_active_is_up(client, action->uuid)) {
        g_task_return_boolean(task, FALSE);
        g_object_unref(task);
        return;
    }
    removed = nmm_hostlink_remove_orphan(action->device, action->uuid, &error);
    if (removed || g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
        g_clear_error(&error);
        g_task_return_boolean(task, removed);
    } else {
        g_task_return_error(task, error);
    }
    g_object_unref(task);
}

/* Restore */

typedef struct {
    NMClient *client;
    const NmmAction *action;
    gboolean has_new_mac;
    gboolean changed;
    GError *error; /* (nullable): the first one */
} RestoreCall;

static void
restore_call_free(gpointer data)
{
    RestoreCall *call = data;

    g_object_unref(call->client);
    g_clear_error(&call->error);
    g_free(call);
}

/* The link is gone, unless the profile was activated meanwhile. */
static void
end_silence(NMClient *client, const NmmAction *action)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_active_is_up(client, action->uuid) &&
        !nmm_parent_arp_restore(NMM_RUN_DIR, action->uuid, action->device, &error))
        g_warning("ARP on '%s': %s", action->device, error->message);
}

static void
checked_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    RestoreCall *call = g_task_get_task_data(task);

    if (call->error)
        g_task_return_error(task, g_steal_pointer(&call->error));
    else
        g_task_return_boolean(task, call->changed);
}

/* The LAN may have learned the link's MAC. */
static void
restored_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    RestoreCall *call = g_task_get_task_data(task);
    g_autoptr(GError) announce_error = NULL;
    g_autoptr(GError) error = NULL;

    if (nmm_restore_all_finish(result, &call->changed, &error))
        end_silence(call->client, call->action);
    else if (!call->error)
        call->error = g_steal_pointer(&error);
    call->changed = call->changed || call->has_new_mac;
    if (call->changed && !nmm_announce(call->action->device, AF_UNSPEC, &announce_error))
        g_debug("%s", announce_error->message);
    if (call->changed)
        nmm_link_removal_check_connectivity_async(call->client, checked_cb, task);
    else
        checked_cb(NULL, NULL, task);
}

static void
known_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const RestoreCall *call = g_task_get_task_data(task);

    nmm_restore_all_async(call->client,
                          call->action->uuid,
                          call->action->device,
                          call->has_new_mac,
                          g_task_get_cancellable(task),
                          restored_cb,
                          task);
}

/* The MAC first, because the device asks its DHCP server under it. A service that runs by now takes
 * over what is there. */
static void
restore(NMClient *client, const NmmAction *action, GTask *task)
{
    NMDevice *device = nm_client_get_device_by_iface(client, action->device);
    g_autofree char *mac = NULL;
    RestoreCall *call = g_new0(RestoreCall, 1);

    call->client = g_object_ref(client);
    call->action = action;
    g_task_set_task_data(task, call, restore_call_free);
    if (!nmm_active_find(client, action->uuid))
        nmm_mac_swap_undo(
            NMM_RUN_DIR, action->device, action->uuid, &call->has_new_mac, &call->error);
    if (call->has_new_mac && device)
        mac = nmm_mac_swap_find_own(NMM_RUN_DIR, action->device);
    if (mac)
        nmm_device_wait_mac_async(client, device, mac, known_cb, task);
    else
        known_cb(NULL, NULL, task);
}

static void
unplug_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    g_task_set_task_data(task, NULL, NULL);
    if (nmm_unplug_finish(result, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

/* (transfer full) (nullable) (element-type NmmProfileLock): NULL if an activation has them. An
 * activation that begins now waits for them, because its service is not notified of changes made
 * here. */
static GPtrArray *
take_locks(const NmmAction *action)
{
    g_autoptr(GPtrArray) locks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_profile_lock_release);

    for (guint i = 0; i < action->lock_keys->len; i++) {
        g_autoptr(GError) error = NULL;
        gboolean wait;
        NmmProfileLock *lock = nmm_profile_lock_try(
            NMM_RUN_DIR, action->lock_keys->pdata[i], action->uuid, action->id, &wait, &error);

        if (!lock) {
            g_debug("%s", error->message);
            return NULL;
        }
        nmm_profile_lock_set_ending(lock);
        g_ptr_array_add(locks, lock);
    }
    return g_steal_pointer(&locks);
}

static void
unplug(NMClient *client, const NmmAction *action, GTask *task)
{
    GPtrArray *locks = take_locks(action);

    if (!locks) {
        g_task_return_boolean(task, FALSE);
        g_object_unref(task);
        return;
    }
    g_task_set_task_data(task, locks, (GDestroyNotify)g_ptr_array_unref);
    nmm_unplug_async(action->uri, action->edits, g_task_get_cancellable(task), unplug_cb, task);
}

static void (*const runners[])(NMClient *client, const NmmAction *action, GTask *task) = {
    [NMM_ACTION_RESTORE] = restore,
    [NMM_ACTION_REMOVE_LINK] = remove_link,
    [NMM_ACTION_WITHDRAW] = withdraw,
    [NMM_ACTION_SUGGEST] = suggest,
    [NMM_ACTION_ACTIVATE] = activate,
    [NMM_ACTION_UNPLUG] = unplug,
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
