/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which macvlan peers are on the parent. The kernel reports no event when one comes or goes in
 * another network namespace, so this reads its list: at once when a frame suggests that there is a
 * new one, and every 10 s while there is one.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

typedef struct _NmmPeerWatch NmmPeerWatch;

/* @prefixes: (element-type NmmCidr): in which peers are served. @changed: the list is another. */
NmmPeerWatch *nmm_peer_watch_new(const char *parent,
                                 GArray *prefixes,
                                 void (*changed)(gpointer user_data),
                                 gpointer user_data);
void nmm_peer_watch_free(NmmPeerWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmPeerWatch, nmm_peer_watch_free)

/* The guests, selected or not: they are no peers. Reads the list for the first time, or again, and
 * does not call changed(). */
void nmm_peer_watch_set_guests(NmmPeerWatch *self, const NmmRoutingNic *nics, gsize n_nics);
/* (transfer none) (element-type utf8): MACs; valid until the list changes. */
const GPtrArray *nmm_peer_watch_get_macs(const NmmPeerWatch *self);

/* An interface on the bridge, or a LAN host, has sent a frame; may call changed(). */
void nmm_peer_watch_heard(NmmPeerWatch *self, const guint8 *mac, const NmmCidr *address);
/* An interface on the bridge, or a LAN host, sets up an interface; may call changed(). */
void nmm_peer_watch_set_up(NmmPeerWatch *self, const guint8 *mac);
/* The host has solicited @address; may call changed(). */
void nmm_peer_watch_solicited(NmmPeerWatch *self, const NmmCidr *address);

G_END_DECLS
