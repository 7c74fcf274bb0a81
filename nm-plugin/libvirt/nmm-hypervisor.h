/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to a hypervisor. Two implementations, libvirt's and the tests' fake, pass one
 * contract test.
 *
 * Every method blocks and is called on a worker thread; several may run at once. Errors are
 * UNREACHABLE, FAILED and those named below; NULL and FALSE stand for an error. Signals are emitted
 * on the default main context and carry only identifiers: handlers schedule, they never call back
 * into the hypervisor.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-host-state.h"
#include "nmm-plan.h"

G_BEGIN_DECLS

#define NMM_TYPE_HYPERVISOR (nmm_hypervisor_get_type())
G_DECLARE_INTERFACE(NmmHypervisor, nmm_hypervisor, NMM, HYPERVISOR, GObject)

struct _NmmHypervisorInterface {
    GTypeInterface parent;

    gboolean (*open)(NmmHypervisor *self, gboolean read_only, GError **error);
    void (*close)(NmmHypervisor *self);

    GPtrArray *(*list_guests)(NmmHypervisor *self, GError **error);
    NmmGuest *(*read_guest)(NmmHypervisor *self, const char *uuid, GError **error);
    GPtrArray *(*list_networks)(NmmHypervisor *self, GError **error);
    GPtrArray *(*list_leases)(NmmHypervisor *self, const char *network, GError **error);
    GPtrArray *(*list_links)(NmmHypervisor *self, GError **error);

    gboolean (*apply)(NmmHypervisor *self, const NmmEdit *edit, GError **error);

    /* (nullable), all: it is always awake */
    gboolean (*is_asleep)(NmmHypervisor *self);
    gboolean (*are_networks_asleep)(NmmHypervisor *self);
    void (*wait_awake)(NmmHypervisor *self);
    gboolean (*is_missing)(NmmHypervisor *self); /* (nullable): it never is */
};

/*
 * Signals (G_SIGNAL_RUN_LAST, no return value):
 *   "guest-changed"   (utf8 uuid): defined, undefined, started, stopped, interface added or
 *                                 removed, or a job of its ended
 *   "guest-arrived"   (utf8 uuid): runs here after a live migration from another host
 *   "network-changed" (utf8 name): defined, undefined, started, stopped
 *   "closed"          (utf8 reason): the connection broke; only open() makes it usable again
 *   "awake"           (utf8 unused): see nmm_hypervisor_wait_awake()
 */

/* Connects and registers for events, even after "closed", and replaces a connection. DENIED.
 * @read_only: no events, and apply() fails. */
gboolean nmm_hypervisor_open(NmmHypervisor *self, gboolean read_only, GError **error);
/* On any thread, in any state; does not wait long. Does not emit "closed". Calls in progress on
 * other threads end with an error or a result. */
void nmm_hypervisor_close(NmmHypervisor *self);

/* It is not running, and open() would start it. Does not block; any thread. */
gboolean nmm_hypervisor_is_asleep(NmmHypervisor *self);
/* It is not installed, so it has no guests. After open() has failed; any thread. */
gboolean nmm_hypervisor_is_missing(NmmHypervisor *self);
/* Emits "awake", once, when another program has started it, or at once if it is not asleep. Main
 * thread. */
void nmm_hypervisor_wait_awake(NmmHypervisor *self);

/* The same for its network driver, if that has its own daemon: list_networks() would start it. No
 * network is active then. */
gboolean nmm_hypervisor_are_networks_asleep(NmmHypervisor *self);
/* Whether the networks matter: TRUE by default. If not, a network driver that is asleep is not
 * started, one that is missing is no error, and events of networks may be missing. Before
 * open(). */
void nmm_hypervisor_set_needs_networks(NmmHypervisor *self, gboolean needs_networks);
gboolean nmm_hypervisor_get_needs_networks(NmmHypervisor *self);

/* (transfer full) (element-type NmmGuest). A guest whose XML cannot be read is left out and logged
 * as a warning. Reads in parallel. */
GPtrArray *nmm_hypervisor_list_guests(NmmHypervisor *self, GError **error);
/* (transfer full). NOT_FOUND, BAD_XML. */
NmmGuest *nmm_hypervisor_read_guest(NmmHypervisor *self, const char *uuid, GError **error);
/* (transfer full) (element-type NmmNetwork): active or not. UNSUPPORTED: there is no network
 * driver, which only mode isolated needs; the message names the package. */
GPtrArray *nmm_hypervisor_list_networks(NmmHypervisor *self, GError **error);
/* (transfer full) (element-type NmmLease): those that have not expired. NOT_FOUND. */
GPtrArray *nmm_hypervisor_list_leases(NmmHypervisor *self, const char *network, GError **error);
/* (transfer full) (element-type NmmLink): the network interfaces of its host, which may be another
 * machine: nmm_link_new_from_xml(). UNSUPPORTED: there is no driver for node devices. */
GPtrArray *nmm_hypervisor_list_links(NmmHypervisor *self, GError **error);

/* Reads the whole content of a hypervisor that is not open: opens it read-only, lists networks and
 * guests, on request the leases of active networks, and closes it. Without @wake, one that is
 * asleep stays so and has an error. Joins them with the kernel's interfaces. Blocks. @uri: of
 * @self. (transfer full): an error is in it. */
NmmHostHypervisor *
nmm_hypervisor_read(NmmHypervisor *self, const char *uri, gboolean leases, gboolean wake);

/*
 * Carries out one edit of a plan, and logs it. NOT_FOUND (guest or network gone meanwhile),
 * UNSUPPORTED (a LIVE attach or update that needs a restart of the guest), DENIED, BUSY (another
 * operation held the guest for 30 seconds, libvirt's limit). The message begins with the guest or
 * network. A LIVE detach only asks the guest; "guest-changed" follows when the interface has gone.
 */
gboolean nmm_hypervisor_apply(NmmHypervisor *self, const NmmEdit *edit, GError **error);

/* (transfer full) (element-type NmmLink): the host's interfaces; on any thread. */
typedef GPtrArray *(*NmmLinksReader)(GError **error);

/* @reader reads the kernel's interfaces for nmm_hypervisor_join_devices(). */
void nmm_hypervisor_set_links_reader(NmmHypervisor *self, NmmLinksReader reader);
/* Joins guests and networks (nullable) that were just read, and that no other thread has, with the
 * kernel's interfaces: nmm_guest_devices_join(). Changes nothing if there is no reader. */
void nmm_hypervisor_join_devices(NmmHypervisor *self, GPtrArray *guests, GPtrArray *networks);

/* For implementations, on any thread: emits @signal with @text on the default main context. */
void nmm_hypervisor_emit(NmmHypervisor *self, const char *signal, const char *text);

G_END_DECLS
