/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After each input of the routing decision, settle() sends the probes, logs the rejections,
 * installs the routes and sets the one timer that the decision requests. Without pending work there
 * is no timer.
 */

#include "config.h"

#include "nmm-share-router.h"

#include <string.h>

#include "nmm-neighbour-monitor.h"
#include "nmm-error.h"
#include "nmm-journal.h"

struct _NmmShareRouter {
    NmmHostlink *hostlink;
    const NmmShareRouterCallbacks *callbacks;
    gpointer user_data;
    char *link;                   /* (nullable): NULL while there is none */
    char *parent;                 /* (nullable) */
    NmmNeighbourMonitor *monitor; /* (nullable) */
    NmmRouting *routing;
    GArray *announced; /* (element-type NmmRoute): their guests know the host's MAC */
    guint timer;
};

static gint64
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* Applying the decision */

static const NmmRoute *
find_route(const GArray *routes, const NmmRoute *route)
{
    guint i;

    if (!g_array_binary_search((GArray *)routes, route, nmm_route_compare, &i))
        return NULL;
    return &g_array_index(routes, NmmRoute, i);
}

/* A guest does not know the host's MAC, or an old one, if its route or the source address is new.
 * The probe makes it learn the MAC. */
static void
announce_to_guest(NmmShareRouter *self, const NmmRoute *route)
{
    const NmmRoute *announced = find_route(self->announced, route);
    NmmProbe probe = {.source = route->source, .address = route->address};

    if (announced && nmm_cidr_equal(&announced->source, &route->source) &&
        memcmp(announced->mac, route->mac, sizeof(route->mac)) == 0)
        return;
    memcpy(probe.mac, route->mac, sizeof(probe.mac));
    nmm_neighbour_monitor_ask(self->monitor, &probe);
}

/* Logs the routes that @others lacks. */
static void
log_routes(const GArray *routes, const GArray *others, gboolean there)
{
    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);
        g_autofree char *address = NULL;

        if (find_route(others, route))
            continue;
        address = nmm_cidr_address_to_string(&route->address);
        if (there)
            g_info("guest '%s' is at %s", route->guest, address);
        else
            g_info("no guest is at %s any more", address);
    }
}

static void
apply_routes(NmmShareRouter *self)
{
    g_autoptr(GArray) routes = nmm_routing_get_routes(self->routing);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) addresses = NULL;

    if (!nmm_hostlink_set_routes(self->hostlink, routes, &error))
        g_warning("host link '%s': %s", self->link, error->message);
    g_clear_error(&error);
    addresses = nmm_hostlink_list_addresses(self->hostlink, &error);
    if (addresses)
        nmm_neighbour_monitor_set_answers(self->monitor, addresses, routes);
    else
        g_warning("host link '%s': %s", self->link, error->message);
    for (guint i = 0; i < routes->len; i++)
        announce_to_guest(self, &g_array_index(routes, NmmRoute, i));
    log_routes(self->announced, routes, FALSE);
    log_routes(routes, self->announced, TRUE);

    g_array_unref(self->announced);
    self->announced = g_steal_pointer(&routes);
    /* The names belong to the decision's current guests. */
    for (guint i = 0; i < self->announced->len; i++)
        g_array_index(self->announced, NmmRoute, i).guest = NULL;
}

static void
log_rejection(const NmmRejection *rejection)
{
    g_autofree char *text = nmm_rejection_to_string(rejection);

    nmm_log_warning(NMM_LOG_GUEST(rejection->guest),
                    NMM_LOG_REJECTION(nmm_rejection_reason_to_string(rejection->reason)),
                    NMM_LOG_MESSAGE("%s", text));
}

static void settle(NmmShareRouter *self, gboolean changed);

static gboolean
tick_cb(gpointer data)
{
    NmmShareRouter *self = data;

    self->timer = 0;
    settle(self, nmm_routing_tick(self->routing, now_ms()));
    return G_SOURCE_REMOVE;
}

/* @changed: the wanted routes changed, or the kernel's may have. */
static void
settle(NmmShareRouter *self, gboolean changed)
{
    g_autoptr(GArray) probes = nmm_routing_take_questions(self->routing);
    g_autoptr(GPtrArray) rejections = nmm_routing_take_refusals(self->routing);
    gint64 deadline = nmm_routing_get_deadline(self->routing);

    for (guint i = 0; i < probes->len; i++)
        nmm_neighbour_monitor_ask(self->monitor, &g_array_index(probes, NmmProbe, i));
    for (guint i = 0; i < rejections->len; i++)
        log_rejection(rejections->pdata[i]);
    g_clear_handle_id(&self->timer, g_source_remove);
    if (deadline != -1)
        self->timer = g_timeout_add((guint)MAX(deadline - now_ms(), 0), tick_cb, self);
    if (changed)
        apply_routes(self);
}

/* Inputs */

static void
discovered_cb(NmmNeighbourMonitor *monitor,
              const guint8 *mac,
              const NmmCidr *address,
              gboolean from_wire,
              NmmShareRouter *self)
{
    settle(self, nmm_routing_claim(self->routing, mac, address, from_wire, now_ms()));
}

static void
asked_cb(NmmNeighbourMonitor *monitor, const NmmCidr *address, NmmShareRouter *self)
{
    nmm_routing_asked(self->routing, address, now_ms());
    settle(self, FALSE);
}

static void
addresses_changed_cb(NmmHostlink *hostlink, NmmShareRouter *self)
{
    self->callbacks->host_changed(self->user_data);
}

static void
gone_cb(NmmHostlink *hostlink, const char *reason, NmmShareRouter *self)
{
    g_autoptr(GError) error = g_error_new_literal(NMM_ERROR, NMM_ERROR_NOT_FOUND, reason);

    nmm_share_router_stop(self);
    self->callbacks->gone(error, self->user_data);
}

/* LAN hosts that the kernel already knows keep their addresses. */
static void
add_neighbours(NmmShareRouter *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) neighbours = nmm_hostlink_list_neighbours(self->hostlink, &error);

    if (!neighbours)
        g_warning("host link '%s': %s", self->link, error->message);
    for (guint i = 0; neighbours && i < neighbours->len; i++) {
        const NmmHostlinkNeighbour *neighbour = &g_array_index(neighbours, NmmHostlinkNeighbour, i);

        if (neighbour->reachable)
            nmm_routing_claim(self->routing, neighbour->mac, &neighbour->address, TRUE, now_ms());
    }
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
    nmm_routing_set_host(self->routing, host);
    /* When the host loses an address, the kernel removes routes, wanted or not. */
    settle(self, TRUE);
}

void
nmm_share_router_set_guests(NmmShareRouter *self, const NmmRoutingNic *nics, gsize n_nics)
{
    if (self->link)
        settle(self, nmm_routing_set_guests(self->routing, nics, n_nics));
}

/* Life */

static void
close_monitor(NmmShareRouter *self)
{
    if (self->monitor)
        g_signal_handlers_disconnect_by_data(self->monitor, self);
    g_clear_object(&self->monitor);
}

gboolean
nmm_share_router_reopen(NmmShareRouter *self, GError **error)
{
    if (!self->link)
        return TRUE;
    close_monitor(self);
    self->monitor = nmm_neighbour_monitor_new(self->link, self->parent, error);
    if (!self->monitor) {
        nmm_share_router_stop(self);
        return FALSE;
    }
    g_signal_connect(self->monitor, "discovered", G_CALLBACK(discovered_cb), self);
    g_signal_connect(self->monitor, "asked", G_CALLBACK(asked_cb), self);
    return TRUE;
}

gboolean
nmm_share_router_start(NmmShareRouter *self, const NmmHostlinkSpec *spec, GError **error)
{
    if (!nmm_hostlink_create(self->hostlink, spec, error))
        return FALSE;
    self->link = g_strdup(spec->name);
    self->parent = g_strdup(spec->parent);
    g_signal_connect(self->hostlink, "addresses-changed", G_CALLBACK(addresses_changed_cb), self);
    g_signal_connect(self->hostlink, "gone", G_CALLBACK(gone_cb), self);
    if (!nmm_share_router_reopen(self, error))
        return FALSE;
    add_neighbours(self);
    return TRUE;
}

void
nmm_share_router_stop(NmmShareRouter *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->link)
        return;
    g_clear_handle_id(&self->timer, g_source_remove);
    close_monitor(self);
    g_signal_handlers_disconnect_by_data(self->hostlink, self);
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

    self->hostlink = g_object_ref(hostlink);
    self->callbacks = callbacks;
    self->user_data = user_data;
    self->routing = nmm_routing_new();
    self->announced = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    return self;
}

void
nmm_share_router_free(NmmShareRouter *self)
{
    nmm_share_router_stop(self);
    g_object_unref(self->hostlink);
    nmm_routing_free(self->routing);
    g_array_unref(self->announced);
    g_free(self);
}
