/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of vpn.data keys. A row owns a key's name, type, allowed values, default, modes, label,
 * description, and the place of its value in NmmProfile. Service, import, export, editor and man
 * page read the table and repeat none of it.
 */

#pragma once

#include "nmm-mode.h"

G_BEGIN_DECLS

#define NMM_KEY_MODE              "mode"
#define NMM_KEY_GUESTS            "guests"
#define NMM_KEY_EXCLUDE_GUESTS    "exclude-guests"
#define NMM_KEY_PARENT            "parent"
#define NMM_KEY_NETWORK           "network"
#define NMM_KEY_ADDRESS           "address"
#define NMM_KEY_ADDRESS6          "address6"
#define NMM_KEY_DHCP_RANGE        "dhcp-range"
#define NMM_KEY_ISOLATE_GUESTS    "isolate-guests"
#define NMM_KEY_NIC_MODEL         "nic-model"
#define NMM_KEY_HOTPLUG           "hotplug"
#define NMM_KEY_ON_DISCONNECT     "on-disconnect"
#define NMM_KEY_LINK_NAME         "link-name"
#define NMM_KEY_MAC               "mac"
#define NMM_KEY_TRUSTED_ADDRESSES "trusted-addresses"
#define NMM_KEY_PEERS             "peers"
#define NMM_KEY_MULTICAST         "multicast"
#define NMM_KEY_GUEST_NAMES       "guest-names"
#define NMM_KEY_LIBVIRT_URI       "libvirt-uri"

typedef enum {
    NMM_ON_DISCONNECT_UNPLUG,
    NMM_ON_DISCONNECT_KEEP,
    NMM_ON_DISCONNECT_REMOVE,
} NmmOnDisconnect;

/* Of mode move's host link. */
typedef enum {
    NMM_LINK_MAC_PARENT, /* the parent's, which has another one meanwhile */
    NMM_LINK_MAC_OWN,
} NmmLinkMac;

typedef struct _NmmKeyInfo NmmKeyInfo;

/* How the values of a key look, and how its field in a profile stores them. */
typedef struct {
    gsize size;              /* of the field */
    gsize max_bytes;         /* of the text; 0: NMM_VALUE_MAX_BYTES */
    gboolean stores_choices; /* as any other value; else the field of a choice stays zero */
    gboolean (*parse)(const NmmKeyInfo *key, const char *text, gpointer field, GError **error);
    void (*clear)(gpointer field); /* (nullable) */
} NmmKeyType;

/* nmm-value.c */
extern const NmmKeyType nmm_key_type_enum;       /* one of .choices: its index, an int */
extern const NmmKeyType nmm_key_type_bool;       /* "yes" or "no": gboolean */
extern const NmmKeyType nmm_key_type_guests;     /* names or UUIDs: char ** */
extern const NmmKeyType nmm_key_type_ifname;     /* new name of a network interface: char * */
extern const NmmKeyType nmm_key_type_device;     /* any name of a network interface: char * */
extern const NmmKeyType nmm_key_type_network;    /* libvirt network name: char * */
extern const NmmKeyType nmm_key_type_address4;   /* IPv4 host address/prefix: NmmCidr */
extern const NmmKeyType nmm_key_type_address6;   /* IPv6 ULA host address/prefix: NmmCidr */
extern const NmmKeyType nmm_key_type_cidrs;      /* addresses and prefixes: GArray of NmmCidr */
extern const NmmKeyType nmm_key_type_dhcp_range; /* FIRST-LAST: NmmRange */
extern const NmmKeyType nmm_key_type_nic_model;  /* word of [A-Za-z0-9_-]: char * */
extern const NmmKeyType nmm_key_type_uri;        /* libvirt URI, only its form: char * */

struct _NmmKeyInfo {
    const char *name;
    const NmmKeyType *type;
    gsize offset;               /* of the field in NmmProfile */
    gsize size;                 /* of that field */
    gsize state_offset;         /* of an int in NmmProfile that gets an NmmKeyState; 0: none */
    guint modes;                /* NMM_MODE_BIT()s in which the key has an effect */
    gboolean is_basic;          /* the editor shows it at once, not under "More options" */
    const char *const *choices; /* (nullable): words allowed besides what the type allows */
    const char *const *choice_labels; /* (nullable): N_()-marked, for the editor */
    const char *default_value;        /* (nullable): NULL if the default depends on the host */
    gboolean keeps_default;           /* a profile that has the default as value means it */
    const char *label;                /* N_()-marked, with mnemonic, no colon */
    const char *description;          /* N_()-marked, one sentence */
};

typedef enum {
    NMM_KEY_STATE_UNSET,
    NMM_KEY_STATE_VALUE,
    NMM_KEY_STATE_CHOICE, /* plus the index of the choice */
} NmmKeyState;

const NmmKeyInfo *nmm_keys_get_all(gsize *out_n);
const NmmKeyInfo *nmm_keys_find(const char *name); /* (nullable) */
/* @value: (nullable); of the key @name, which exists. */
gboolean nmm_keys_is_default(const char *name, const char *value);
gboolean nmm_keys_has_mode(const NmmKeyInfo *key, NmmMode mode);

G_END_DECLS
