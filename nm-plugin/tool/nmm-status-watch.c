/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-status-watch.h"

#include <gio/gio.h>
#include <glib-unix.h>

#include "nmm-names.h"

/* NetworkManager and the kernel follow a moment after the service. */
#define SETTLE_MS 200

typedef struct {
    void (*changed)(gpointer user_data);
    gpointer user_data;
    GMainLoop *loop;
    guint settle_id;
} Watch;

static gboolean
settled_cb(gpointer user_data)
{
    Watch *watch = user_data;

    watch->settle_id = 0;
    watch->changed(watch->user_data);
    return G_SOURCE_REMOVE;
}

static void
signal_cb(GDBusConnection *bus,
          const char *sender,
          const char *path,
          const char *interface,
          const char *signal,
          GVariant *parameters,
          gpointer user_data)
{
    Watch *watch = user_data;

    if (watch->settle_id == 0)
        watch->settle_id = g_timeout_add(SETTLE_MS, settled_cb, watch);
}

static gboolean
end_cb(gpointer user_data)
{
    g_main_loop_quit(user_data);
    return G_SOURCE_CONTINUE;
}

static void
subscribe(GDBusConnection *bus, Watch *watch, guint *out_ids)
{
    out_ids[0] = g_dbus_connection_signal_subscribe(bus,
                                                    NULL,
                                                    "org.freedesktop.DBus.Properties",
                                                    "PropertiesChanged",
                                                    NMM_DBUS_STATUS_PATH,
                                                    NMM_DBUS_STATUS_INTERFACE,
                                                    G_DBUS_SIGNAL_FLAGS_NONE,
                                                    signal_cb,
                                                    watch,
                                                    NULL);
    out_ids[1] = g_dbus_connection_signal_subscribe(bus,
                                                    "org.freedesktop.DBus",
                                                    "org.freedesktop.DBus",
                                                    "NameOwnerChanged",
                                                    "/org/freedesktop/DBus",
                                                    NMM_DBUS_SERVICE,
                                                    G_DBUS_SIGNAL_FLAGS_MATCH_ARG0_NAMESPACE,
                                                    signal_cb,
                                                    watch,
                                                    NULL);
}

gboolean
nmm_status_watch_run(void (*changed)(gpointer user_data), gpointer user_data, GError **error)
{
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Watch watch = {.changed = changed, .user_data = user_data, .loop = loop};
    guint ids[2];
    guint sources[2];

    if (!bus)
        return FALSE;
    subscribe(bus, &watch, ids);
    sources[0] = g_unix_signal_add(SIGINT, end_cb, loop);
    sources[1] = g_unix_signal_add(SIGTERM, end_cb, loop);
    changed(user_data);
    g_main_loop_run(loop);

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_dbus_connection_signal_unsubscribe(bus, ids[i]);
        g_source_remove(sources[i]);
    }
    g_clear_handle_id(&watch.settle_id, g_source_remove);
    return TRUE;
}
