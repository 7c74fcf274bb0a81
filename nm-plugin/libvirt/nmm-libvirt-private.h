/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the libvirt implementation share. The only header that includes <libvirt/…>;
 * only nmm-libvirt*.c include it.
 */

#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "nmm-libvirt.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

/* Calls @func(@data, NULL) and then @free_data(@data) on a new thread. Returns: whether @func
 * returned in time; if not, the thread continues in the background. */
gboolean
nmm_libvirt_run_bounded(GFunc func, gpointer data, GDestroyNotify free_data, GTimeSpan timeout);

/* Modular libvirt: virtqemud relays network events from virtnetworkd over its own connection, and
 * does not notice when that one breaks (seen with libvirt 11.3): after a restart of virtnetworkd no
 * event would come any more. */
#define NMM_LIBVIRT_NETWORK_URI "network:///system"
/* "qemu:///system", but not "qemu+ssh://host/system". */
gboolean nmm_libvirt_is_of_this_host(const char *uri);

/* For virConnectClose(). Waits 20 seconds at most. DENIED, else UNREACHABLE. */
virConnectPtr nmm_libvirt_connect(const char *uri, gboolean read_only, GError **error);
/*
 * From now on, a libvirtd that does not answer breaks the connection. Adds a timer to the main
 * loop, because the thread that waits for the answer does not check the clock. Because libvirt
 * allows it only once for a connection, use it only for connections that are closed after the call
 * in flight or the next calls. A connection to a driver inside this process has no keepalive and
 * works without.
 */
void nmm_libvirt_keep_alive(virConnectPtr conn);

/* The daemons behind a connection; the monolithic one is both. */
typedef enum {
    NMM_LIBVIRT_GUESTS,
    NMM_LIBVIRT_NETWORKS,
    _NMM_LIBVIRT_DAEMON_NUM,
} NmmLibvirtDaemon;

/* All connections between open() and close(): one for events of guests, one for events of networks,
 * idle ones for calls. They break as a whole. */
typedef struct _NmmLibvirtConn NmmLibvirtConn;

/* @owner receives the events; no reference is kept. @read_only: no events of guests and networks.
 */
NmmLibvirtConn *
nmm_libvirt_conn_open(NmmHypervisor *owner, const char *uri, gboolean read_only, GError **error);
/*
 * (transfer full): once for each. Ends events at once, "closed" included, and closes each
 * connection that is not in use; a call in flight closes its own at its end. Returns within a
 * quarter of a second: a call that a hung libvirtd delays continues on its thread, until keepalive
 * ends it.
 */
void nmm_libvirt_conn_drop(NmmLibvirtConn *self);
NmmLibvirtConn *nmm_libvirt_conn_ref(NmmLibvirtConn *self);
void nmm_libvirt_conn_unref(NmmLibvirtConn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLibvirtConn, nmm_libvirt_conn_unref)
/* Whether a connection to @daemon broke, as when it ends; any thread. */
gboolean nmm_libvirt_conn_has_ended(NmmLibvirtConn *self, NmmLibvirtDaemon daemon);
/* Call it after networks have been read. Emits "closed" if the network daemon was unreachable when
 * the connection was opened and is reachable now, because this connection never gets its events. */
void nmm_libvirt_conn_check_networks(NmmLibvirtConn *self);
/* Emits "closed", once. @reason is translated. */
void nmm_libvirt_conn_give_up(NmmLibvirtConn *self, const char *reason);
/* (transfer full) (nullable): an idle connection or a new one, for one thread. */
virConnectPtr nmm_libvirt_conn_take_conn(NmmLibvirtConn *self, GError **error);
/* @conn still works. */
void nmm_libvirt_conn_return_conn(NmmLibvirtConn *self, virConnectPtr conn);

/* One or more libvirt calls in a row, on one thread, with their own connection. A libvirtd that
 * does not answer them for 20 seconds breaks the connection. */
typedef struct {
    NmmLibvirtConn *owner; /* for further calls, on other threads */
    virConnectPtr conn;
    struct _NmmLibvirtGuard *guard;
    GSource *timer;
} NmmLibvirtCall;

NmmLibvirtCall *nmm_libvirt_call_begin(NmmLibvirtConn *owner, GError **error);
void nmm_libvirt_call_end(NmmLibvirtCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLibvirtCall, nmm_libvirt_call_end)

/*
 * These take the calling thread's libvirt error: right after the call that failed. FALSE stands for
 * that call's result, so that callers can return it. UNREACHABLE if the connection broke.
 */
gboolean nmm_libvirt_call_fail(NmmLibvirtCall *call, GError **error);
GError *nmm_libvirt_take_error(void);

/* These set an error with a remedy for the daemons that this host has. @reason: of libvirt. */
void nmm_libvirt_fail_unreachable(GError **error, const char *uri, const char *reason);
void nmm_libvirt_fail_no_networks(GError **error, const char *uri, const char *reason);
/* libvirt makes the chains for its rules once: as long as the daemon runs, each start of a network
 * fails after another program has removed them. */
void nmm_libvirt_fail_firewall(GError **error, const char *uri, const char *reason);

/* Errors as nmm_hypervisor_list_guests() and nmm_hypervisor_read_guest() have them; in no order. */
GPtrArray *nmm_libvirt_list_guests(NmmLibvirtCall *call, GError **error);
NmmGuest *nmm_libvirt_read_guest(NmmLibvirtCall *call, const char *uuid, GError **error);
/* As nmm_hypervisor_list_links(). */
GPtrArray *nmm_libvirt_list_links(NmmLibvirtCall *call, GError **error);

G_END_DECLS
