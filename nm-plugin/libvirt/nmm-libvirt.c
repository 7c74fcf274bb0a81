/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor interface on libvirt: which of libvirt's calls make each method, and what their
 * failures mean. Every method runs on its caller's thread. Nothing here writes a guest's
 * definition: interfaces are attached, updated and detached one by one.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>
#include <libvirt-glib/libvirt-glib.h>
#include <signal.h>

#include "nmm-error.h"

struct _NmmLibvirt {
    GObject parent_instance;
    char *uri;
    GMutex mutex;         /* guards what is below */
    NmmLibvirtConn *link; /* (nullable) */
    guint closes;         /* how often close() was called: ends an open() under way */
};

static void hypervisor_iface_init(NmmHypervisorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(NmmLibvirt,
                              nmm_libvirt,
                              G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(NMM_TYPE_HYPERVISOR, hypervisor_iface_init))

/* Puts @link in place unless close() was called since @closes was read; what is not (any more) in
 * place is dropped. */
static gboolean
replace_link(NmmLibvirt *self, NmmLibvirtConn *link, guint closes)
{
    NmmLibvirtConn *old = link;
    gboolean current;

    g_mutex_lock(&self->mutex);
    current = closes == self->closes;
    if (current) {
        old = self->link;
        self->link = link;
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
    NmmLibvirtConn *link;
    guint closes;

    g_mutex_lock(&self->mutex);
    closes = self->closes;
    g_mutex_unlock(&self->mutex);

    link = nmm_libvirt_conn_open(hypervisor, self->uri, read_only, error);
    if (!link)
        return FALSE;
    if (replace_link(self, link, closes))
        return TRUE;
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_UNREACHABLE,
                _("the connection to '%s' was closed while it was made"),
                self->uri);
    return FALSE;
}

static void
libvirt_close(NmmHypervisor *hypervisor)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);
    NmmLibvirtConn *link;

    g_mutex_lock(&self->mutex);
    self->closes++;
    link = g_steal_pointer(&self->link);
    g_mutex_unlock(&self->mutex);

    if (link)
        nmm_libvirt_conn_drop(link);
}

/* (transfer full) (nullable) */
static NmmLibvirtCall *
begin_call(NmmHypervisor *hypervisor, GError **error)
{
    NmmLibvirt *self = NMM_LIBVIRT(hypervisor);
    g_autoptr(NmmLibvirtConn) link = NULL;

    g_mutex_lock(&self->mutex);
    if (self->link)
        link = nmm_libvirt_conn_ref(self->link);
    g_mutex_unlock(&self->mutex);

    if (link)
        return nmm_libvirt_call_begin(link, error);
    g_set_error(error, NMM_ERROR, NMM_ERROR_UNREACHABLE, _("not connected to '%s'"), self->uri);
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

static GPtrArray *
libvirt_list_networks(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(GPtrArray) result = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_unref);
    virNetworkPtr *networks = NULL;
    g_autoptr(GError) local = NULL;
    int i, n;

    if (!call)
        return NULL;
    n = virConnectListAllNetworks(nmm_libvirt_call_get_conn(call), &networks, 0);
    if (n < 0) {
        nmm_libvirt_call_fail(call, error);
        return NULL;
    }
    for (i = 0; i < n; i++) {
        NmmNetwork *network = read_network(call, networks[i], &local);

        if (network)
            g_ptr_array_add(result, network);
        else if (g_error_matches(local, NMM_ERROR, NMM_ERROR_UNREACHABLE))
            break;
        else if (!g_error_matches(local, NMM_ERROR, NMM_ERROR_NOT_FOUND))
            g_warning(
                "network '%s' is left out: %s", virNetworkGetName(networks[i]), local->message);
        g_clear_error(&local);
    }
    networks_free(networks);
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
    network = virNetworkLookupByName(nmm_libvirt_call_get_conn(call), name);
    if (network)
        n = virNetworkGetDHCPLeases(network, NULL, &leases, 0);
    if (n < 0) {
        nmm_libvirt_call_fail(call, error);
        return NULL;
    }

    result = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_lease_free);
    for (i = 0; i < n; i++) {
        /* A DHCPv6 lease may be known by its client ID alone: it is nobody's here. */
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

static gboolean
libvirt_define_network(NmmHypervisor *hypervisor, const char *xml, GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(virNetwork) network = NULL;

    if (!call)
        return FALSE;
    network = virNetworkDefineXML(nmm_libvirt_call_get_conn(call), xml);
    return network ? TRUE : nmm_libvirt_call_fail(call, error);
}

typedef int (*NetworkCall)(virNetworkPtr network);

static int
set_autostart(virNetworkPtr network)
{
    return virNetworkSetAutostart(network, TRUE);
}

/* @active: (-1 for any): where the network is in that state in spite of the failure, somebody else
 * was faster and all is well. */
static gboolean
call_network(NmmHypervisor *hypervisor,
             const char *name,
             NetworkCall act,
             int active,
             GError **error)
{
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(virNetwork) network = NULL;
    g_autoptr(GError) local = NULL;

    if (!call)
        return FALSE;
    network = virNetworkLookupByName(nmm_libvirt_call_get_conn(call), name);
    if (network && act(network) == 0)
        return TRUE;
    nmm_libvirt_call_fail(call, &local);
    if (network && active >= 0 && virNetworkIsActive(network) == active)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
libvirt_autostart_network(NmmHypervisor *hypervisor, const char *name, GError **error)
{
    return call_network(hypervisor, name, set_autostart, -1, error);
}

static gboolean
libvirt_start_network(NmmHypervisor *hypervisor, const char *name, GError **error)
{
    return call_network(hypervisor, name, virNetworkCreate, TRUE, error);
}

static gboolean
libvirt_destroy_network(NmmHypervisor *hypervisor, const char *name, GError **error)
{
    return call_network(hypervisor, name, virNetworkDestroy, FALSE, error);
}

static gboolean
libvirt_undefine_network(NmmHypervisor *hypervisor, const char *name, GError **error)
{
    return call_network(hypervisor, name, virNetworkUndefine, -1, error);
}

typedef int (*NicCall)(virDomainPtr domain, const char *what, unsigned int flags);

static gboolean
has_alias(const NmmGuestState *state, const char *alias)
{
    guint i;

    for (i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = state->nics->pdata[i];

        if (g_strcmp0(nic->alias, alias) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Whether what was to be changed is gone: the guest was stopped, its definition or, where @alias
 * (nullable) names it, the interface was taken away. libvirt has no error number for these. */
static gboolean
is_gone(NmmLibvirtCall *call, const char *uuid, NmmScope scope, const char *alias)
{
    g_autoptr(NmmGuest) guest = nmm_libvirt_read_guest(call, uuid, NULL);
    const NmmGuestState *state;

    if (!guest)
        return FALSE;
    state = scope == NMM_SCOPE_CONFIG ? guest->config : guest->live;
    return !state || (alias && !has_alias(state, alias));
}

/* @what: device XML or alias, as @act takes it. */
static gboolean
call_nic(NmmHypervisor *hypervisor,
         const char *uuid,
         NmmScope scope,
         NicCall act,
         const char *what,
         GError **error)
{
    unsigned int flags =
        scope == NMM_SCOPE_CONFIG ? VIR_DOMAIN_AFFECT_CONFIG : VIR_DOMAIN_AFFECT_LIVE;
    g_autoptr(NmmLibvirtCall) call = begin_call(hypervisor, error);
    g_autoptr(virDomain) domain = NULL;
    g_autoptr(GError) local = NULL;
    int number;

    if (!call)
        return FALSE;
    domain = virDomainLookupByUUIDString(nmm_libvirt_call_get_conn(call), uuid);
    if (domain && act(domain, what, flags) == 0)
        return TRUE;

    number = virGetLastErrorCode();
    nmm_libvirt_call_fail(call, &local);
    if (local->code == NMM_ERROR_FAILED) {
        gboolean detach = act == virDomainDetachDeviceAlias;

        if (is_gone(call, uuid, scope, detach ? what : NULL))
            local->code = NMM_ERROR_NOT_FOUND;
        /* What QEMU refuses ("does not support hotplugging") and what has no room in the running
         * machine ("No more available PCI slots") are both an internal error to libvirt. */
        else if (number == VIR_ERR_INTERNAL_ERROR && scope == NMM_SCOPE_LIVE && !detach)
            local->code = NMM_ERROR_UNSUPPORTED;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
libvirt_attach_nic(NmmHypervisor *hypervisor,
                   const char *guest_uuid,
                   NmmScope scope,
                   const char *xml,
                   GError **error)
{
    return call_nic(hypervisor, guest_uuid, scope, virDomainAttachDeviceFlags, xml, error);
}

static gboolean
libvirt_update_nic(NmmHypervisor *hypervisor,
                   const char *guest_uuid,
                   NmmScope scope,
                   const char *xml,
                   GError **error)
{
    return call_nic(hypervisor, guest_uuid, scope, virDomainUpdateDeviceFlags, xml, error);
}

static gboolean
libvirt_detach_nic(NmmHypervisor *hypervisor,
                   const char *guest_uuid,
                   NmmScope scope,
                   const char *alias,
                   GError **error)
{
    return call_nic(hypervisor, guest_uuid, scope, virDomainDetachDeviceAlias, alias, error);
}

static void
hypervisor_iface_init(NmmHypervisorInterface *iface)
{
    iface->open = libvirt_open;
    iface->close = libvirt_close;
    iface->list_guests = libvirt_list_guests;
    iface->read_guest = libvirt_read_guest;
    iface->list_networks = libvirt_list_networks;
    iface->list_leases = libvirt_list_leases;
    iface->define_network = libvirt_define_network;
    iface->autostart_network = libvirt_autostart_network;
    iface->start_network = libvirt_start_network;
    iface->destroy_network = libvirt_destroy_network;
    iface->undefine_network = libvirt_undefine_network;
    iface->attach_nic = libvirt_attach_nic;
    iface->update_nic = libvirt_update_nic;
    iface->detach_nic = libvirt_detach_nic;
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
        /* What is written to a libvirtd that has just ended shall fail, not end the process (seen
         * with libvirt 9.0); GIO does the same for its sockets. */
        signal(SIGPIPE, SIG_IGN);
        virSetErrorFunc(NULL, ignore_error_cb);
        g_once_init_leave(&initialized, 1);
    }
    self = g_object_new(NMM_TYPE_LIBVIRT, NULL);
    self->uri = g_strdup(uri);
    return NMM_HYPERVISOR(self);
}
