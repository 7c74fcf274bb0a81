/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link at work: joins the link, neighbour discovery on it and the routing decision, and
 * carries out what is decided. Knows neither NetworkManager nor libvirt; decides nothing itself.
 */

#pragma once

#include "nm-macvtap-hostlink.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_SHARE_ROUTER (nm_macvtap_share_router_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapShareRouter,
                     nm_macvtap_share_router,
                     NM_MACVTAP,
                     SHARE_ROUTER,
                     GObject)

/*
 * Signals, between start() and stop():
 *   "routes-changed"  the kernel has other routes now
 *   "host-changed"    the parent's addresses changed: set_host() is to be called
 *   "gone" (GError*)  the link is no longer there or of no use
 */
NMMacvtapShareRouter *nm_macvtap_share_router_new(NMMacvtapHostlink *hostlink);

/* Makes the link. Errors: those of nm_macvtap_hostlink_create(). */
gboolean nm_macvtap_share_router_start(NMMacvtapShareRouter *self,
                                       const NMMacvtapHostlinkSpec *spec,
                                       GError **error);
/* Takes it away; what cannot be undone is said in the log. Does nothing where there is none. */
void nm_macvtap_share_router_stop(NMMacvtapShareRouter *self);

/* @host: its addresses are read from the link's parent and stored there. */
void nm_macvtap_share_router_set_host(NMMacvtapShareRouter *self, NMMacvtapRoutingHost *host);
void nm_macvtap_share_router_set_guests(NMMacvtapShareRouter *self,
                                        const NMMacvtapRoutingNic *nics,
                                        gsize n_nics);
/* The parent has another MAC now: the sockets of the discovery are made again. */
gboolean nm_macvtap_share_router_reopen(NMMacvtapShareRouter *self, GError **error);

/* (transfer full) (element-type NMMacvtapRoute) */
GArray *nm_macvtap_share_router_get_routes(NMMacvtapShareRouter *self);

G_END_DECLS
