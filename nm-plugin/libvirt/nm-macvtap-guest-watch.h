/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a picture of all guests up to date from a hypervisor's events and changes nothing there.
 * Owns the worker thread; knows nothing of profiles. The sync engine does as much and more for mode
 * isolated; share and move only need to see.
 */

#pragma once

#include "nm-macvtap-hypervisor.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_GUEST_WATCH (nm_macvtap_guest_watch_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapGuestWatch, nm_macvtap_guest_watch, NM_MACVTAP, GUEST_WATCH, GObject)

/*
 * Signals, on the main context; none after stop():
 *   "guests" (GPtrArray* (element-type NMMacvtapGuest), GPtrArray* (element-type
 *            NMMacvtapNetwork)) all guests, and all networks, borrowed: after the start, and
 *            whenever guests were read again
 *   "failed" (GError*) libvirt could not be reached at the start. If it goes away later, the guests
 *            stay as they were last seen until it is back: they run on without it
 */
NMMacvtapGuestWatch *nm_macvtap_guest_watch_new(NMMacvtapHypervisor *hypervisor);
/* Both return at once; to be called once each. */
void nm_macvtap_guest_watch_start(NMMacvtapGuestWatch *self);
void nm_macvtap_guest_watch_stop(NMMacvtapGuestWatch *self);

/* For tests, before the start; all in ms. */
void nm_macvtap_guest_watch_set_timing(NMMacvtapGuestWatch *self,
                                       guint settle,
                                       guint reconnect,
                                       guint reconnect_max);

G_END_DECLS
