/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection to libvirtd, with its events and its end. Decides how long an answer is waited for
 * and when a connection counts as broken. Must not keep the hypervisor alive, must not block who
 * drops it, and must leave no timer behind while no call is in flight.
 */

#include "config.h"

#include "nm-macvtap-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"

/* A libvirtd that answers nothing for 5 times 4 seconds is given up. */
#define KEEPALIVE_INTERVAL 4 /* seconds */
#define KEEPALIVE_COUNT    4
#define OPEN_TIMEOUT       (20 * G_TIME_SPAN_SECOND)

/* How long dropping a connection waits for it to be closed: long enough for any libvirtd that
 * answers, short enough for the main thread. */
#define DROP_TIMEOUT (250 * G_TIME_SPAN_MILLISECOND)

/*
 * What libvirt's callbacks are given. Holds neither connection nor hypervisor, since libvirt frees
 * it only with the connection.
 */
typedef struct {
    GWeakRef owner;
    int closed; /* atomic: the end was told, or is nobody's business any more */
} Listener;

enum {
    EVENT_LIFECYCLE,
    EVENT_DEVICE_ADDED,
    EVENT_DEVICE_REMOVED,
    EVENT_DEVICE_REMOVAL_FAILED,
    N_DOMAIN_EVENTS,
};

struct _NMMacvtapLibvirtLink {
    gatomicrefcount ref_count;
    virConnectPtr conn;
    Listener *listener;
    int domain_events[N_DOMAIN_EVENTS]; /* callback IDs, -1 where not registered */
    int network_event;
    gboolean watches_close;
};

/*****************************************************************************/

static void
listener_clear(gpointer data)
{
    Listener *listener = data;

    g_weak_ref_clear(&listener->owner);
}

static void
listener_unref(gpointer data)
{
    g_atomic_rc_box_release_full(data, listener_clear);
}

static Listener *
listener_new(NMMacvtapHypervisor *owner)
{
    Listener *listener = g_atomic_rc_box_new0(Listener);

    g_weak_ref_init(&listener->owner, owner);
    return listener;
}

/* (transfer full) (nullable): whom to tell, if anybody still listens. */
static NMMacvtapHypervisor *
listener_get_owner(Listener *listener)
{
    if (g_atomic_int_get(&listener->closed))
        return NULL;
    return g_weak_ref_get(&listener->owner);
}

/* Tells of the end once, whoever notices it first. */
static void
listener_close(Listener *listener, const char *reason)
{
    g_autoptr(NMMacvtapHypervisor) owner = g_weak_ref_get(&listener->owner);

    if (g_atomic_int_compare_and_exchange(&listener->closed, FALSE, TRUE) && owner)
        nm_macvtap_hypervisor_emit_closed(owner, reason);
}

/*****************************************************************************/

static void
tell_guest_changed(virDomainPtr domain, Listener *listener)
{
    g_autoptr(NMMacvtapHypervisor) owner = listener_get_owner(listener);
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (owner && virDomainGetUUIDString(domain, uuid) == 0)
        nm_macvtap_hypervisor_emit_guest_changed(owner, uuid);
}

static int
lifecycle_cb(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *opaque)
{
    switch (event) {
    case VIR_DOMAIN_EVENT_DEFINED:
    case VIR_DOMAIN_EVENT_UNDEFINED:
    case VIR_DOMAIN_EVENT_STARTED:
    case VIR_DOMAIN_EVENT_STOPPED:
    case VIR_DOMAIN_EVENT_CRASHED:
        tell_guest_changed(domain, opaque);
        break;
    default:
        /* Paused, resumed, …: the interfaces are the same. */
        break;
    }
    return 0;
}

static void
device_cb(virConnectPtr conn, virDomainPtr domain, const char *alias, void *opaque)
{
    tell_guest_changed(domain, opaque);
}

static void
network_cb(virConnectPtr conn, virNetworkPtr network, int event, int detail, void *opaque)
{
    g_autoptr(NMMacvtapHypervisor) owner = listener_get_owner(opaque);

    if (owner)
        nm_macvtap_hypervisor_emit_network_changed(owner, virNetworkGetName(network));
}

static void
close_cb(virConnectPtr conn, int reason, void *opaque)
{
    if (reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE)
        listener_close(opaque, _("libvirt does not answer"));
    else
        listener_close(opaque, _("libvirt closed the connection"));
}

/*****************************************************************************/

static gboolean
watch_domains(NMMacvtapLibvirtLink *link)
{
    static const struct {
        int id;
        virConnectDomainEventGenericCallback callback;
    } events[N_DOMAIN_EVENTS] = {
        [EVENT_LIFECYCLE] = {VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                             VIR_DOMAIN_EVENT_CALLBACK(lifecycle_cb)},
        [EVENT_DEVICE_ADDED] = {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
                                VIR_DOMAIN_EVENT_CALLBACK(device_cb)},
        [EVENT_DEVICE_REMOVED] = {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                                  VIR_DOMAIN_EVENT_CALLBACK(device_cb)},
        [EVENT_DEVICE_REMOVAL_FAILED] = {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
                                         VIR_DOMAIN_EVENT_CALLBACK(device_cb)},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(events); i++) {
        link->domain_events[i] =
            virConnectDomainEventRegisterAny(link->conn,
                                             NULL,
                                             events[i].id,
                                             events[i].callback,
                                             g_atomic_rc_box_acquire(link->listener),
                                             listener_unref);
        if (link->domain_events[i] < 0) {
            listener_unref(link->listener);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
watch_networks(NMMacvtapLibvirtLink *link)
{
    link->network_event = virConnectNetworkEventRegisterAny(link->conn,
                                                            NULL,
                                                            VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                                            VIR_NETWORK_EVENT_CALLBACK(network_cb),
                                                            g_atomic_rc_box_acquire(link->listener),
                                                            listener_unref);
    if (link->network_event >= 0)
        return TRUE;
    listener_unref(link->listener);
    return FALSE;
}

static gboolean
watch_close(NMMacvtapLibvirtLink *link)
{
    link->watches_close =
        virConnectRegisterCloseCallback(
            link->conn, close_cb, g_atomic_rc_box_acquire(link->listener), listener_unref) == 0;
    if (!link->watches_close)
        listener_unref(link->listener);
    return link->watches_close;
}

/* A connection without keepalive (a driver inside this process has none to offer) is fine. */
static void
arm_keepalive(virConnectPtr conn)
{
    /*
     * Whoever waits for an answer does keepalive in its own poll(), by the interval set here. The
     * timer beside it, on the main loop, would wake an idle process for ever: 0 takes it away and
     * leaves the interval. (It could not be started again: libvirt takes an interval only once.)
     */
    if (virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT) == 0)
        virConnectSetKeepAlive(conn, 0, 0);
    virResetLastError();
}

static void
unwatch(NMMacvtapLibvirtLink *link)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(link->domain_events); i++) {
        if (link->domain_events[i] >= 0)
            virConnectDomainEventDeregisterAny(link->conn, link->domain_events[i]);
    }
    if (link->network_event >= 0)
        virConnectNetworkEventDeregisterAny(link->conn, link->network_event);
    if (link->watches_close)
        virConnectUnregisterCloseCallback(link->conn, close_cb);
    virResetLastError();
}

static NMMacvtapLibvirtLink *
link_new(NMMacvtapHypervisor *owner, virConnectPtr conn)
{
    NMMacvtapLibvirtLink *link = g_new0(NMMacvtapLibvirtLink, 1);
    gsize i;

    g_atomic_ref_count_init(&link->ref_count);
    link->conn = conn;
    link->listener = listener_new(owner);
    for (i = 0; i < G_N_ELEMENTS(link->domain_events); i++)
        link->domain_events[i] = -1;
    link->network_event = -1;
    return link;
}

/*****************************************************************************/

/* Shared by open's caller and the thread that connects; whoever is last frees it. */
typedef struct {
    GMutex mutex;
    GCond cond;
    char *uri;
    gboolean read_only;
    gboolean done;
    gboolean abandoned;
    virConnectPtr conn;
    GError *error;
} Opening;

static void
opening_clear(gpointer data)
{
    Opening *opening = data;

    g_mutex_clear(&opening->mutex);
    g_cond_clear(&opening->cond);
    g_free(opening->uri);
    g_clear_error(&opening->error);
}

static gpointer
opening_thread(gpointer data)
{
    Opening *opening = data;
    /* Without callbacks for credentials nothing can prompt. */
    virConnectPtr conn =
        virConnectOpenAuth(opening->uri, NULL, opening->read_only ? VIR_CONNECT_RO : 0);
    g_autoptr(GError) error = conn ? NULL : nm_macvtap_libvirt_take_error();

    g_mutex_lock(&opening->mutex);
    opening->done = TRUE;
    if (!opening->abandoned) {
        opening->conn = g_steal_pointer(&conn);
        opening->error = g_steal_pointer(&error);
    }
    g_cond_signal(&opening->cond);
    g_mutex_unlock(&opening->mutex);

    if (conn)
        virConnectClose(conn);
    g_atomic_rc_box_release_full(opening, opening_clear);
    return NULL;
}

/* libvirt itself waits for ever for the first answer: it does so on a thread of its own. */
static virConnectPtr
connect_in_time(const char *uri, gboolean read_only, GError **error)
{
    Opening *opening = g_atomic_rc_box_new0(Opening);
    gint64 deadline = g_get_monotonic_time() + OPEN_TIMEOUT;
    virConnectPtr conn;

    g_mutex_init(&opening->mutex);
    g_cond_init(&opening->cond);
    opening->uri = g_strdup(uri);
    opening->read_only = read_only;
    g_thread_unref(g_thread_new("libvirt-open", opening_thread, g_atomic_rc_box_acquire(opening)));

    g_mutex_lock(&opening->mutex);
    while (!opening->done && g_cond_wait_until(&opening->cond, &opening->mutex, deadline))
        ;
    opening->abandoned = !opening->done;
    conn = g_steal_pointer(&opening->conn);
    if (opening->error)
        g_propagate_error(error, g_steal_pointer(&opening->error));
    else if (!conn)
        g_set_error_literal(
            error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE, _("libvirt does not answer"));
    g_mutex_unlock(&opening->mutex);
    g_atomic_rc_box_release_full(opening, opening_clear);
    return conn;
}

/**
 * nm_macvtap_libvirt_link_open:
 * @owner: the hypervisor that is told of events; no reference is kept
 * @uri: what to connect to
 * @read_only: whether for reading only, and without events of guests and networks
 * @error: (out) (optional): %NM_MACVTAP_ERROR_DENIED, else %NM_MACVTAP_ERROR_UNREACHABLE
 *
 * Returns: (transfer full) (nullable): an open connection; nm_macvtap_libvirt_link_drop() it
 */
NMMacvtapLibvirtLink *
nm_macvtap_libvirt_link_open(NMMacvtapHypervisor *owner,
                             const char *uri,
                             gboolean read_only,
                             GError **error)
{
    g_autoptr(NMMacvtapLibvirtLink) link = NULL;
    g_autoptr(GError) local = NULL;
    virConnectPtr conn = connect_in_time(uri, read_only, &local);

    if (conn) {
        link = link_new(owner, conn);
        arm_keepalive(conn);
        if (watch_close(link) && (read_only || (watch_domains(link) && watch_networks(link))))
            return g_steal_pointer(&link);
        local = nm_macvtap_libvirt_take_error();
        nm_macvtap_libvirt_link_drop(g_steal_pointer(&link));
    }
    /* Whatever stands in the way, there is no connection, and trying again may help. */
    if (local->code != NM_MACVTAP_ERROR_DENIED)
        local->code = NM_MACVTAP_ERROR_UNREACHABLE;
    g_propagate_prefixed_error(error, g_steal_pointer(&local), _("cannot connect to '%s': "), uri);
    return NULL;
}

/**
 * nm_macvtap_libvirt_link_ref:
 * @link: a connection
 *
 * Returns: (transfer full): @link
 */
NMMacvtapLibvirtLink *
nm_macvtap_libvirt_link_ref(NMMacvtapLibvirtLink *link)
{
    g_atomic_ref_count_inc(&link->ref_count);
    return link;
}

/**
 * nm_macvtap_libvirt_link_unref:
 * @link: (transfer full): a connection; the last reference says good-bye to libvirtd, and waits for
 *   its answer
 */
void
nm_macvtap_libvirt_link_unref(NMMacvtapLibvirtLink *link)
{
    if (!g_atomic_ref_count_dec(&link->ref_count))
        return;
    virConnectClose(link->conn);
    listener_unref(link->listener);
    g_free(link);
}

/**
 * nm_macvtap_libvirt_link_get_conn:
 * @link: a connection
 *
 * Returns: (transfer none): libvirt's handle
 */
virConnectPtr
nm_macvtap_libvirt_link_get_conn(NMMacvtapLibvirtLink *link)
{
    return link->conn;
}

/*****************************************************************************/

typedef struct {
    GMutex mutex;
    GCond cond;
    gboolean done;
    NMMacvtapLibvirtLink *link;
} Dropping;

static void
dropping_clear(gpointer data)
{
    Dropping *dropping = data;

    g_mutex_clear(&dropping->mutex);
    g_cond_clear(&dropping->cond);
}

static gpointer
dropping_thread(gpointer data)
{
    Dropping *dropping = data;

    unwatch(dropping->link);
    nm_macvtap_libvirt_link_unref(dropping->link);

    g_mutex_lock(&dropping->mutex);
    dropping->done = TRUE;
    g_cond_signal(&dropping->cond);
    g_mutex_unlock(&dropping->mutex);
    g_atomic_rc_box_release_full(dropping, dropping_clear);
    return NULL;
}

/**
 * nm_macvtap_libvirt_link_drop:
 * @link: (transfer full): a connection; once for each
 *
 * Ends events at once, "closed" included, and the connection as soon as the last call in flight has
 * let go of it. Returns within a quarter of a second: what a hung libvirtd holds up (until
 * keepalive ends it) goes on on a thread of its own.
 */
void
nm_macvtap_libvirt_link_drop(NMMacvtapLibvirtLink *link)
{
    Dropping *dropping = g_atomic_rc_box_new0(Dropping);
    gint64 deadline = g_get_monotonic_time() + DROP_TIMEOUT;

    g_atomic_int_set(&link->listener->closed, TRUE);

    g_mutex_init(&dropping->mutex);
    g_cond_init(&dropping->cond);
    /* Not kept here: the last reference waits for libvirtd. */
    dropping->link = link;
    g_thread_unref(
        g_thread_new("libvirt-close", dropping_thread, g_atomic_rc_box_acquire(dropping)));

    g_mutex_lock(&dropping->mutex);
    while (!dropping->done && g_cond_wait_until(&dropping->cond, &dropping->mutex, deadline))
        ;
    g_mutex_unlock(&dropping->mutex);
    g_atomic_rc_box_release_full(dropping, dropping_clear);
}

/**
 * nm_macvtap_libvirt_link_fail:
 * @link: the connection on which a call has just failed, on this thread
 * @error: (out) (optional): the call's error; %NM_MACVTAP_ERROR_UNREACHABLE where the connection
 *   is what broke
 *
 * Returns: %FALSE
 */
gboolean
nm_macvtap_libvirt_link_fail(NMMacvtapLibvirtLink *link, GError **error)
{
    GError *local = nm_macvtap_libvirt_take_error();

    /* This asks libvirt's own client side, not libvirtd. */
    if (virConnectIsAlive(link->conn) != 1) {
        local->code = NM_MACVTAP_ERROR_UNREACHABLE;
        listener_close(link->listener, local->message);
    }
    g_propagate_error(error, local);
    return FALSE;
}
