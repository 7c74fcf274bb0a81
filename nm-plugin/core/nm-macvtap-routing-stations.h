/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is there, for the routing decision alone: the guests' interfaces, and the hosts heard on the
 * LAN. Tables without opinions.
 */

#pragma once

#include "nm-macvtap-routing.h"

G_BEGIN_DECLS

/* No time: later than every deadline. */
#define NM_MACVTAP_NEVER G_MAXINT64

/* A MAC as a key; 0 is none. */
typedef guint64 NMMacvtapMacKey;

NMMacvtapMacKey nm_macvtap_mac_key_from_bytes(const guint8 *mac);
void nm_macvtap_mac_key_to_bytes(NMMacvtapMacKey key, guint8 *out_mac);
char *nm_macvtap_mac_key_to_string(NMMacvtapMacKey key);

/* Of addresses as keys: prefixes are not looked at; IPv4 comes first. */
guint nm_macvtap_address_hash(gconstpointer address);
gboolean nm_macvtap_address_equal(gconstpointer a, gconstpointer b);
int nm_macvtap_address_compare(const NMMacvtapCidr *a, const NMMacvtapCidr *b);

typedef struct {
    char *name;
    guint n_addresses; /* held and claimed; the routing decision counts */
    gint64 doubted_at; /* when it was full */
} NMMacvtapStationGuest;

typedef struct {
    NMMacvtapMacKey mac;
    NMMacvtapStationGuest *guest;
    gboolean running;
    gboolean bridge;
} NMMacvtapStationNic;

typedef struct {
    NMMacvtapCidr address;
    NMMacvtapMacKey mac;
    gboolean on_wire; /* the parent has heard it: it is no stranger on the bridge */
    gint64 heard_at;
} NMMacvtapStationLan;

typedef struct {
    GHashTable *guests; /* name → NMMacvtapStationGuest */
    GHashTable *nics;   /* &mac → NMMacvtapStationNic */
    GHashTable *lan;    /* &address → NMMacvtapStationLan */
} NMMacvtapStations;

void nm_macvtap_stations_init(NMMacvtapStations *self);
void nm_macvtap_stations_clear(NMMacvtapStations *self);

/* Replaces all guests; those before are freed. */
void nm_macvtap_stations_set_guests(NMMacvtapStations *self,
                                    const NMMacvtapRoutingNic *nics,
                                    gsize n_nics);
/* (nullable) (transfer none) */
NMMacvtapStationNic *
nm_macvtap_stations_find_nic(const NMMacvtapStations *self, NMMacvtapMacKey mac);

/* (nullable) (transfer none): heard less than NM_MACVTAP_ROUTING_LAN_KEEP_MS ago. */
const NMMacvtapStationLan *nm_macvtap_stations_find_lan(const NMMacvtapStations *self,
                                                        const NMMacvtapCidr *address,
                                                        gint64 now_ms);
/* Bounded: the one heard longest ago makes room. */
void nm_macvtap_stations_hear_lan(NMMacvtapStations *self,
                                  const NMMacvtapCidr *address,
                                  NMMacvtapMacKey mac,
                                  gboolean on_wire,
                                  gint64 now_ms);
void nm_macvtap_stations_forget_lan(NMMacvtapStations *self, const NMMacvtapCidr *address);

G_END_DECLS
