/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnm's objects come and go with what they describe, so after every change all of them are
 * listened to anew, from an idle handler: a DHCP lease alone is a dozen changes.
 */

#include "config.h"

#include "nmm-host-watch.h"

struct _NmmHostWatch {
    GObject parent;

    NMClient *client;
    GPtrArray *watched; /* (element-type GObject): devices and their IP configurations */
    guint changed_id;
};

enum {
    SIGNAL_CHANGED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(NmmHostWatch, nmm_host_watch, G_TYPE_OBJECT)

/* Listening */

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
    g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
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

static guint
host_prefix(const char *address)
{
    return strchr(address, ':') ? 128 : 32;
}

/* @address: (nullable): what is no address is passed over. */
static void
add_address(GArray *list, const char *address)
{
    NmmCidr cidr;

    if (address && nmm_cidr_init(&cidr, address, host_prefix(address), NULL))
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
                 cidr.prefix > 0 && cidr.prefix < host_prefix(dest))
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

/**
 * nmm_host_watch_read:
 * @self: a watch
 * @parent: the lower device
 * @link: the host link
 * @out: (out caller-allocates): everything but addresses
 */
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

/**
 * nmm_host_watch_new:
 * @client: a client that is ready
 *
 * Returns: (transfer full): a watch that listens
 */
NmmHostWatch *
nmm_host_watch_new(NMClient *client)
{
    NmmHostWatch *self = g_object_new(NMM_TYPE_HOST_WATCH, NULL);

    self->client = g_object_ref(client);
    watch_all(self);
    return self;
}

static void
dispose(GObject *object)
{
    NmmHostWatch *self = NMM_HOST_WATCH(object);

    g_clear_handle_id(&self->changed_id, g_source_remove);
    if (self->watched)
        g_ptr_array_foreach(self->watched, unwatch, self);
    g_clear_pointer(&self->watched, g_ptr_array_unref);
    g_clear_object(&self->client);

    G_OBJECT_CLASS(nmm_host_watch_parent_class)->dispose(object);
}

static void
nmm_host_watch_class_init(NmmHostWatchClass *klass)
{
    G_OBJECT_CLASS(klass)->dispose = dispose;

    signals[SIGNAL_CHANGED] = g_signal_new("changed",
                                           G_TYPE_FROM_CLASS(klass),
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           0);
}

static void
nmm_host_watch_init(NmmHostWatch *self)
{
    self->watched = g_ptr_array_new_with_free_func(g_object_unref);
}
