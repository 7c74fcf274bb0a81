/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a profile as text. A profile that the service would refuse is not exported, so that an
 * exported file is never one that import refuses. The network's definition comes from core: it is
 * the one that the service would make.
 */

#include "config.h"

#include "nmm-export.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-network.h"
#include "nmm-profile-reader.h"
#include "nmm-subnet.h"

/**
 * nmm_export_keyfile:
 * @connection: a profile of ours
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones
 * @error: return location: %NMM_ERROR_BAD_PROFILE
 *
 * Returns: (transfer full) (nullable): the whole profile, as NetworkManager itself stores it
 */
char *
nmm_export_keyfile(NMConnection *connection, const char *const *allowed_uris, GError **error)
{
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(connection, allowed_uris, error);
    g_autoptr(NMConnection) copy = NULL;
    g_autoptr(GKeyFile) keyfile = NULL;

    if (!profile)
        return NULL;
    copy = nm_simple_connection_new_clone(connection);
    if (!nm_connection_normalize(copy, NULL, NULL, error))
        return NULL;
    keyfile = nm_keyfile_write(copy, NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, error);
    return keyfile ? g_key_file_to_data(keyfile, NULL, NULL) : NULL;
}

/* The address that the service would try first where the profile leaves the choice. */
static gboolean
choose_addresses(const NmmProfile *profile,
                 const char *host_id,
                 NmmCidr *out_address,
                 NmmCidr *out_address6,
                 GError **error)
{
    g_autoptr(GPtrArray) nothing_used = g_ptr_array_new();

    if (profile->has_address)
        *out_address = profile->address;
    else if (!nmm_subnet_choose(nothing_used, out_address, error))
        return FALSE;
    if (profile->dhcp_type == NMM_DHCP_GIVEN &&
        !nmm_range_check(&profile->dhcp_range, out_address, error)) {
        g_prefix_error(error, _("key '%s': "), NMM_KEY_DHCP_RANGE);
        return FALSE;
    }

    if (profile->address6_type == NMM_ADDRESS6_AUTO)
        nmm_identity_ula(host_id, profile->network, out_address6);
    else
        *out_address6 = profile->address6;
    return TRUE;
}

/**
 * nmm_export_network:
 * @connection: a profile of ours
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones
 * @host_id: this host's machine id, for address6=auto
 * @error: return location: %NMM_ERROR_BAD_PROFILE, also where the profile's mode has no
 *   network, and where its DHCP range is not in the subnet that an unset address would get
 *
 * Returns: (transfer full) (nullable): a libvirt <network>
 */
char *
nmm_export_network(NMConnection *connection,
                   const char *const *allowed_uris,
                   const char *host_id,
                   GError **error)
{
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(connection, allowed_uris, error);
    NmmCidr address, address6;

    if (!profile)
        return NULL;
    if (!nmm_mode_get_info(profile->mode)->has_network) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("a profile of mode '%s' has no libvirt network: choose a file name that does "
                      "not end in '.xml' to export the profile itself"),
                    nmm_mode_to_string(profile->mode));
        return NULL;
    }
    if (!choose_addresses(profile, host_id, &address, &address6, error))
        return NULL;
    return nmm_network_build_xml(
        profile, &address, profile->address6_type == NMM_ADDRESS6_NONE ? NULL : &address6);
}

static gboolean
is_xml_path(const char *path)
{
    gsize length = strlen(path);

    return length > 4 && g_ascii_strcasecmp(path + length - 4, ".xml") == 0;
}

/**
 * nmm_export_file:
 * @connection: a profile of ours
 * @path: the file to write; a name that ends in ".xml" asks for the network's definition
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones
 * @host_id: this host's machine id
 * @error: return location: as for the two formats, and #GIOErrorEnum where it cannot be written
 *
 * Returns: whether the file is written
 */
gboolean
nmm_export_file(NMConnection *connection,
                const char *path,
                const char *const *allowed_uris,
                const char *host_id,
                GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autofree char *text = is_xml_path(path)
                                ? nmm_export_network(connection, allowed_uris, host_id, error)
                                : nmm_export_keyfile(connection, allowed_uris, error);

    /* GIO refuses what is not a regular file instead of putting one in its place. */
    return text &&
           g_file_replace_contents(
               file, text, strlen(text), NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL, error);
}

/**
 * nmm_export_suggest_filename:
 * @connection: a profile
 *
 * Returns: (transfer full): its name with NetworkManager's own ending, and nothing in it that
 *   names another directory
 */
char *
nmm_export_suggest_filename(NMConnection *connection)
{
    const char *id = nm_connection_get_id(connection);
    g_autofree char *base = g_strdup(id && *id ? id : "macvtap");

    return g_strdup_printf("%s.nmconnection", g_strdelimit(base, G_DIR_SEPARATOR_S, '_'));
}
