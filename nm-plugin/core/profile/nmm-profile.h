/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile's vpn.data, parsed once into a typed struct by the table of keys. Decides which values
 * are valid, alone and together; does not read the host, so a device, network or guest that a
 * profile names may not exist.
 */

#pragma once

#include "nmm-value.h"

G_BEGIN_DECLS

typedef enum {
    NMM_ADDRESS6_GIVEN = NMM_KEY_STATE_VALUE,
    NMM_ADDRESS6_AUTO = NMM_KEY_STATE_CHOICE,
    NMM_ADDRESS6_NONE,
} NmmAddress6;

typedef enum {
    NMM_DHCP_DEFAULT = NMM_KEY_STATE_UNSET, /* the whole subnet except the host */
    NMM_DHCP_GIVEN = NMM_KEY_STATE_VALUE,
    NMM_DHCP_NONE = NMM_KEY_STATE_CHOICE,
} NmmDhcp;

typedef struct {
    gatomicrefcount ref_count;
    char *id;   /* connection.id, for messages and the network's metadata */
    char *uuid; /* connection.uuid */
    char *zone; /* (nullable): connection.zone */

    NmmMode mode;
    char **guests;         /* (nullable): names or UUIDs; NULL is every macvtap guest */
    char **exclude_guests; /* (not nullable): names or UUIDs, maybe none */
    char *parent;          /* (nullable): NULL is any lower device */
    char *libvirt_uri;
    gboolean guest_names; /* the host finds guests by name */

    /* isolated */
    char *network;
    gboolean names_network; /* the profile has the key, maybe with its default */
    gboolean has_address;   /* FALSE: the network's own, or the first free subnet */
    NmmCidr address;
    NmmAddress6 address6_type;
    NmmCidr address6; /* with NMM_ADDRESS6_GIVEN */
    NmmDhcp dhcp_type;
    NmmRange dhcp_range; /* with NMM_DHCP_GIVEN */
    gboolean isolate_guests;
    char *nic_model; /* (nullable): NULL writes no <model> */
    gboolean hotplug;
    NmmOnDisconnect on_disconnect;

    /* share, move */
    char *link_name; /* (nullable): NULL derives it from the parent */
    gboolean multicast;

    /* move */
    NmmLinkMac link_mac;

    /* share */
    GArray *trusted_addresses; /* (element-type NmmCidr) */
    GArray *peers; /* (nullable) (element-type NmmCidr): in which peers are served; NULL: none */
} NmmProfile;

/*
 * @data: (element-type utf8 utf8): the vpn.data items.
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones.
 * An unknown key is an error, and so is a bad value of a key that has no effect in the mode.
 * Errors: NMM_ERROR_BAD_PROFILE, naming key, value and what is allowed.
 */
NmmProfile *nmm_profile_parse(const char *id,
                              const char *uuid,
                              const char *zone,
                              GHashTable *data,
                              const char *const *allowed_uris,
                              GError **error);
NmmProfile *nmm_profile_ref(NmmProfile *profile);
void nmm_profile_unref(NmmProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmProfile, nmm_profile_unref)

/*
 * The same checks for an editor. The message does not name the key; @out_key: (nullable) is the key
 * that the error belongs to. check_value accepts any URI of valid form.
 */
gboolean nmm_profile_check(GHashTable *data,
                           const char *const *allowed_uris,
                           const NmmKeyInfo **out_key,
                           GError **error);
gboolean nmm_profile_check_value(const NmmKeyInfo *key, const char *value, GError **error);

/* (transfer full): the command without which a change of an active profile has no effect. */
char *nmm_profile_build_reactivation(const char *id);
/* FALSE: it also serves others than libvirt's guests, so it is of use without libvirt. */
gboolean nmm_profile_needs_libvirt(const NmmProfile *profile);
/* Whether @word, as in guests=, is the guest's name, or its UUID in any case. */
gboolean nmm_profile_names_guest(const char *word, const char *name, const char *uuid);
/* Whether guests= and exclude-guests= select a guest of this name or UUID; excluding wins. */
gboolean nmm_profile_selects(const NmmProfile *profile, const char *name, const char *uuid);

G_END_DECLS
