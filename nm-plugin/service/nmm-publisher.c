/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-publisher.h"

#include <sys/types.h>

#include "nmm-names.h"
#include "nmm-status-variant.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/* Outlives the publisher while a caller is being checked. */
struct _NmmPublisher {
    gatomicrefcount ref_count;
    GDBusConnection *bus;
    guint object_id;
    GArray *readers;      /* (nullable) */
    GVariant *properties; /* a{sv} */
};

typedef struct {
    NmmPublisher *publisher;
    GDBusMethodInvocation *invocation;
} Call;

static NmmPublisher *
publisher_ref(NmmPublisher *self)
{
    g_atomic_ref_count_inc(&self->ref_count);
    return self;
}

static void
publisher_unref(NmmPublisher *self)
{
    if (!g_atomic_ref_count_dec(&self->ref_count))
        return;
    g_object_unref(self->bus);
    g_clear_pointer(&self->readers, g_array_unref);
    g_variant_unref(self->properties);
    g_free(self);
}

/* Get and GetAll: the only methods of the object that GDBus lets pass. */
static void
answer(NmmPublisher *self, GDBusMethodInvocation *invocation)
{
    GVariant *parameters = g_dbus_method_invocation_get_parameters(invocation);
    g_autoptr(GVariant) value = NULL;
    const char *name;

    if (g_str_equal(g_dbus_method_invocation_get_method_name(invocation), "GetAll")) {
        g_dbus_method_invocation_return_value(invocation,
                                              g_variant_new("(@a{sv})", self->properties));
        return;
    }
    g_variant_get_child(parameters, 1, "&s", &name);
    value = g_variant_lookup_value(self->properties, name, NULL);
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(v)", value));
}

static gboolean
may_read(const NmmPublisher *self, guint32 uid)
{
    if (!self->readers || uid == 0)
        return TRUE;
    for (guint i = 0; i < self->readers->len; i++) {
        if (g_array_index(self->readers, uid_t, i) == uid)
            return TRUE;
    }
    return FALSE;
}

static void
user_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, NULL);
    g_autofree Call *call = user_data;
    guint32 uid = G_MAXUINT32;

    if (reply)
        g_variant_get(reply, "(u)", &uid);
    if (reply && may_read(call->publisher, uid))
        answer(call->publisher, call->invocation);
    else
        g_dbus_method_invocation_return_error_literal(call->invocation,
                                                      G_DBUS_ERROR,
                                                      G_DBUS_ERROR_ACCESS_DENIED,
                                                      "the profile is private to another user");
    publisher_unref(call->publisher);
}

static void
method_cb(GDBusConnection *bus,
          const char *sender,
          const char *path,
          const char *interface,
          const char *method,
          GVariant *parameters,
          GDBusMethodInvocation *invocation,
          gpointer user_data)
{
    NmmPublisher *self = user_data;
    Call *call;

    if (!self->readers) {
        answer(self, invocation);
        return;
    }
    call = g_new(Call, 1);
    *call = (Call){.publisher = publisher_ref(self), .invocation = invocation};
    g_dbus_connection_call(bus,
                           "org.freedesktop.DBus",
                           "/org/freedesktop/DBus",
                           "org.freedesktop.DBus",
                           "GetConnectionUnixUser",
                           g_variant_new("(s)", sender),
                           G_VARIANT_TYPE("(u)"),
                           G_DBUS_CALL_FLAGS_NONE,
                           -1,
                           NULL,
                           user_cb,
                           call);
}

NmmPublisher *
nmm_publisher_new(GDBusConnection *bus,
                  const NmmProfileStatus *status,
                  const GArray *readers,
                  GError **error)
{
    /* Without get_property, GDBus passes the calls of the Properties interface on. */
    static const GDBusInterfaceVTable vtable = {.method_call = method_cb};
    NmmPublisher *self = g_new0(NmmPublisher, 1);

    g_atomic_ref_count_init(&self->ref_count);
    self->bus = g_object_ref(bus);
    self->readers = readers ? g_array_copy((GArray *)readers) : NULL;
    self->properties = g_variant_ref_sink(nmm_status_variant_build(status));
    self->object_id = g_dbus_connection_register_object(bus,
                                                        NMM_DBUS_STATUS_PATH,
                                                        nmm_status_variant_get_interface(),
                                                        &vtable,
                                                        self,
                                                        (GDestroyNotify)publisher_unref,
                                                        error);
    if (self->object_id)
        return publisher_ref(self);
    publisher_unref(self);
    return NULL;
}

void
nmm_publisher_free(NmmPublisher *self)
{
    if (self->object_id)
        g_dbus_connection_unregister_object(self->bus, self->object_id);
    publisher_unref(self);
}

static void
emit_changed(NmmPublisher *self)
{
    g_autoptr(GVariantDict) none = g_variant_dict_new(NULL);
    GDBusPropertyInfo **infos = nmm_status_variant_get_interface()->properties;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GVariant *signal;

    for (; *infos; infos++)
        g_ptr_array_add(names, (*infos)->name);
    signal = self->readers ? g_variant_new("(s@a{sv}@as)",
                                           NMM_DBUS_STATUS_INTERFACE,
                                           g_variant_dict_end(none),
                                           g_variant_new_strv((const char *const *)names->pdata,
                                                              (gssize)names->len))
                           : g_variant_new("(s@a{sv}@as)",
                                           NMM_DBUS_STATUS_INTERFACE,
                                           self->properties,
                                           g_variant_new_strv(NULL, 0));
    g_dbus_connection_emit_signal(self->bus,
                                  NULL,
                                  NMM_DBUS_STATUS_PATH,
                                  PROPERTIES_INTERFACE,
                                  "PropertiesChanged",
                                  signal,
                                  NULL);
}

void
nmm_publisher_update(NmmPublisher *self, const NmmProfileStatus *status)
{
    g_autoptr(GVariant) properties = g_variant_ref_sink(nmm_status_variant_build(status));

    if (g_variant_equal(properties, self->properties))
        return;
    g_variant_unref(self->properties);
    self->properties = g_steal_pointer(&properties);
    emit_changed(self);
}
