/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-network.h"

#include <string.h>
#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-text.h"
#include "nmm-xml.h"

static gboolean
set_bad_xml(GError **error, const char *message)
{
    g_set_error_literal(error, NMM_ERROR, NMM_ERROR_BAD_XML, message);
    return FALSE;
}

/* Keeps the message of @cause, which repeats @text, but not its code, because the document is bad.
 */
static gboolean
propagate_bad_xml(GError **error, GError *cause, const char *text)
{
    set_bad_xml(error, cause->message);
    g_error_free(cause);
    return nmm_fail_shown(error, text);
}

/* libvirt's prefix for an element with neither prefix nor netmask: by class, and 0 for the
 * unspecified address, because a default route is written so. */
static guint
default_prefix(const NmmCidr *address)
{
    static const guint8 unspecified[sizeof(address->bytes)];
    gsize length = address->family == G_SOCKET_FAMILY_IPV6 ? 16 : 4;

    if (memcmp(address->bytes, unspecified, length) == 0)
        return 0;
    if (address->family == G_SOCKET_FAMILY_IPV6)
        return 64;
    if (address->bytes[0] < 128)
        return 8;
    if (address->bytes[0] < 192)
        return 16;
    return 24;
}

static gboolean
netmask_to_prefix(const char *netmask, guint *out_prefix, GError **error)
{
    NmmCidr mask;
    guint32 bits;
    guint prefix = 0;
    GError *cause = NULL;

    if (!nmm_cidr_init(&mask, netmask, 0, &cause))
        return propagate_bad_xml(error, cause, netmask);

    bits = (guint32)mask.bytes[0] << 24 | (guint32)mask.bytes[1] << 16 |
           (guint32)mask.bytes[2] << 8 | mask.bytes[3];
    while (prefix < 32 && bits & 0x80000000u >> prefix)
        prefix++;
    if (mask.family != G_SOCKET_FAMILY_IPV4 || (prefix < 32 && bits << prefix)) {
        g_autofree char *shown = nmm_text_to_display(netmask);

        return nmm_fail(error, NMM_ERROR_BAD_XML, _("'%s' is not a netmask"), shown);
    }
    *out_prefix = prefix;
    return TRUE;
}

/* libvirt reads numbers with strtoul(). */
static const char *
skip_sign(const char *number)
{
    while (g_ascii_isspace(*number))
        number++;
    return *number == '+' && g_ascii_isdigit(number[1]) ? number + 1 : number;
}

static gboolean
read_prefix(xmlNode *node, const NmmCidr *address, guint *out_prefix, GError **error)
{
    g_autofree char *prefix = nmm_xml_attr(node, "prefix");
    const char *digits = prefix ? skip_sign(prefix) : NULL;
    g_autofree char *netmask = nmm_xml_attr(node, "netmask");
    guint64 number;

    if (prefix) {
        if (!g_ascii_string_to_unsigned(digits, 10, 0, 128, &number, NULL)) {
            g_autofree char *shown = nmm_text_to_display(prefix);

            return nmm_fail(error,
                            NMM_ERROR_BAD_XML,
                            _("'%s' is not a prefix length; use a number up to 128"),
                            shown);
        }
        *out_prefix = (guint)number;
        return TRUE;
    }
    if (netmask)
        return netmask_to_prefix(netmask, out_prefix, error);
    *out_prefix = default_prefix(address);
    return TRUE;
}

/* An <ip> or <route>: address and prefix or netmask in attributes. */
static gboolean
read_cidr(xmlNode *node, NmmCidr *out, GError **error)
{
    g_autofree char *address = nmm_xml_attr(node, "address");
    GError *cause = NULL;
    guint prefix = 0;

    if (!address)
        return set_bad_xml(error, _("an <ip> or <route> element has no attribute 'address'"));
    if (!nmm_cidr_init(out, address, 0, &cause))
        return propagate_bad_xml(error, cause, address);
    if (!read_prefix(node, out, &prefix, error))
        return FALSE;
    if (!nmm_cidr_init(out, address, prefix, &cause))
        return propagate_bad_xml(error, cause, address);
    return TRUE;
}

static gboolean
read_ranges(NmmNetwork *network, xmlNode *ip, GError **error)
{
    xmlNode *range = nmm_xml_child(nmm_xml_child(ip, "dhcp"), "range");

    for (; range; range = nmm_xml_next(range)) {
        g_autofree char *start = nmm_xml_attr(range, "start");
        g_autofree char *end = nmm_xml_attr(range, "end");
        g_autofree char *text = g_strdup_printf("%s-%s", start ? start : "", end ? end : "");
        NmmRange value;
        GError *cause = NULL;

        if (!nmm_range_parse(text, &value, &cause))
            return propagate_bad_xml(error, cause, text);
        g_array_append_val(network->ranges, value);
    }
    return TRUE;
}

static gboolean
read_addresses(NmmNetwork *network, xmlNode *root, GError **error)
{
    xmlNode *node;
    NmmCidr cidr;

    for (node = nmm_xml_child(root, "ip"); node; node = nmm_xml_next(node)) {
        if (!read_cidr(node, &cidr, error))
            return FALSE;
        g_array_append_val(network->addresses, cidr);
        if (cidr.family == G_SOCKET_FAMILY_IPV4 && !read_ranges(network, node, error))
            return FALSE;
    }
    for (node = nmm_xml_child(root, "route"); node; node = nmm_xml_next(node)) {
        if (!read_cidr(node, &cidr, error))
            return FALSE;
        g_array_append_val(network->routes, cidr);
    }
    return TRUE;
}

static void
add_lower(GStrvBuilder *lower, GHashTable *seen, xmlNode *node)
{
    char *dev = nmm_xml_attr(node, "dev");

    if (!dev)
        return;
    if (!g_hash_table_contains(seen, dev))
        g_strv_builder_add(lower, dev);
    g_hash_table_add(seen, dev);
}

/* libvirt repeats the first device as an attribute of <forward>, or has it only there. */
static char **
read_lower(xmlNode *forward)
{
    static const char *const elements[] = {"interface", "pf"};
    g_autoptr(GStrvBuilder) lower = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    add_lower(lower, seen, forward);
    for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
        xmlNode *node = nmm_xml_child(forward, elements[i]);

        for (; node; node = nmm_xml_next(node))
            add_lower(lower, seen, node);
    }
    return g_strv_builder_end(lower);
}

/* Returns: (transfer full) (nullable): NULL for an isolated network; NAT is libvirt's default. */
static char *
read_forward_mode(xmlNode *forward)
{
    g_autofree char *mode = nmm_xml_attr(forward, "mode");

    if (!forward || g_strcmp0(mode, "none") == 0)
        return NULL;
    return mode ? g_steal_pointer(&mode) : g_strdup("nat");
}

static char *
read_owner(xmlNode *root)
{
    xmlNode *metadata = nmm_xml_child(root, "metadata");

    for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && node->ns &&
            g_strcmp0((const char *)node->ns->href, NMM_METADATA_NS) == 0)
            return nmm_xml_attr(node, "uuid");
    }
    return NULL;
}

static gboolean
has_hosts(xmlNode *root)
{
    for (xmlNode *ip = nmm_xml_child(root, "ip"); ip; ip = nmm_xml_next(ip)) {
        if (nmm_xml_child(nmm_xml_child(ip, "dhcp"), "host"))
            return TRUE;
    }
    return FALSE;
}

static gboolean
read_network(NmmNetwork *network, xmlNode *root, GError **error)
{
    static const char *const macvtap_modes[] = {"bridge", "private", "vepa", "passthrough", NULL};
    xmlNode *bridge = nmm_xml_child(root, "bridge");
    xmlNode *forward = nmm_xml_child(root, "forward");

    network->name = nmm_xml_text(nmm_xml_child(root, "name"));
    if (!network->name || !*network->name)
        return set_bad_xml(error, _("the network's definition has no name"));
    network->uuid = nmm_xml_text(nmm_xml_child(root, "uuid"));
    network->bridge = nmm_xml_attr(bridge, "name");
    network->zone = nmm_xml_attr(bridge, "zone");
    network->mac = nmm_xml_attr(nmm_xml_child(root, "mac"), "address");
    network->forward_mode = read_forward_mode(forward);
    network->lower = read_lower(forward);
    network->macvtap = network->forward_mode && !network->bridge &&
                       g_strv_contains(macvtap_modes, network->forward_mode);
    network->owner_uuid = read_owner(root);
    network->has_hosts = has_hosts(root);
    if (!read_addresses(network, root, error)) {
        g_autofree char *shown = nmm_text_to_display(network->name);

        g_prefix_error(error, _("network '%s': "), shown);
        return FALSE;
    }
    return TRUE;
}

NmmNetwork *
nmm_network_new_from_xml(const char *xml,
                         gboolean active,
                         gboolean autostart,
                         gboolean persistent,
                         GError **error)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse(xml, "network", error);
    g_autoptr(NmmNetwork) network = NULL;

    if (!doc)
        return NULL;

    network = g_new0(NmmNetwork, 1);
    network->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    network->routes = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    network->ranges = g_array_new(FALSE, FALSE, sizeof(NmmRange));
    network->xml = g_strdup(xml);
    network->active = active;
    network->autostart = autostart;
    network->persistent = persistent;
    if (!read_network(network, xmlDocGetRootElement(doc), error))
        return NULL;
    return g_steal_pointer(&network);
}

void
nmm_network_free(NmmNetwork *network)
{
    g_free(network->uuid);
    g_free(network->name);
    g_free(network->bridge);
    g_free(network->zone);
    g_free(network->mac);
    g_free(network->forward_mode);
    g_strfreev(network->lower);
    g_strfreev(network->lower_names);
    g_array_unref(network->addresses);
    g_array_unref(network->routes);
    g_array_unref(network->ranges);
    g_free(network->owner_uuid);
    g_free(network->xml);
    g_free(network);
}

const NmmCidr *
nmm_network_get_address(const NmmNetwork *network, GSocketFamily family)
{
    for (guint i = 0; i < network->addresses->len; i++) {
        const NmmCidr *cidr = &g_array_index(network->addresses, NmmCidr, i);

        if (cidr->family == family)
            return cidr;
    }
    return NULL;
}

gboolean
nmm_network_has_address(const NmmNetwork *network, const NmmCidr *address)
{
    for (guint i = 0; i < network->addresses->len; i++) {
        if (nmm_cidr_equal(&g_array_index(network->addresses, NmmCidr, i), address))
            return TRUE;
    }
    return FALSE;
}

NmmNetwork *
nmm_network_find(GPtrArray *networks, const char *name)
{
    for (guint i = 0; i < networks->len; i++) {
        NmmNetwork *network = g_ptr_array_index(networks, i);

        if (g_strcmp0(network->name, name) == 0)
            return network;
    }
    return NULL;
}

void
nmm_lease_free(NmmLease *lease)
{
    if (!lease)
        return;
    g_free(lease->mac);
    g_free(lease->address);
    g_free(lease->hostname);
    g_free(lease);
}
