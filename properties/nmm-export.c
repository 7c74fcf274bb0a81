/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refuses a profile that the service would refuse, so that import accepts every exported file. */

#include "config.h"

#include "nmm-export.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-plan.h"
#include "nmm-profile-reader.h"
#include "nmm-subnet.h"

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

/* The network that the service would define if no subnet is in use. */
static char *
build_network(const NmmProfile *profile, const char *host_id, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    const NmmObserved observed = {
        .guests = none,
        .networks = none,
        .used = none,
        .host_id = host_id,
    };
    g_autoptr(NmmPlan) plan = nmm_plan_isolated(profile, NMM_PURPOSE_UP, &observed, error);
    const NmmEdit *define = plan ? plan->edits->pdata[0] : NULL;

    return define ? g_strdup(define->xml) : NULL;
}

char *
nmm_export_network(NMConnection *connection,
                   const char *const *allowed_uris,
                   const char *host_id,
                   GError **error)
{
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(connection, allowed_uris, error);

    if (!profile)
        return NULL;
    if (!nmm_mode_get_info(profile->mode)->has_network) {
        nmm_fail(error,
                 NMM_ERROR_BAD_PROFILE,
                 _("a profile of mode '%s' has no libvirt network: choose a file name that does "
                   "not end in '.xml' to export the profile itself"),
                 nmm_mode_to_string(profile->mode));
        return NULL;
    }
    return build_network(profile, host_id, error);
}

static gboolean
is_xml_path(const char *path)
{
    gsize length = strlen(path);

    return length > 4 && g_ascii_strcasecmp(path + length - 4, ".xml") == 0;
}

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

    /* GIO refuses to replace anything but a regular file. */
    return text &&
           g_file_replace_contents(
               file, text, strlen(text), NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL, error);
}

char *
nmm_export_suggest_filename(NMConnection *connection)
{
    const char *id = nm_connection_get_id(connection);
    g_autofree char *base = g_strdup(id && *id ? id : "macvtap");

    return g_strdup_printf("%s.nmconnection", g_strdelimit(base, G_DIR_SEPARATOR_S, '_'));
}
