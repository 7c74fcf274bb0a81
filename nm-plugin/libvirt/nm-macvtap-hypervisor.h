/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the project needs of a hypervisor. Two implementations, libvirt's and the tests' fake, are
 * held to one contract test.
 *
 * Every method blocks and is called on a worker thread; several guests' methods may run at once.
 * Signals are emitted on the default main context and carry only identifiers: handlers schedule,
 * they never call back into the hypervisor.
 */

#pragma once

#include <gio/gio.h>

#include "nm-macvtap-guest.h"
#include "nm-macvtap-network.h"
#include "nm-macvtap-plan.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_HYPERVISOR (nm_macvtap_hypervisor_get_type())
G_DECLARE_INTERFACE(NMMacvtapHypervisor, nm_macvtap_hypervisor, NM_MACVTAP, HYPERVISOR, GObject)

/* A DHCP lease of a network. */
typedef struct {
    char *mac;
    char *address;  /* without prefix */
    char *hostname; /* (nullable) */
} NMMacvtapLease;

void nm_macvtap_lease_free(NMMacvtapLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapLease, nm_macvtap_lease_free)

struct _NMMacvtapHypervisorInterface {
    GTypeInterface parent;

    gboolean (*open)(NMMacvtapHypervisor *self, gboolean read_only, GError **error);
    void (*close)(NMMacvtapHypervisor *self);

    GPtrArray *(*list_guests)(NMMacvtapHypervisor *self, GError **error);
    NMMacvtapGuest *(*read_guest)(NMMacvtapHypervisor *self, const char *uuid, GError **error);
    GPtrArray *(*list_networks)(NMMacvtapHypervisor *self, GError **error);
    GPtrArray *(*list_leases)(NMMacvtapHypervisor *self, const char *network, GError **error);

    gboolean (*define_network)(NMMacvtapHypervisor *self, const char *xml, GError **error);
    gboolean (*autostart_network)(NMMacvtapHypervisor *self, const char *network, GError **error);
    gboolean (*start_network)(NMMacvtapHypervisor *self, const char *network, GError **error);
    gboolean (*destroy_network)(NMMacvtapHypervisor *self, const char *network, GError **error);
    gboolean (*undefine_network)(NMMacvtapHypervisor *self, const char *network, GError **error);

    gboolean (*attach_nic)(NMMacvtapHypervisor *self,
                           const char *guest_uuid,
                           NMMacvtapScope scope,
                           const char *xml,
                           GError **error);
    gboolean (*update_nic)(NMMacvtapHypervisor *self,
                           const char *guest_uuid,
                           NMMacvtapScope scope,
                           const char *xml,
                           GError **error);
    gboolean (*detach_nic)(NMMacvtapHypervisor *self,
                           const char *guest_uuid,
                           NMMacvtapScope scope,
                           const char *alias,
                           GError **error);
};

/*
 * Signals (G_SIGNAL_RUN_LAST, no return value):
 *   "guest-changed"   (utf8 uuid): defined, undefined, started, stopped, interface added or removed
 *   "network-changed" (utf8 name): defined, undefined, started, stopped
 *   "closed"          (utf8 reason): the connection broke; only open() makes it usable again
 */

/*
 * open: connects and registers for events; again after "closed". NM_MACVTAP_ERROR_UNREACHABLE where
 * nothing answers. read_only: no events, and the methods that change anything fail.
 */
gboolean nm_macvtap_hypervisor_open(NMMacvtapHypervisor *self, gboolean read_only, GError **error);
/* May be called in any state; "closed" is not emitted for it. */
void nm_macvtap_hypervisor_close(NMMacvtapHypervisor *self);

/* (transfer full) (element-type NMMacvtapGuest). A guest whose XML cannot be read is left out with
 * a warning in the log: one guest's fault is never another's. Reads in parallel. */
GPtrArray *nm_macvtap_hypervisor_list_guests(NMMacvtapHypervisor *self, GError **error);
/* (transfer full); NM_MACVTAP_ERROR_NOT_FOUND where there is no such guest any more. */
NMMacvtapGuest *
nm_macvtap_hypervisor_read_guest(NMMacvtapHypervisor *self, const char *uuid, GError **error);
/* (transfer full) (element-type NMMacvtapNetwork) */
GPtrArray *nm_macvtap_hypervisor_list_networks(NMMacvtapHypervisor *self, GError **error);
/* (transfer full) (element-type NMMacvtapLease) */
GPtrArray *
nm_macvtap_hypervisor_list_leases(NMMacvtapHypervisor *self, const char *network, GError **error);

/*
 * Carries out one edit. Errors: NM_MACVTAP_ERROR_NOT_FOUND (guest or network gone meanwhile),
 * NM_MACVTAP_ERROR_UNSUPPORTED (a LIVE attach or update that this guest cannot do: needs a
 * restart), NM_MACVTAP_ERROR_UNREACHABLE, NM_MACVTAP_ERROR_FAILED. A LIVE detach only asks the
 * guest; "guest-changed" tells when the interface has gone.
 */
gboolean
nm_macvtap_hypervisor_apply(NMMacvtapHypervisor *self, const NMMacvtapEdit *edit, GError **error);

/* For implementations; thread-safe: the signals are emitted on the default main context. */
void nm_macvtap_hypervisor_emit_guest_changed(NMMacvtapHypervisor *self, const char *uuid);
void nm_macvtap_hypervisor_emit_network_changed(NMMacvtapHypervisor *self, const char *name);
void nm_macvtap_hypervisor_emit_closed(NMMacvtapHypervisor *self, const char *reason);

G_END_DECLS
