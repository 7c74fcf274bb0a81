/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a picture of all guests up to date from a hypervisor's events and changes nothing there.
 * Owns the worker thread; knows nothing of profiles. The sync engine does as much and more for mode
 * isolated; share and move only need to see.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

#define NMM_TYPE_WATCHER (nmm_watcher_get_type())
G_DECLARE_FINAL_TYPE(NmmWatcher, nmm_watcher, NMM, WATCHER, GObject)

/*
 * Signals, on the main context; none after stop():
 *   "guests" (GPtrArray* (element-type NmmGuest), GPtrArray* (element-type
 *            NmmNetwork)) all guests, and all networks, borrowed: after the start, and
 *            whenever guests were read again
 *   "failed" (GError*) libvirt could not be reached at the start. If it goes away later, the guests
 *            stay as they were last seen until it is back: they run on without it
 */
NmmWatcher *nmm_watcher_new(NmmHypervisor *hypervisor);
/* Both return at once; to be called once each. */
void nmm_watcher_start(NmmWatcher *self);
void nmm_watcher_stop(NmmWatcher *self);

/* For tests, before the start; all in ms. */
void nmm_watcher_set_timing(NmmWatcher *self, guint settle, guint reconnect, guint reconnect_max);

G_END_DECLS
