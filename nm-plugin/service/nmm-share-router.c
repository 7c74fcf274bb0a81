/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every input goes into the routing decision and is followed by settle(), which sends the
 * questions, logs the refusals, installs the routes and sets the one timer that the decision asks
 * for. While nothing is pending there is none.
 */

#include "config.h"

#include "nmm-share-router.h"

#include <string.h>

#include "nmm-neighbour-monitor.h"
#include "nmm-error.h"
#include "nmm-journal.h"

struct _NmmShareRouter {
    GObject parent_instance;

    NmmHostlink *hostlink;
    char *link;                     /* (nullable): NULL while there is none */
    char *parent;                   /* (nullable) */
    NmmNeighbourMonitor *discovery; /* (nullable) */
    NmmRouting *routing;
    GArray *told; /* (element-type NmmRoute): whose guests know where the host is */
    guint timer;
};

enum {
    SIGNAL_HOST_CHANGED,
    SIGNAL_GONE,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(NmmShareRouter, nmm_share_router, G_TYPE_OBJECT)

static gint64
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* Carrying out */

static const NmmRoute *
find_route(const GArray *routes, const NmmRoute *route)
{
    guint i;

    if (!g_array_binary_search((GArray *)routes, route, nmm_route_compare, &i))
        return NULL;
    return &g_array_index(routes, NmmRoute, i);
}

/* A guest whose route is new, or whose way back is, has the host at no MAC or at an old one. */
static void
tell_guest(NmmShareRouter *self, const NmmRoute *route)
{
    const NmmRoute *told = find_route(self->told, route);
    NmmProbe question = {.source = route->source, .address = route->address};

    if (told && nmm_cidr_equal(&told->source, &route->source) &&
        memcmp(told->mac, route->mac, sizeof(route->mac)) == 0)
        return;
    memcpy(question.mac, route->mac, sizeof(question.mac));
    nmm_neighbour_monitor_ask(self->discovery, &question);
}

/* Those of @routes that @others lacks. */
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
        nmm_neighbour_monitor_set_answers(self->discovery, addresses, routes);
    else
        g_warning("host link '%s': %s", self->link, error->message);
    for (guint i = 0; i < routes->len; i++)
        tell_guest(self, &g_array_index(routes, NmmRoute, i));
    log_routes(self->told, routes, FALSE);
    log_routes(routes, self->told, TRUE);

    g_array_unref(self->told);
    self->told = g_steal_pointer(&routes);
    /* Names are borrowed from the decision's guests of this moment. */
    for (guint i = 0; i < self->told->len; i++)
        g_array_index(self->told, NmmRoute, i).guest = NULL;
}

static void
log_refusal(const NmmRejection *refusal)
{
    g_autofree char *text = nmm_rejection_to_string(refusal);

    nmm_log_warning(NMM_LOG_GUEST(refusal->guest),
                    NMM_LOG_REJECTION(nmm_rejection_reason_to_string(refusal->reason)),
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

/* @changed: the routes wanted are others now, or the kernel's may be. */
static void
settle(NmmShareRouter *self, gboolean changed)
{
    g_autoptr(GArray) questions = nmm_routing_take_questions(self->routing);
    g_autoptr(GPtrArray) refusals = nmm_routing_take_refusals(self->routing);
    gint64 deadline = nmm_routing_get_deadline(self->routing);

    for (guint i = 0; i < questions->len; i++)
        nmm_neighbour_monitor_ask(self->discovery, &g_array_index(questions, NmmProbe, i));
    for (guint i = 0; i < refusals->len; i++)
        log_refusal(refusals->pdata[i]);
    g_clear_handle_id(&self->timer, g_source_remove);
    if (deadline != -1)
        self->timer = g_timeout_add((guint)MAX(deadline - now_ms(), 0), tick_cb, self);
    if (changed)
        apply_routes(self);
}

/* Inputs */

static void
discovered_cb(NmmNeighbourMonitor *discovery,
              const guint8 *mac,
              const NmmCidr *address,
              gboolean from_wire,
              NmmShareRouter *self)
{
    settle(self, nmm_routing_claim(self->routing, mac, address, from_wire, now_ms()));
}

static void
asked_cb(NmmNeighbourMonitor *discovery, const NmmCidr *address, NmmShareRouter *self)
{
    nmm_routing_asked(self->routing, address, now_ms());
    settle(self, FALSE);
}

static void
addresses_changed_cb(NmmHostlink *hostlink, NmmShareRouter *self)
{
    g_signal_emit(self, signals[SIGNAL_HOST_CHANGED], 0);
}

static void
gone_cb(NmmHostlink *hostlink, const char *reason, NmmShareRouter *self)
{
    g_autoptr(GError) error = g_error_new_literal(NMM_ERROR, NMM_ERROR_NOT_FOUND, reason);

    nmm_share_router_stop(self);
    g_signal_emit(self, signals[SIGNAL_GONE], 0, error);
}

/* Who is known on the LAN already keeps his address. */
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

/**
 * nmm_share_router_set_host:
 * @self: a router that was started
 * @host: (inout): everything but addresses; gets the parent's
 */
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
    /* With an address of the host's the kernel takes routes away, wanted or not. */
    settle(self, TRUE);
}

/**
 * nmm_share_router_set_guests:
 * @self: a router that was started
 * @nics: (array length=n_nics): macvtap interfaces of selected guests on the parent
 */
void
nmm_share_router_set_guests(NmmShareRouter *self, const NmmRoutingNic *nics, gsize n_nics)
{
    if (self->link)
        settle(self, nmm_routing_set_guests(self->routing, nics, n_nics));
}

/* Life */

static void
close_discovery(NmmShareRouter *self)
{
    if (self->discovery)
        g_signal_handlers_disconnect_by_data(self->discovery, self);
    g_clear_object(&self->discovery);
}

/**
 * nmm_share_router_reopen:
 * @self: a router that was started
 * @error: return location; %NMM_ERROR_NOT_FOUND, %NMM_ERROR_FAILED
 *
 * Does nothing where the link has gone meanwhile, as "gone" has told already.
 *
 * Returns: whether the discovery hears again; where not, the router is stopped
 */
gboolean
nmm_share_router_reopen(NmmShareRouter *self, GError **error)
{
    if (!self->link)
        return TRUE;
    close_discovery(self);
    self->discovery = nmm_neighbour_monitor_new(self->link, self->parent, error);
    if (!self->discovery) {
        nmm_share_router_stop(self);
        return FALSE;
    }
    g_signal_connect(self->discovery, "discovered", G_CALLBACK(discovered_cb), self);
    g_signal_connect(self->discovery, "asked", G_CALLBACK(asked_cb), self);
    return TRUE;
}

/**
 * nmm_share_router_start:
 * @self: a router that was not started
 * @spec: the link
 * @error: return location
 *
 * Returns: whether the link is there
 */
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

/**
 * nmm_share_router_stop:
 * @self: a router
 *
 * The kernel takes the routes with the link.
 */
void
nmm_share_router_stop(NmmShareRouter *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->link)
        return;
    g_clear_handle_id(&self->timer, g_source_remove);
    close_discovery(self);
    g_signal_handlers_disconnect_by_data(self->hostlink, self);
    if (!nmm_hostlink_remove(self->hostlink, &error))
        g_warning("cannot remove the host link '%s': %s", self->link, error->message);
    g_clear_pointer(&self->link, g_free);
    g_clear_pointer(&self->parent, g_free);
}

/**
 * nmm_share_router_new:
 * @hostlink: without a link; a reference is taken
 *
 * Returns: (transfer full): a router that has done nothing yet
 */
NmmShareRouter *
nmm_share_router_new(NmmHostlink *hostlink)
{
    NmmShareRouter *self = g_object_new(NMM_TYPE_SHARE_ROUTER, NULL);

    self->hostlink = g_object_ref(hostlink);
    return self;
}

static void
dispose(GObject *object)
{
    NmmShareRouter *self = NMM_SHARE_ROUTER(object);

    nmm_share_router_stop(self);
    g_clear_object(&self->hostlink);

    G_OBJECT_CLASS(nmm_share_router_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmShareRouter *self = NMM_SHARE_ROUTER(object);

    nmm_routing_free(self->routing);
    g_array_unref(self->told);

    G_OBJECT_CLASS(nmm_share_router_parent_class)->finalize(object);
}

static guint
add_signal(const char *name, guint n_params, GType param)
{
    return g_signal_new(name,
                        NMM_TYPE_SHARE_ROUTER,
                        G_SIGNAL_RUN_LAST,
                        0,
                        NULL,
                        NULL,
                        NULL,
                        G_TYPE_NONE,
                        n_params,
                        param);
}

static void
nmm_share_router_class_init(NmmShareRouterClass *klass)
{
    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;

    signals[SIGNAL_HOST_CHANGED] = add_signal("host-changed", 0, G_TYPE_NONE);
    signals[SIGNAL_GONE] = add_signal("gone", 1, G_TYPE_ERROR);
}

static void
nmm_share_router_init(NmmShareRouter *self)
{
    self->routing = nmm_routing_new();
    self->told = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
}
