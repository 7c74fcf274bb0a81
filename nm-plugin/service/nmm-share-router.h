/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link at work: joins the link, neighbour discovery on it and the routing decision, and
 * carries out what is decided. Knows neither NetworkManager nor libvirt; decides nothing itself.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

#define NMM_TYPE_SHARE_ROUTER (nmm_share_router_get_type())
G_DECLARE_FINAL_TYPE(NmmShareRouter, nmm_share_router, NMM, SHARE_ROUTER, GObject)

/*
 * Signals, between start() and stop():
 *   "host-changed"    the parent's addresses changed: set_host() is to be called
 *   "gone" (GError*)  the link is no longer there or of no use
 */
NmmShareRouter *nmm_share_router_new(NmmHostlink *hostlink);

/* Makes the link. Errors: those of nmm_hostlink_create(). */
gboolean nmm_share_router_start(NmmShareRouter *self, const NmmHostlinkSpec *spec, GError **error);
/* Takes it away; what cannot be undone is said in the log. Does nothing where there is none. */
void nmm_share_router_stop(NmmShareRouter *self);

/* @host: its addresses are read from the link's parent and stored there. */
void nmm_share_router_set_host(NmmShareRouter *self, NmmRoutingHost *host);
void nmm_share_router_set_guests(NmmShareRouter *self, const NmmRoutingNic *nics, gsize n_nics);
/* The parent has another MAC now: the sockets of the discovery are made again. */
gboolean nmm_share_router_reopen(NmmShareRouter *self, GError **error);

G_END_DECLS
