/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-stored-profiles.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "nmm-error.h"
#include "nmm-profile-reader.h"

#define DIRECTORY "/NetworkManager/system-connections"
#define IN_MEMORY ("/run" DIRECTORY)

static const char *const directories[] = {
    IN_MEMORY,
    (NMM_SYSCONFDIR DIRECTORY),
    ("/usr/lib" DIRECTORY),
};

static void
stored_profile_free(gpointer data)
{
    NmmStoredProfile *stored = data;

    g_object_unref(stored->connection);
    g_free(stored->path);
    g_free(stored);
}

/* A file that a user wrote may lack both. NetworkManager then derives a UUID from the path. */
static void
add_missing(NMSettingConnection *setting, const char *file_name)
{
    g_autofree char *uuid = nm_utils_uuid_generate();

    if (!nm_setting_connection_get_id(setting))
        g_object_set(setting, NM_SETTING_CONNECTION_ID, file_name, NULL);
    if (!nm_setting_connection_get_uuid(setting))
        g_object_set(setting, NM_SETTING_CONNECTION_UUID, uuid, NULL);
}

/* (nullable) (transfer full): NULL also for a profile of another type. */
static NmmStoredProfile *
read_file(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(NMConnection) connection = NULL;
    NmmStoredProfile *stored;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return NULL;
    connection = nm_keyfile_read(file, directory, NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, NULL);
    if (!connection || !nmm_profile_reader_is_macvtap(connection))
        return NULL;
    add_missing(nm_connection_get_setting_connection(connection), name);
    stored = g_new0(NmmStoredProfile, 1);
    stored->connection = g_steal_pointer(&connection);
    stored->path = g_steal_pointer(&path);
    stored->in_memory = g_str_equal(directory, IN_MEMORY);
    return stored;
}

static void
read_directory(GPtrArray *profiles, const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        NmmStoredProfile *stored = read_file(directory, name);

        if (stored)
            g_ptr_array_add(profiles, stored);
    }
}

GPtrArray *
nmm_stored_profiles_read(void)
{
    GPtrArray *profiles = g_ptr_array_new_with_free_func(stored_profile_free);

    for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
        read_directory(profiles, directories[i]);
    return profiles;
}

gboolean
nmm_stored_profiles_delete_in_memory(const char *uuid, GError **error)
{
    g_autoptr(GPtrArray) profiles = g_ptr_array_new_with_free_func(stored_profile_free);

    read_directory(profiles, IN_MEMORY);
    for (guint i = 0; i < profiles->len; i++) {
        const NmmStoredProfile *stored = g_ptr_array_index(profiles, i);

        if (g_str_equal(nm_connection_get_uuid(stored->connection), uuid) &&
            g_unlink(stored->path) < 0 && errno != ENOENT)
            return nmm_fail(error,
                            NMM_ERROR_FAILED,
                            _("cannot remove '%s': %s"),
                            stored->path,
                            g_strerror(errno));
    }
    return TRUE;
}
