/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libvirt network, read from its XML. Decides, as libvirt does, which network is isolated and
 * which forwards through macvtap. Does not decide whether a profile may use it.
 */

#pragma once

#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct {
    char *uuid; /* (nullable): NULL in XML that libvirt has not seen yet */
    char *name;
    char *bridge;       /* (nullable): "virbr1" */
    char *zone;         /* (nullable): <bridge zone=…/> */
    char *mac;          /* (nullable): of the bridge, when libvirt makes it */
    char *forward_mode; /* (nullable): NULL is an isolated network */
    char **lower;       /* devices of <forward><interface dev=…/> and <pf dev=…/>, maybe none */
    char **lower_names; /* (nullable): every name of those that the kernel has */
    gboolean macvtap;   /* forward_mode is bridge/private/vepa/passthrough and there is no bridge */
    GArray *addresses;  /* (element-type NmmCidr): the host's, <ip> in document order */
    GArray *routes;     /* (element-type NmmCidr): <route> */
    GArray *ranges;     /* (element-type NmmRange): IPv4 DHCP */
    gboolean has_hosts; /* <host>: fixed DHCP addresses, which only a user adds */
    char *owner_uuid;   /* (nullable): UUID of the profile in our metadata: we defined it */
    char *xml;          /* as libvirt wrote it */
    gboolean active;    /* set by the caller, because XML does not have it */
    gboolean autostart; /* likewise */
    gboolean persistent;
} NmmNetwork;

/* @xml: live or inactive. NMM_ERROR_BAD_XML, prefixed with the network's name if it is known. */
NmmNetwork *nmm_network_new_from_xml(const char *xml,
                                     gboolean active,
                                     gboolean autostart,
                                     gboolean persistent,
                                     GError **error);
void nmm_network_free(NmmNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNetwork, nmm_network_free)

/* A DHCP lease of a network. */
typedef struct {
    char *mac;
    char *address;  /* without prefix */
    char *hostname; /* (nullable) */
} NmmLease;

void nmm_lease_free(NmmLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLease, nmm_lease_free)

/* (nullable) (transfer none): the host's first address of @family. */
const NmmCidr *nmm_network_get_address(const NmmNetwork *network, GSocketFamily family);
/* With the same prefix. */
gboolean nmm_network_has_address(const NmmNetwork *network, const NmmCidr *address);
/* (nullable) (transfer none). @networks: (element-type NmmNetwork). */
NmmNetwork *nmm_network_find(GPtrArray *networks, const char *name);

G_END_DECLS
