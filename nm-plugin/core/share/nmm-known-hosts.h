/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is there, for the routing decision alone: the guests' interfaces, and the hosts heard on the
 * LAN. Tables without opinions.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

/* No time: later than every deadline. */
#define NMM_NEVER G_MAXINT64

/* A MAC as a key; 0 is none. */
typedef guint64 NmmMacKey;

NmmMacKey nmm_mac_key_from_bytes(const guint8 *mac);
void nmm_mac_key_to_bytes(NmmMacKey key, guint8 *out_mac);
char *nmm_mac_key_to_string(NmmMacKey key);

/* Of addresses as keys: prefixes are not looked at; IPv4 comes first. */
guint nmm_address_hash(gconstpointer address);
gboolean nmm_address_equal(gconstpointer a, gconstpointer b);
int nmm_address_compare(const NmmCidr *a, const NmmCidr *b);

typedef struct {
    char *name;
    guint n_addresses; /* held and claimed; the routing decision counts */
    gint64 doubted_at; /* when it was full */
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
    gboolean on_wire; /* the parent has heard it: it is no stranger on the bridge */
    gint64 heard_at;
} NmmLanHost;

typedef struct {
    GHashTable *guests; /* name → NmmKnownGuest */
    GHashTable *nics;   /* &mac → NmmKnownNic */
    GHashTable *lan;    /* &address → NmmLanHost */
} NmmKnownHosts;

void nmm_known_hosts_init(NmmKnownHosts *self);
void nmm_known_hosts_clear(NmmKnownHosts *self);

/* Replaces all guests; those before are freed. */
void nmm_known_hosts_set_guests(NmmKnownHosts *self, const NmmRoutingNic *nics, gsize n_nics);
/* (nullable) (transfer none) */
NmmKnownNic *nmm_known_hosts_find_nic(const NmmKnownHosts *self, NmmMacKey mac);

/* (nullable) (transfer none): heard less than NMM_ROUTING_LAN_KEEP_MS ago. */
const NmmLanHost *
nmm_known_hosts_find_lan(const NmmKnownHosts *self, const NmmCidr *address, gint64 now_ms);
/* Bounded: the one heard longest ago makes room. */
void nmm_known_hosts_hear_lan(NmmKnownHosts *self,
                              const NmmCidr *address,
                              NmmMacKey mac,
                              gboolean on_wire,
                              gint64 now_ms);
void nmm_known_hosts_forget_lan(NmmKnownHosts *self, const NmmCidr *address);

G_END_DECLS
