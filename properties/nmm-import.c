/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Treats files as hostile: bounds their size before reading, parses XML with core's parser only,
 * and runs the service's own check on the result. Looks nothing up on this host, changes nothing.
 *
 * A network whose definition has something that guests would miss (a fixed address, a DNS server, a
 * route, a limit) or that this file does not know is refused and named, because the service would
 * define the network from the profile alone. What guests do not notice is left out; the manual
 * lists it.
 */

#include "config.h"

#include "nmm-import.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-guest.h"
#include "nmm-names.h"
#include "nmm-network.h"
#include "nmm-profile-reader.h"
#include "nmm-xml.h"

#define MAX_BYTES NMM_XML_MAX_BYTES

static void
set_unknown_error(GError **error)
{
    g_set_error_literal(
        error,
        NMM_ERROR,
        NMM_ERROR_BAD_XML,
        _("the file is neither the XML of a libvirt network or domain nor an exported "
          "profile of type macvtap"));
}

/* @vpn: (transfer full) */
static NMConnection *
new_connection(const char *id, const char *zone, NMSettingVpn *vpn)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();

    g_object_set(base,
                 NM_SETTING_CONNECTION_ID,
                 id,
                 NM_SETTING_CONNECTION_TYPE,
                 NM_SETTING_VPN_SETTING_NAME,
                 NM_SETTING_CONNECTION_ZONE,
                 zone,
                 NM_SETTING_CONNECTION_AUTOCONNECT,
                 FALSE,
                 NULL);
    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, NMM_DBUS_SERVICE, NULL);
    nm_connection_add_setting(connection, base);
    nm_connection_add_setting(connection, NM_SETTING(vpn));
    return connection;
}

/* As NetworkManager will store it, with a UUID. */
static gboolean
verify_connection(NMConnection *connection, GError **error)
{
    g_autoptr(NMConnection) stored = nm_simple_connection_new_clone(connection);
    NMSettingConnection *base = nm_connection_get_setting_connection(stored);
    g_autofree char *uuid = nm_utils_uuid_generate();
    g_autoptr(GError) local = NULL;

    if (!nm_setting_connection_get_uuid(base))
        g_object_set(base, NM_SETTING_CONNECTION_UUID, uuid, NULL);
    if (nm_connection_normalize(stored, NULL, NULL, &local))
        return TRUE;
    g_set_error_literal(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE, local->message);
    return FALSE;
}

static NMConnection *
check_connection(NMConnection *connection, const char *const *allowed_uris, GError **error)
{
    g_autoptr(NMConnection) owned = connection;
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(connection, allowed_uris, error);

    return profile && verify_connection(connection, error) ? g_steal_pointer(&owned) : NULL;
}

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

/* A network that the service defines has no DNS server. Without <dns>, guests are assumed not to
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

    if (excess)
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("network '%s' has %s, which a profile cannot express: define the network "
                          "with virsh and make a profile that only names it"),
                        network->name,
                        excess);
    if (network->ranges->len > 1 || has_two_addresses(network))
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("network '%s' has more than one %s, but a profile can have only one: "
                          "define the network with virsh and make a profile that only names it"),
                        network->name,
                        network->ranges->len > 1 ? "<range>" : "<ip>");
    return TRUE;
}

static gboolean
check_network(const NmmNetwork *network, xmlNode *root, GError **error)
{
    if (network->forward_mode)
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("network '%s' is not isolated: it forwards traffic (mode '%s'), which would give "
              "guests a second way out; use a network without <forward>"),
            network->name,
            network->forward_mode);
    if (!nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4))
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("network '%s' has no IPv4 address for the host; add an <ip> element with one"),
            network->name);
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

static void
add_range(NMSettingVpn *vpn, const NmmNetwork *network)
{
    g_autofree char *text = NULL;

    if (network->ranges->len > 0)
        text = nmm_range_to_string(&g_array_index(network->ranges, NmmRange, 0));
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_DHCP_RANGE, text ?: "none");
}

/* (nullable): the network, for its name and zone; fills @vpn. */
static NmmNetwork *
read_network(const char *text, NMSettingVpn *vpn, GError **error)
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

static NMConnection *
import_network(const char *text, GError **error)
{
    g_autoptr(NMSettingVpn) vpn = NM_SETTING_VPN(nm_setting_vpn_new());
    g_autoptr(NmmNetwork) network = read_network(text, vpn, error);

    return network ? new_connection(network->name, network->zone, g_steal_pointer(&vpn)) : NULL;
}

static NMConnection *
import_domain(const char *text, GError **error)
{
    g_autoptr(NmmGuest) guest = nmm_guest_new_from_xml(text, NULL, error);
    g_autoptr(GPtrArray) no_networks = g_ptr_array_new();
    const char *names[] = {NULL, NULL};
    g_autofree char *guests = NULL;
    const NmmNic *nic;
    NMSettingVpn *vpn;

    if (!guest)
        return NULL;
    nic = nmm_guest_state_find_macvtap(guest->config, NULL, no_networks);
    if (!nic) {
        nmm_fail(error,
                 NMM_ERROR_CONFLICT,
                 _("guest '%s' has no macvtap interface (<interface type='direct'>)"),
                 guest->name);
        return NULL;
    }

    names[0] = guest->name;
    guests = nmm_guest_list_join(names);
    vpn = NM_SETTING_VPN(nm_setting_vpn_new());
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_MODE, nmm_mode_to_string(NMM_MODE_ISOLATED));
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_GUESTS, guests);
    if (nic->lower)
        nm_setting_vpn_add_data_item(vpn, NMM_KEY_PARENT, nic->lower);
    return new_connection(guest->name, NULL, vpn);
}

static gboolean
refuse_warning_cb(GKeyFile *keyfile,
                  NMConnection *connection,
                  NMKeyfileHandlerType handler_type,
                  NMKeyfileHandlerData *handler_data,
                  void *user_data)
{
    const char *message = NULL;
    NMKeyfileWarnSeverity severity = NM_KEYFILE_WARN_SEVERITY_DEBUG;

    if (handler_type != NM_KEYFILE_HANDLER_TYPE_WARN)
        return FALSE;
    nm_keyfile_handler_data_warn_get(handler_data, &message, &severity);
    if (severity < NM_KEYFILE_WARN_SEVERITY_WARN)
        return FALSE;
    nm_keyfile_handler_data_fail_with_error(
        handler_data, g_error_new_literal(NMM_ERROR, NMM_ERROR_BAD_PROFILE, message));
    return TRUE;
}

static gboolean
is_our_keyfile(GKeyFile *keyfile)
{
    g_autofree char *type = g_key_file_get_string(
        keyfile, NM_SETTING_CONNECTION_SETTING_NAME, NM_SETTING_CONNECTION_TYPE, NULL);
    g_autofree char *service = g_key_file_get_string(
        keyfile, NM_SETTING_VPN_SETTING_NAME, NM_SETTING_VPN_SERVICE_TYPE, NULL);

    return g_strcmp0(type, NM_SETTING_VPN_SETTING_NAME) == 0 &&
           g_strcmp0(service, NMM_DBUS_SERVICE) == 0;
}

static NMConnection *
import_keyfile(const char *text, gsize length, GError **error)
{
    g_autoptr(GKeyFile) keyfile = g_key_file_new();
    NMConnection *connection;
    GError *local = NULL;

    if (!g_key_file_load_from_data(keyfile, text, length, G_KEY_FILE_NONE, NULL) ||
        !is_our_keyfile(keyfile)) {
        set_unknown_error(error);
        return NULL;
    }
    /* The directory is used for paths of certificates only. */
    connection = nm_keyfile_read(
        keyfile, "/", NM_KEYFILE_HANDLER_FLAGS_NONE, refuse_warning_cb, NULL, &local);
    if (!connection) {
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE, local->message);
        g_error_free(local);
    }
    return connection;
}

static const char *
skip_past(const char *text, const char *end_mark)
{
    const char *end = strstr(text, end_mark);

    return end ? end + strlen(end_mark) : text + strlen(text);
}

/* The name of the first element, after the comments that virsh edit leaves at the top. Chooses the
 * reader, which checks that the document is well-formed. */
static char *
find_root(const char *text)
{
    for (;;) {
        text += strspn(text, " \t\r\n");
        if (g_str_has_prefix(text, "<?"))
            text = skip_past(text, "?>");
        else if (g_str_has_prefix(text, "<!--"))
            text = skip_past(text, "-->");
        else
            break;
    }
    return text[0] == '<' ? g_strndup(text + 1, strcspn(text + 1, " \t\r\n/>")) : NULL;
}

NMConnection *
nmm_import_text(const char *text, gsize length, const char *const *allowed_uris, GError **error)
{
    g_autofree char *root = NULL;
    NMConnection *connection;

    if (!g_utf8_validate(text, (gssize)length, NULL)) {
        set_unknown_error(error);
        return NULL;
    }
    if (g_str_has_prefix(text, "\xef\xbb\xbf")) {
        text += 3;
        length -= 3;
    }
    root = find_root(text);
    if (!root)
        connection = import_keyfile(text, length, error);
    else if (g_str_equal(root, "network"))
        connection = import_network(text, error);
    else if (g_str_equal(root, "domain"))
        connection = import_domain(text, error);
    else {
        set_unknown_error(error);
        return NULL;
    }
    return connection ? check_connection(connection, allowed_uris, error) : NULL;
}

static GInputStream *
open_file(GFile *file, const char *path, GError **error)
{
    g_autoptr(GFileInfo) info = g_file_query_info(
        file, G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE, NULL, error);

    if (!info)
        return NULL;
    /* Opening a pipe would block the window's thread until there is a writer. */
    if (g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR) {
        nmm_fail(error, NMM_ERROR_BAD_XML, _("'%s' is not a regular file"), path);
        return NULL;
    }
    return G_INPUT_STREAM(g_file_read(file, NULL, error));
}

NMConnection *
nmm_import_file(const char *path, const char *const *allowed_uris, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GInputStream) stream = open_file(file, path, error);
    g_autofree char *text = NULL;
    gsize length;

    if (!stream)
        return NULL;
    text = g_malloc(MAX_BYTES + 2);
    if (!g_input_stream_read_all(stream, text, MAX_BYTES + 1, &length, NULL, error))
        return NULL;
    if (length > MAX_BYTES) {
        nmm_fail(error,
                 NMM_ERROR_BAD_XML,
                 _("the file is larger than %d MiB"),
                 MAX_BYTES / (1024 * 1024));
        return NULL;
    }
    text[length] = '\0';
    return nmm_import_text(text, length, allowed_uris, error);
}
