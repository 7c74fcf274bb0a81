/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor interface on libvirt. Every method runs on its caller's thread. Nothing here
 * writes a guest's definition: interfaces are attached, updated and detached one by one.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>
#include <libvirt-glib/libvirt-glib.h>
#include <net/if.h>
#include <signal.h>

#include "nmm-daemon-unit.h"
#include "nmm-daemon.h"
#include "nmm-error.h"

struct _NmmLibvirt {
    GObject parent_instance;
    char *uri;
    GMutex mutex;         /* guards the members below */
    NmmLibvirtConn *conn; /* (nullable) */
    guint closes;         /* how often close() was called: ends an open() in progress */
    int pids[_NMM_LIBVIRT_DAEMON_NUM]; /* the daemons that connections were made to; 0 if unknown */
    int ending[_NMM_LIBVIRT_DAEMON_NUM]; /* those of them that have closed the connection; else 0 */
    NmmDaemonWait *wait;                 /* (nullable): main thread only */
    NmmLibvirtDaemon awaited;            /* by @wait; main thread only */
};

static void hypervisor_iface_init(NmmHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE(NmmLibvirt,
                        nmm_libvirt,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NMM_TYPE_HYPERVISOR, hypervisor_iface_init))

static const char *
get_daemon_uri(NmmLibvirt *self, NmmLibvirtDaemon daemon)
{
    return daemon == NMM_LIBVIRT_GUESTS ? self->uri : NMM_LIBVIRT_NETWORK_URI;
}

/* Installs @conn unless close() was called since @closes was read; drops the other one. */
static gboolean
replace_conn(NmmLibvirt *self, NmmLibvirtConn *conn, const int *pids, guint closes)
{
    NmmLibvirtConn *old = conn;
    gboolean current;

    g_mutex_lock(&self->mutex);
    current = closes == self->closes;
    if (current) {
        old = self->conn;
        self->conn = conn;
        memcpy(self->pids, pids, sizeof(self->pids));
        memset(self->ending, 0, sizeof(self->ending));
    }
    g_mutex_unlock(&self->mutex);

    if (old)
        nmm_libvirt_conn_drop(old);
    return current;
}

static gboolean
libvirt_open(NmmHypervisor *hypervisor, gboolean read_only, GError **error)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);
    NmmLibvirtConn *conn;
    guint closes;
    int pids[_NMM_LIBVIRT_DAEMON_NUM];

    g_mutex_lock(&self->mutex);
    closes = self->closes;
    g_mutex_unlock(&self->mutex);

    conn = nmm_libvirt_conn_open(hypervisor, self->uri, read_only, error);
    if (!conn)
        return FALSE;
    for (NmmLibvirtDaemon i = 0; i < _NMM_LIBVIRT_DAEMON_NUM; i++)
        pids[i] = nmm_daemon_get_pid(NMM_DAEMON_RUN_DIR, get_daemon_uri(self, i));
    if (replace_conn(self, conn, pids, closes))
        return TRUE;
    return nmm_fail(error,
                    NMM_ERROR_UNREACHABLE,
                    _("this program closed the connection to '%s' while it was connecting"),
                    self->uri);
}

static void
libvirt_close(NmmHypervisor *hypervisor)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);
    NmmLibvirtConn *conn;

    g_mutex_lock(&self->mutex);
    self->closes++;
    conn = g_steal_pointer(&self->conn);
    for (NmmLibvirtDaemon i = 0; conn && i < _NMM_LIBVIRT_DAEMON_NUM; i++)
        self->ending[i] = nmm_libvirt_conn_has_ended(conn, i) ? self->pids[i] : 0;
    g_mutex_unlock(&self->mutex);

    if (conn)
        nmm_libvirt_conn_drop(conn);
}

/* (transfer full) (nullable) */
static NmmLibvirtCall *
begin_call(NmmHypervisor *hypervisor, GError **error)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);
    g_autoptr(NmmLibvirtConn) conn = NULL;

    g_mutex_lock(&self->mutex);
    if (self->conn)
        conn = nmm_libvirt_conn_ref(self->conn);
    g_mutex_unlock(&self->mutex);

    if (conn)
        return nmm_libvirt_call_begin(conn, error);
    nmm_fail(error, NMM_ERROR_UNREACHABLE, _("not connected to '%s'"), self->uri);
    return NULL;
}

static GPtrArray *
libvirt_list_guests(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);

    return call ? nmm_libvirt_list_guests(call, error) : NULL;
}

static NmmGuest *
libvirt_read_guest(NmmHypervisor *hypervisor, const char *uuid, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);

    return call ? nmm_libvirt_read_guest(call, uuid, error) : NULL;
}

/* (transfer full) (nullable) */
static NmmNetwork *
read_network(NmmLibvirtCall *call, virNetworkPtr network, GError **error)
{
    g_autofree char *xml = virNetworkGetXMLDesc(network, 0);
    int active = xml ? virNetworkIsActive(network) : -1;
    int persistent = active >= 0 ? virNetworkIsPersistent(network) : -1;
    int autostart = 0;

    /* A transient network has no autostart, and asking for it is an error. */
    if (persistent < 0 || (persistent && virNetworkGetAutostart(network, &autostart) < 0)) {
        nmm_libvirt_call_fail(call, error);
        return NULL;
    }
    return nmm_network_new_from_xml(xml, active, autostart, persistent, error);
}

static void
networks_free(virNetworkPtr *networks)
{
    virNetworkPtr *network;

    for (network = networks; network && *network; network++)
        virNetworkFree(*network);
    free(networks);
}

/* The connection works, so the network driver does not: it is not installed, or its daemon
 * virtnetworkd cannot be reached. libvirt has no error number for that. */
static void
fail_networks(NmmLibvirt *self, const GError *cause, GError **error)
{
    if (g_error_matches(cause, NMM_ERROR, NMM_ERROR_UNREACHABLE) ||
        g_error_matches(cause, NMM_ERROR, NMM_ERROR_DENIED))
        g_propagate_error(error, g_error_copy(cause));
    else
        nmm_libvirt_fail_no_networks(error, self->uri, cause->message);
}

static GPtrArray *
libvirt_list_networks(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(GPtrArray) result = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    virNetworkPtr *networks = NULL;
    g_autoptr(GError) local = NULL;
    int i, n;

    if (!call)
        return NULL;
    n = virConnectListAllNetworks(call->conn, &networks, 0);
    if (n < 0) {
        nmm_libvirt_call_fail(call, &local);
        fail_networks(NMM_LIBVIRT(hypervisor), local, error);
        return NULL;
    }
    for (i = 0; i < n; i++) {
        NmmNetwork *network = read_network(call, networks[i], &local);

        if (network)
            g_ptr_array_add(result, network);
        else if (g_error_matches(local, NMM_ERROR, NMM_ERROR_UNREACHABLE))
            break;
        else if (!g_error_matches(local, NMM_ERROR, NMM_ERROR_NOT_FOUND))
            g_warning("ignoring network '%s': %s", virNetworkGetName(networks[i]), local->message);
        g_clear_error(&local);
    }
    networks_free(networks);
    nmm_libvirt_conn_check_networks(call->owner);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    return g_steal_pointer(&result);
}

static GPtrArray *
libvirt_list_leases(NmmHypervisor *hypervisor, const char *name, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(virNetwork) network = NULL;
    g_autoptr(GPtrArray) result = NULL;
    virNetworkDHCPLeasePtr *leases = NULL;
    int i, n = -1;

    if (!call)
        return NULL;
    network = virNetworkLookupByName(call->conn, name);
    if (network)
        n = virNetworkGetDHCPLeases(network, NULL, &leases, 0);
    if (n < 0) {
        nmm_libvirt_call_fail(call, error);
        return NULL;
    }

    result = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_lease_free);
    for (i = 0; i < n; i++) {
        /* A DHCPv6 lease may have only a client ID. */
        if (leases[i]->mac) {
            NmmLease *lease = g_new0(NmmLease, 1);

            lease->mac = g_ascii_strdown(leases[i]->mac, -1);
            lease->address = g_strdup(leases[i]->ipaddr);
            lease->hostname = g_strdup(leases[i]->hostname);
            g_ptr_array_add(result, lease);
        }
        virNetworkDHCPLeaseFree(leases[i]);
    }
    free(leases);
    return g_steal_pointer(&result);
}

static GPtrArray *
libvirt_list_links(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);

    return call ? nmm_libvirt_list_links(call, error) : NULL;
}

static gboolean
define_network(NmmLibvirtCall *call, const char *xml, GError **error)
{
    g_autoptr(virNetwork) network = virNetworkDefineXML(call->conn, xml);

    return network ? TRUE : nmm_libvirt_call_fail(call, error);
}

typedef int (*NetworkCall)(virNetworkPtr network);

static int
set_autostart(virNetworkPtr network)
{
    return virNetworkSetAutostart(network, TRUE);
}

static int
unset_autostart(virNetworkPtr network)
{
    return virNetworkSetAutostart(network, FALSE);
}

/* @active: a network that is in this state in spite of the failure is no error, because another
 * program was faster; -1: no such state. */
static gboolean
call_network(NmmLibvirtCall *call, const char *name, NetworkCall act, int active, GError **error)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(call->conn, name);
    g_autoptr(GError) local = NULL;

    if (network && act(network) == 0)
        return TRUE;
    nmm_libvirt_call_fail(call, &local);
    if (network && active >= 0 && virNetworkIsActive(network) == active)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* libvirt 11 removes the other device after it has failed. */
static gboolean
start_network(NmmLibvirtCall *call, const char *name, GError **error)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(call->conn, name);
    g_autofree char *bridge = network ? virNetworkGetBridgeName(network) : NULL;

    if (bridge && virNetworkIsActive(network) == 0 && if_nametoindex(bridge) != 0)
        return nmm_fail(error,
                        NMM_ERROR_FAILED,
                        _("the bridge of network '%s' is '%s', and another device has that name; "
                          "rename the device, or the bridge with 'virsh net-edit %s'"),
                        name,
                        bridge,
                        name);
    return call_network(call, name, virNetworkCreate, TRUE, error);
}

typedef int (*NicCall)(virDomainPtr domain, const char *what, unsigned int flags);

static gboolean
has_alias(const NmmGuestState *state, const char *alias)
{
    for (guint i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = state->nics->pdata[i];

        if (g_strcmp0(nic->alias, alias) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Whether the guest was stopped, or its definition or the interface to detach removed. libvirt has
 * no error number for these. */
static gboolean
is_gone(NmmLibvirtCall *call, const NmmEdit *edit)
{
    g_autoptr(NmmGuest) guest = nmm_libvirt_read_guest(call, edit->guest_uuid, NULL);
    const NmmGuestState *state;

    if (!guest)
        return FALSE;
    state = edit->scope == NMM_SCOPE_CONFIG ? guest->config : guest->live;
    return !state || (edit->kind == NMM_EDIT_NIC_DETACH && !has_alias(state, edit->alias));
}

/* @what: device XML or alias, as @act takes it. */
static gboolean
call_nic(NmmLibvirtCall *call, const NmmEdit *edit, NicCall act, const char *what, GError **error)
{
    unsigned int flags =
        edit->scope == NMM_SCOPE_CONFIG ? VIR_DOMAIN_AFFECT_CONFIG : VIR_DOMAIN_AFFECT_LIVE;
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(call->conn, edit->guest_uuid);
    g_autoptr(GError) local = NULL;
    int number;

    if (domain && act(domain, what, flags) == 0)
        return TRUE;

    number = virGetLastErrorCode();
    nmm_libvirt_call_fail(call, &local);
    if (local->code == NMM_ERROR_FAILED) {
        if (is_gone(call, edit))
            local->code = NMM_ERROR_NOT_FOUND;
        /* libvirt reports an internal error if QEMU refuses ("does not support hotplugging") and if
         * the running machine has no room ("No more available PCI slots"). */
        else if (number == VIR_ERR_INTERNAL_ERROR && edit->scope == NMM_SCOPE_LIVE &&
                 edit->kind != NMM_EDIT_NIC_DETACH)
            local->code = NMM_ERROR_UNSUPPORTED;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
detach_nic(NmmLibvirtCall *call, const NmmEdit *edit, GError **error)
{
    if (edit->xml)
        return call_nic(call, edit, virDomainDetachDeviceFlags, edit->xml, error);
    return call_nic(call, edit, virDomainDetachDeviceAlias, edit->alias, error);
}

static gboolean
apply(NmmLibvirtCall *call, const NmmEdit *edit, GError **error)
{
    switch (edit->kind) {
    case NMM_EDIT_NETWORK_DEFINE:
        return define_network(call, edit->xml, error);
    case NMM_EDIT_NETWORK_AUTOSTART:
        return call_network(call, edit->network, set_autostart, -1, error);
    case NMM_EDIT_NETWORK_START:
        return start_network(call, edit->network, error);
    case NMM_EDIT_NIC_DETACH:
        return detach_nic(call, edit, error);
    case NMM_EDIT_NIC_ATTACH:
        return call_nic(call, edit, virDomainAttachDeviceFlags, edit->xml, error);
    case NMM_EDIT_NIC_UPDATE:
        return call_nic(call, edit, virDomainUpdateDeviceFlags, edit->xml, error);
    case NMM_EDIT_NETWORK_DESTROY:
        return call_network(call, edit->network, virNetworkDestroy, FALSE, error);
    case NMM_EDIT_NETWORK_NO_AUTOSTART:
        return call_network(call, edit->network, unset_autostart, -1, error);
    case NMM_EDIT_NETWORK_UNDEFINE:
        return call_network(call, edit->network, virNetworkUndefine, -1, error);
    }
    g_return_val_if_reached(FALSE);
}

static gboolean
libvirt_apply(NmmHypervisor *hypervisor, const NmmEdit *edit, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(GError) local = NULL;

    if (!call)
        return FALSE;
    if (apply(call, edit, &local))
        return TRUE;
    if (g_error_matches(local, NMM_ERROR, NMM_ERROR_FIREWALL))
        nmm_libvirt_fail_firewall(error, NMM_LIBVIRT(hypervisor)->uri, local->message);
    else
        g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* Another connection to a daemon that is about to end would start its successor. */
static int
get_ending(NmmLibvirt *self, NmmLibvirtDaemon daemon)
{
    int ending;

    g_mutex_lock(&self->mutex);
    ending = self->ending[daemon];
    g_mutex_unlock(&self->mutex);
    return ending;
}

static gboolean
is_asleep(NmmLibvirt *self, NmmLibvirtDaemon daemon)
{
    return nmm_daemon_is_asleep(
        NMM_DAEMON_RUN_DIR, get_daemon_uri(self, daemon), get_ending(self, daemon));
}

/* A daemon of networks that has never been connected to is none that was stopped. */
static gboolean
has_stopped_networks(NmmLibvirt *self)
{
    return nmm_hypervisor_get_needs_networks(NMM_HYPERVISOR(self)) &&
           get_ending(self, NMM_LIBVIRT_NETWORKS) != 0 && is_asleep(self, NMM_LIBVIRT_NETWORKS);
}

static gboolean
libvirt_is_asleep(NmmHypervisor *hypervisor)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);

    return is_asleep(self, NMM_LIBVIRT_GUESTS) || has_stopped_networks(self);
}

static gboolean
libvirt_is_missing(NmmHypervisor *hypervisor)
{
    g_auto(NmmDaemonUnit) unit = {0};

    nmm_daemon_unit_find("", NMM_LIBVIRT(hypervisor)->uri, NULL, &unit);
    return unit.state == NMM_DAEMON_UNIT_MISSING;
}

static gboolean
libvirt_are_networks_asleep(NmmHypervisor *hypervisor)
{
    return nmm_libvirt_is_of_this_host(NMM_LIBVIRT(hypervisor)->uri) &&
           nmm_daemon_is_asleep(NMM_DAEMON_RUN_DIR, NMM_LIBVIRT_NETWORK_URI, 0);
}

static void libvirt_wait_awake(NmmHypervisor *hypervisor);

/* It runs, or did not end after all. The other daemon may still be asleep. */
static void
awake_cb(gpointer user_data)
{
    NmmLibvirt *self = user_data;

    g_mutex_lock(&self->mutex);
    self->ending[self->awaited] = 0;
    g_mutex_unlock(&self->mutex);
    if (libvirt_is_asleep(NMM_HYPERVISOR(self))) {
        libvirt_wait_awake(NMM_HYPERVISOR(self));
        return;
    }
    g_clear_pointer(&self->wait, nmm_daemon_wait_free);
    nmm_hypervisor_emit(NMM_HYPERVISOR(self), "awake", NULL);
}

static void
libvirt_wait_awake(NmmHypervisor *hypervisor)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);

    g_clear_pointer(&self->wait, nmm_daemon_wait_free);
    self->awaited = is_asleep(self, NMM_LIBVIRT_GUESTS) ? NMM_LIBVIRT_GUESTS : NMM_LIBVIRT_NETWORKS;
    self->wait = nmm_daemon_wait_new(NMM_DAEMON_RUN_DIR,
                                     get_daemon_uri(self, self->awaited),
                                     get_ending(self, self->awaited),
                                     awake_cb,
                                     self);
}

static void
hypervisor_iface_init(NmmHypervisorInterface *iface)
{
    iface->is_asleep = libvirt_is_asleep;
    iface->is_missing = libvirt_is_missing;
    iface->are_networks_asleep = libvirt_are_networks_asleep;
    iface->wait_awake = libvirt_wait_awake;
    iface->open = libvirt_open;
    iface->close = libvirt_close;
    iface->list_guests = libvirt_list_guests;
    iface->read_guest = libvirt_read_guest;
    iface->list_networks = libvirt_list_networks;
    iface->list_leases = libvirt_list_leases;
    iface->list_links = libvirt_list_links;
    iface->apply = libvirt_apply;
}

static void
nmm_libvirt_init(NmmLibvirt *self)
{
    g_mutex_init(&self->mutex);
}

static void
nmm_libvirt_finalize(GObject *object)
{
    NmmLibvirt *self = NMM_LIBVIRT(object);

    libvirt_close(NMM_HYPERVISOR(self));
    g_clear_pointer(&self->wait, nmm_daemon_wait_free);
    g_mutex_clear(&self->mutex);
    g_free(self->uri);
    G_OBJECT_CLASS(nmm_libvirt_parent_class)->finalize(object);
}

static void
nmm_libvirt_class_init(NmmLibvirtClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = nmm_libvirt_finalize;
}

/* Errors are returned; libvirt would print them as well. */
static void
ignore_error_cb(void *user_data, virErrorPtr error)
{
}

NmmHypervisor *
nmm_libvirt_new(const char *uri)
{
    static gsize initialized = 0;
    NmmLibvirt *self;

    if (g_once_init_enter(&initialized)) {
        gvir_event_register();
        virInitialize();
        /* A write to a libvirtd that has just ended fails instead of ending the process (seen with
         * libvirt 9.0); GIO does the same for its sockets. */
        signal(SIGPIPE, SIG_IGN);
        virSetErrorFunc(NULL, ignore_error_cb);
        g_once_init_leave(&initialized, 1);
    }
    self = g_object_new(NMM_TYPE_LIBVIRT, NULL);
    self->uri = g_strdup(uri);
    return NMM_HYPERVISOR(self);
}
