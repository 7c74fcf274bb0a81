/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as NetworkManager sees it, for mode share: gateways and DNS servers in use, on-link
 * prefixes of the parent, the host's addresses on other devices; and when any of it changes. The
 * parent's own addresses are not read here: the kernel knows them at once and first hand.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-routing-host.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_HOST_WATCH (nm_macvtap_host_watch_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapHostWatch, nm_macvtap_host_watch, NM_MACVTAP, HOST_WATCH, GObject)

/* Signal "changed": something may read differently now. Several changes at once are one. */
NMMacvtapHostWatch *nm_macvtap_host_watch_new(NMClient *client);

/*
 * Fills @out but its addresses, which become NULL. @link: the host link, whose copy of an address
 * is no other device's. Free it with nm_macvtap_routing_host_clear().
 */
void nm_macvtap_host_watch_read(NMMacvtapHostWatch *self,
                                const char *parent,
                                const char *link,
                                NMMacvtapRoutingHost *out);

G_END_DECLS
