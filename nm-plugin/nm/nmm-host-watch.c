/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnm creates and removes its objects with what they describe, so after every change an idle
 * handler connects to all of them again. A single DHCP lease causes a dozen changes.
 */

#include "config.h"

#include "nmm-host-watch.h"

struct _NmmHostWatch {
    NMClient *client;
    void (*changed)(gpointer user_data);
    gpointer user_data;
    GPtrArray *watched; /* (element-type GObject): devices and their IP configurations */
    guint changed_id;
};

/* Watching */

static void notify_cb(GObject *object, GParamSpec *pspec, gpointer data);

static void
unwatch(gpointer object, gpointer self)
{
    g_signal_handlers_disconnect_by_data(object, self);
}

static void
watch(NmmHostWatch *self, gpointer object, const char *signal)
{
    if (!object)
        return;
    g_signal_connect(object, signal, G_CALLBACK(notify_cb), self);
    g_ptr_array_add(self->watched, g_object_ref(object));
}

static void
watch_all(NmmHostWatch *self)
{
    const GPtrArray *devices = nm_client_get_devices(self->client);

    g_ptr_array_foreach(self->watched, unwatch, self);
    g_ptr_array_set_size(self->watched, 0);
    watch(self, self->client, "notify::" NM_CLIENT_DEVICES);
    watch(self, self->client, "notify::" NM_CLIENT_DNS_CONFIGURATION);
    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];

        watch(self, device, "notify::" NM_DEVICE_IP4_CONFIG);
        watch(self, device, "notify::" NM_DEVICE_IP6_CONFIG);
        watch(self, device, "notify::" NM_DEVICE_HW_ADDRESS);
        watch(self, nm_device_get_ip4_config(device), "notify");
        watch(self, nm_device_get_ip6_config(device), "notify");
    }
}

static gboolean
changed_cb(gpointer data)
{
    NmmHostWatch *self = data;

    self->changed_id = 0;
    watch_all(self);
    self->changed(self->user_data);
    return G_SOURCE_REMOVE;
}

static void
notify_cb(GObject *object, GParamSpec *pspec, gpointer data)
{
    NmmHostWatch *self = data;

    if (self->changed_id == 0)
        self->changed_id = g_idle_add(changed_cb, self);
}

/* Reading */

static GArray *
new_list(void)
{
    return g_array_new(FALSE, FALSE, sizeof(NmmCidr));
}

/* @address: (nullable); ignored unless it is an address. */
static void
add_address(GArray *list, const char *address)
{
    NmmCidr cidr;

    if (address && nmm_cidr_init_host(&cidr, address, NULL))
        g_array_append_val(list, cidr);
}

static void
add_routes(NMIPConfig *config, gboolean is_parent, NmmRoutingHost *out)
{
    GPtrArray *routes = nm_ip_config_get_routes(config);

    for (guint i = 0; routes && i < routes->len; i++) {
        NMIPRoute *route = routes->pdata[i];
        const char *dest = nm_ip_route_get_dest(route);
        NmmCidr cidr;

        if (nm_ip_route_get_next_hop(route))
            add_address(out->gateways, nm_ip_route_get_next_hop(route));
        else if (is_parent && nmm_cidr_init(&cidr, dest, nm_ip_route_get_prefix(route), NULL) &&
                 cidr.prefix > 0 && cidr.prefix < nmm_cidr_get_max_prefix(&cidr))
            g_array_append_val(out->onlink, cidr);
    }
}

/* @config: (nullable) */
static void
add_config(NMIPConfig *config, gboolean is_parent, NmmRoutingHost *out)
{
    GPtrArray *addresses;
    const char *const *servers;

    if (!config)
        return;
    addresses = nm_ip_config_get_addresses(config);
    servers = nm_ip_config_get_nameservers(config);
    for (guint i = 0; !is_parent && addresses && i < addresses->len; i++)
        add_address(out->own, nm_ip_address_get_address(addresses->pdata[i]));
    add_address(out->gateways, nm_ip_config_get_gateway(config));
    for (; servers && *servers; servers++)
        add_address(out->servers, *servers);
    add_routes(config, is_parent, out);
}

static void
add_dns(NMClient *client, GArray *list)
{
    const GPtrArray *entries = nm_client_get_dns_configuration(client);

    for (guint i = 0; entries && i < entries->len; i++) {
        const char *const *servers = nm_dns_entry_get_nameservers(entries->pdata[i]);

        for (; servers && *servers; servers++)
            add_address(list, *servers);
    }
}

void
nmm_host_watch_read(NmmHostWatch *self, const char *parent, const char *link, NmmRoutingHost *out)
{
    const GPtrArray *devices = nm_client_get_devices(self->client);

    *out = (NmmRoutingHost){
        .onlink = new_list(),
        .own = new_list(),
        .gateways = new_list(),
        .servers = new_list(),
    };
    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];
        const char *name = nm_device_get_ip_iface(device);
        gboolean is_parent = g_strcmp0(name, parent) == 0;

        if (g_strcmp0(name, link) == 0)
            continue;
        add_config(nm_device_get_ip4_config(device), is_parent, out);
        add_config(nm_device_get_ip6_config(device), is_parent, out);
    }
    add_dns(self->client, out->servers);
}

NmmHostWatch *
nmm_host_watch_new(NMClient *client, void (*changed)(gpointer user_data), gpointer user_data)
{
    NmmHostWatch *self = g_new(NmmHostWatch, 1);

    *self = (NmmHostWatch){
        .client = g_object_ref(client),
        .changed = changed,
        .user_data = user_data,
        .watched = g_ptr_array_new_with_free_func(g_object_unref),
    };
    watch_all(self);
    return self;
}

void
nmm_host_watch_free(NmmHostWatch *self)
{
    g_clear_handle_id(&self->changed_id, g_source_remove);
    g_ptr_array_foreach(self->watched, unwatch, self);
    g_ptr_array_unref(self->watched);
    g_object_unref(self->client);
    g_free(self);
}
