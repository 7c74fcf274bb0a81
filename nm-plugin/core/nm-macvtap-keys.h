/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of vpn.data keys. It owns name, type, allowed values, default, the modes in which a key
 * means something, label and description. Service, import, export, editor and man page read it;
 * nobody else repeats any of it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NM_MACVTAP_KEY_MODE           "mode"
#define NM_MACVTAP_KEY_GUESTS         "guests"
#define NM_MACVTAP_KEY_EXCLUDE_GUESTS "exclude-guests"
#define NM_MACVTAP_KEY_PARENT         "parent"
#define NM_MACVTAP_KEY_NETWORK        "network"
#define NM_MACVTAP_KEY_ADDRESS        "address"
#define NM_MACVTAP_KEY_ADDRESS6       "address6"
#define NM_MACVTAP_KEY_DHCP_RANGE     "dhcp-range"
#define NM_MACVTAP_KEY_ISOLATE_GUESTS "isolate-guests"
#define NM_MACVTAP_KEY_NIC_MODEL      "nic-model"
#define NM_MACVTAP_KEY_HOTPLUG        "hotplug"
#define NM_MACVTAP_KEY_ON_DISCONNECT  "on-disconnect"
#define NM_MACVTAP_KEY_LINK_NAME      "link-name"
#define NM_MACVTAP_KEY_LIBVIRT_URI    "libvirt-uri"

typedef enum {
    NM_MACVTAP_MODE_ISOLATED,
    NM_MACVTAP_MODE_SHARE,
    NM_MACVTAP_MODE_MOVE,
} NMMacvtapMode;

/* Bits for NMMacvtapKeyInfo.modes. */
#define NM_MACVTAP_MODE_BIT(mode) (1u << (mode))
#define NM_MACVTAP_MODES_ALL                                                                       \
    (NM_MACVTAP_MODE_BIT(NM_MACVTAP_MODE_ISOLATED) | NM_MACVTAP_MODE_BIT(NM_MACVTAP_MODE_SHARE) |  \
     NM_MACVTAP_MODE_BIT(NM_MACVTAP_MODE_MOVE))

typedef enum {
    NM_MACVTAP_ON_DISCONNECT_UNPLUG,
    NM_MACVTAP_ON_DISCONNECT_KEEP,
    NM_MACVTAP_ON_DISCONNECT_REMOVE,
} NMMacvtapOnDisconnect;

typedef enum {
    NM_MACVTAP_KEY_TYPE_ENUM,       /* one of .choices */
    NM_MACVTAP_KEY_TYPE_BOOL,       /* "yes" or "no" */
    NM_MACVTAP_KEY_TYPE_GUESTS,     /* names or UUIDs, see nm_macvtap_guest_list_parse() */
    NM_MACVTAP_KEY_TYPE_IFNAME,     /* network interface name, at most 15 bytes */
    NM_MACVTAP_KEY_TYPE_NETWORK,    /* libvirt network name */
    NM_MACVTAP_KEY_TYPE_ADDRESS4,   /* IPv4 host address/prefix */
    NM_MACVTAP_KEY_TYPE_ADDRESS6,   /* IPv6 ULA host address/prefix, or one of .choices */
    NM_MACVTAP_KEY_TYPE_DHCP_RANGE, /* FIRST-LAST, or one of .choices */
    NM_MACVTAP_KEY_TYPE_NIC_MODEL,  /* word of [A-Za-z0-9_-], at most 64 bytes */
    NM_MACVTAP_KEY_TYPE_URI,        /* libvirt URI; allowed ones are given to the parser */
} NMMacvtapKeyType;

typedef struct {
    const char *name;
    NMMacvtapKeyType type;
    guint modes;                /* NM_MACVTAP_MODE_BIT()s in which the key has an effect */
    const char *const *choices; /* (nullable): words allowed besides what the type allows */
    const char *default_value;  /* (nullable): NULL where the default depends on the host */
    const char *label;          /* N_()-marked, with mnemonic, no colon */
    const char *description;    /* N_()-marked, one sentence */
} NMMacvtapKeyInfo;

const NMMacvtapKeyInfo *nm_macvtap_keys_get_all(gsize *out_n);
const NMMacvtapKeyInfo *nm_macvtap_keys_find(const char *name);

const char *nm_macvtap_mode_to_string(NMMacvtapMode mode);

G_END_DECLS
