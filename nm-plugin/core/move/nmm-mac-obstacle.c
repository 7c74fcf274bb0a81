/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-mac-obstacle.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SECTION    "connection" /* and "connection-…" */
#define CLONED_MAC "ethernet.cloned-mac-address"
#define LINK_LOCAL "ipv4.link-local"

/* NetworkManager sets any other value again at each activation of the parent, under the link. */
static gboolean
sets_mac(const char *cloned_mac)
{
    return cloned_mac && g_ascii_strcasecmp(cloned_mac, "preserve") != 0;
}

/* NMSettingIP4LinkLocal: "enabled", and "fallback" of newer versions. */
static gboolean
gives_link_local(const char *value)
{
    return value && (g_str_equal(value, "3") || g_str_equal(value, "4"));
}

/* (transfer full) (nullable): the first value of @key that is @wanted. */
static char *
find_default(const char *config, const char *key, gboolean (*is_wanted)(const char *value))
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;

    if (!config || !g_key_file_load_from_data(file, config, strlen(config), G_KEY_FILE_NONE, NULL))
        return NULL;
    groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++) {
        g_autofree char *value = NULL;

        if (!g_str_has_prefix(*group, SECTION))
            continue;
        value = g_key_file_get_string(file, *group, key, NULL);
        if (is_wanted(value))
            return g_steal_pointer(&value);
    }
    return NULL;
}

/* (transfer full) (nullable) */
static char *
find_cloned_mac(const NmmMacFacts *facts)
{
    if (!facts->cloned_mac)
        return find_default(facts->config, CLONED_MAC, sets_mac);
    return sets_mac(facts->cloned_mac) ? g_strdup(facts->cloned_mac) : NULL;
}

static gboolean
has_link_local(const NmmMacFacts *facts)
{
    g_autofree char *value = facts->link_local == NMM_LINK_LOCAL_DEFAULT
                                 ? find_default(facts->config, LINK_LOCAL, gives_link_local)
                                 : NULL;

    return facts->link_local == NMM_LINK_LOCAL_YES || value;
}

/* A bond or team with LACP introduces itself to the switch by its MAC, and a bridge with STP to the
 * other bridges: both would interrupt the traffic. NetworkManager gives a VLAN device the MAC of
 * the device below it, with a new IP configuration, when that one's MAC changes. It derives an IPv4
 * link-local address from the MAC, and gives the device up when that changes. */
char *
nmm_mac_obstacle_find(const NmmMacFacts *facts)
{
    g_autofree char *cloned_mac = find_cloned_mac(facts);

    if (!facts->is_ethernet)
        return g_strdup_printf(_("'%s' is built on other devices, which share its MAC address"),
                               facts->name);
    if (facts->has_8021x)
        return g_strdup_printf(
            _("'%s' authenticates with 802.1X, which is bound to its MAC address"), facts->name);
    if (cloned_mac)
        return g_strdup_printf(
            _("the connection of '%s' sets its MAC address (%s)"), facts->name, cloned_mac);
    if (has_link_local(facts))
        return g_strdup_printf(_("NetworkManager gives '%s' an IPv4 link-local address, which it "
                                 "derives from the MAC address"),
                               facts->name);
    if (facts->vlan)
        return g_strdup_printf(
            _("the VLAN device '%s' has the MAC address of '%s'"), facts->vlan, facts->name);
    return NULL;
}
