/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands look at: NetworkManager's profiles and the libvirts that they name, read once.
 * What cannot be read is a problem with a sentence of its own, and the rest is there all the same.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-hypervisor.h"
#include "nm-macvtap-links.h"
#include "nm-macvtap-profile.h"

G_BEGIN_DECLS

typedef struct {
    char *id;
    char *uuid;
    const char *state;         /* "active", "activating", "deactivating" or "down"; stable */
    gboolean offered;          /* one that we offer, and not active: nobody has asked for it yet */
    NMMacvtapProfile *profile; /* (nullable): NULL where it is not valid */
    char *problem;             /* (nullable): why it is not */
    char *network;             /* (nullable): as written, with a problem */

    /* modes share and move: what it has, or would have if it was brought up now */
    char *parent;         /* (nullable): the lower device */
    char *parent_problem; /* (nullable): why there is none, or none of use */
    char *link;           /* (nullable): the host link's name */
} NMMacvtapWorldProfile;

typedef struct {
    char *uri;
    NMMacvtapHypervisor *hypervisor; /* (nullable) */
    char *problem;                   /* (nullable): why nothing of it is known */
    GPtrArray *guests;   /* (element-type NMMacvtapGuest): by name; none with a problem */
    GPtrArray *networks; /* (element-type NMMacvtapNetwork): likewise */
} NMMacvtapWorldHost;

typedef struct {
    NMClient *client;     /* (nullable) */
    char *nm_problem;     /* (nullable): why no profile is known */
    char *config_problem; /* (nullable): why the allowed URIs are not known */
    char **allowed_uris;  /* besides the built-in ones */
    char *links_problem;  /* (nullable): why the kernel's side is not known */
    GPtrArray *links;     /* (element-type NMMacvtapLink): the kernel's interfaces */
    GPtrArray *profiles;  /* (element-type NMMacvtapWorldProfile), by id */
    GPtrArray *hosts;     /* (element-type NMMacvtapWorldHost) */
} NMMacvtapWorld;

/* Reads NetworkManager's and the kernel's side; blocks. Never fails: see the problems. */
NMMacvtapWorld *nm_macvtap_world_new(void);
/* Asks NetworkManager once more; FALSE with @world's nm_problem where it does not answer. */
gboolean nm_macvtap_world_read_profiles(NMMacvtapWorld *world);
/* Reads one libvirt, without the right to change anything; blocks. (transfer none). */
NMMacvtapWorldHost *nm_macvtap_world_add_host(NMMacvtapWorld *world, const char *uri);
/* Again, on a libvirt that is open. */
gboolean nm_macvtap_world_host_read(NMMacvtapWorldHost *host, GError **error);
/* Every libvirt that a profile names, and qemu:///system. */
void nm_macvtap_world_add_used_hosts(NMMacvtapWorld *world);
void nm_macvtap_world_free(NMMacvtapWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapWorld, nm_macvtap_world_free)

/* For tests, which make a world by hand. */
NMMacvtapWorld *nm_macvtap_world_new_empty(void);
void nm_macvtap_world_profile_free(NMMacvtapWorldProfile *profile);
void nm_macvtap_world_host_free(NMMacvtapWorldHost *host);

/* (nullable) (transfer none) */
NMMacvtapWorldHost *nm_macvtap_world_find_host(const NMMacvtapWorld *world, const char *uri);
/* The network of an isolated profile, as it is now. (nullable) (transfer none) */
NMMacvtapNetwork *
nm_macvtap_world_find_network(const NMMacvtapWorld *world, const NMMacvtapProfile *profile);
/* The host link of a profile of mode share or move, where it is there and the profile's.
 * (nullable) (transfer none). NM_MACVTAP_ERROR_CONFLICT where it is somebody else's;
 * NM_MACVTAP_ERROR_NOT_FOUND. */
NMMacvtapLink *nm_macvtap_world_find_host_link(const NMMacvtapWorld *world,
                                               const NMMacvtapWorldProfile *profile,
                                               GError **error);
/* The host's for the guests of a profile, with its prefix. (nullable) (transfer none) */
const NMMacvtapCidr *nm_macvtap_world_get_host_address(const NMMacvtapWorld *world,
                                                       const NMMacvtapWorldProfile *profile);

G_END_DECLS
