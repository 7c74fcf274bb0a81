/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins libvirt's guests, NetworkManager's view of the host, and the router, which puts the routes
 * into the kernel.
 */

#include "config.h"

#include "nmm-share.h"

#include <glib/gi18n-lib.h>

#include "nmm-guest-multicast.h"
#include "nmm-guest-warnings.h"
#include "nmm-watcher.h"
#include "nmm-host-watch.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-macvtap-watch.h"
#include "nmm-names.h"
#include "nmm-parent.h"
#include "nmm-reachability.h"
#include "nmm-refused-address.h"
#include "nmm-share-router.h"

struct _NmmShare {
    NmmActivation parent_instance;

    /* all (nullable): NULL before start */
    char *parent;
    char *link;
    char *parent_mac;
    NmmShareRouter *router;
    NmmHypervisor *hypervisor;
    NmmWatcher *guest_watch;
    NmmMacvtapWatch *macvtap_watch;
    NmmHostWatch *host_watch;
    NmmLinkZone *zone;
    NmmGuestWarnings *warnings;
    NmmGuestMulticast *multicast;

    GVariant *gateway; /* (nullable): as NetworkManager has it, NULL before the profile is up */
    guint stopped_id;
};

G_DEFINE_TYPE(NmmShare, nmm_share, NMM_TYPE_ACTIVATION)

static NmmProfile *
get_profile(NmmShare *self)
{
    return nmm_activation_get_profile(NMM_ACTIVATION(self));
}

/* The host */

static void
update_host(NmmShare *self)
{
    NmmRoutingHost host;

    nmm_host_watch_read(self->host_watch, self->parent, self->link, &host);
    host.trusted = g_array_ref(get_profile(self)->trusted_addresses);
    host.peers = get_profile(self)->peers ? g_array_ref(get_profile(self)->peers) : NULL;
    nmm_share_router_set_host(self->router, &host);
    nmm_routing_host_clear(&host);
}

static char *
read_parent_mac(NmmShare *self)
{
    NMClient *client = nmm_activation_get_client(NMM_ACTIVATION(self));
    NMDevice *device = nm_client_get_device_by_iface(client, self->parent);

    return g_strdup(device ? nm_device_get_hw_address(device) : NULL);
}

/* The guests */

/* Live interfaces only: a changed definition takes effect at the next start. One that is not served
 * counts as not running, and is no macvlan peer either. A frame to a device that is down would
 * leave on the wire, and reach a guest that is still on another host. */
static void
add_guest(NmmShare *self, const NmmGuest *guest, GPtrArray *networks, GArray *nics)
{
    gboolean selected = nmm_profile_selects(get_profile(self), guest->name, guest->uuid);

    for (guint i = 0; guest->live && i < guest->live->nics->len; i++) {
        const NmmNic *nic = guest->live->nics->pdata[i];
        const NmmRoutingNic entry = {
            .guest = guest->name,
            .mac = nic->mac,
            .running = selected && !nic->link_down && !nic->gone && !nic->asleep,
            .bridge = nmm_reachability_has_nic(nic, self->parent, networks),
        };

        if (nic->type != NMM_NIC_DIRECT || !nic->mac || g_strcmp0(nic->lower, self->parent) != 0)
            continue;
        g_array_append_val(nics, entry);
    }
}

/* NetworkManager */

/* NetworkManager gets the link, so that its clients see it, but no address and no route: NM 1.42
 * to 1.46.0 accept no route without an address, and announce an address to the LAN with the link's
 * MAC; when that address is removed, the kernel drops all neighbours of the link (both seen with
 * NM 1.42). */
static void
report_up(NmmShare *self)
{
    NmmActivation *activation = NMM_ACTIVATION(self);

    g_clear_pointer(&self->gateway, g_variant_unref);
    self->gateway =
        g_variant_ref_sink(nmm_activation_build_gateway(nmm_activation_get_base(activation)));
    nmm_activation_emit_up(activation, self->link, self->gateway, NULL);
}

/* When the host's address changes, NetworkManager would keep a route to the old one on the base
 * device. */
static void
update_gateway(NmmShare *self)
{
    NMDevice *base = nmm_activation_get_base(NMM_ACTIVATION(self));
    g_autoptr(GVariant) gateway = g_variant_ref_sink(nmm_activation_build_gateway(base));

    if (self->gateway && !g_variant_equal(gateway, self->gateway) &&
        !nmm_activation_is_loopback(gateway))
        report_up(self);
}

static void
host_changed_cb(gpointer user_data)
{
    NmmShare *self = user_data;
    g_autofree char *mac = read_parent_mac(self);
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(mac, self->parent_mac) != 0) {
        g_free(self->parent_mac);
        self->parent_mac = g_steal_pointer(&mac);
        if (!nmm_share_router_reopen(self->router, &error)) {
            nmm_activation_emit_failed(NMM_ACTIVATION(self), error);
            return;
        }
    }
    update_host(self);
    update_gateway(self);
}

static void
come_up(NmmShare *self)
{
    g_message("profile '%s': up on '%s' with host link '%s'",
              get_profile(self)->id,
              self->parent,
              self->link);
    report_up(self);
}

static void
read_cb(const NmmReading *reading, gpointer user_data)
{
    NmmShare *self = user_data;
    g_autoptr(GArray) nics = g_array_new(FALSE, FALSE, sizeof(NmmRoutingNic));

    for (guint i = 0; i < reading->guests->len; i++)
        add_guest(self, reading->guests->pdata[i], reading->networks, nics);
    nmm_share_router_set_guests(self->router, (const NmmRoutingNic *)(void *)nics->data, nics->len);
    nmm_guest_multicast_update(self->multicast, reading->guests, reading->networks);
    if (nmm_guest_warnings_update(self->warnings, reading->guests, reading->networks))
        nmm_activation_set_problems(
            NMM_ACTIVATION(self), "guests", nmm_guest_warnings_list_problems(self->warnings));
    if (!self->gateway)
        come_up(self);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    nmm_activation_emit_failed(user_data, error);
}

/* A host that has only containers of other programs needs no libvirt. */
static void
unreachable_cb(const GError *error, gpointer user_data)
{
    NmmShare *self = user_data;

    if (nmm_profile_needs_libvirt(get_profile(self)) ||
        !nmm_hypervisor_is_missing(self->hypervisor)) {
        failed_cb(error, self);
        return;
    }
    g_message("profile '%s': libvirt is not installed, so the profile serves only macvlan peers; "
              "activate it again after you have installed libvirt",
              get_profile(self)->id);
    nmm_share_router_set_guests(self->router, NULL, 0);
    come_up(self);
}

static void
refused_cb(const GPtrArray *refusals, gpointer user_data)
{
    NmmShare *self = user_data;
    GPtrArray *problems = nmm_problems_new();

    for (guint i = 0; i < refusals->len; i++)
        g_ptr_array_add(problems,
                        nmm_refused_address_describe(refusals->pdata[i], get_profile(self)));
    nmm_activation_set_problems(NMM_ACTIVATION(self), "addresses", problems);
}

/* A macvlan peer has no name. */
static void
routed_cb(const GArray *routes, gpointer user_data)
{
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(NmmGuestAddress));

    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);
        const NmmGuestAddress address = {route->guest, route->address};

        if (route->guest)
            g_array_append_val(addresses, address);
    }
    nmm_activation_set_addresses(NMM_ACTIVATION(user_data), addresses);
}

static const NmmShareRouterCallbacks router_callbacks = {
    .host_changed = host_changed_cb,
    .refused = refused_cb,
    .routed = routed_cb,
    .gone = failed_cb,
};

/* Start and stop */

static gboolean
read_parent(NmmShare *self, GError **error)
{
    NMDevice *parent = nmm_activation_find_parent(
        nmm_activation_get_client(NMM_ACTIVATION(self)), get_profile(self), error);

    if (!parent)
        return FALSE;
    self->parent = g_strdup(nm_device_get_ip_iface(parent) ?: nm_device_get_iface(parent));
    self->link = nmm_parent_name_link(get_profile(self), parent);
    return TRUE;
}

static gboolean
start_router(NmmShare *self, GError **error)
{
    g_autoptr(NmmHostlink) hostlink = nmm_hostlink_netlink_new("/sys", error);
    const NmmHostlinkSpec spec = {
        .name = self->link,
        .parent = self->parent,
        .profile_uuid = get_profile(self)->uuid,
    };

    if (!hostlink)
        return FALSE;
    self->router = nmm_share_router_new(g_steal_pointer(&hostlink), &router_callbacks, self);
    return nmm_share_router_start(self->router, &spec, error);
}

/* The guest changed its MAC, or its device is gone: routes by the old MAC are stale. */
static void
device_changed_cb(const char *name, gpointer user_data)
{
    nmm_watcher_note_device(NMM_SHARE(user_data)->guest_watch, name);
}

static const NmmWatcherClient watcher_client = {
    .remember_guests = TRUE,
    .read = read_cb,
    .failed = unreachable_cb,
};

static void
start(NmmActivation *activation)
{
    NmmShare *self = NMM_SHARE(activation);
    g_autoptr(GError) error = NULL;

    if (!read_parent(self, &error) || !start_router(self, &error)) {
        nmm_activation_emit_failed(activation, error);
        return;
    }
    self->parent_mac = read_parent_mac(self);
    self->warnings = nmm_guest_warnings_new(get_profile(self), self->parent);
    self->multicast = nmm_guest_multicast_new(get_profile(self), self->parent);
    self->host_watch =
        nmm_host_watch_new(nmm_activation_get_client(activation), host_changed_cb, self);
    update_host(self);
    self->zone = nmm_activation_follow_zone(activation, self->link, self->parent);

    self->hypervisor = nmm_activation_new_hypervisor(activation);
    self->guest_watch = nmm_watcher_new(self->hypervisor, &watcher_client, NULL, self);
    nmm_watcher_start(self->guest_watch);
    self->macvtap_watch = nmm_macvtap_watch_new(device_changed_cb, self, &error);
    if (!self->macvtap_watch)
        g_warning("profile '%s': %s", get_profile(self)->id, error->message);
}

/* The link goes first, because others can see it. */
static void
end(NmmShare *self)
{
    g_clear_pointer(&self->zone, nmm_link_zone_free);
    g_clear_pointer(&self->router, nmm_share_router_free);
    g_clear_pointer(&self->host_watch, nmm_host_watch_free);
    g_clear_pointer(&self->macvtap_watch, nmm_macvtap_watch_free);
    g_clear_pointer(&self->guest_watch, nmm_watcher_free);
    g_clear_object(&self->hypervisor);
    g_clear_pointer(&self->multicast, nmm_guest_multicast_free);
}

static gboolean
stopped_cb(gpointer user_data)
{
    NmmShare *self = user_data;

    self->stopped_id = 0;
    nmm_activation_emit_stopped(NMM_ACTIVATION(self));
    return G_SOURCE_REMOVE;
}

/* Waits for nothing, so needs no timeout. */
static void
stop(NmmActivation *activation, guint timeout_ms)
{
    NmmShare *self = NMM_SHARE(activation);

    end(self);
    if (self->stopped_id == 0)
        self->stopped_id = g_idle_add(stopped_cb, self);
}

static void
dispose(GObject *object)
{
    NmmShare *self = NMM_SHARE(object);

    end(self);
    g_clear_handle_id(&self->stopped_id, g_source_remove);

    G_OBJECT_CLASS(nmm_share_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmShare *self = NMM_SHARE(object);

    g_free(self->parent);
    g_free(self->link);
    g_free(self->parent_mac);
    g_clear_pointer(&self->gateway, g_variant_unref);
    g_clear_pointer(&self->warnings, nmm_guest_warnings_free);

    G_OBJECT_CLASS(nmm_share_parent_class)->finalize(object);
}

static void
nmm_share_class_init(NmmShareClass *klass)
{
    NmmActivationClass *activation_class = NMM_ACTIVATION_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;
    activation_class->list_lock_keys = nmm_activation_list_link_keys;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nmm_share_init(NmmShare *self)
{
}
