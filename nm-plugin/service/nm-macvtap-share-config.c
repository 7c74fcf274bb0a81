/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dictionaries of mode share. IPv4 routes are NetworkManager's too, so that it shows them and
 * keeps them from others. IPv6 is left out: up to NM 1.46 its routes need an address beside them,
 * and with an address the link would answer the LAN's neighbour discovery for the host.
 */

#include "config.h"

#include "nm-macvtap-share-config.h"

#include <NetworkManager.h>
#include <string.h>

/* An address as NM's "u": the bytes as they are on the wire. */
static guint32
to_wire(const NMMacvtapCidr *cidr)
{
    guint32 value;

    memcpy(&value, cidr->bytes, sizeof(value));
    return value;
}

static GVariant *
build_route(const NMMacvtapRoute *route)
{
    const guint32 fields[] = {
        to_wire(&route->address),
        32,
        0, /* no next hop */
        0, /* NM takes its own metric for VPN routes, NM_MACVTAP_HOSTLINK_METRIC */
        to_wire(&route->source),
    };

    return g_variant_new_fixed_array(
        G_VARIANT_TYPE_UINT32, fields, G_N_ELEMENTS(fields), sizeof(fields[0]));
}

/**
 * nm_macvtap_share_config_build:
 * @config: what is to be said; its gateway is consumed
 *
 * Returns: (transfer floating): the Config dictionary
 */
GVariant *
nm_macvtap_share_config_build(const NMMacvtapShareConfig *config)
{
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_TUNDEV, "s", config->link);
    g_variant_dict_insert_value(&dict, NM_VPN_PLUGIN_CONFIG_EXT_GATEWAY, config->gateway);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_HAS_IP4, "b", config->address != NULL);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_HAS_IP6, "b", FALSE);
    if (config->banner)
        g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_BANNER, "s", config->banner);
    return g_variant_dict_end(&dict);
}

/**
 * nm_macvtap_share_config_build_ip4:
 * @address: the host's IPv4 address on the parent
 * @routes: (element-type NMMacvtapRoute): of both families
 *
 * The address has prefix 32, so that nothing but the routes leads to the link; NM 1.42 to 1.46.0
 * refuse a configuration without one.
 *
 * Returns: (transfer floating): the Ip4Config dictionary
 */
GVariant *
nm_macvtap_share_config_build_ip4(const NMMacvtapCidr *address, const GArray *routes)
{
    GVariantBuilder list;
    GVariantDict dict;

    g_variant_builder_init(&list, G_VARIANT_TYPE("aau"));
    for (guint i = 0; i < routes->len; i++) {
        const NMMacvtapRoute *route = &g_array_index(routes, NMMacvtapRoute, i);

        if (route->address.family == G_SOCKET_FAMILY_IPV4)
            g_variant_builder_add_value(&list, build_route(route));
    }

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_IP4_CONFIG_ADDRESS, "u", to_wire(address));
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_IP4_CONFIG_PREFIX, "u", 32u);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_IP4_CONFIG_NEVER_DEFAULT, "b", TRUE);
    g_variant_dict_insert_value(
        &dict, NM_VPN_PLUGIN_IP4_CONFIG_ROUTES, g_variant_builder_end(&list));
    return g_variant_dict_end(&dict);
}

/**
 * nm_macvtap_share_config_choose_address:
 * @addresses: (element-type NMMacvtapCidr): the parent's
 *
 * Returns: (transfer none) (nullable): the first IPv4 address that routes make sense for
 */
const NMMacvtapCidr *
nm_macvtap_share_config_choose_address(const GArray *addresses)
{
    for (guint i = 0; i < addresses->len; i++) {
        const NMMacvtapCidr *address = &g_array_index(addresses, NMMacvtapCidr, i);

        if (address->family == G_SOCKET_FAMILY_IPV4 && nm_macvtap_routing_is_routable(address))
            return address;
    }
    return NULL;
}
