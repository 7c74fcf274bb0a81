/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces as rows of a table. Signals are queued on the main loop, each kind once for all that
 * happened since.
 */

#include "config.h"

#include "fake-hostlink.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-parent-check.h"
#include "nmm-identity.h"

typedef struct {
    char *name;
    char *mac;
    char *parent;  /* (nullable): of a macvtap */
    char *ifalias; /* (nullable) */
    char *master;  /* (nullable) */
    gboolean passthrough;
    gboolean wireless;
    gboolean up;
    gboolean carrier;
    GArray *addresses; /* NmmCidr */
    GArray *routes;    /* NmmRoute */
} Device;

struct _FakeHostlink {
    GObject parent_instance;
    GHashTable *devices; /* name → Device */
    guint n_devices;     /* ever made: MACs */
    char *link;          /* (nullable): the one made */
    char *parent;
    gboolean told_gone;
    GArray *neighbours; /* NmmHostlinkNeighbour */
    guint idle;
    gboolean addresses_changed;
    gboolean carrier_told;
};

static void hostlink_iface_init(NmmHostlinkInterface *iface);

G_DEFINE_TYPE_WITH_CODE(FakeHostlink,
                        fake_hostlink,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NMM_TYPE_HOSTLINK, hostlink_iface_init))

static void
free_device(gpointer data)
{
    Device *device = data;

    g_free(device->name);
    g_free(device->mac);
    g_free(device->parent);
    g_free(device->ifalias);
    g_free(device->master);
    g_array_unref(device->addresses);
    g_array_unref(device->routes);
    g_free(device);
}

static Device *
find(FakeHostlink *self, const char *name)
{
    return name != NULL ? g_hash_table_lookup(self->devices, name) : NULL;
}

static Device *
add_device(FakeHostlink *self, const char *name, const char *mac)
{
    Device *device = g_new0(Device, 1);

    g_assert_null(find(self, name));
    device->name = g_strdup(name);
    device->mac =
        mac != NULL ? g_strdup(mac) : g_strdup_printf("02:00:00:00:00:%02x", ++self->n_devices);
    device->up = device->carrier = TRUE;
    device->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    device->routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    g_hash_table_insert(self->devices, device->name, device);
    return device;
}

/* Signals */

static gboolean
tell_cb(gpointer data)
{
    g_autoptr(FakeHostlink) self = g_object_ref(data);
    const Device *link = find(self, self->link);
    const Device *parent = find(self, self->parent);

    self->idle = 0;
    if (self->link == NULL || self->told_gone)
        return G_SOURCE_REMOVE;
    if (link == NULL || !link->up) {
        self->told_gone = TRUE;
        if (link == NULL)
            g_clear_pointer(&self->link, g_free);
        nmm_hostlink_emit_gone(NMM_HOSTLINK(self), "taken by the test");
        return G_SOURCE_REMOVE;
    }
    if (parent->carrier != self->carrier_told) {
        self->carrier_told = parent->carrier;
        nmm_hostlink_emit_carrier_changed(NMM_HOSTLINK(self), parent->carrier);
    }
    if (self->addresses_changed && self->link != NULL) {
        self->addresses_changed = FALSE;
        nmm_hostlink_emit_addresses_changed(NMM_HOSTLINK(self));
    }
    return G_SOURCE_REMOVE;
}

static void
tell_soon(FakeHostlink *self)
{
    if (self->idle == 0)
        self->idle = g_idle_add(tell_cb, self);
}

/* The interface's methods */

static char *
find_passthrough(FakeHostlink *self, const char *parent)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->devices);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Device *device = data;

        if (device->passthrough && g_strcmp0(device->parent, parent) == 0)
            return device->name;
    }
    return NULL;
}

static gboolean
check_parent(FakeHostlink *self, const char *name, GError **error)
{
    const Device *device = find(self, name);
    NmmParentFacts facts = {.name = name};

    if (device != NULL) {
        facts.exists = facts.ethernet = TRUE;
        facts.wireless = device->wireless;
        facts.master = device->master;
        facts.master_kind = device->master != NULL ? "bridge" : NULL;
        facts.passthrough = find_passthrough(self, name);
    }
    return nmm_parent_check_fit(&facts, FALSE, error);
}

static gboolean
hostlink_create(NmmHostlink *hostlink, const NmmHostlinkSpec *spec, GError **error)
{
    FakeHostlink *self = FAKE_HOSTLINK(hostlink);
    const Device *old = find(self, spec->name);
    g_autofree char *mac = NULL;
    Device *device;

    g_return_val_if_fail(self->link == NULL, FALSE);

    if (!check_parent(self, spec->parent, error))
        return FALSE;
    if (old != NULL &&
        !nmm_hostlink_check_mark(spec->name, old->ifalias, spec->profile_uuid, error))
        return FALSE;
    g_hash_table_remove(self->devices, spec->name);
    mac = nmm_identity_link_mac(spec->profile_uuid, find(self, spec->parent)->mac);
    device = add_device(self, spec->name, mac);
    device->parent = g_strdup(spec->parent);
    device->ifalias = nmm_hostlink_make_mark(spec->profile_uuid);
    self->link = g_strdup(spec->name);
    g_free(self->parent);
    self->parent = g_strdup(spec->parent);
    self->told_gone = FALSE;
    self->addresses_changed = FALSE;
    self->carrier_told = find(self, spec->parent)->carrier;
    return TRUE;
}

static gboolean
hostlink_remove(NmmHostlink *hostlink, GError **error)
{
    FakeHostlink *self = FAKE_HOSTLINK(hostlink);

    if (self->link != NULL)
        g_hash_table_remove(self->devices, self->link);
    g_clear_pointer(&self->link, g_free);
    return TRUE;
}

static gboolean
has_address(const Device *device, const NmmCidr *address)
{
    for (guint i = 0; i < device->addresses->len; i++) {
        const NmmCidr *mine = &g_array_index(device->addresses, NmmCidr, i);

        if (mine->family == address->family &&
            memcmp(mine->bytes, address->bytes, sizeof(mine->bytes)) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
hostlink_set_routes(NmmHostlink *hostlink, const GArray *routes, GError **error)
{
    FakeHostlink *self = FAKE_HOSTLINK(hostlink);
    Device *link = find(self, self->link);
    const Device *parent = find(self, self->parent);
    gboolean all = TRUE;

    g_return_val_if_fail(link != NULL, FALSE);

    g_array_set_size(link->routes, 0);
    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);

        if (has_address(parent, &route->source)) {
            g_array_append_vals(link->routes, route, 1);
            continue;
        }
        if (all)
            g_set_error(error,
                        NMM_ERROR,
                        NMM_ERROR_FAILED,
                        "the source is no address of '%s'",
                        parent->name);
        all = FALSE;
    }
    return all;
}

static gboolean
hostlink_has_carrier(NmmHostlink *hostlink)
{
    return FAKE_HOSTLINK(hostlink)->carrier_told;
}

static GArray *
hostlink_list_addresses(NmmHostlink *hostlink, GError **error)
{
    FakeHostlink *self = FAKE_HOSTLINK(hostlink);

    return g_array_copy(find(self, self->parent)->addresses);
}

static GArray *
hostlink_list_neighbours(NmmHostlink *hostlink, GError **error)
{
    return g_array_copy(FAKE_HOSTLINK(hostlink)->neighbours);
}

static GPtrArray *
hostlink_list(NmmHostlink *hostlink, GError **error)
{
    FakeHostlink *self = FAKE_HOSTLINK(hostlink);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_hostlink_info_free);
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->devices);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Device *device = data;
        const char *uuid = nmm_hostlink_read_mark(device->ifalias);
        NmmHostlinkInfo *info;

        if (uuid == NULL)
            continue;
        info = g_new0(NmmHostlinkInfo, 1);
        info->name = g_strdup(device->name);
        info->profile_uuid = g_strdup(uuid);
        info->parent = g_strdup(device->parent);
        g_ptr_array_add(list, info);
    }
    return list;
}

static gboolean
hostlink_remove_leftover(NmmHostlink *hostlink,
                         const char *name,
                         const char *profile_uuid,
                         GError **error)
{
    FakeHostlink *self = FAKE_HOSTLINK(hostlink);
    const Device *device = find(self, name);

    if (device == NULL) {
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_NOT_FOUND, "there is no network interface '%s'", name);
        return FALSE;
    }
    if (!nmm_hostlink_check_mark(name, device->ifalias, profile_uuid, error))
        return FALSE;
    g_hash_table_remove(self->devices, name);
    return TRUE;
}

static void
hostlink_iface_init(NmmHostlinkInterface *iface)
{
    iface->create = hostlink_create;
    iface->remove = hostlink_remove;
    iface->set_routes = hostlink_set_routes;
    iface->has_carrier = hostlink_has_carrier;
    iface->list_addresses = hostlink_list_addresses;
    iface->list_neighbours = hostlink_list_neighbours;
    iface->list = hostlink_list;
    iface->remove_leftover = hostlink_remove_leftover;
}

/* What somebody else does */

void
fake_hostlink_add_parent(FakeHostlink *self, const char *name)
{
    add_device(self, name, NULL);
}

void
fake_hostlink_set_wireless(FakeHostlink *self, const char *parent)
{
    find(self, parent)->wireless = TRUE;
}

void
fake_hostlink_set_carrier(FakeHostlink *self, const char *parent, gboolean carrier)
{
    find(self, parent)->carrier = carrier;
    tell_soon(self);
}

void
fake_hostlink_enslave(FakeHostlink *self, const char *parent, const char *bridge)
{
    add_device(self, bridge, NULL);
    find(self, parent)->master = g_strdup(bridge);
}

void
fake_hostlink_add_link(FakeHostlink *self,
                       const char *name,
                       const char *parent,
                       const char *ifalias,
                       gboolean passthrough)
{
    Device *device = add_device(self, name, NULL);

    device->parent = g_strdup(parent);
    device->ifalias = g_strdup(ifalias);
    device->passthrough = passthrough;
}

static NmmCidr
parse(const char *address)
{
    NmmCidr cidr;

    g_assert_true(nmm_cidr_parse(address, &cidr, NULL));
    return cidr;
}

void
fake_hostlink_add_address(FakeHostlink *self, const char *parent, const char *address)
{
    NmmCidr cidr = parse(address);

    g_array_append_val(find(self, parent)->addresses, cidr);
    if (g_strcmp0(parent, self->parent) == 0) {
        self->addresses_changed = TRUE;
        tell_soon(self);
    }
}

/* As in the kernel, the routes with that source go with it. */
static void
drop_routes(FakeHostlink *self, const NmmCidr *source)
{
    Device *link = find(self, self->link);

    for (guint i = link != NULL ? link->routes->len : 0; i > 0; i--) {
        const NmmRoute *route = &g_array_index(link->routes, NmmRoute, i - 1);

        if (memcmp(route->source.bytes, source->bytes, sizeof(source->bytes)) == 0)
            g_array_remove_index(link->routes, i - 1);
    }
}

void
fake_hostlink_remove_address(FakeHostlink *self, const char *parent, const char *address)
{
    NmmCidr cidr = parse(address);
    GArray *addresses = find(self, parent)->addresses;

    for (guint i = addresses->len; i > 0; i--) {
        if (nmm_cidr_equal(&g_array_index(addresses, NmmCidr, i - 1), &cidr))
            g_array_remove_index(addresses, i - 1);
    }
    drop_routes(self, &cidr);
    if (g_strcmp0(parent, self->parent) == 0) {
        self->addresses_changed = TRUE;
        tell_soon(self);
    }
}

void
fake_hostlink_add_neighbour(FakeHostlink *self, const NmmHostlinkNeighbour *neighbour)
{
    g_array_append_vals(self->neighbours, neighbour, 1);
}

static gboolean
is_on(gpointer name, gpointer data, gpointer parent)
{
    return g_strcmp0(((Device *)data)->parent, parent) == 0;
}

void
fake_hostlink_delete(FakeHostlink *self, const char *name)
{
    g_hash_table_foreach_remove(self->devices, is_on, (gpointer)name);
    g_hash_table_remove(self->devices, name);
    tell_soon(self);
}

void
fake_hostlink_set_down(FakeHostlink *self, const char *name)
{
    find(self, name)->up = FALSE;
    tell_soon(self);
}

char *
fake_hostlink_describe_link(FakeHostlink *self, const char *name)
{
    const Device *device = find(self, name);

    if (device == NULL)
        return NULL;
    return g_strdup_printf("%s %s %s %s",
                           device->parent,
                           device->up ? "up" : "down",
                           device->mac,
                           device->ifalias != NULL ? device->ifalias : "-");
}

char *
fake_hostlink_describe_routes(FakeHostlink *self, const char *name)
{
    const GArray *routes = find(self, name)->routes;
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);
        g_autofree char *address = nmm_cidr_to_string(&route->address);
        g_autofree char *source = nmm_cidr_address_to_string(&route->source);
        g_autofree char *mac = nmm_mac_to_string(route->mac);

        g_string_append_printf(text, "%s src %s at %s\n", address, source, mac);
    }
    return g_string_free(text, FALSE);
}

char *
fake_hostlink_get_mac(FakeHostlink *self, const char *name)
{
    return g_strdup(find(self, name)->mac);
}

static void
fake_hostlink_finalize(GObject *object)
{
    FakeHostlink *self = FAKE_HOSTLINK(object);

    g_clear_handle_id(&self->idle, g_source_remove);
    g_hash_table_unref(self->devices);
    g_array_unref(self->neighbours);
    g_free(self->link);
    g_free(self->parent);
    G_OBJECT_CLASS(fake_hostlink_parent_class)->finalize(object);
}

static void
fake_hostlink_class_init(FakeHostlinkClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = fake_hostlink_finalize;
}

static void
fake_hostlink_init(FakeHostlink *self)
{
    self->devices = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_device);
    self->neighbours = g_array_new(FALSE, FALSE, sizeof(NmmHostlinkNeighbour));
}

FakeHostlink *
fake_hostlink_new(void)
{
    return g_object_new(TYPE_FAKE_HOSTLINK, NULL);
}
