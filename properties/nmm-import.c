/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Treats files as hostile: bounds their size before reading, parses XML with core's parser only,
 * and runs the service's own check on the result. Looks nothing up on this host, changes nothing.
 */

#include "config.h"

#include "nmm-import.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "nmm-decode.h"
#include "nmm-error.h"
#include "nmm-guest.h"
#include "nmm-import-network.h"
#include "nmm-names.h"
#include "nmm-network.h"
#include "nmm-profile-reader.h"
#include "nmm-text.h"
#include "nmm-xml.h"

#define MAX_BYTES NMM_XML_MAX_BYTES

/* libvirt's default network, which does not forward through macvtap. */
#define LIBVIRT_NETWORK "default"

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

/* The element of the user's file that each key comes from, for error messages. */
static const struct {
    const char *key;
    const char *element;
} elements[] = {
    {NMM_KEY_NETWORK, "<name>"},
    {NMM_KEY_ADDRESS, "<ip>"},
    {NMM_KEY_ADDRESS6, "<ip family='ipv6'>"},
    {NMM_KEY_DHCP_RANGE, "<ip><dhcp><range>"},
    {NMM_KEY_GUESTS, "<name>"},
    {NMM_KEY_PARENT, "<interface><source dev='…'>"},
};

static void
add_to_table(const char *key, const char *value, gpointer data)
{
    g_hash_table_insert(data, g_strdup(key), g_strdup(value));
}

/* The service's check, in the words of the file. */
static gboolean
check_elements(NMSettingVpn *vpn, GError **error)
{
    g_autoptr(GHashTable) data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const NmmKeyInfo *key = NULL;

    nm_setting_vpn_foreach_data_item(vpn, add_to_table, data);
    if (nmm_profile_check(data, NULL, &key, error))
        return TRUE;
    for (gsize i = 0; key && i < G_N_ELEMENTS(elements); i++) {
        if (g_str_equal(elements[i].key, key->name))
            g_prefix_error(error, "%s: ", elements[i].element);
    }
    return FALSE;
}

static NMConnection *
check_connection(NMConnection *connection, const char *const *allowed_uris, GError **error)
{
    g_autoptr(NMConnection) owned = connection;
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(connection, allowed_uris, error);

    return profile && verify_connection(connection, error) ? g_steal_pointer(&owned) : NULL;
}

static NMConnection *
import_network(const char *text, GError **error)
{
    g_autoptr(NMSettingVpn) vpn = NM_SETTING_VPN(nm_setting_vpn_new());
    g_autoptr(NmmNetwork) network = nmm_import_network(text, vpn, error);

    return network && check_elements(vpn, error)
               ? new_connection(network->name, network->zone, g_steal_pointer(&vpn))
               : NULL;
}

/* Whether the guest is on a network that may forward through macvtap. The file does not have the
 * definition of the network. The profile needs no parent. */
static gboolean
may_have_macvtap(const NmmGuest *guest)
{
    for (guint i = 0; i < guest->config->nics->len; i++) {
        const NmmNic *nic = guest->config->nics->pdata[i];

        if (nic->network && !g_str_equal(nic->network, LIBVIRT_NETWORK))
            return TRUE;
    }
    return FALSE;
}

static gboolean
set_no_macvtap_error(const NmmGuest *guest, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(guest->name);

    return nmm_fail(error,
                    NMM_ERROR_CONFLICT,
                    _("guest '%s' has no macvtap interface (<interface type='direct'>)"),
                    shown);
}

/* @nic: (nullable) */
static NMSettingVpn *
new_domain_vpn(const NmmGuest *guest, const NmmNic *nic)
{
    const char *const names[] = {guest->name, NULL};
    g_autofree char *guests = nmm_guest_list_join(names);
    NMSettingVpn *vpn = NM_SETTING_VPN(nm_setting_vpn_new());

    nm_setting_vpn_add_data_item(vpn, NMM_KEY_MODE, nmm_mode_to_string(NMM_MODE_ISOLATED));
    nm_setting_vpn_add_data_item(vpn, NMM_KEY_GUESTS, guests);
    if (nic && nic->lower)
        nm_setting_vpn_add_data_item(vpn, NMM_KEY_PARENT, nic->lower);
    return vpn;
}

static NMConnection *
import_domain(const char *text, GError **error)
{
    g_autoptr(NmmGuest) guest = nmm_guest_new_from_definition(text, error);
    g_autoptr(GPtrArray) no_networks = g_ptr_array_new();
    g_autoptr(NMSettingVpn) vpn = NULL;
    const NmmNic *nic;

    if (!guest)
        return NULL;
    nic = nmm_guest_state_find_macvtap(guest->config, NULL, no_networks);
    if (!nic && !may_have_macvtap(guest)) {
        set_no_macvtap_error(guest, error);
        return NULL;
    }
    vpn = new_domain_vpn(guest, nic);
    if (!check_elements(vpn, error))
        return NULL;
    return new_connection(guest->name, NULL, g_steal_pointer(&vpn));
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

/* Compares the text as it is: unescaping reports errors. */
static gboolean
has_raw_value(GKeyFile *keyfile, const char *group, const char *key, const char *value)
{
    g_autofree char *found = g_key_file_get_value(keyfile, group, key, NULL);

    return g_strcmp0(found, value) == 0;
}

static gboolean
is_our_keyfile(GKeyFile *keyfile)
{
    return has_raw_value(keyfile,
                         NM_SETTING_CONNECTION_SETTING_NAME,
                         NM_SETTING_CONNECTION_TYPE,
                         NM_SETTING_VPN_SETTING_NAME) &&
           has_raw_value(
               keyfile, NM_SETTING_VPN_SETTING_NAME, NM_SETTING_VPN_SERVICE_TYPE, NMM_DBUS_SERVICE);
}

/* Only lists escape their separator. */
static gboolean
has_bad_escape(const char *group, const char *value)
{
    const char *escapes = g_str_equal(group, NM_SETTING_VPN_SETTING_NAME) ? "sntr\\" : "sntr\\;";

    while ((value = strchr(value, '\\'))) {
        if (value[1] == '\0' || !strchr(escapes, value[1]))
            return TRUE;
        value += 2;
    }
    return FALSE;
}

/* For such a value, some versions of GLib report two errors; others accept it, and libnm drops the
 * key. */
static gboolean
check_escapes_in_group(GKeyFile *keyfile, const char *group, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(keyfile, group, NULL, NULL);

    for (char **key = keys; key && *key; key++) {
        g_autofree char *value = g_key_file_get_value(keyfile, group, *key, NULL);
        g_autofree char *shown_group = nmm_text_to_display(group);
        g_autofree char *shown_key = nmm_text_to_display(*key);
        g_autofree char *shown_value = value ? nmm_text_to_display(value) : NULL;

        if (value && has_bad_escape(group, value))
            return nmm_fail(error,
                            NMM_ERROR_BAD_PROFILE,
                            _("key '%s' in group [%s]: '%s' has an invalid escape sequence; "
                              "write '\\\\' for a backslash"),
                            shown_key,
                            shown_group,
                            shown_value);
    }
    return TRUE;
}

static gboolean
check_escapes(GKeyFile *keyfile, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(keyfile, NULL);

    for (char **group = groups; *group; group++) {
        if (!check_escapes_in_group(keyfile, *group, error))
            return FALSE;
    }
    return TRUE;
}

static NMConnection *
import_keyfile(const char *text, GError **error)
{
    g_autoptr(GKeyFile) keyfile = g_key_file_new();
    NMConnection *connection;
    g_autoptr(GError) local = NULL;

    if (!g_key_file_load_from_data(keyfile, text, (gsize)-1, G_KEY_FILE_NONE, NULL) ||
        !is_our_keyfile(keyfile)) {
        set_unknown_error(error);
        return NULL;
    }
    if (!check_escapes(keyfile, error))
        return NULL;
    /* The directory is used for paths of certificates only. */
    connection = nm_keyfile_read(
        keyfile, "/", NM_KEYFILE_HANDLER_FLAGS_NONE, refuse_warning_cb, NULL, &local);
    if (!connection)
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE, local->message);
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

/* (transfer full) (nullable): the text of the child @name of the root. */
static char *
unwrap(const char *text, const char *root, const char *name, GError **error)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse(text, root, error);
    xmlNode *child = doc ? nmm_xml_child(xmlDocGetRootElement(doc), name) : NULL;

    if (child)
        return nmm_xml_to_string(child);
    if (doc)
        nmm_fail(error, NMM_ERROR_BAD_XML, _("element <%s> has no <%s>"), root, name);
    return NULL;
}

/* In the last rows, libvirt's own files in /run/libvirt. */
static const struct {
    const char *root;
    const char *inner; /* (nullable): the element to read instead */
    NMConnection *(*import)(const char *text, GError **error);
} kinds[] = {
    {"network", NULL, import_network},
    {"domain", NULL, import_domain},
    {"networkstatus", "network", import_network},
    {"domstatus", "domain", import_domain},
};

static NMConnection *
import_xml(const char *text, const char *root, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(root);
    g_autofree char *inner = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!g_str_equal(kinds[i].root, root))
            continue;
        if (!kinds[i].inner)
            return kinds[i].import(text, error);
        inner = unwrap(text, root, kinds[i].inner, error);
        return inner ? kinds[i].import(inner, error) : NULL;
    }
    nmm_fail(error,
             NMM_ERROR_BAD_XML,
             _("the file is neither the XML of a libvirt network or domain nor an exported profile "
               "of type macvtap; its first element is <%s>"),
             shown);
    return NULL;
}

NMConnection *
nmm_import_text(const char *bytes, gsize length, const char *const *allowed_uris, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *text = nmm_decode_text(bytes, length, &local);
    g_autofree char *root = text ? find_root(text) : NULL;
    NMConnection *connection = NULL;

    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    else if (!text || (root && !g_ascii_isalpha(*root)))
        set_unknown_error(error);
    else if (root)
        connection = import_xml(text, root, error);
    else
        connection = import_keyfile(text, error);
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
