/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests' interfaces and the LAN hosts that the routing decision knows. Tables that decide
 * nothing. Private to core/share.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

/* No time: later than every deadline. */
#define NMM_NEVER G_MAXINT64

/* A guest, or a peer, which has one interface. */
typedef struct {
    char *name; /* of a peer: its MAC */
    gboolean is_peer;
    guint n_addresses; /* held and claimed, counted by the routing decision */
    guint n_refused;   /* claims that are refused now, counted by the routing decision */
    gint64 doubted_at; /* when the guest had too many */
} NmmKnownGuest;

typedef struct {
    NmmMacKey mac;
    NmmKnownGuest *guest;
    gboolean running;
    gboolean bridge;
} NmmKnownNic;

typedef struct {
    NmmCidr address;
    NmmMacKey mac;
    gboolean on_wire; /* the parent received a frame from it, so it is not on the bridge */
    gint64 heard_at;
} NmmLanHost;

typedef struct {
    GHashTable *guests; /* name → NmmKnownGuest */
    GHashTable *nics;   /* &mac → NmmKnownNic */
    GHashTable *lan;    /* &address → NmmLanHost */
} NmmKnownHosts;

/* (nullable) (transfer none): NULL for a peer. */
const char *nmm_known_guest_get_name(const NmmKnownGuest *guest);

void nmm_known_hosts_init(NmmKnownHosts *self);
void nmm_known_hosts_clear(NmmKnownHosts *self);

/* Replaces and frees all guests. Ignores an interface whose MAC is malformed. */
void nmm_known_hosts_set_guests(NmmKnownHosts *self, const NmmRoutingNic *nics, gsize n_nics);
/* (nullable) (transfer none) */
NmmKnownNic *nmm_known_hosts_find_nic(const NmmKnownHosts *self, NmmMacKey mac);

/* (nullable) (transfer none): heard less than NMM_ROUTING_LAN_KEEP_MS ago. */
const NmmLanHost *
nmm_known_hosts_find_lan(const NmmKnownHosts *self, const NmmCidr *address, gint64 now_ms);
/* If the table is full, drops the host that was heard longest ago. */
void nmm_known_hosts_hear_lan(NmmKnownHosts *self,
                              const NmmCidr *address,
                              NmmMacKey mac,
                              gboolean on_wire,
                              gint64 now_ms);
void nmm_known_hosts_forget_lan(NmmKnownHosts *self, const NmmCidr *address);

G_END_DECLS
