/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Detects a dead libvirtd. Holds no reference to the hypervisor, never blocks in drop(), and stops
 * its timer shortly after the last call.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "nmm-error.h"

/* Connections kept for the next call: as many as the sync engine uses at a time. They are closed
 * after 2 to 4 seconds without a call, because libvirtd pings each of them every 5 s. */
#define MAX_IDLE     4
#define IDLE_SECONDS 2

/* How long drop() waits until the connections are closed: long enough for any libvirtd that
 * answers, short enough for the main thread. */
#define DROP_TIMEOUT (250 * G_TIME_SPAN_MILLISECOND)

/* The data of libvirt's callbacks. Holds neither connection nor hypervisor, because libvirt frees
 * it only with the connection. */
typedef struct {
    GWeakRef owner;
    GHashTable *incoming; /* (element-type utf8): UUIDs of guests whose migration to this host has
                             begun; main thread only */
    int ended[_NMM_LIBVIRT_DAEMON_NUM]; /* atomic: a connection broke: it may be about to end */
    int closed; /* atomic: "closed" was emitted, or the connection was dropped */
} Listener;

#define N_DOMAIN_EVENTS 5

struct _NmmLibvirtConn {
    gatomicrefcount ref_count;
    char *uri;
    gboolean read_only;
    virConnectPtr conn;         /* only for events */
    virConnectPtr network_conn; /* (nullable): for events of networks; NULL: they come from @conn */
    gboolean lacks_network_conn;
    Listener *listener;
    int domain_events[N_DOMAIN_EVENTS]; /* callback IDs, -1: not registered */
    int network_event;
    gboolean watches_close;
    gboolean watches_network_close;
    GMutex mutex;        /* guards the members below */
    GPtrArray *idle;     /* (element-type virConnect) */
    GSource *idle_timer; /* (nullable): runs while there are any */
    gboolean idle_used;  /* one of them was taken or returned since it last ran out */
};

static void
listener_clear(gpointer data)
{
    Listener *listener = data;

    g_weak_ref_clear(&listener->owner);
    g_hash_table_unref(listener->incoming);
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
    listener->incoming = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return listener;
}

/* (transfer full) (nullable): NULL if events do not matter any more. */
static NmmHypervisor *
listener_get_owner(Listener *listener)
{
    if (g_atomic_int_get(&listener->closed))
        return NULL;
    return g_weak_ref_get(&listener->owner);
}

static void
listener_close(Listener *listener, const char *reason)
{
    g_autoptr(NmmHypervisor) owner = g_weak_ref_get(&listener->owner);

    if (g_atomic_int_compare_and_exchange(&listener->closed, FALSE, TRUE) && owner)
        nmm_hypervisor_emit(owner, "closed", reason);
}

static void
emit_guest_event(virDomainPtr domain, Listener *listener, const char *signal)
{
    g_autoptr(NmmHypervisor) owner = listener_get_owner(listener);
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (owner && virDomainGetUUIDString(domain, uuid) == 0)
        nmm_hypervisor_emit(owner, signal, uuid);
}

static void
emit_guest_changed(virDomainPtr domain, Listener *listener)
{
    emit_guest_event(domain, listener, "guest-changed");
}

/* A guest that arrives by migration starts paused, and is resumed when it has left the other host.
 * The other host reports the same detail for a guest that it resumes because a migration failed. */
static void
follow_migration(virDomainPtr domain, int event, int detail, Listener *listener)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) < 0)
        return;
    switch (event) {
    case VIR_DOMAIN_EVENT_STARTED:
        if (detail == VIR_DOMAIN_EVENT_STARTED_MIGRATED)
            g_hash_table_add(listener->incoming, g_strdup(uuid));
        break;
    case VIR_DOMAIN_EVENT_RESUMED:
        if (g_hash_table_remove(listener->incoming, uuid))
            emit_guest_event(domain, listener, "guest-arrived");
        break;
    case VIR_DOMAIN_EVENT_STOPPED:
        g_hash_table_remove(listener->incoming, uuid);
        break;
    default:
        break;
    }
}

static int
lifecycle_cb(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *opaque)
{
    follow_migration(domain, event, detail, opaque);
    switch (event) {
    case VIR_DOMAIN_EVENT_DEFINED:
    case VIR_DOMAIN_EVENT_UNDEFINED:
    case VIR_DOMAIN_EVENT_STARTED:
    case VIR_DOMAIN_EVENT_STOPPED:
    case VIR_DOMAIN_EVENT_CRASHED:
        emit_guest_changed(domain, opaque);
        break;
    default:
        break; /* paused, resumed, …: the interfaces are the same */
    }
    return 0;
}

static void
device_cb(virConnectPtr conn, virDomainPtr domain, const char *alias, void *opaque)
{
    emit_guest_changed(domain, opaque);
}

/* A save, dump or migration that held the guest has ended. */
static void
job_cb(virConnectPtr conn,
       virDomainPtr domain,
       virTypedParameterPtr params,
       int n_params,
       void *opaque)
{
    emit_guest_changed(domain, opaque);
}

static void
network_cb(virConnectPtr conn, virNetworkPtr network, int event, int detail, void *opaque)
{
    g_autoptr(NmmHypervisor) owner = listener_get_owner(opaque);

    if (owner)
        nmm_hypervisor_emit(owner, "network-changed", virNetworkGetName(network));
}

static void
report_close(Listener *listener, NmmLibvirtDaemon daemon, int reason)
{
    if (reason != VIR_CONNECT_CLOSE_REASON_KEEPALIVE)
        g_atomic_int_set(&listener->ended[daemon], TRUE);
    if (reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE)
        listener_close(listener, _("libvirt does not answer"));
    else
        listener_close(listener, _("libvirt closed the connection"));
}

static void
close_cb(virConnectPtr conn, int reason, void *opaque)
{
    report_close(opaque, NMM_LIBVIRT_GUESTS, reason);
}

/* Then all is read again. */
static void
network_close_cb(virConnectPtr conn, int reason, void *opaque)
{
    report_close(opaque, NMM_LIBVIRT_NETWORKS, reason);
}

/* libvirt unrefs the data of a callback that is registered. */
static int
check_registered(NmmLibvirtConn *self, int id)
{
    if (id < 0)
        listener_unref(self->listener);
    return id;
}

/* libvirt takes callbacks of each kind as one type; clang 19 wants the cast to go through
 * G_CALLBACK(). */
static gboolean
watch_domains(NmmLibvirtConn *self)
{
    static const struct {
        int id;
        GCallback callback;
    } events[N_DOMAIN_EVENTS] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, G_CALLBACK(lifecycle_cb)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, G_CALLBACK(device_cb)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, G_CALLBACK(device_cb)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, G_CALLBACK(device_cb)},
        {VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, G_CALLBACK(job_cb)},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
        int id = virConnectDomainEventRegisterAny(self->conn,
                                                  NULL,
                                                  events[i].id,
                                                  VIR_DOMAIN_EVENT_CALLBACK(events[i].callback),
                                                  g_atomic_rc_box_acquire(self->listener),
                                                  listener_unref);

        self->domain_events[i] = check_registered(self, id);
        if (id < 0)
            return FALSE;
    }
    return TRUE;
}

static virConnectPtr
get_network_conn(NmmLibvirtConn *self)
{
    return self->network_conn ? self->network_conn : self->conn;
}

static gboolean
watch_networks(NmmLibvirtConn *self)
{
    int id = virConnectNetworkEventRegisterAny(get_network_conn(self),
                                               NULL,
                                               VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                               VIR_NETWORK_EVENT_CALLBACK(G_CALLBACK(network_cb)),
                                               g_atomic_rc_box_acquire(self->listener),
                                               listener_unref);

    self->network_event = check_registered(self, id);
    return id >= 0;
}

static gboolean
watch_close(NmmLibvirtConn *self, virConnectPtr conn, virConnectCloseFunc func)
{
    return check_registered(
               self,
               virConnectRegisterCloseCallback(
                   conn, func, g_atomic_rc_box_acquire(self->listener), listener_unref)) == 0;
}

gboolean
nmm_libvirt_is_of_this_host(const char *uri)
{
    return g_str_has_suffix(uri, ":///system") && !strchr(uri, '+');
}

/* If that fails, for example because this libvirt has no network driver, @conn is used instead. */
static void
open_network_conn(NmmLibvirtConn *self)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_libvirt_is_of_this_host(self->uri))
        return;
    self->network_conn = nmm_libvirt_connect(NMM_LIBVIRT_NETWORK_URI, FALSE, &error);
    self->lacks_network_conn = !self->network_conn;
    if (!self->network_conn) {
        g_debug("%s", error->message);
        return;
    }
    self->watches_network_close = watch_close(self, self->network_conn, network_close_cb);
}

static void
unwatch(NmmLibvirtConn *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(self->domain_events); i++) {
        if (self->domain_events[i] >= 0)
            virConnectDomainEventDeregisterAny(self->conn, self->domain_events[i]);
    }
    if (self->network_event >= 0)
        virConnectNetworkEventDeregisterAny(get_network_conn(self), self->network_event);
    if (self->watches_network_close)
        virConnectUnregisterCloseCallback(self->network_conn, network_close_cb);
    if (self->watches_close)
        virConnectUnregisterCloseCallback(self->conn, close_cb);
    virResetLastError();
}

static NmmLibvirtConn *
conn_new(NmmHypervisor *owner, const char *uri, gboolean read_only, virConnectPtr conn)
{
    NmmLibvirtConn *self = g_new0(NmmLibvirtConn, 1);

    g_atomic_ref_count_init(&self->ref_count);
    g_mutex_init(&self->mutex);
    self->uri = g_strdup(uri);
    self->read_only = read_only;
    self->conn = conn;
    self->listener = listener_new(owner);
    for (gsize i = 0; i < G_N_ELEMENTS(self->domain_events); i++)
        self->domain_events[i] = -1;
    self->network_event = -1;
    self->idle = g_ptr_array_new();
    return self;
}

static gboolean
is_closed(NmmLibvirtConn *self)
{
    return g_atomic_int_get(&self->listener->closed);
}

/* Behind virtqemud, the registration starts virtnetworkd. */
static gboolean
may_ask_networks(NmmHypervisor *owner)
{
    return nmm_hypervisor_get_needs_networks(owner) || !nmm_hypervisor_are_networks_asleep(owner);
}

NmmLibvirtConn *
nmm_libvirt_conn_open(NmmHypervisor *owner, const char *uri, gboolean read_only, GError **error)
{
    virConnectPtr conn = nmm_libvirt_connect(uri, read_only, error);
    NmmLibvirtConn *self;
    GError *local;

    if (!conn)
        return NULL;
    self = conn_new(owner, uri, read_only, conn);
    if (!read_only && nmm_hypervisor_get_needs_networks(owner))
        open_network_conn(self);
    self->watches_close = watch_close(self, conn, close_cb);
    if (self->watches_close && (read_only || watch_domains(self))) {
        /* A libvirt without network driver has no events of networks. */
        if (!read_only && may_ask_networks(owner) && !watch_networks(self))
            g_debug("no events of networks at '%s': %s", uri, virGetLastErrorMessage());
        return self;
    }

    local = nmm_libvirt_take_error();
    local->code = NMM_ERROR_UNREACHABLE;
    nmm_libvirt_conn_drop(self);
    g_propagate_prefixed_error(error, local, _("cannot connect to '%s': "), uri);
    return NULL;
}

NmmLibvirtConn *
nmm_libvirt_conn_ref(NmmLibvirtConn *self)
{
    g_atomic_ref_count_inc(&self->ref_count);
    return self;
}

void
nmm_libvirt_conn_unref(NmmLibvirtConn *self)
{
    if (!g_atomic_ref_count_dec(&self->ref_count))
        return;
    listener_unref(self->listener);
    g_ptr_array_unref(self->idle);
    g_mutex_clear(&self->mutex);
    g_free(self->uri);
    g_free(self);
}

gboolean
nmm_libvirt_conn_has_ended(NmmLibvirtConn *self, NmmLibvirtDaemon daemon)
{
    return g_atomic_int_get(&self->listener->ended[daemon]);
}

void
nmm_libvirt_conn_give_up(NmmLibvirtConn *self, const char *reason)
{
    g_atomic_int_set(&self->listener->ended[NMM_LIBVIRT_GUESTS], TRUE);
    listener_close(self->listener, reason);
}

void
nmm_libvirt_conn_check_networks(NmmLibvirtConn *self)
{
    virConnectPtr conn;

    if (!self->lacks_network_conn)
        return;
    conn = nmm_libvirt_connect(NMM_LIBVIRT_NETWORK_URI, FALSE, NULL);
    if (!conn)
        return;
    virConnectClose(conn);
    listener_close(self->listener, _("libvirt's network daemon has started"));
}

virConnectPtr
nmm_libvirt_conn_take_conn(NmmLibvirtConn *self, GError **error)
{
    virConnectPtr conn = NULL;
    GError *local = NULL;

    if (is_closed(self)) {
        nmm_fail(error, NMM_ERROR_UNREACHABLE, _("the connection to '%s' is lost"), self->uri);
        return NULL;
    }
    g_mutex_lock(&self->mutex);
    if (self->idle->len > 0)
        conn = g_ptr_array_steal_index_fast(self->idle, self->idle->len - 1);
    self->idle_used = TRUE;
    g_mutex_unlock(&self->mutex);

    if (!conn)
        conn = nmm_libvirt_connect(self->uri, self->read_only, &local);
    if (!conn) {
        nmm_libvirt_conn_give_up(self, local->message);
        g_propagate_error(error, local);
    }
    return conn;
}

static void
close_conns(gpointer data, gpointer unused)
{
    GPtrArray *conns = data;

    for (guint i = 0; i < conns->len; i++) {
        nmm_libvirt_keep_alive(conns->pdata[i]);
        virConnectClose(conns->pdata[i]);
    }
}

/* A reading of all guests leaves free pages in the heaps of its threads. glibc would keep them. */
static void
close_idle(gpointer conns, gpointer unused)
{
    close_conns(conns, NULL);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Under @mutex. (transfer full): the idle connections. */
static GPtrArray *
steal_idle(NmmLibvirtConn *self)
{
    GPtrArray *idle = g_steal_pointer(&self->idle);

    self->idle = g_ptr_array_new();
    return idle;
}

/* Closes them on another thread, because closing asks libvirtd. */
static gboolean
idle_cb(gpointer data)
{
    NmmLibvirtConn *self = data;
    GPtrArray *idle = NULL;

    g_mutex_lock(&self->mutex);
    if (!self->idle_used) {
        idle = steal_idle(self);
        g_clear_pointer(&self->idle_timer, g_source_unref);
    }
    self->idle_used = FALSE;
    g_mutex_unlock(&self->mutex);

    if (!idle)
        return G_SOURCE_CONTINUE;
    nmm_libvirt_run_bounded(close_idle, idle, (GDestroyNotify)g_ptr_array_unref, 0);
    return G_SOURCE_REMOVE;
}

/* Under @mutex. */
static void
arm_idle_timer(NmmLibvirtConn *self)
{
    if (self->idle_timer)
        return;
    self->idle_timer = g_timeout_source_new_seconds(IDLE_SECONDS);
    g_source_set_callback(self->idle_timer,
                          idle_cb,
                          nmm_libvirt_conn_ref(self),
                          (GDestroyNotify)nmm_libvirt_conn_unref);
    g_source_attach(self->idle_timer, NULL);
}

void
nmm_libvirt_conn_return_conn(NmmLibvirtConn *self, virConnectPtr conn)
{
    g_mutex_lock(&self->mutex);
    if (!is_closed(self) && self->idle->len < MAX_IDLE) {
        g_ptr_array_add(self->idle, g_steal_pointer(&conn));
        arm_idle_timer(self);
    }
    self->idle_used = TRUE;
    g_mutex_unlock(&self->mutex);

    if (conn)
        virConnectClose(conn);
}

static void
close_all(gpointer data, gpointer unused)
{
    NmmLibvirtConn *self = data;
    GSource *timer;
    GPtrArray *idle;

    /* From now on return_conn() closes what it is given. */
    g_mutex_lock(&self->mutex);
    idle = steal_idle(self);
    timer = g_steal_pointer(&self->idle_timer);
    g_mutex_unlock(&self->mutex);

    if (timer) {
        g_source_destroy(timer);
        g_source_unref(timer);
    }
    close_conns(idle, NULL);
    g_ptr_array_unref(idle);
    nmm_libvirt_keep_alive(self->conn);
    if (self->network_conn)
        nmm_libvirt_keep_alive(self->network_conn);
    unwatch(self);
    if (self->network_conn)
        virConnectClose(self->network_conn);
    virConnectClose(self->conn);
}

void
nmm_libvirt_conn_drop(NmmLibvirtConn *self)
{
    g_atomic_int_set(&self->listener->closed, TRUE);
    nmm_libvirt_run_bounded(close_all, self, (GDestroyNotify)nmm_libvirt_conn_unref, DROP_TIMEOUT);
}
