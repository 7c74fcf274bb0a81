/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of vpn.data keys. It owns name, type, allowed values, default, the modes in which a key
 * means something, label and description. Service, import, export, editor and man page read it;
 * nobody else repeats any of it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_KEY_MODE           "mode"
#define NMM_KEY_GUESTS         "guests"
#define NMM_KEY_EXCLUDE_GUESTS "exclude-guests"
#define NMM_KEY_PARENT         "parent"
#define NMM_KEY_NETWORK        "network"
#define NMM_KEY_ADDRESS        "address"
#define NMM_KEY_ADDRESS6       "address6"
#define NMM_KEY_DHCP_RANGE     "dhcp-range"
#define NMM_KEY_ISOLATE_GUESTS "isolate-guests"
#define NMM_KEY_NIC_MODEL      "nic-model"
#define NMM_KEY_HOTPLUG        "hotplug"
#define NMM_KEY_ON_DISCONNECT  "on-disconnect"
#define NMM_KEY_LINK_NAME      "link-name"
#define NMM_KEY_LIBVIRT_URI    "libvirt-uri"

typedef enum {
    NMM_MODE_ISOLATED,
    NMM_MODE_SHARE,
    NMM_MODE_MOVE,
    _NMM_MODE_NUM,
} NmmMode;

/* Bits for NmmKeyInfo.modes. */
#define NMM_MODE_BIT(mode) (1u << (mode))
#define NMM_MODES_ALL                                                                              \
    (NMM_MODE_BIT(NMM_MODE_ISOLATED) | NMM_MODE_BIT(NMM_MODE_SHARE) | NMM_MODE_BIT(NMM_MODE_MOVE))

typedef enum {
    NMM_ON_DISCONNECT_UNPLUG,
    NMM_ON_DISCONNECT_KEEP,
    NMM_ON_DISCONNECT_REMOVE,
} NmmOnDisconnect;

typedef enum {
    NMM_KEY_TYPE_ENUM,       /* one of .choices */
    NMM_KEY_TYPE_BOOL,       /* "yes" or "no" */
    NMM_KEY_TYPE_GUESTS,     /* names or UUIDs, see nmm_guest_list_parse() */
    NMM_KEY_TYPE_IFNAME,     /* network interface name, at most 15 bytes */
    NMM_KEY_TYPE_NETWORK,    /* libvirt network name */
    NMM_KEY_TYPE_ADDRESS4,   /* IPv4 host address/prefix */
    NMM_KEY_TYPE_ADDRESS6,   /* IPv6 ULA host address/prefix, or one of .choices */
    NMM_KEY_TYPE_DHCP_RANGE, /* FIRST-LAST, or one of .choices */
    NMM_KEY_TYPE_NIC_MODEL,  /* word of [A-Za-z0-9_-], at most 64 bytes */
    NMM_KEY_TYPE_URI,        /* libvirt URI; allowed ones are given to the parser */
} NmmKeyType;

typedef struct {
    const char *name;
    NmmKeyType type;
    guint modes;                /* NMM_MODE_BIT()s in which the key has an effect */
    const char *const *choices; /* (nullable): words allowed besides what the type allows */
    const char *default_value;  /* (nullable): NULL where the default depends on the host */
    const char *label;          /* N_()-marked, with mnemonic, no colon */
    const char *description;    /* N_()-marked, one sentence */
} NmmKeyInfo;

const NmmKeyInfo *nmm_keys_get_all(gsize *out_n);
const NmmKeyInfo *nmm_keys_find(const char *name);

const char *nmm_mode_to_string(NmmMode mode);

G_END_DECLS
