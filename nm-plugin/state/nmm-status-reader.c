/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-status-reader.h"

#include "nmm-names.h"
#include "nmm-status-variant.h"

/* A service answers at once, because its main loop never blocks; one that is stopped delays no
 * reader for long. */
#define TIMEOUT_MS 3000

typedef struct {
    GPtrArray *statuses; /* (element-type NmmProfileStatus) */
    guint n_pending;     /* services that have not answered */
} Read;

static void
read_free(gpointer data)
{
    Read *read = data;

    g_ptr_array_unref(read->statuses);
    g_free(read);
}

static void
return_if_done(GTask *task)
{
    Read *read = g_task_get_task_data(task);

    if (read->n_pending == 0)
        g_task_return_pointer(
            task, g_ptr_array_ref(read->statuses), (GDestroyNotify)g_ptr_array_unref);
}

static void
properties_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Read *read = g_task_get_task_data(task);
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, NULL);
    g_autoptr(GVariant) properties = reply ? g_variant_get_child_value(reply, 0) : NULL;
    NmmProfileStatus *status = properties ? nmm_status_variant_parse(properties) : NULL;

    if (status)
        g_ptr_array_add(read->statuses, status);
    read->n_pending--;
    return_if_done(task);
}

static void
read_service(GDBusConnection *bus, const char *name, GTask *task)
{
    Read *read = g_task_get_task_data(task);

    read->n_pending++;
    g_dbus_connection_call(bus,
                           name,
                           NMM_DBUS_STATUS_PATH,
                           "org.freedesktop.DBus.Properties",
                           "GetAll",
                           g_variant_new("(s)", NMM_DBUS_STATUS_INTERFACE),
                           G_VARIANT_TYPE("(a{sv})"),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           TIMEOUT_MS,
                           NULL,
                           properties_cb,
                           g_object_ref(task));
}

static void
names_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GDBusConnection *bus = G_DBUS_CONNECTION(object);
    g_autoptr(GVariant) reply = g_dbus_connection_call_finish(bus, result, NULL);
    g_auto(GStrv) names = NULL;

    if (reply)
        g_variant_get(reply, "(^as)", &names);
    for (gsize i = 0; names && names[i]; i++) {
        if (g_str_has_prefix(names[i], NMM_DBUS_SERVICE))
            read_service(bus, names[i], task);
    }
    return_if_done(task);
}

void
nmm_status_read_async(GDBusConnection *bus, GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(bus, NULL, callback, user_data);
    Read *read = g_new0(Read, 1);

    read->statuses = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_profile_status_free);
    g_task_set_task_data(task, read, read_free);
    g_dbus_connection_call(bus,
                           "org.freedesktop.DBus",
                           "/org/freedesktop/DBus",
                           "org.freedesktop.DBus",
                           "ListNames",
                           NULL,
                           G_VARIANT_TYPE("(as)"),
                           G_DBUS_CALL_FLAGS_NONE,
                           TIMEOUT_MS,
                           NULL,
                           names_cb,
                           task);
}

GPtrArray *
nmm_status_read_finish(GAsyncResult *result)
{
    return g_task_propagate_pointer(G_TASK(result), NULL);
}
