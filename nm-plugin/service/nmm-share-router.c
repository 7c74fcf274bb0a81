/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each input goes into the routing decision, and carry_out() does the work that comes back. The
 * sweep knows which silent guests to ask. Each has one timer, which runs only while it waits for
 * something.
 */

#include "config.h"

#include "nmm-share-router.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-journal.h"
#include "nmm-neighbour-monitor.h"
#include "nmm-peer-watch.h"
#include "nmm-sweep.h"

struct _NmmShareRouter {
    const NmmShareRouterCallbacks *callbacks;
    gpointer user_data;
    NmmHostlink *hostlink;
    char *link;                   /* (nullable): NULL while there is none */
    char *parent;                 /* (nullable) */
    NmmNeighbourMonitor *monitor; /* (nullable) */
    NmmRouting *routing;
    GArray *routes; /* (element-type NmmRoute): installed; their guests know the host's MAC */
    gboolean knows_neighbours;
    guint timer;
    NmmSweep *sweep;
    guint sweep_timer;
    GArray *guests;      /* (element-type NmmRoutingNic) */
    NmmPeerWatch *peers; /* (nullable): NULL: the profile serves none */
};

static gint64
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* Work */

/* (nullable): the one to the same address. */
static const NmmRoute *
find_route(const GArray *routes, const NmmRoute *route)
{
    guint i;

    if (!g_array_binary_search((GArray *)routes, route, nmm_route_compare, &i))
        return NULL;
    return &g_array_index(routes, NmmRoute, i);
}

/* A guest with a new or changed route knows no MAC of the host, or an old one. */
static void
inform_guest(NmmShareRouter *self, const NmmRoute *route)
{
    const NmmRoute *known = find_route(self->routes, route);
    NmmProbe probe = {.source = route->source, .address = route->address};

    if (known && nmm_route_equal(known, route))
        return;
    memcpy(probe.mac, route->mac, sizeof(probe.mac));
    nmm_neighbour_monitor_probe(self->monitor, &probe);
}

/* Those of @routes that @others lacks. */
static void
log_routes(const GArray *routes, const GArray *others, gboolean added)
{
    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);
        g_autofree char *mac = nmm_mac_to_string(route->mac);
        g_autofree char *address = NULL;

        if (find_route(others, route))
            continue;
        address = nmm_cidr_address_to_string(&route->address);
        if (!added)
            g_info("no guest is at %s any more", address);
        else if (route->guest)
            g_info("guest '%s' is at %s", route->guest, address);
        else
            g_info("macvlan peer '%s' is at %s", mac, address);
    }
}

static void
apply_routes(NmmShareRouter *self, GArray *routes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) addresses = NULL;

    if (!nmm_hostlink_set_routes(self->hostlink, routes, &error))
        g_warning("host link '%s': %s", self->link, error->message);
    g_clear_error(&error);
    addresses = nmm_hostlink_list_addresses(self->hostlink, &error);
    if (addresses)
        nmm_neighbour_monitor_set_replies(self->monitor, addresses, routes);
    else
        g_warning("host link '%s': %s", self->link, error->message);
    for (guint i = 0; i < routes->len; i++)
        inform_guest(self, &g_array_index(routes, NmmRoute, i));
    log_routes(self->routes, routes, FALSE);
    log_routes(routes, self->routes, TRUE);

    g_array_unref(self->routes);
    self->routes = g_array_ref(routes);
    self->callbacks->routed(routes, self->user_data);
    /* The names belong to the decision and its current guests. */
    for (guint i = 0; i < routes->len; i++)
        g_array_index(routes, NmmRoute, i).guest = NULL;
}

static void
log_rejection(const NmmRejection *rejection)
{
    g_autofree char *text = nmm_rejection_to_string(rejection);

    nmm_log_warning(NMM_LOG_GUEST(rejection->guest ?: rejection->mac),
                    NMM_LOG_REJECTION(nmm_rejection_reason_to_string(rejection->reason)),
                    NMM_LOG_MESSAGE("%s", text));
}

static void
report_refusals(NmmShareRouter *self)
{
    g_autoptr(GPtrArray) refusals = nmm_routing_list_refusals(self->routing);

    self->callbacks->refused(refusals, self->user_data);
}

static void
send_probes(NmmShareRouter *self, const GArray *probes)
{
    for (guint i = 0; i < probes->len; i++)
        nmm_neighbour_monitor_probe(self->monitor, &g_array_index(probes, NmmProbe, i));
}

/* @deadline_ms: -1 for none. */
static void
set_timer(NmmShareRouter *self, guint *timer, gint64 deadline_ms, GSourceFunc callback)
{
    g_clear_handle_id(timer, g_source_remove);
    if (deadline_ms != -1)
        *timer = g_timeout_add((guint)MAX(deadline_ms - now_ms(), 0), callback, self);
}

static gboolean tick_cb(gpointer data);

/* @work: (transfer full) */
static void
carry_out(NmmShareRouter *self, NmmRoutingWork *work)
{
    send_probes(self, work->probes);
    for (guint i = 0; i < work->rejections->len; i++)
        log_rejection(work->rejections->pdata[i]);
    set_timer(self, &self->timer, work->deadline_ms, tick_cb);
    if (work->routes)
        apply_routes(self, work->routes);
    if (work->refusals_changed)
        report_refusals(self);
    nmm_routing_work_free(work);
}

static gboolean
tick_cb(gpointer data)
{
    NmmShareRouter *self = data;

    self->timer = 0;
    carry_out(self, nmm_routing_tick(self->routing, now_ms()));
    return G_SOURCE_REMOVE;
}

static gboolean sweep_cb(gpointer data);

static void
schedule_sweep(NmmShareRouter *self)
{
    set_timer(self, &self->sweep_timer, nmm_sweep_get_deadline(self->sweep), sweep_cb);
}

static gboolean
sweep_cb(gpointer data)
{
    NmmShareRouter *self = data;
    g_autoptr(GArray) probes = nmm_sweep_tick(self->sweep, now_ms());

    self->sweep_timer = 0;
    send_probes(self, probes);
    schedule_sweep(self);
    return G_SOURCE_REMOVE;
}

/* Inputs */

static void
claimed_cb(const guint8 *mac, const NmmCidr *address, gboolean from_wire, gpointer user_data)
{
    NmmShareRouter *self = user_data;

    if (self->peers && !from_wire)
        nmm_peer_watch_heard(self->peers, mac, address);
    nmm_sweep_hear(self->sweep, mac, address, from_wire);
    carry_out(self, nmm_routing_claim(self->routing, mac, address, from_wire, now_ms()));
}

static void
solicited_cb(const NmmCidr *address, gpointer user_data)
{
    NmmShareRouter *self = user_data;

    if (self->peers)
        nmm_peer_watch_solicited(self->peers, address);
    carry_out(self, nmm_routing_solicited(self->routing, address, now_ms()));
}

static void
set_up_cb(const guint8 *mac, gpointer user_data)
{
    NmmShareRouter *self = user_data;

    if (self->peers)
        nmm_peer_watch_set_up(self->peers, mac);
    nmm_sweep_expect(self->sweep, mac, now_ms());
    schedule_sweep(self);
}

static void
addresses_changed_cb(gpointer user_data)
{
    NmmShareRouter *self = user_data;

    self->callbacks->host_changed(self->user_data);
}

static void
gone_cb(const char *reason, gpointer user_data)
{
    NmmShareRouter *self = user_data;
    g_autoptr(GError) error = g_error_new_literal(NMM_ERROR, NMM_ERROR_NOT_FOUND, reason);

    nmm_share_router_stop(self);
    self->callbacks->gone(error, self->user_data);
}

/* Hosts that the kernel knows on the LAN keep their addresses. Only at the start: later the kernel
 * also has an entry of a guest that has arrived from another host. */
static void
add_neighbours(NmmShareRouter *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) neighbours = nmm_hostlink_list_neighbours(self->hostlink, &error);

    if (!neighbours)
        g_warning("host link '%s': %s", self->link, error->message);
    for (guint i = 0; neighbours && i < neighbours->len; i++) {
        const NmmLanNeighbour *neighbour = &g_array_index(neighbours, NmmLanNeighbour, i);

        claimed_cb(neighbour->mac, &neighbour->address, TRUE, self);
    }
}

static void
clear_guest(gpointer data)
{
    NmmRoutingNic *nic = data;

    g_free((char *)nic->guest);
    g_free((char *)nic->mac);
}

static void
copy_guests(NmmShareRouter *self, const NmmRoutingNic *nics, gsize n_nics)
{
    g_array_set_size(self->guests, 0);
    for (gsize i = 0; i < n_nics; i++) {
        NmmRoutingNic nic = nics[i];

        nic.guest = g_strdup(nic.guest);
        nic.mac = g_strdup(nic.mac);
        g_array_append_val(self->guests, nic);
    }
}

/* Guests and peers. */
static void
set_nics(NmmShareRouter *self)
{
    g_autoptr(GArray) nics = g_array_new(FALSE, FALSE, sizeof(NmmRoutingNic));
    const GPtrArray *peers = self->peers ? nmm_peer_watch_get_macs(self->peers) : NULL;
    const NmmRoutingNic *all;

    g_array_append_vals(nics, self->guests->data, self->guests->len);
    for (guint i = 0; peers && i < peers->len; i++) {
        const NmmRoutingNic peer = {.mac = peers->pdata[i], .running = TRUE, .bridge = TRUE};

        g_array_append_val(nics, peer);
    }
    all = (const NmmRoutingNic *)(void *)nics->data;
    carry_out(self, nmm_routing_set_guests(self->routing, all, nics->len));
    nmm_sweep_set_guests(self->sweep, all, nics->len);
    schedule_sweep(self);
}

static void
peers_changed_cb(gpointer user_data)
{
    set_nics(user_data);
}

void
nmm_share_router_set_host(NmmShareRouter *self, NmmRoutingHost *host)
{
    g_autoptr(GError) error = NULL;

    if (!self->link)
        return;
    host->addresses = nmm_hostlink_list_addresses(self->hostlink, &error);
    if (!host->addresses) {
        g_warning("host link '%s': %s", self->link, error->message);
        return;
    }
    if (!self->peers && host->peers && host->peers->len > 0)
        self->peers = nmm_peer_watch_new(self->parent, host->peers, peers_changed_cb, self);
    carry_out(self, nmm_routing_set_host(self->routing, host));
    nmm_sweep_set_host(self->sweep, host);
    schedule_sweep(self);
    /* The decision ignores what it hears before it knows the host. */
    if (!self->knows_neighbours)
        add_neighbours(self);
    self->knows_neighbours = TRUE;
}

void
nmm_share_router_set_guests(NmmShareRouter *self, const NmmRoutingNic *nics, gsize n_nics)
{
    if (!self->link)
        return;
    copy_guests(self, nics, n_nics);
    if (self->peers)
        nmm_peer_watch_set_guests(self->peers, nics, n_nics);
    set_nics(self);
}

/* Life */

gboolean
nmm_share_router_reopen(NmmShareRouter *self, GError **error)
{
    static const NmmNeighbourCallbacks callbacks = {claimed_cb, solicited_cb, set_up_cb};

    if (!self->link)
        return TRUE;
    g_clear_pointer(&self->monitor, nmm_neighbour_monitor_free);
    self->monitor = nmm_neighbour_monitor_new(self->link, self->parent, &callbacks, self, error);
    if (!self->monitor)
        nmm_share_router_stop(self);
    return self->monitor != NULL;
}

gboolean
nmm_share_router_start(NmmShareRouter *self, const NmmHostlinkSpec *spec, GError **error)
{
    static const NmmHostlinkCallbacks callbacks = {gone_cb, addresses_changed_cb};

    if (!nmm_hostlink_create(self->hostlink, spec, error))
        return FALSE;
    self->link = g_strdup(spec->name);
    self->parent = g_strdup(spec->parent);
    nmm_hostlink_set_callbacks(self->hostlink, &callbacks, self);
    return nmm_share_router_reopen(self, error);
}

void
nmm_share_router_stop(NmmShareRouter *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->link)
        return;
    g_clear_handle_id(&self->timer, g_source_remove);
    g_clear_handle_id(&self->sweep_timer, g_source_remove);
    g_clear_pointer(&self->peers, nmm_peer_watch_free);
    g_clear_pointer(&self->monitor, nmm_neighbour_monitor_free);
    nmm_hostlink_set_callbacks(self->hostlink, NULL, NULL);
    if (!nmm_hostlink_remove(self->hostlink, &error))
        g_warning("cannot remove the host link '%s': %s", self->link, error->message);
    g_clear_pointer(&self->link, g_free);
    g_clear_pointer(&self->parent, g_free);
}

NmmShareRouter *
nmm_share_router_new(NmmHostlink *hostlink,
                     const NmmShareRouterCallbacks *callbacks,
                     gpointer user_data)
{
    NmmShareRouter *self = g_new0(NmmShareRouter, 1);

    self->hostlink = hostlink;
    self->callbacks = callbacks;
    self->user_data = user_data;
    self->routing = nmm_routing_new();
    self->sweep = nmm_sweep_new();
    self->guests = g_array_new(FALSE, FALSE, sizeof(NmmRoutingNic));
    g_array_set_clear_func(self->guests, clear_guest);
    self->routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    return self;
}

void
nmm_share_router_free(NmmShareRouter *self)
{
    nmm_share_router_stop(self);
    nmm_hostlink_free(self->hostlink);
    nmm_routing_free(self->routing);
    nmm_sweep_free(self->sweep);
    g_array_unref(self->guests);
    g_array_unref(self->routes);
    g_free(self);
}
