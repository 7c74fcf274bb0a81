/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What NetworkManager is told in mode share. Pure: values in, dictionaries out.
 */

#pragma once

#include "nm-macvtap-routing.h"

G_BEGIN_DECLS

typedef struct {
    const char *link;
    GVariant *gateway;            /* floating; of nm_macvtap_activation_build_gateway() */
    const NMMacvtapCidr *address; /* (nullable): the host's, IPv4; NULL leaves addressing out */
    const char *banner;           /* (nullable) */
} NMMacvtapShareConfig;

/* Returns: (transfer floating): the Config dictionary. */
GVariant *nm_macvtap_share_config_build(const NMMacvtapShareConfig *config);

/* Returns: (transfer floating): the Ip4Config dictionary, with the IPv4 ones of @routes
 * (element-type NMMacvtapRoute). */
GVariant *nm_macvtap_share_config_build_ip4(const NMMacvtapCidr *address, const GArray *routes);

/* The first of @addresses (element-type NMMacvtapCidr) that others on the LAN can use; or NULL. */
const NMMacvtapCidr *nm_macvtap_share_config_choose_address(const GArray *addresses);

G_END_DECLS
