/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-link-removal.h"

#include "nmm-names.h"

/* A check can depend on a server that does not answer. */
#define CHECK_TIMEOUT_MS 2000

/* The link */

typedef struct {
    char *uuid;
    GError *error; /* (nullable) */
} Removal;

static void
removal_free(gpointer data)
{
    Removal *removal = data;

    g_free(removal->uuid);
    g_clear_error(&removal->error);
    g_free(removal);
}

/* Takes the task. */
static void
end(GTask *task)
{
    Removal *removal = g_task_get_task_data(task);

    if (removal->error)
        g_task_return_error(task, g_steal_pointer(&removal->error));
    else
        g_task_return_boolean(task, TRUE);
    g_object_unref(task);
}

static void
profile_deleted_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    /* A volatile profile has usually gone with its device. */
    if (!nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error))
        g_debug("profile of a host link: %s", error->message);
    end(user_data);
}

/* Takes the task. */
static void
delete_profile(GTask *task)
{
    const Removal *removal = g_task_get_task_data(task);
    NMRemoteConnection *profile =
        nm_client_get_connection_by_uuid(g_task_get_source_object(task), removal->uuid);

    if (profile)
        nm_remote_connection_delete_async(profile, NULL, profile_deleted_cb, task);
    else
        end(task);
}

static void
device_deleted_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    Removal *removal = g_task_get_task_data(task);

    nm_device_delete_finish(NM_DEVICE(object), result, &removal->error);
    /* NetworkManager may have removed it with a connection that failed. */
    if (g_error_matches(removal->error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
        g_clear_error(&removal->error);
    delete_profile(task);
}

/* The device first: NetworkManager may no longer know that it made it, and deletes the device of a
 * deleted profile only later, so that the link could still send under its MAC. */
void
nmm_link_removal_remove_async(NMClient *client,
                              NMDevice *link,
                              const char *link_uuid,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
    GTask *task = g_task_new(client, NULL, callback, user_data);
    Removal *removal = g_new0(Removal, 1);

    removal->uuid = g_strdup(link_uuid);
    g_task_set_task_data(task, removal, removal_free);
    if (link)
        nm_device_delete_async(link, NULL, device_deleted_cb, task);
    else
        delete_profile(task);
}

gboolean
nmm_link_removal_remove_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* The connectivity */

static void
checked_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) connectivity =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);

    if (!connectivity)
        g_debug("check of the connectivity: %s", error->message);
    g_task_return_boolean(task, TRUE);
}

/* If its own connectivity check is disabled, NetworkManager does not notice that the parent has its
 * default route again, and reports "connected (site only)" (seen with NM 1.42). It rejects the call
 * of a program that ends at once, but the result does not matter. */
void
nmm_link_removal_check_connectivity_async(NMClient *client,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
    g_dbus_connection_call(nm_client_get_dbus_connection(client),
                           NM_DBUS_SERVICE,
                           NM_DBUS_PATH,
                           NM_DBUS_INTERFACE,
                           "CheckConnectivity",
                           NULL,
                           NULL,
                           G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           CHECK_TIMEOUT_MS,
                           NULL,
                           checked_cb,
                           g_task_new(client, NULL, callback, user_data));
}
