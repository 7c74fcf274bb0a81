/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a file is and what profile it stands for. Files are taken for hostile: their size is
 * bounded before they are read, XML goes through core's parser alone, and what comes out has passed
 * the check that the service makes. Nothing is looked up on this host and nothing is changed.
 */

#include "config.h"

#include "nmm-import.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-guest.h"
#include "nmm-import-network.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-xml.h"

#define MAX_BYTES NMM_XML_MAX_BYTES

static void
set_alien_error(GError **error)
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

/* NetworkManager's own view of it, as it will be stored: with a UUID. */
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

/* What comes out is what NetworkManager and the service take, or nothing does. */
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
        g_set_error(error,
                    NMM_ERROR,
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
        set_alien_error(error);
        return NULL;
    }
    /* The directory only serves paths of certificates, which no profile of ours has. */
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

/* The name of the first element, after the comments that virsh edit leaves at the top. Only says
 * which reader the document is for; that it is well-formed is the reader's business. */
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

/**
 * nmm_import_text:
 * @text: the file's contents, terminated by a zero byte
 * @length: in bytes
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones
 * @error: return location: %NMM_ERROR_BAD_XML for what is malformed or something else
 *   altogether, %NMM_ERROR_CONFLICT for a network or guest that no profile can serve,
 *   %NMM_ERROR_BAD_PROFILE for a profile that the service would refuse
 *
 * Returns: (transfer full) (nullable): the profile; only an exported one has a UUID
 */
NMConnection *
nmm_import_text(const char *text, gsize length, const char *const *allowed_uris, GError **error)
{
    g_autofree char *root = NULL;
    NMConnection *connection;

    if (!g_utf8_validate(text, (gssize)length, NULL)) {
        set_alien_error(error);
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
        set_alien_error(error);
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
    /* Opening a pipe would wait for a writer, on the window's own thread. */
    if (g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR) {
        g_set_error(error, NMM_ERROR, NMM_ERROR_BAD_XML, _("'%s' is not a regular file"), path);
        return NULL;
    }
    return G_INPUT_STREAM(g_file_read(file, NULL, error));
}

/**
 * nmm_import_file:
 * @path: a file name
 * @allowed_uris: (nullable): as in nmm_import_text()
 * @error: return location: as in nmm_import_text(), and #GIOErrorEnum where the file cannot
 *   be read
 *
 * Reads 4 MiB at most.
 *
 * Returns: (transfer full) (nullable): the profile
 */
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
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_XML,
                    _("the file is larger than %d MiB"),
                    MAX_BYTES / (1024 * 1024));
        return NULL;
    }
    text[length] = '\0';
    return nmm_import_text(text, length, allowed_uris, error);
}
