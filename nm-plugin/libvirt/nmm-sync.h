/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sync engine: keeps what a hypervisor has as an isolated profile wants it. Owns the worker
 * thread; observes, asks core for a plan, applies it with bounded parallelism, listens, and does it
 * again for the guests that changed. Knows nothing of NetworkManager.
 *
 * Life: new → start → "up" … "report" … → stop → "stopped". "failed" at any time before "stopped"
 * means that the engine has given up (network stopped from outside, forwards, conflict); stop is
 * still owed if changes are to be undone.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

#define NMM_TYPE_SYNC (nmm_sync_get_type())
G_DECLARE_FINAL_TYPE(NmmSync, nmm_sync, NMM, SYNC, GObject)

/*
 * Collects the subnets in use outside libvirt (kernel routes, NM profiles). Called on the main
 * thread right before each pass that may define or start the network. Returns: (transfer full)
 * (element-type NmmUsedSubnet): never NULL.
 */
typedef GPtrArray *(*NmmUsedSubnetsFunc)(gpointer user_data);

/*
 * Signals, on the main context:
 *   "up" (NmmPlan*)     first pass carried out: the network is there, the guests are served
 *   "report" (NmmPlan*) after every further pass that changed or found anything new
 *   "looked" (NmmPlan*) after every further pass over all guests, whatever it found: the
 *                           network may have been stopped and started, libvirtd may have been
 *                           restarted
 *   "failed" (GError*)        the profile cannot be up (any more), and why
 *   "stopped"                 stop has finished; nothing of the engine runs any more
 */
NmmSync *nmm_sync_new(NmmHypervisor *hypervisor,
                      NmmProfile *profile,
                      const char *host_id,
                      NmmUsedSubnetsFunc used_subnets,
                      gpointer user_data);

/* Returns at once. If libvirt cannot be reached now, "failed"; if it goes away later, it is
 * reconnected with back-off and everything is read again. */
void nmm_sync_start(NmmSync *self);

/*
 * Returns at once. Does what on-disconnect says, closes the hypervisor, then "stopped". At most
 * @timeout_ms after the call "stopped" is emitted even where libvirt hangs; what was not undone is
 * named in the log. 0 leaves everything as it is.
 */
void nmm_sync_stop(NmmSync *self, guint timeout_ms);

G_END_DECLS
