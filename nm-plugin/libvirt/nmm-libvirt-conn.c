/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is open between open() and close(): a connection for events, and idle ones for calls.
 * Decides when libvirtd counts as lost. Must not keep the hypervisor alive, must not block who
 * drops it, and must leave no timer behind soon after the last call.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* Connections kept for the next call: as many as the sync engine makes at a time. They are closed
 * when no call has come for this long, at most twice it: libvirtd pings each every 5 s. */
#define MAX_IDLE     4
#define IDLE_SECONDS 2

/* How long dropping a link waits for its connections to be closed: long enough for any libvirtd
 * that answers, short enough for the main thread. */
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

struct _NmmLibvirtConn {
    gatomicrefcount ref_count;
    char *uri;
    gboolean read_only;
    virConnectPtr conn; /* for events alone */
    Listener *listener;
    int domain_events[N_DOMAIN_EVENTS]; /* callback IDs, -1 where not registered */
    int network_event;
    gboolean watches_close;
    GMutex mutex;        /* guards what is below */
    GPtrArray *idle;     /* (element-type virConnect) */
    GSource *idle_timer; /* (nullable): runs while there are any */
    gboolean idle_used;  /* one of them was taken or returned since it last ran out */
};

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
listener_new(NmmHypervisor *owner)
{
    Listener *listener = g_atomic_rc_box_new0(Listener);

    g_weak_ref_init(&listener->owner, owner);
    return listener;
}

/* (transfer full) (nullable): whom to tell, if anybody still listens. */
static NmmHypervisor *
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
    g_autoptr(NmmHypervisor) owner = g_weak_ref_get(&listener->owner);

    if (g_atomic_int_compare_and_exchange(&listener->closed, FALSE, TRUE) && owner)
        nmm_hypervisor_emit_closed(owner, reason);
}

static void
tell_guest_changed(virDomainPtr domain, Listener *listener)
{
    g_autoptr(NmmHypervisor) owner = listener_get_owner(listener);
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (owner && virDomainGetUUIDString(domain, uuid) == 0)
        nmm_hypervisor_emit_guest_changed(owner, uuid);
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
    g_autoptr(NmmHypervisor) owner = listener_get_owner(opaque);

    if (owner)
        nmm_hypervisor_emit_network_changed(owner, virNetworkGetName(network));
}

static void
close_cb(virConnectPtr conn, int reason, void *opaque)
{
    if (reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE)
        listener_close(opaque, _("libvirt does not answer"));
    else
        listener_close(opaque, _("libvirt closed the connection"));
}

/* libvirt takes callbacks of each kind as one type. By way of G_CALLBACK(), the type that any
 * function may be cast to, as clang 19 wants it. */
static gboolean
watch_domains(NmmLibvirtConn *link)
{
    static const struct {
        int id;
        virConnectDomainEventGenericCallback callback;
    } events[N_DOMAIN_EVENTS] = {
        [EVENT_LIFECYCLE] = {VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                             VIR_DOMAIN_EVENT_CALLBACK(G_CALLBACK(lifecycle_cb))},
        [EVENT_DEVICE_ADDED] = {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
                                VIR_DOMAIN_EVENT_CALLBACK(G_CALLBACK(device_cb))},
        [EVENT_DEVICE_REMOVED] = {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                                  VIR_DOMAIN_EVENT_CALLBACK(G_CALLBACK(device_cb))},
        [EVENT_DEVICE_REMOVAL_FAILED] = {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
                                         VIR_DOMAIN_EVENT_CALLBACK(G_CALLBACK(device_cb))},
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
watch_networks(NmmLibvirtConn *link)
{
    link->network_event =
        virConnectNetworkEventRegisterAny(link->conn,
                                          NULL,
                                          VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                          VIR_NETWORK_EVENT_CALLBACK(G_CALLBACK(network_cb)),
                                          g_atomic_rc_box_acquire(link->listener),
                                          listener_unref);
    if (link->network_event >= 0)
        return TRUE;
    listener_unref(link->listener);
    return FALSE;
}

static gboolean
watch_close(NmmLibvirtConn *link)
{
    link->watches_close =
        virConnectRegisterCloseCallback(
            link->conn, close_cb, g_atomic_rc_box_acquire(link->listener), listener_unref) == 0;
    if (!link->watches_close)
        listener_unref(link->listener);
    return link->watches_close;
}

static void
unwatch(NmmLibvirtConn *link)
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

static NmmLibvirtConn *
link_new(NmmHypervisor *owner, const char *uri, gboolean read_only, virConnectPtr conn)
{
    NmmLibvirtConn *link = g_new0(NmmLibvirtConn, 1);
    gsize i;

    g_atomic_ref_count_init(&link->ref_count);
    g_mutex_init(&link->mutex);
    link->uri = g_strdup(uri);
    link->read_only = read_only;
    link->conn = conn;
    link->listener = listener_new(owner);
    for (i = 0; i < G_N_ELEMENTS(link->domain_events); i++)
        link->domain_events[i] = -1;
    link->network_event = -1;
    link->idle = g_ptr_array_new();
    return link;
}

static gboolean
is_closed(NmmLibvirtConn *link)
{
    return g_atomic_int_get(&link->listener->closed);
}

NmmLibvirtConn *
nmm_libvirt_conn_open(NmmHypervisor *owner, const char *uri, gboolean read_only, GError **error)
{
    virConnectPtr conn = nmm_libvirt_connect(uri, read_only, error);
    NmmLibvirtConn *link;
    GError *local;

    if (!conn)
        return NULL;
    link = link_new(owner, uri, read_only, conn);
    if (watch_close(link) && (read_only || (watch_domains(link) && watch_networks(link))))
        return link;

    local = nmm_libvirt_take_error();
    local->code = NMM_ERROR_UNREACHABLE;
    nmm_libvirt_conn_drop(link);
    g_propagate_prefixed_error(error, local, _("cannot connect to '%s': "), uri);
    return NULL;
}

NmmLibvirtConn *
nmm_libvirt_conn_ref(NmmLibvirtConn *link)
{
    g_atomic_ref_count_inc(&link->ref_count);
    return link;
}

void
nmm_libvirt_conn_unref(NmmLibvirtConn *link)
{
    if (!g_atomic_ref_count_dec(&link->ref_count))
        return;
    listener_unref(link->listener);
    g_ptr_array_unref(link->idle);
    g_mutex_clear(&link->mutex);
    g_free(link->uri);
    g_free(link);
}

void
nmm_libvirt_conn_give_up(NmmLibvirtConn *link, const char *reason)
{
    listener_close(link->listener, reason);
}

virConnectPtr
nmm_libvirt_conn_take_conn(NmmLibvirtConn *link, GError **error)
{
    virConnectPtr conn = NULL;
    GError *local = NULL;

    if (is_closed(link)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_UNREACHABLE,
                    _("the connection to '%s' is lost"),
                    link->uri);
        return NULL;
    }
    g_mutex_lock(&link->mutex);
    if (link->idle->len > 0)
        conn = g_ptr_array_steal_index_fast(link->idle, link->idle->len - 1);
    link->idle_used = TRUE;
    g_mutex_unlock(&link->mutex);

    if (!conn)
        conn = nmm_libvirt_connect(link->uri, link->read_only, &local);
    if (!conn) {
        nmm_libvirt_conn_give_up(link, local->message);
        g_propagate_error(error, local);
    }
    return conn;
}

static void
close_conns(GPtrArray *conns)
{
    guint i;

    for (i = 0; i < conns->len; i++) {
        nmm_libvirt_keep_alive(conns->pdata[i]);
        virConnectClose(conns->pdata[i]);
    }
    g_ptr_array_unref(conns);
}

static gpointer
closing_thread(gpointer data)
{
    close_conns(data);
    return NULL;
}

/* Under @mutex. (transfer full): the idle connections. */
static GPtrArray *
steal_idle(NmmLibvirtConn *link)
{
    GPtrArray *idle = g_steal_pointer(&link->idle);

    link->idle = g_ptr_array_new();
    return idle;
}

/* Closing asks libvirtd, so it is not for the main thread. */
static gboolean
idle_cb(gpointer data)
{
    NmmLibvirtConn *link = data;
    GPtrArray *idle = NULL;

    g_mutex_lock(&link->mutex);
    if (!link->idle_used) {
        idle = steal_idle(link);
        g_clear_pointer(&link->idle_timer, g_source_unref);
    }
    link->idle_used = FALSE;
    g_mutex_unlock(&link->mutex);

    if (!idle)
        return G_SOURCE_CONTINUE;
    g_thread_unref(g_thread_new("libvirt-close", closing_thread, idle));
    return G_SOURCE_REMOVE;
}

/* Under @mutex. */
static void
arm_idle_timer(NmmLibvirtConn *link)
{
    if (link->idle_timer)
        return;
    link->idle_timer = g_timeout_source_new_seconds(IDLE_SECONDS);
    g_source_set_callback(link->idle_timer,
                          idle_cb,
                          nmm_libvirt_conn_ref(link),
                          (GDestroyNotify)nmm_libvirt_conn_unref);
    g_source_attach(link->idle_timer, NULL);
}

void
nmm_libvirt_conn_return_conn(NmmLibvirtConn *link, virConnectPtr conn)
{
    g_mutex_lock(&link->mutex);
    if (!is_closed(link) && link->idle->len < MAX_IDLE) {
        g_ptr_array_add(link->idle, g_steal_pointer(&conn));
        arm_idle_timer(link);
    }
    link->idle_used = TRUE;
    g_mutex_unlock(&link->mutex);

    if (conn)
        virConnectClose(conn);
}

typedef struct {
    GMutex mutex;
    GCond cond;
    gboolean done;
    NmmLibvirtConn *link;
} Dropping;

static void
dropping_clear(gpointer data)
{
    Dropping *dropping = data;

    g_mutex_clear(&dropping->mutex);
    g_cond_clear(&dropping->cond);
}

static void
close_all(NmmLibvirtConn *link)
{
    GSource *timer;
    GPtrArray *idle;

    /* Whoever returns one from now on finds the link closed. */
    g_mutex_lock(&link->mutex);
    idle = steal_idle(link);
    timer = g_steal_pointer(&link->idle_timer);
    g_mutex_unlock(&link->mutex);

    if (timer) {
        g_source_destroy(timer);
        g_source_unref(timer);
    }
    close_conns(idle);
    nmm_libvirt_keep_alive(link->conn);
    unwatch(link);
    virConnectClose(link->conn);
}

static gpointer
dropping_thread(gpointer data)
{
    Dropping *dropping = data;

    close_all(dropping->link);
    nmm_libvirt_conn_unref(dropping->link);

    g_mutex_lock(&dropping->mutex);
    dropping->done = TRUE;
    g_cond_signal(&dropping->cond);
    g_mutex_unlock(&dropping->mutex);
    g_atomic_rc_box_release_full(dropping, dropping_clear);
    return NULL;
}

void
nmm_libvirt_conn_drop(NmmLibvirtConn *link)
{
    Dropping *dropping = g_atomic_rc_box_new0(Dropping);
    gint64 deadline = g_get_monotonic_time() + DROP_TIMEOUT;

    g_atomic_int_set(&link->listener->closed, TRUE);

    g_mutex_init(&dropping->mutex);
    g_cond_init(&dropping->cond);
    dropping->link = link;
    g_thread_unref(
        g_thread_new("libvirt-close", dropping_thread, g_atomic_rc_box_acquire(dropping)));

    g_mutex_lock(&dropping->mutex);
    while (!dropping->done && g_cond_wait_until(&dropping->cond, &dropping->mutex, deadline))
        ;
    g_mutex_unlock(&dropping->mutex);
    g_atomic_rc_box_release_full(dropping, dropping_clear);
}
