/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a profile can stand for a network. The service would define the network from the
 * profile alone, so what guests would miss then (a fixed address, a name server, a route, a limit),
 * and what nobody here has heard of, is refused by name. What guests do not notice is left out; the
 * manual lists it.
 */

#include "config.h"

#include "nmm-import-network.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-xml.h"

/* Elements that are read, or left out on purpose, by where they stand. */
static const char *const known_in_network[] = {
    "bridge",
    "description",
    "dns", /* see is_dns_off() */
    "domain",
    "forward",
    "ip",
    "mac",
    "metadata",
    "mtu",
    "name",
    "port",
    "title",
    "uuid",
    NULL,
};
static const char *const known_in_ip[] = {"dhcp", NULL};
static const char *const known_in_ip6[] = {NULL};
static const char *const known_in_dhcp[] = {"range", NULL};

static char *
build_path(const char *path, const xmlNode *node)
{
    const char *name = (const char *)node->name;

    if (node->ns && node->ns->prefix)
        return g_strdup_printf("%s<%s:%s>", path, (const char *)node->ns->prefix, name);
    return g_strdup_printf("%s<%s>", path, name);
}

/* (transfer full) (nullable): the first child element that is not among @known, with @path before
 * it, the way there. */
static char *
find_unknown(const xmlNode *parent, const char *path, const char *const *known)
{
    const xmlNode *node = parent ? parent->children : NULL;

    for (; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE &&
            (node->ns || !g_strv_contains(known, (const char *)node->name)))
            return build_path(path, node);
    }
    return NULL;
}

static gboolean
has_attr(xmlNode *node, const char *name, const char *value)
{
    g_autofree char *found = nmm_xml_attr(node, name);

    return g_strcmp0(found, value) == 0;
}

/* A network of ours has no DNS server. Where a definition does not speak of one, nobody is taken to
 * rely on libvirt's. */
static gboolean
is_dns_off(xmlNode *root)
{
    xmlNode *dns = nmm_xml_child(root, "dns");

    return !dns || has_attr(dns, "enable", "no");
}

static char *
find_unknown_in_ip(xmlNode *ip)
{
    char *found;

    /* Guests make their IPv6 addresses by themselves. */
    if (has_attr(ip, "family", "ipv6"))
        return find_unknown(ip, "<ip family='ipv6'>", known_in_ip6);
    found = find_unknown(ip, "<ip>", known_in_ip);
    return found ?: find_unknown(nmm_xml_child(ip, "dhcp"), "<ip><dhcp>", known_in_dhcp);
}

/* (transfer full) (nullable): NULL where a profile can say it all. */
static char *
find_inexpressible(xmlNode *root)
{
    xmlNode *ip = nmm_xml_child(root, "ip");
    char *found = find_unknown(root, "", known_in_network);

    if (!found && !is_dns_off(root))
        found = g_strdup("<dns>");
    for (; !found && ip; ip = nmm_xml_next(ip))
        found = find_unknown_in_ip(ip);
    return found;
}

static gboolean
has_two_addresses(const NmmNetwork *network)
{
    guint n4 = 0, n6 = 0;

    for (guint i = 0; i < network->addresses->len; i++) {
        if (g_array_index(network->addresses, NmmCidr, i).family == G_SOCKET_FAMILY_IPV4)
            n4++;
        else
            n6++;
    }
    return n4 > 1 || n6 > 1;
}

static gboolean
check_room(const NmmNetwork *network, xmlNode *root, GError **error)
{
    g_autofree char *excess = find_inexpressible(root);

    if (excess)
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_CONFLICT,
                    _("network '%s' has %s, which a profile cannot express: define the network "
                      "with virsh and make a profile that only names it"),
                    network->name,
                    excess);
    else if (network->ranges->len > 1 || has_two_addresses(network))
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_CONFLICT,
                    _("network '%s' has more than one %s, and a profile has room for one: define "
                      "the network with virsh and make a profile that only names it"),
                    network->name,
                    network->ranges->len > 1 ? "<range>" : "<ip>");
    else
        return TRUE;
    return FALSE;
}

static gboolean
check_network(const NmmNetwork *network, xmlNode *root, GError **error)
{
    if (network->forward_mode) {
        g_set_error(
            error,
            NMM_ERROR,
            NMM_ERROR_CONFLICT,
            _("network '%s' is not isolated: it forwards (mode '%s'), and its guests would get "
              "a second way out; use a network without <forward>"),
            network->name,
            network->forward_mode);
        return FALSE;
    }
    if (!nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_CONFLICT,
                    _("network '%s' has no IPv4 address for the host"),
                    network->name);
        return FALSE;
    }
    return check_room(network, root, error);
}

/*****************************************************************************/

static void
add_addresses(NMSettingVpn *vpn, const NmmNetwork *network)
{
    const NmmCidr *address4 = nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);
    const NmmCidr *address6 = nmm_network_get_address(network, G_SOCKET_FAMILY_IPV6);
    g_autofree char *text4 = nmm_cidr_to_string(address4);
    g_autofree char *text6 = address6 ? nmm_cidr_to_string(address6) : NULL;

    nm_setting_vpn_add_data_item(vpn, NMM_KEY_ADDRESS, text4);
    if (text6)
        nm_setting_vpn_add_data_item(vpn, NMM_KEY_ADDRESS6, text6);
}

static void
add_range(NMSettingVpn *vpn, const NmmNetwork *network)
{
    const NmmRange *range;
    g_autofree char *first = NULL;
    g_autofree char *last = NULL;
    g_autofree char *text = NULL;

    if (network->ranges->len == 0) {
        nm_setting_vpn_add_data_item(vpn, NMM_KEY_DHCP_RANGE, "none");
        return;
    }
    range = &g_array_index(network->ranges, NmmRange, 0);
    first = nmm_range_first_to_string(range);
    last = nmm_range_last_to_string(range);
    text = g_strdup_printf("%s-%s", first, last);
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_DHCP_RANGE, text);
}

/**
 * nmm_import_network:
 * @text: the file's contents
 * @vpn: filled where the network can be expressed
 * @error: return location: %NMM_ERROR_BAD_XML for what is malformed,
 *   %NMM_ERROR_CONFLICT for a network that no profile can stand for
 *
 * Returns: (transfer full) (nullable): the network, for its name and zone
 */
NmmNetwork *
nmm_import_network(const char *text, NMSettingVpn *vpn, GError **error)
{
    g_autoptr(NmmNetwork) network = nmm_network_new_from_xml(text, FALSE, FALSE, TRUE, error);
    g_autoptr(xmlDoc) doc = network ? nmm_xml_parse(text, "network", error) : NULL;
    xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

    if (!root || !check_network(network, root, error))
        return NULL;
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_MODE, nmm_mode_to_string(NMM_MODE_ISOLATED));
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_NETWORK, network->name);
    add_addresses(vpn, network);
    add_range(vpn, network);
    if (has_attr(nmm_xml_child(root, "port"), "isolated", "yes"))
        nm_setting_vpn_add_data_item(vpn, NMM_KEY_ISOLATE_GUESTS, "yes");
    return g_steal_pointer(&network);
}
