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

    gboolean (*define_network)(NmmHypervisor *self, const char *xml, GError **error);
    gboolean (*autostart_network)(NmmHypervisor *self, const char *network, GError **error);
    gboolean (*start_network)(NmmHypervisor *self, const char *network, GError **error);
    gboolean (*destroy_network)(NmmHypervisor *self, const char *network, GError **error);
    gboolean (*undefine_network)(NmmHypervisor *self, const char *network, GError **error);

    gboolean (*attach_nic)(NmmHypervisor *self,
                           const char *guest_uuid,
                           NmmScope scope,
                           const char *xml,
                           GError **error);
    gboolean (*update_nic)(NmmHypervisor *self,
                           const char *guest_uuid,
                           NmmScope scope,
                           const char *xml,
                           GError **error);
    gboolean (*detach_nic)(NmmHypervisor *self,
                           const char *guest_uuid,
                           NmmScope scope,
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
 * open: connects and registers for events; again after "closed". NMM_ERROR_UNREACHABLE where
 * nothing answers. read_only: no events, and the methods that change anything fail.
 */
gboolean nmm_hypervisor_open(NmmHypervisor *self, gboolean read_only, GError **error);
/* May be called in any state; "closed" is not emitted for it. */
void nmm_hypervisor_close(NmmHypervisor *self);

/* (transfer full) (element-type NmmGuest). A guest whose XML cannot be read is left out with
 * a warning in the log: one guest's fault is never another's. Reads in parallel. */
GPtrArray *nmm_hypervisor_list_guests(NmmHypervisor *self, GError **error);
/* (transfer full); NMM_ERROR_NOT_FOUND where there is no such guest any more. */
NmmGuest *nmm_hypervisor_read_guest(NmmHypervisor *self, const char *uuid, GError **error);
/* (transfer full) (element-type NmmNetwork) */
GPtrArray *nmm_hypervisor_list_networks(NmmHypervisor *self, GError **error);
/* (transfer full) (element-type NmmLease) */
GPtrArray *nmm_hypervisor_list_leases(NmmHypervisor *self, const char *network, GError **error);

/* Reads the whole content of a hypervisor that is not open: opens it read-only, lists networks and
 * guests, on request the leases of active networks, and closes it. Blocks. @uri: of @self.
 * (transfer full): an error is in it. */
NmmHostHypervisor *nmm_hypervisor_read(NmmHypervisor *self, const char *uri, gboolean leases);

/*
 * Carries out one edit. Errors: NMM_ERROR_NOT_FOUND (guest or network gone meanwhile),
 * NMM_ERROR_UNSUPPORTED (a LIVE attach or update that this guest cannot do: needs a
 * restart), NMM_ERROR_UNREACHABLE, NMM_ERROR_FAILED. A LIVE detach only asks the
 * guest; "guest-changed" tells when the interface has gone.
 */
gboolean nmm_hypervisor_apply(NmmHypervisor *self, const NmmEdit *edit, GError **error);

/* For implementations; thread-safe: the signals are emitted on the default main context. */
void nmm_hypervisor_emit_guest_changed(NmmHypervisor *self, const char *uuid);
void nmm_hypervisor_emit_network_changed(NmmHypervisor *self, const char *name);
void nmm_hypervisor_emit_closed(NmmHypervisor *self, const char *reason);

G_END_DECLS
