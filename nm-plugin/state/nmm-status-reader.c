/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-status-reader.h"

#include "nmm-names.h"
#include "nmm-status-variant.h"

/* A service answers at once, because its main loop never blocks; one that is stopped delays no
 * reader for long. */
#define TIMEOUT_MS 3000

#define BUS      "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

typedef struct {
    GPtrArray *statuses;  /* (element-type NmmProfileStatus) */
    GStrvBuilder *silent; /* process IDs */
    guint n_pending;      /* services that are being asked */
} Read;

typedef struct {
    GTask *task;
    char *name; /* on the bus */
} Service;

static void
read_free(gpointer data)
{
    Read *read = data;

    g_ptr_array_unref(read->statuses);
    g_strv_builder_unref(read->silent);
    g_free(read);
}

static void
service_free(Service *service)
{
    g_object_unref(service->task);
    g_free(service->name);
    g_free(service);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Service, service_free)

static void
return_if_done(GTask *task)
{
    Read *read = g_task_get_task_data(task);

    if (read->n_pending == 0)
        g_task_return_pointer(
            task, g_ptr_array_ref(read->statuses), (GDestroyNotify)g_ptr_array_unref);
}

static void
end_service(GTask *task)
{
    Read *read = g_task_get_task_data(task);

    read->n_pending--;
    return_if_done(task);
}

static void
process_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Service) service = user_data;
    Read *read = g_task_get_task_data(service->task);
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, NULL);
    g_autofree char *text = NULL;
    guint32 pid;

    if (reply) {
        g_variant_get(reply, "(u)", &pid);
        text = g_strdup_printf("%u", pid);
        g_strv_builder_add(read->silent, text);
    }
    end_service(service->task);
}

static void
call(GDBusConnection *bus,
     const char *name,
     const char *path,
     const char *interface,
     const char *method,
     const char *argument,
     const char *reply_type,
     GAsyncReadyCallback callback,
     gpointer user_data)
{
    g_dbus_connection_call(bus,
                           name,
                           path,
                           interface,
                           method,
                           argument ? g_variant_new("(s)", argument) : NULL,
                           G_VARIANT_TYPE(reply_type),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           TIMEOUT_MS,
                           NULL,
                           callback,
                           user_data);
}

static void
ask_bus(GDBusConnection *bus,
        const char *method,
        const char *argument,
        const char *reply_type,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
    call(bus, BUS, BUS_PATH, BUS, method, argument, reply_type, callback, user_data);
}

static void
properties_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Service) service = user_data;
    GTask *task = service->task;
    Read *read = g_task_get_task_data(task);
    GDBusConnection *bus = G_DBUS_CONNECTION(object);
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_finish(bus, result, &error);
    g_autoptr(GVariant) properties = reply ? g_variant_get_child_value(reply, 0) : NULL;
    NmmProfileStatus *status = properties ? nmm_status_variant_parse(properties) : NULL;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
        Service *asked = g_steal_pointer(&service);

        ask_bus(bus, "GetConnectionUnixProcessID", asked->name, "(u)", process_cb, asked);
        return;
    }
    if (status)
        g_ptr_array_add(read->statuses, status);
    end_service(task);
}

static void
read_service(GDBusConnection *bus, const char *name, GTask *task)
{
    Read *read = g_task_get_task_data(task);
    Service *service = g_new(Service, 1);

    *service = (Service){.task = g_object_ref(task), .name = g_strdup(name)};
    read->n_pending++;
    call(bus,
         name,
         NMM_DBUS_STATUS_PATH,
         "org.freedesktop.DBus.Properties",
         "GetAll",
         NMM_DBUS_STATUS_INTERFACE,
         "(a{sv})",
         properties_cb,
         service);
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

    read->silent = g_strv_builder_new();
    read->statuses = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_profile_status_free);
    g_task_set_task_data(task, read, read_free);
    ask_bus(bus, "ListNames", NULL, "(as)", names_cb, task);
}

GPtrArray *
nmm_status_read_finish(GAsyncResult *result, char ***out_silent)
{
    Read *read = g_task_get_task_data(G_TASK(result));

    *out_silent = g_strv_builder_end(read->silent);
    return g_task_propagate_pointer(G_TASK(result), NULL);
}
