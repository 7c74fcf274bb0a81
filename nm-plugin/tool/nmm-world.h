/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands look at: NetworkManager's profiles and the libvirts that they name, read once.
 * What cannot be read is a problem with a sentence of its own, and the rest is there all the same.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-hypervisor.h"
#include "nmm-links.h"
#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct {
    char *id;
    char *uuid;
    const char *state;   /* "active", "activating", "deactivating" or "down"; stable */
    gboolean offered;    /* one that we offer, and not active: nobody has asked for it yet */
    NmmProfile *profile; /* (nullable): NULL where it is not valid */
    char *problem;       /* (nullable): why it is not */
    char *network;       /* (nullable): as written, with a problem */

    /* modes share and move: what it has, or would have if it was brought up now */
    char *parent;         /* (nullable): the lower device */
    char *parent_problem; /* (nullable): why there is none, or none of use */
    char *link;           /* (nullable): the host link's name */
} NmmWorldProfile;

typedef struct {
    char *uri;
    NmmHypervisor *hypervisor; /* (nullable) */
    char *problem;             /* (nullable): why nothing of it is known */
    GPtrArray *guests;         /* (element-type NmmGuest): by name; none with a problem */
    GPtrArray *networks;       /* (element-type NmmNetwork): likewise */
} NmmWorldHost;

typedef struct {
    NMClient *client;     /* (nullable) */
    char *nm_problem;     /* (nullable): why no profile is known */
    char *config_problem; /* (nullable): why the allowed URIs are not known */
    char **allowed_uris;  /* besides the built-in ones */
    char *links_problem;  /* (nullable): why the kernel's side is not known */
    GPtrArray *links;     /* (element-type NmmLink): the kernel's interfaces */
    GPtrArray *profiles;  /* (element-type NmmWorldProfile), by id */
    GPtrArray *hosts;     /* (element-type NmmWorldHost) */
} NmmWorld;

/* Reads NetworkManager's and the kernel's side; blocks. Never fails: see the problems. */
NmmWorld *nmm_world_new(void);
/* Asks NetworkManager once more; FALSE with @world's nm_problem where it does not answer. */
gboolean nmm_world_read_profiles(NmmWorld *world);
/* Reads one libvirt, without the right to change anything; blocks. (transfer none). */
NmmWorldHost *nmm_world_add_host(NmmWorld *world, const char *uri);
/* Again, on a libvirt that is open. */
gboolean nmm_world_host_read(NmmWorldHost *host, GError **error);
/* Every libvirt that a profile names, and qemu:///system. */
void nmm_world_add_used_hosts(NmmWorld *world);
void nmm_world_free(NmmWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmWorld, nmm_world_free)

/* For tests, which make a world by hand. */
NmmWorld *nmm_world_new_empty(void);
void nmm_world_profile_free(NmmWorldProfile *profile);
void nmm_world_host_free(NmmWorldHost *host);

/* (nullable) (transfer none) */
NmmWorldHost *nmm_world_find_host(const NmmWorld *world, const char *uri);
/* The network of an isolated profile, as it is now. (nullable) (transfer none) */
NmmNetwork *nmm_world_find_network(const NmmWorld *world, const NmmProfile *profile);
/* The host link of a profile of mode share or move, where it is there and the profile's.
 * (nullable) (transfer none). NMM_ERROR_CONFLICT where it is somebody else's;
 * NMM_ERROR_NOT_FOUND. */
NmmLink *
nmm_world_find_host_link(const NmmWorld *world, const NmmWorldProfile *profile, GError **error);
/* The host's for the guests of a profile, with its prefix. (nullable) (transfer none) */
const NmmCidr *nmm_world_get_host_address(const NmmWorld *world, const NmmWorldProfile *profile);

G_END_DECLS
