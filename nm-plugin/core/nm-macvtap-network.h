/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libvirt network as the plan sees it, read from its XML, and the XML of a network that we
 * define.
 */

#pragma once

#include "nm-macvtap-profile.h"

G_BEGIN_DECLS

typedef struct {
    gatomicrefcount ref_count;
    char *uuid; /* (nullable): NULL in XML that libvirt has not seen yet */
    char *name;
    char *bridge;       /* (nullable): "virbr1" */
    char *zone;         /* (nullable): <bridge zone=…/> */
    char *mac;          /* (nullable): of the bridge, when libvirt makes it */
    char *forward_mode; /* (nullable): NULL is an isolated network */
    char **lower;       /* devices of <forward><interface dev=…/> and <pf dev=…/>, maybe none */
    gboolean macvtap;   /* forward_mode is bridge/private/vepa/passthrough and there is no bridge */
    GArray *addresses;  /* (element-type NMMacvtapCidr): the host's, <ip> in document order */
    GArray *routes;     /* (element-type NMMacvtapCidr): <route> */
    GArray *ranges;     /* (element-type NMMacvtapRange): IPv4 DHCP */
    char *owner_uuid;   /* (nullable): UUID of the profile in our metadata: we defined it */
    gboolean active;    /* the caller says so, XML does not */
    gboolean autostart; /* likewise */
    gboolean persistent;
} NMMacvtapNetwork;

NMMacvtapNetwork *nm_macvtap_network_new_from_xml(const char *xml,
                                                  gboolean active,
                                                  gboolean autostart,
                                                  gboolean persistent,
                                                  GError **error);
NMMacvtapNetwork *nm_macvtap_network_ref(NMMacvtapNetwork *network);
void nm_macvtap_network_unref(NMMacvtapNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapNetwork, nm_macvtap_network_unref)

/* First IPv4 (or IPv6) host address, or NULL. */
const NMMacvtapCidr *
nm_macvtap_network_get_address(const NMMacvtapNetwork *network, GSocketFamily family);
/* By name, or NULL. @networks: (element-type NMMacvtapNetwork). */
NMMacvtapNetwork *nm_macvtap_network_find(GPtrArray *networks, const char *name);

/*
 * The definition of the profile's network: no <forward>, no DNS server, address, IPv6 where wanted,
 * DHCP range, zone, metadata with the profile's UUID. @address6: (nullable). No <bridge name>:
 * libvirt picks a free one. isolate-guests is a matter of each interface, not of the network.
 */
char *nm_macvtap_network_build_xml(const NMMacvtapProfile *profile,
                                   const NMMacvtapCidr *address,
                                   const NMMacvtapCidr *address6);

G_END_DECLS
