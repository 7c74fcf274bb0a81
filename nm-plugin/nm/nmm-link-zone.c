/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An update reads the two zones and changes the link's if they differ. Events during an update
 * cause another one, because they may be older or newer than what it read. NetworkManager puts the
 * link into the default zone each time that it gets a configuration (seen with 1.42), and the
 * parent into its zone some time after firewalld's start; firewalld reports both as events.
 */

#include "config.h"

#include "nmm-link-zone.h"

#include "nmm-firewalld.h"

/* firewalld owns its name before it has loaded its rules and answers. */
#define TIMEOUT_MS 60000

struct _NmmLinkZone {
    GDBusConnection *bus;
    char *link;
    char *parent;
    char *fixed; /* (nullable): the profile's */
    NmmLinkZoneFunc changed;
    gpointer user_data;
    GCancellable *cancellable;
    guint watch;
    guint firewalld_signals;
    guint zone_signals;
    char *wanted; /* (nullable): of the update in progress */
    gboolean updating;
    gboolean again;
};

static void update(NmmLinkZone *self);

/* firewalld has stopped; when it starts again, there is another update. */
static gboolean
is_stopped(const GError *error)
{
    return nmm_firewalld_is_absent(error) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
}

static void
end_update(NmmLinkZone *self)
{
    self->updating = FALSE;
    if (self->again)
        update(self);
}

static void
fail_update(NmmLinkZone *self, GError *error)
{
    g_dbus_error_strip_remote_error(error);
    if (!is_stopped(error))
        self->changed(self->link, self->wanted, error, self->user_data);
    end_update(self);
}

/* (transfer full) (nullable): without a reply the update is over, or @data is freed. */
static char *
finish_call(GObject *bus, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &error);
    char *zone = NULL;

    if (reply)
        g_variant_get(reply, "(s)", &zone);
    else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        fail_update(data, error);
    return zone;
}

/* @arguments: floating. The reply is a zone. */
static void
call(NmmLinkZone *self, const char *method, GVariant *arguments, GAsyncReadyCallback done)
{
    g_dbus_connection_call(self->bus,
                           NMM_FIREWALLD_NAME,
                           NMM_FIREWALLD_PATH,
                           NMM_FIREWALLD_ZONE_INTERFACE,
                           method,
                           arguments,
                           G_VARIANT_TYPE("(s)"),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           TIMEOUT_MS,
                           self->cancellable,
                           done,
                           self);
}

static void
changed_cb(GObject *bus, GAsyncResult *result, gpointer data)
{
    NmmLinkZone *self = data;
    g_autofree char *zone = finish_call(bus, result, data);

    if (!zone)
        return;
    self->changed(self->link, *self->wanted ? self->wanted : NULL, NULL, self->user_data);
    end_update(self);
}

/* The default zone applies to an interface in no zone, even after another zone becomes the
 * default. */
static void
link_read_cb(GObject *bus, GAsyncResult *result, gpointer data)
{
    NmmLinkZone *self = data;
    g_autofree char *zone = finish_call(bus, result, data);

    if (!zone)
        return;
    if (g_str_equal(zone, self->wanted))
        end_update(self);
    else if (*self->wanted)
        call(self,
             "changeZoneOfInterface",
             g_variant_new("(ss)", self->wanted, self->link),
             changed_cb);
    else
        call(self, "removeInterface", g_variant_new("(ss)", zone, self->link), changed_cb);
}

/* @zone: (transfer full) */
static void
want(NmmLinkZone *self, char *zone)
{
    g_free(self->wanted);
    self->wanted = zone;
    call(self, "getZoneOfInterface", g_variant_new("(s)", self->link), link_read_cb);
}

static void
parent_read_cb(GObject *bus, GAsyncResult *result, gpointer data)
{
    char *zone = finish_call(bus, result, data);

    if (zone)
        want(data, zone);
}

static void
update(NmmLinkZone *self)
{
    self->again = self->updating;
    if (self->updating)
        return;
    self->updating = TRUE;
    if (self->fixed)
        want(self, g_strdup(self->fixed));
    else
        call(self, "getZoneOfInterface", g_variant_new("(s)", self->parent), parent_read_cb);
}

/* Events */

static void
appeared_cb(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
    update(data);
}

/* Reloaded, DefaultZoneChanged, … */
static void
firewalld_cb(GDBusConnection *bus,
             const char *sender,
             const char *path,
             const char *interface,
             const char *signal,
             GVariant *parameters,
             gpointer data)
{
    update(data);
}

/* InterfaceAdded, ZoneOfInterfaceChanged, InterfaceRemoved: zone, interface. */
static void
zone_cb(GDBusConnection *bus,
        const char *sender,
        const char *path,
        const char *interface,
        const char *signal,
        GVariant *parameters,
        gpointer data)
{
    NmmLinkZone *self = data;
    const char *name;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ss)")))
        return;
    g_variant_get(parameters, "(s&s)", NULL, &name);
    if (g_str_equal(name, self->link) || g_str_equal(name, self->parent))
        update(self);
}

static guint
subscribe(NmmLinkZone *self, const char *interface, GDBusSignalCallback callback)
{
    return g_dbus_connection_signal_subscribe(self->bus,
                                              NMM_FIREWALLD_NAME,
                                              interface,
                                              NULL,
                                              NMM_FIREWALLD_PATH,
                                              NULL,
                                              G_DBUS_SIGNAL_FLAGS_NONE,
                                              callback,
                                              self,
                                              NULL);
}

NmmLinkZone *
nmm_link_zone_new(GDBusConnection *bus,
                  const char *link,
                  const char *parent,
                  const char *zone,
                  NmmLinkZoneFunc changed,
                  gpointer user_data)
{
    NmmLinkZone *self = g_new0(NmmLinkZone, 1);

    self->bus = g_object_ref(bus);
    self->link = g_strdup(link);
    self->parent = g_strdup(parent);
    self->fixed = g_strdup(zone);
    self->changed = changed;
    self->user_data = user_data;
    self->cancellable = g_cancellable_new();
    self->firewalld_signals = subscribe(self, NMM_FIREWALLD_INTERFACE, firewalld_cb);
    self->zone_signals = subscribe(self, NMM_FIREWALLD_ZONE_INTERFACE, zone_cb);
    self->watch = g_bus_watch_name_on_connection(
        bus, NMM_FIREWALLD_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, appeared_cb, NULL, self, NULL);
    return self;
}

void
nmm_link_zone_free(NmmLinkZone *self)
{
    g_bus_unwatch_name(self->watch);
    g_dbus_connection_signal_unsubscribe(self->bus, self->firewalld_signals);
    g_dbus_connection_signal_unsubscribe(self->bus, self->zone_signals);
    g_cancellable_cancel(self->cancellable);
    g_object_unref(self->cancellable);
    g_object_unref(self->bus);
    g_free(self->link);
    g_free(self->parent);
    g_free(self->fixed);
    g_free(self->wanted);
    g_free(self);
}
