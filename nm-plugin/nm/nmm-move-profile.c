/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of the device itself (802.1X, speed, MTU, MAC) stay on the parent; those of its
 * network (addresses, routes, names, zone, proxy) move to the host link.
 */

#include "config.h"

#include "nmm-move-profile.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-cidr.h"

#define DHCP_TIMEOUT_S 20

/* NM adds this to the route metrics of a device with limited connectivity (NM 1.42). */
#define METRIC_PENALTY 20000

/* Properties of the setting "connection" that belong to the network, not to the device. */
static const char *const carried_properties[] = {
    NM_SETTING_CONNECTION_ZONE,
    NM_SETTING_CONNECTION_METERED,
    NM_SETTING_CONNECTION_MDNS,
    NM_SETTING_CONNECTION_LLMNR,
    NM_SETTING_CONNECTION_DNS_OVER_TLS,
};

char *
nmm_move_profile_build_uuid(const char *profile_uuid, const char *parent)
{
    g_autofree char *text = g_strdup_printf("nm-macvtap move %s %s", profile_uuid, parent);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    return g_strdup_printf(
        "%.8s-%.4s-5%.3s-8%.3s-%.12s", hash, hash + 8, hash + 12, hash + 15, hash + 18);
}

static NMSetting *
build_connection_setting(const NmmMoveSource *source)
{
    NMSettingConnection *theirs = nm_connection_get_setting_connection(source->applied);
    NMSetting *setting = nm_setting_connection_new();
    g_autofree char *uuid = nmm_move_profile_build_uuid(source->profile_uuid, source->parent);
    g_autofree char *id = g_strdup_printf("%s (%s)", source->profile_id, source->parent);

    g_object_set(setting,
                 NM_SETTING_CONNECTION_ID,
                 id,
                 NM_SETTING_CONNECTION_UUID,
                 uuid,
                 NM_SETTING_CONNECTION_TYPE,
                 NM_SETTING_MACVLAN_SETTING_NAME,
                 NM_SETTING_CONNECTION_INTERFACE_NAME,
                 source->link,
                 NM_SETTING_CONNECTION_AUTOCONNECT,
                 FALSE,
                 NULL);
    for (guint i = 0; i < G_N_ELEMENTS(carried_properties); i++) {
        g_auto(GValue) value = G_VALUE_INIT;

        g_object_get_property(G_OBJECT(theirs), carried_properties[i], &value);
        g_object_set_property(G_OBJECT(setting), carried_properties[i], &value);
    }
    return setting;
}

static NMSetting *
build_macvlan_setting(const NmmMoveSource *source)
{
    NMSetting *setting = nm_setting_macvlan_new();

    g_object_set(setting,
                 NM_SETTING_MACVLAN_PARENT,
                 source->parent,
                 NM_SETTING_MACVLAN_MODE,
                 NM_SETTING_MACVLAN_MODE_BRIDGE,
                 NM_SETTING_MACVLAN_TAP,
                 TRUE,
                 NULL);
    return setting;
}

/* A stable MAC, because servers and switches remember it, that differs between hosts that share the
 * profile. It cannot be the parent's (EADDRINUSE), which the link may take over later. */
static NMSetting *
build_wired_setting(const NmmMoveSource *source)
{
    NMSetting *setting = nm_setting_wired_new();
    g_autofree char *mac = nmm_identity_link_mac(source->profile_uuid, source->parent_mac);

    g_object_set(setting, NM_SETTING_WIRED_CLONED_MAC_ADDRESS, mac, NULL);
    return setting;
}

static NMSetting *
carry_ip_setting(NMSettingIPConfig *theirs, const NmmMoveFamily *family)
{
    NMSetting *setting = nm_setting_duplicate(NM_SETTING(theirs));

    g_object_set(setting, NM_SETTING_IP_CONFIG_DHCP_TIMEOUT, DHCP_TIMEOUT_S, NULL);
    /* The default metric of macvlan is higher than that of every Ethernet device. */
    if (nm_setting_ip_config_get_route_metric(theirs) < 0)
        g_object_set(setting, NM_SETTING_IP_CONFIG_ROUTE_METRIC, family->metric, NULL);
    /* Otherwise NetworkManager regards the link as activated with one family alone. */
    if (family->has_address)
        g_object_set(setting, NM_SETTING_IP_CONFIG_MAY_FAIL, FALSE, NULL);
    return setting;
}

/* While the configuration moves, the host has each address, and its other devices on the same LAN
 * answer for it. NetworkManager checks by default since 1.52, would find a duplicate, and decline
 * the lease. */
static void
skip_duplicate_check(NMSetting *ip4)
{
    g_object_set(ip4, NM_SETTING_IP_CONFIG_DAD_TIMEOUT, 0, NULL);
}

/* The server identifies a client by its identifier, or without one by its MAC. With the parent's,
 * the link gets the same address. */
static NMSetting *
build_ip4_setting(const NmmMoveSource *source)
{
    NMSettingIPConfig *theirs = nm_connection_get_setting_ip4_config(source->applied);
    NMSetting *setting = carry_ip_setting(theirs, &source->ip4);
    g_autofree char *by_mac = g_strdup_printf("01:%s", source->parent_mac);

    skip_duplicate_check(setting);
    if (g_str_equal(nm_setting_ip_config_get_method(theirs), NM_SETTING_IP4_CONFIG_METHOD_AUTO))
        g_object_set(setting,
                     NM_SETTING_IP4_CONFIG_DHCP_CLIENT_ID,
                     source->ip4.dhcp_id ? source->ip4.dhcp_id : by_mac,
                     NULL);
    return setting;
}

static NMSetting *
build_ip6_setting(const NmmMoveSource *source)
{
    NMSettingIPConfig *theirs = nm_connection_get_setting_ip6_config(source->applied);
    NMSetting *setting = carry_ip_setting(theirs, &source->ip6);

    /* Otherwise the interface identifier is derived from MAC or name, which differ on the link. */
    if (source->ip6.token)
        g_object_set(setting,
                     NM_SETTING_IP6_CONFIG_ADDR_GEN_MODE,
                     NM_SETTING_IP6_CONFIG_ADDR_GEN_MODE_EUI64,
                     NM_SETTING_IP6_CONFIG_TOKEN,
                     source->ip6.token,
                     NULL);
    if (source->ip6.dhcp_id)
        g_object_set(setting, NM_SETTING_IP6_CONFIG_DHCP_DUID, source->ip6.dhcp_id, NULL);
    if (source->ip6.iaid)
        g_object_set(setting, NM_SETTING_IP_CONFIG_DHCP_IAID, source->ip6.iaid, NULL);
    return setting;
}

/* Whether NetworkManager does not configure the family. */
static gboolean
is_left_alone(const char *method)
{
    return !method || g_str_equal(method, NM_SETTING_IP6_CONFIG_METHOD_DISABLED) ||
           g_str_equal(method, NM_SETTING_IP6_CONFIG_METHOD_IGNORE);
}

static const char *
get_method(NMSettingIPConfig *setting)
{
    return setting ? nm_setting_ip_config_get_method(setting) : NULL;
}

static gboolean
check_source(const NmmMoveSource *source, GError **error)
{
    const char *methods[] = {
        get_method(nm_connection_get_setting_ip4_config(source->applied)),
        get_method(nm_connection_get_setting_ip6_config(source->applied)),
    };

    for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (g_strcmp0(methods[i], NM_SETTING_IP4_CONFIG_METHOD_SHARED) == 0)
            return nmm_fail(
                error,
                NMM_ERROR_UNSUPPORTED,
                _("parent '%s' shares its connection with other computers (method 'shared'), so "
                  "its configuration cannot move; use mode 'isolated' or 'share'"),
                source->parent);
    }
    if (nmm_move_profile_has_no_ip(source->applied))
        return nmm_fail(
            error,
            NMM_ERROR_UNSUPPORTED,
            _("parent '%s' has no IP configuration to move; configure an address on it, or use "
              "mode 'isolated' or 'share'"),
            source->parent);
    return TRUE;
}

static NMSetting *
build_disabled(GType type)
{
    gboolean is_ip4 = type == NM_TYPE_SETTING_IP4_CONFIG;
    NMSetting *setting = is_ip4 ? nm_setting_ip4_config_new() : nm_setting_ip6_config_new();

    g_object_set(setting,
                 NM_SETTING_IP_CONFIG_METHOD,
                 is_ip4 ? NM_SETTING_IP4_CONFIG_METHOD_DISABLED
                        : NM_SETTING_IP6_CONFIG_METHOD_DISABLED,
                 NULL);
    return setting;
}

NMConnection *
nmm_move_profile_build_link(const NmmMoveSource *source, GError **error)
{
    g_autoptr(NMConnection) link = nm_simple_connection_new();
    NMSetting *proxy = NM_SETTING(nm_connection_get_setting_proxy(source->applied));

    if (!check_source(source, error))
        return NULL;

    nm_connection_add_setting(link, build_connection_setting(source));
    nm_connection_add_setting(link, build_macvlan_setting(source));
    nm_connection_add_setting(link, build_wired_setting(source));
    nm_connection_add_setting(
        link,
        is_left_alone(get_method(nm_connection_get_setting_ip4_config(source->applied)))
            ? build_disabled(NM_TYPE_SETTING_IP4_CONFIG)
            : build_ip4_setting(source));
    nm_connection_add_setting(
        link,
        is_left_alone(get_method(nm_connection_get_setting_ip6_config(source->applied)))
            ? build_disabled(NM_TYPE_SETTING_IP6_CONFIG)
            : build_ip6_setting(source));
    if (proxy)
        nm_connection_add_setting(link, nm_setting_duplicate(proxy));
    return g_steal_pointer(&link);
}

/* An address of IPv6 does not depend on the MAC, see build_ip6_setting(). */
NMConnection *
nmm_move_profile_build_bare(NMConnection *link, const NmmMoveSource *source)
{
    NMConnection *bare = nm_simple_connection_new_clone(link);

    nm_connection_add_setting(bare, build_disabled(NM_TYPE_SETTING_IP4_CONFIG));
    if (!source->ip6.has_address)
        nm_connection_add_setting(bare, build_disabled(NM_TYPE_SETTING_IP6_CONFIG));
    return bare;
}

NMConnection *
nmm_move_profile_build_parent(NMConnection *applied)
{
    NMConnection *parent = nm_simple_connection_new_clone(applied);

    if (!is_left_alone(get_method(nm_connection_get_setting_ip4_config(applied))))
        nm_connection_add_setting(parent, build_disabled(NM_TYPE_SETTING_IP4_CONFIG));
    if (!is_left_alone(get_method(nm_connection_get_setting_ip6_config(applied))))
        nm_connection_add_setting(parent, build_disabled(NM_TYPE_SETTING_IP6_CONFIG));
    return parent;
}

NMConnection *
nmm_move_profile_build_restored(NMConnection *wanted)
{
    NMConnection *restored = nm_simple_connection_new_clone(wanted);
    NMSettingIPConfig *ip4 = nm_connection_get_setting_ip4_config(restored);

    if (ip4)
        skip_duplicate_check(NM_SETTING(ip4));
    return restored;
}

gboolean
nmm_move_profile_has_no_ip(NMConnection *connection)
{
    return is_left_alone(get_method(nm_connection_get_setting_ip4_config(connection))) &&
           is_left_alone(get_method(nm_connection_get_setting_ip6_config(connection)));
}

gboolean
nmm_move_profile_expects_address(NMConnection *connection, int family)
{
    const char *method =
        get_method(family == AF_INET ? nm_connection_get_setting_ip4_config(connection)
                                     : nm_connection_get_setting_ip6_config(connection));

    return g_strcmp0(method, NM_SETTING_IP4_CONFIG_METHOD_MANUAL) == 0 ||
           g_strcmp0(method,
                     family == AF_INET ? NM_SETTING_IP4_CONFIG_METHOD_AUTO
                                       : NM_SETTING_IP6_CONFIG_METHOD_DHCP) == 0;
}

gint64
nmm_move_profile_find_metric(const GPtrArray *routes)
{
    gint64 metric = -1;

    for (guint i = 0; routes && i < routes->len; i++) {
        NMIPRoute *route = routes->pdata[i];
        gboolean is_default = nm_ip_route_get_prefix(route) == 0;

        /* The kernel's, with the same metric on every device. */
        if (g_str_has_prefix(nm_ip_route_get_dest(route), "fe80:"))
            continue;
        if (is_default || metric < 0)
            metric = nm_ip_route_get_metric(route);
        if (is_default)
            break;
    }
    return metric >= METRIC_PENALTY ? metric - METRIC_PENALTY : metric;
}

static gboolean
has_address(NMSettingIPConfig *setting, const char *address)
{
    guint n = setting ? nm_setting_ip_config_get_num_addresses(setting) : 0;

    for (guint i = 0; i < n; i++) {
        NMIPAddress *theirs = nm_setting_ip_config_get_address(setting, (int)i);

        if (g_str_equal(nm_ip_address_get_address(theirs), address))
            return TRUE;
    }
    return FALSE;
}

char *
nmm_move_profile_find_token(const GPtrArray *addresses,
                            NMSettingIPConfig *configured,
                            const char *const *temporary)
{
    for (guint i = 0; addresses && i < addresses->len; i++) {
        const char *address = nm_ip_address_get_address(addresses->pdata[i]);
        char text[INET6_ADDRSTRLEN];
        struct in6_addr in6 = {0};
        NmmCidr cidr;

        if (nm_ip_address_get_prefix(addresses->pdata[i]) != 64 ||
            !nmm_cidr_init(&cidr, address, 64, NULL) || nmm_cidr_is_link_local(&cidr) ||
            has_address(configured, address) || g_strv_contains(temporary, address))
            continue;
        memcpy(in6.s6_addr + 8, cidr.bytes + 8, 8);
        /* NM refuses a token of nothing but zeros. */
        if (!IN6_IS_ADDR_UNSPECIFIED(&in6))
            return g_strdup(inet_ntop(AF_INET6, &in6, text, sizeof(text)));
    }
    return NULL;
}
