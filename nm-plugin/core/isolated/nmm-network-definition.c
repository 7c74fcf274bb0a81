/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The definition of a network that this project makes. One that exists is changed node by node in
 * libvirt's own text, which keeps what the user added.
 */

#include "config.h"

#include "nmm-network-definition.h"

#include <libxml/chvalid.h>

#include "nmm-names.h"
#include "nmm-xml.h"

static xmlNode *
add_child(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
}

static void
set_attr(xmlNode *node, const char *name, const char *value)
{
    xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

static void
unset_attr(xmlNode *node, const char *name)
{
    xmlUnsetProp(node, (const xmlChar *)name);
}

/* (transfer full): a profile's name may have characters that XML does not allow. */
static char *
to_xml_text(const char *text)
{
    GString *kept = g_string_new(NULL);

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        if (xmlIsCharQ(g_utf8_get_char(p)))
            g_string_append_unichar(kept, g_utf8_get_char(p));
    }
    return g_string_free(kept, FALSE);
}

static void
add_metadata(xmlNode *root, const NmmProfile *profile)
{
    xmlNode *owner = add_child(add_child(root, "metadata"), "profile");
    g_autofree char *id = to_xml_text(profile->id);
    xmlNs *ns =
        xmlNewNs(owner, (const xmlChar *)NMM_METADATA_NS, (const xmlChar *)NMM_METADATA_PREFIX);

    xmlSetNs(owner, ns);
    set_attr(owner, "uuid", profile->uuid);
    set_attr(owner, "id", id);
}

static void
set_cidr(xmlNode *ip, const NmmCidr *cidr)
{
    g_autofree char *address = nmm_cidr_address_to_string(cidr);
    g_autofree char *prefix = g_strdup_printf("%u", cidr->prefix);

    if (cidr->family == G_SOCKET_FAMILY_IPV6)
        set_attr(ip, "family", "ipv6");
    set_attr(ip, "address", address);
    unset_attr(ip, "netmask");
    set_attr(ip, "prefix", prefix);
}

static xmlNode *
add_ip(xmlNode *root, const NmmCidr *cidr)
{
    xmlNode *ip = add_child(root, "ip");

    set_cidr(ip, cidr);
    return ip;
}

static void
add_range(xmlNode *ip, const NmmProfile *profile, const NmmCidr *address)
{
    NmmRange range = profile->dhcp_range;
    g_autofree char *start = NULL;
    g_autofree char *end = NULL;
    xmlNode *dhcp;
    xmlNode *node;

    if (profile->dhcp_type == NMM_DHCP_NONE)
        return;
    if (profile->dhcp_type == NMM_DHCP_DEFAULT && !nmm_range_for_subnet(address, &range))
        return;

    start = nmm_range_first_to_string(&range);
    end = nmm_range_last_to_string(&range);
    dhcp = nmm_xml_child(ip, "dhcp");
    node = add_child(dhcp ? dhcp : add_child(ip, "dhcp"), "range");
    set_attr(node, "start", start);
    set_attr(node, "end", end);
}

char *
nmm_network_build_xml(const NmmProfile *profile, const NmmCidr *address, const NmmCidr *address6)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *root = xmlNewNode(NULL, (const xmlChar *)"network");
    xmlNode *bridge;

    xmlDocSetRootElement(doc, root);
    xmlNewTextChild(root, NULL, (const xmlChar *)"name", (const xmlChar *)profile->network);
    add_metadata(root, profile);
    /* Without STP a port forwards at once, not after 4 s (seen with Linux 6.18): each guest has one
     * interface here and the bridge has no uplink, so there can be no loop. */
    bridge = add_child(root, "bridge");
    set_attr(bridge, "stp", "off");
    set_attr(bridge, "delay", "0");
    if (profile->zone)
        set_attr(bridge, "zone", profile->zone);
    /* With a DNS server the guests would use a resolver that need not reach the Internet. */
    set_attr(add_child(root, "dns"), "enable", "no");
    add_range(add_ip(root, address), profile, address);
    if (address6)
        add_ip(root, address6);
    return nmm_xml_to_string(root);
}

/* Following a profile */

static void
remove_node(xmlNode *node)
{
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

/* Static hosts and <bootp> stay. */
static void
replace_range(xmlNode *ip, const NmmProfile *profile, const NmmCidr *address)
{
    xmlNode *dhcp = nmm_xml_child(ip, "dhcp");
    xmlNode *range;

    while ((range = nmm_xml_child(dhcp, "range")))
        remove_node(range);
    if (dhcp && !xmlFirstElementChild(dhcp))
        remove_node(dhcp);
    add_range(ip, profile, address);
}

/* (nullable): the first <ip> of @family. */
static xmlNode *
find_ip(xmlNode *root, GSocketFamily family)
{
    xmlNode *ip = nmm_xml_child(root, "ip");

    for (; ip; ip = nmm_xml_next(ip)) {
        g_autofree char *name = nmm_xml_attr(ip, "family");
        gboolean is_ipv6 = g_strcmp0(name, "ipv6") == 0;

        if (is_ipv6 == (family == G_SOCKET_FAMILY_IPV6))
            return ip;
    }
    return NULL;
}

/* The profile names no range, or the network has the one that it names. */
static gboolean
has_range(const NmmNetwork *network, const NmmProfile *profile)
{
    g_autofree char *wanted = NULL;
    g_autofree char *actual = NULL;

    if (profile->dhcp_type != NMM_DHCP_GIVEN)
        return profile->dhcp_type == NMM_DHCP_DEFAULT || network->ranges->len == 0;
    if (network->ranges->len != 1)
        return FALSE;
    wanted = nmm_range_to_string(&profile->dhcp_range);
    actual = nmm_range_to_string(&g_array_index(network->ranges, NmmRange, 0));
    return g_str_equal(wanted, actual);
}

static gboolean
follow_zone(xmlNode *root, const NmmNetwork *network, const NmmProfile *profile)
{
    xmlNode *bridge = nmm_xml_child(root, "bridge");

    if (!bridge || g_strcmp0(profile->zone, network->zone) == 0)
        return FALSE;
    if (profile->zone)
        set_attr(bridge, "zone", profile->zone);
    else
        unset_attr(bridge, "zone");
    return TRUE;
}

static gboolean
follow_address(xmlNode *root,
               const NmmNetwork *network,
               const NmmProfile *profile,
               const NmmCidr *address)
{
    xmlNode *ip = find_ip(root, G_SOCKET_FAMILY_IPV4);
    gboolean moves = !nmm_network_has_address(network, address);

    if (!ip || (!moves && has_range(network, profile)))
        return FALSE;
    if (moves)
        set_cidr(ip, address);
    replace_range(ip, profile, address);
    return TRUE;
}

static gboolean
follow_address6(xmlNode *root, const NmmNetwork *network, const NmmCidr *address6)
{
    xmlNode *ip = find_ip(root, G_SOCKET_FAMILY_IPV6);

    if (!address6 || nmm_network_has_address(network, address6))
        return FALSE;
    if (ip)
        set_cidr(ip, address6);
    else
        add_ip(root, address6);
    return TRUE;
}

char *
nmm_network_follow(const NmmNetwork *network,
                   const NmmProfile *profile,
                   const NmmCidr *address,
                   const NmmCidr *address6)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse(network->xml, "network", NULL);
    xmlNode *root;
    gboolean changed;

    g_return_val_if_fail(doc, NULL);
    root = xmlDocGetRootElement(doc);
    changed = follow_zone(root, network, profile);
    changed |= follow_address(root, network, profile, address);
    changed |= follow_address6(root, network, address6);
    return changed ? nmm_xml_to_string(root) : NULL;
}
