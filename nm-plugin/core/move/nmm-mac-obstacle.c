/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-mac-obstacle.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SECTION "connection" /* and "connection-…" */
#define KEY     "ethernet.cloned-mac-address"

/* NetworkManager sets any other value again at each activation of the parent, under the link. */
static gboolean
sets_mac(const char *cloned_mac)
{
    return cloned_mac && g_ascii_strcasecmp(cloned_mac, "preserve") != 0;
}

char *
nmm_mac_obstacle_find_default(const char *config)
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
        value = g_key_file_get_string(file, *group, KEY, NULL);
        if (sets_mac(value))
            return g_steal_pointer(&value);
    }
    return NULL;
}

/* A bond or team with LACP introduces itself to the switch by its MAC, and a bridge with STP to the
 * other bridges: both would interrupt the traffic. NetworkManager gives a VLAN device the MAC of
 * the device below it, with a new IP configuration, when that one's MAC changes. */
char *
nmm_mac_obstacle_find(const NmmMacFacts *facts)
{
    if (!facts->is_ethernet)
        return g_strdup_printf(_("'%s' is built on other devices, which share its MAC address"),
                               facts->name);
    if (facts->has_8021x)
        return g_strdup_printf(
            _("'%s' authenticates with 802.1X, which is bound to its MAC address"), facts->name);
    if (sets_mac(facts->cloned_mac))
        return g_strdup_printf(
            _("the connection of '%s' sets its MAC address (%s)"), facts->name, facts->cloned_mac);
    if (facts->vlan)
        return g_strdup_printf(
            _("the VLAN device '%s' has the MAC address of '%s'"), facts->vlan, facts->name);
    return NULL;
}
