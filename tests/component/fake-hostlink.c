/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces are rows of a table. Callbacks are queued on the main loop, each one once for all
 * changes since the last call.
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
    GArray *addresses; /* NmmRoutingAddress */
    GArray *routes;    /* NmmRoute */
} Device;

struct _FakeHostlink {
    NmmHostlink base;
    GHashTable *devices; /* name → Device */
    guint n_devices;     /* ever made: MACs */
    char *link;          /* (nullable): the one made */
    char *parent;
    gboolean reported_gone;
    guint idle;
    gboolean addresses_changed;
};

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
    return name ? g_hash_table_lookup(self->devices, name) : NULL;
}

static Device *
add_device(FakeHostlink *self, const char *name, const char *mac)
{
    Device *device = g_new0(Device, 1);

    g_assert_null(find(self, name));
    device->name = g_strdup(name);
    device->mac = mac ? g_strdup(mac) : g_strdup_printf("02:00:00:00:00:%02x", ++self->n_devices);
    device->up = TRUE;
    device->addresses = g_array_new(FALSE, FALSE, sizeof(NmmRoutingAddress));
    device->routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    g_hash_table_insert(self->devices, device->name, device);
    return device;
}

/* Callbacks */

static gboolean
notify_cb(gpointer data)
{
    FakeHostlink *self = data;
    const Device *link = find(self, self->link);

    self->idle = 0;
    if (!self->link || self->reported_gone)
        return G_SOURCE_REMOVE;
    if (!link || !link->up) {
        self->reported_gone = TRUE;
        if (!link)
            g_clear_pointer(&self->link, g_free);
        nmm_hostlink_notify_gone(&self->base, "the test removed it");
    } else if (self->addresses_changed) {
        self->addresses_changed = FALSE;
        nmm_hostlink_notify_addresses(&self->base);
    }
    return G_SOURCE_REMOVE;
}

static void
notify_soon(FakeHostlink *self)
{
    if (self->idle == 0)
        self->idle = g_idle_add(notify_cb, self);
}

/* Methods */

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

    if (device) {
        facts.exists = facts.ethernet = TRUE;
        facts.wireless = device->wireless;
        facts.master = device->master;
        facts.master_kind = device->master ? "bridge" : NULL;
        facts.passthrough = find_passthrough(self, name);
    }
    return nmm_parent_check_fit(&facts, error);
}

static gboolean
hostlink_create(NmmHostlink *hostlink, const NmmHostlinkSpec *spec, GError **error)
{
    FakeHostlink *self = (FakeHostlink *)hostlink;
    const Device *old = find(self, spec->name);
    g_autofree char *mac = NULL;
    Device *device;

    g_return_val_if_fail(!self->link, FALSE);

    if (!check_parent(self, spec->parent, error))
        return FALSE;
    if (old && !nmm_hostlink_check_mark(spec->name, old->ifalias, spec->profile_uuid, error))
        return FALSE;
    g_hash_table_remove(self->devices, spec->name);
    mac = nmm_identity_link_mac(spec->profile_uuid, find(self, spec->parent)->mac);
    device = add_device(self, spec->name, mac);
    device->parent = g_strdup(spec->parent);
    device->ifalias = nmm_hostlink_make_mark(spec->profile_uuid);
    self->link = g_strdup(spec->name);
    g_free(self->parent);
    self->parent = g_strdup(spec->parent);
    self->reported_gone = FALSE;
    self->addresses_changed = FALSE;
    return TRUE;
}

static gboolean
hostlink_remove(NmmHostlink *hostlink, GError **error)
{
    FakeHostlink *self = (FakeHostlink *)hostlink;

    if (self->link)
        g_hash_table_remove(self->devices, self->link);
    g_clear_pointer(&self->link, g_free);
    return TRUE;
}

static gboolean
has_address(const Device *device, const NmmCidr *address)
{
    for (guint i = 0; i < device->addresses->len; i++) {
        const NmmCidr *mine = &g_array_index(device->addresses, NmmRoutingAddress, i).cidr;

        if (nmm_cidr_equal_address(mine, address))
            return TRUE;
    }
    return FALSE;
}

static gboolean
hostlink_set_routes(NmmHostlink *hostlink, const GArray *routes, GError **error)
{
    FakeHostlink *self = (FakeHostlink *)hostlink;
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
                        "the source is not an address of '%s'",
                        parent->name);
        all = FALSE;
    }
    return all;
}

static GArray *
hostlink_list_addresses(NmmHostlink *hostlink, GError **error)
{
    FakeHostlink *self = (FakeHostlink *)hostlink;

    return g_array_copy(find(self, self->parent)->addresses);
}

static GArray *
hostlink_list_neighbours(NmmHostlink *hostlink, GError **error)
{
    return g_array_new(FALSE, FALSE, sizeof(NmmLanNeighbour));
}

static void
hostlink_free(NmmHostlink *hostlink)
{
    FakeHostlink *self = (FakeHostlink *)hostlink;

    g_clear_handle_id(&self->idle, g_source_remove);
    g_hash_table_unref(self->devices);
    g_free(self->link);
    g_free(self->parent);
    g_free(self);
}

NmmHostlink *
fake_hostlink_new(void)
{
    static const NmmHostlinkMethods methods = {
        .create = hostlink_create,
        .remove = hostlink_remove,
        .set_routes = hostlink_set_routes,
        .list_addresses = hostlink_list_addresses,
        .list_neighbours = hostlink_list_neighbours,
        .free = hostlink_free,
    };
    FakeHostlink *self = g_new0(FakeHostlink, 1);

    self->base.methods = &methods;
    self->devices = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_device);
    return &self->base;
}

/* Changes by another program */

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

/* Whether the subnet of @cidr (IPv4) has an address. */
static gboolean
has_primary(const GArray *addresses, const NmmCidr *cidr)
{
    for (guint i = 0; cidr->family == G_SOCKET_FAMILY_IPV4 && i < addresses->len; i++) {
        const NmmCidr *mine = &g_array_index(addresses, NmmRoutingAddress, i).cidr;

        if (mine->prefix == cidr->prefix && nmm_cidr_overlaps(mine, cidr))
            return TRUE;
    }
    return FALSE;
}

void
fake_hostlink_add_address(FakeHostlink *self, const char *parent, const char *address)
{
    GArray *addresses = find(self, parent)->addresses;
    NmmRoutingAddress new = {.cidr = parse(address)};

    new.subnet = new.cidr;
    new.secondary = has_primary(addresses, &new.cidr);
    g_array_append_val(addresses, new);
    if (g_strcmp0(parent, self->parent) == 0) {
        self->addresses_changed = TRUE;
        notify_soon(self);
    }
}

/* As in the kernel, the routes with that source go with it. */
static void
drop_routes(FakeHostlink *self, const NmmCidr *source)
{
    Device *link = find(self, self->link);

    for (guint i = link ? link->routes->len : 0; i > 0; i--) {
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
        if (nmm_cidr_equal(&g_array_index(addresses, NmmRoutingAddress, i - 1).cidr, &cidr))
            g_array_remove_index(addresses, i - 1);
    }
    drop_routes(self, &cidr);
    if (g_strcmp0(parent, self->parent) == 0) {
        self->addresses_changed = TRUE;
        notify_soon(self);
    }
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
    notify_soon(self);
}

void
fake_hostlink_set_down(FakeHostlink *self, const char *name)
{
    find(self, name)->up = FALSE;
    notify_soon(self);
}

char *
fake_hostlink_describe_link(FakeHostlink *self, const char *name)
{
    const Device *device = find(self, name);

    if (!device)
        return NULL;
    return g_strdup_printf("%s %s %s %s",
                           device->parent,
                           device->up ? "up" : "down",
                           device->mac,
                           device->ifalias ? device->ifalias : "-");
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
