/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile's vpn.data, parsed once into a typed struct by the table of keys. What the struct holds
 * is valid; nobody looks at strings again.
 */

#pragma once

#include "nm-macvtap-value.h"

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_ADDRESS6_NONE,
    NM_MACVTAP_ADDRESS6_AUTO,
    NM_MACVTAP_ADDRESS6_GIVEN,
} NMMacvtapAddress6;

typedef enum {
    NM_MACVTAP_DHCP_DEFAULT, /* the whole subnet but the host */
    NM_MACVTAP_DHCP_NONE,
    NM_MACVTAP_DHCP_GIVEN,
} NMMacvtapDhcp;

typedef struct {
    gatomicrefcount ref_count;
    char *id;   /* connection.id, for messages and the network's metadata */
    char *uuid; /* connection.uuid */
    char *zone; /* (nullable): connection.zone */

    NMMacvtapMode mode;
    char **guests;         /* (nullable): names or UUIDs; NULL is every macvtap guest */
    char **exclude_guests; /* (not nullable): names or UUIDs, maybe none */
    char *parent;          /* (nullable): NULL is any lower device */
    char *libvirt_uri;

    /* isolated */
    char *network;
    gboolean has_address; /* FALSE: the network's own, or the first free subnet */
    NMMacvtapCidr address;
    NMMacvtapAddress6 address6_type;
    NMMacvtapCidr address6; /* with NM_MACVTAP_ADDRESS6_GIVEN */
    NMMacvtapDhcp dhcp_type;
    NMMacvtapRange dhcp_range; /* with NM_MACVTAP_DHCP_GIVEN */
    gboolean isolate_guests;
    char *nic_model; /* (nullable): NULL writes no <model> */
    gboolean hotplug;
    NMMacvtapOnDisconnect on_disconnect;

    /* share, move */
    char *link_name; /* (nullable): NULL derives it from the parent */
} NMMacvtapProfile;

/*
 * @data: (element-type utf8 utf8): the vpn.data items.
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones
 *   (qemu:///system, lxc:///system).
 * Errors: NM_MACVTAP_ERROR_BAD_PROFILE, naming key, value and what is allowed; an unknown key is an
 * error, a key that has no effect in the mode is one too only where its value is bad.
 */
NMMacvtapProfile *nm_macvtap_profile_parse(const char *id,
                                           const char *uuid,
                                           const char *zone,
                                           GHashTable *data,
                                           const char *const *allowed_uris,
                                           GError **error);
NMMacvtapProfile *nm_macvtap_profile_ref(NMMacvtapProfile *profile);
void nm_macvtap_profile_unref(NMMacvtapProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapProfile, nm_macvtap_profile_unref)

/* One key's value alone, as the editor needs it; the same message as the parser's. Of a libvirt URI
 * only the form is checked: which ones root allowed is the service's to know. */
gboolean
nm_macvtap_profile_check_value(const NMMacvtapKeyInfo *key, const char *value, GError **error);

/* The profile's guests= and exclude-guests= let this guest pass (by name or UUID). */
gboolean
nm_macvtap_profile_selects(const NMMacvtapProfile *profile, const char *name, const char *uuid);

G_END_DECLS
