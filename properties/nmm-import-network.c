/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network whose definition has something that guests would miss (a fixed address, a DNS server, a
 * route, a limit) or that this file does not know is refused and named, because the service would
 * define the network from the profile alone. What guests do not notice is left out; the manual
 * lists it.
 */

#include "config.h"

#include "nmm-import-network.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-profile.h"
#include "nmm-text.h"
#include "nmm-xml.h"

/* Elements that are read, or left out on purpose. */
static const char *const known_in_network[] = {
    "bridge",
    "description",
    "dns", /* see is_dns_off() */
    "domain",
    "forward",
    "ip",
    "mac",
    "metadata",
    "name",
    "port",
    "title",
    "uuid",
    NULL,
};
/* "connections" counts the guests of a network that runs. */
static const char *const known_attributes[] = {"connections", NULL};
static const char *const known_in_ip[] = {"dhcp", NULL};
static const char *const known_in_ip6[] = {NULL};
static const char *const known_in_dhcp[] = {"range", NULL};

static char *
build_path(const char *path, const xmlNode *node)
{
    g_autofree char *name = nmm_text_to_display((const char *)node->name);

    if (node->ns && node->ns->prefix)
        return g_strdup_printf("%s<%.16s:%s>", path, (const char *)node->ns->prefix, name);
    return g_strdup_printf("%s<%s>", path, name);
}

/* (transfer full) (nullable): @path and the first child element that is not in @known. */
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

/* A network that the service defines has no DNS server. Without <dns> or in an empty one, guests
 * are assumed not to rely on libvirt's. */
static gboolean
is_dns_off(xmlNode *root)
{
    xmlNode *dns = nmm_xml_child(root, "dns");

    return !dns || has_attr(dns, "enable", "no") ||
           (!dns->properties && !xmlFirstElementChild(dns));
}

/* (transfer full) (nullable): an attribute of <network> with an effect; "no" has none. */
static char *
find_unknown_attribute(xmlNode *root)
{
    for (const xmlAttr *attr = root->properties; attr; attr = attr->next) {
        const char *name = (const char *)attr->name;
        g_autofree char *value = nmm_xml_attr(root, name);
        g_autofree char *text = NULL;

        if (g_strcmp0(value, "no") == 0 || g_strv_contains(known_attributes, name))
            continue;
        text = g_strdup_printf("<%s %s='%s'>", (const char *)root->name, name, value ? value : "");
        return nmm_text_to_display(text);
    }
    return NULL;
}

static char *
find_unknown_in_ip(xmlNode *ip)
{
    char *found;

    /* Guests configure IPv6 by SLAAC. */
    if (has_attr(ip, "family", "ipv6"))
        return find_unknown(ip, "<ip family='ipv6'>", known_in_ip6);
    found = find_unknown(ip, "<ip>", known_in_ip);
    return found ?: find_unknown(nmm_xml_child(ip, "dhcp"), "<ip><dhcp>", known_in_dhcp);
}

/* (transfer full) (nullable): NULL: a profile can express all of it. */
static char *
find_inexpressible(xmlNode *root)
{
    xmlNode *ip = nmm_xml_child(root, "ip");
    char *found = find_unknown(root, "", known_in_network);

    if (!found)
        found = find_unknown_attribute(root);
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
check_expressible(const NmmNetwork *network, xmlNode *root, GError **error)
{
    g_autofree char *excess = find_inexpressible(root);
    g_autofree char *shown = nmm_text_to_display(network->name);

    if (excess)
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("network '%s' has %s, which a profile cannot express: define the network "
                          "with virsh and make a profile that only names it"),
                        shown,
                        excess);
    if (network->ranges->len > 1 || has_two_addresses(network))
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("network '%s' has more than one %s, but a profile can have only one: "
                          "define the network with virsh and make a profile that only names it"),
                        shown,
                        network->ranges->len > 1 ? "<range>" : "<ip>");
    return TRUE;
}

static gboolean
check_network(const NmmNetwork *network, xmlNode *root, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(network->name);
    g_autofree char *mode = nmm_text_to_display(network->forward_mode ? network->forward_mode : "");

    if (network->forward_mode)
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("network '%s' is not isolated: it forwards traffic (mode '%s'), which would give "
              "guests a second way out; use a network without <forward>"),
            shown,
            mode);
    if (!nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4))
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("network '%s' has no IPv4 address for the host; add an <ip> element with one"),
            shown);
    return check_expressible(network, root, error);
}

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

/* libvirt's DHCP server never offers the host's own address; a profile's range leaves it out. In
 * the middle of the range, the longer part counts. */
static void
add_range(NMSettingVpn *vpn, const NmmNetwork *network)
{
    const NmmCidr *host = nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);
    g_autofree char *text = NULL;

    if (network->ranges->len > 0) {
        NmmRange range = g_array_index(network->ranges, NmmRange, 0);

        nmm_range_exclude(&range, host);
        text = nmm_range_to_string(&range);
    }
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_DHCP_RANGE, text ?: "none");
}

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
