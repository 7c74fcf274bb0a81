/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-profile-lock.h"

#include <errno.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-lock.h"
#include "nmm-names.h"

#define GROUP      "lock"
#define KEY_UUID   "uuid"
#define KEY_ID     "id"
#define KEY_ENDING "ending"

struct _NmmProfileLock {
    int fd;
    char *uuid;
    char *id;
};

static void
write_holder(NmmProfileLock *lock, gboolean ending)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize length;

    g_key_file_set_string(file, GROUP, KEY_UUID, lock->uuid);
    g_key_file_set_string(file, GROUP, KEY_ID, lock->id);
    g_key_file_set_boolean(file, GROUP, KEY_ENDING, ending);
    text = g_key_file_to_data(file, &length, NULL);
    if (ftruncate(lock->fd, 0) < 0 || pwrite(lock->fd, text, length, 0) != (gssize)length)
        g_warning("cannot write the profile's name to its lock file: %s", g_strerror(errno));
}

/* (transfer full): empty if the holder is writing the file at this moment. */
static GKeyFile *
read_holder(const char *run_dir, const char *name)
{
    g_autofree char *path = g_build_filename(run_dir, name, NULL);
    GKeyFile *file = g_key_file_new();

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    return file;
}

static void
refuse(const NmmLockKey *key,
       GKeyFile *holder,
       const char *profile_uuid,
       gboolean *out_wait,
       GError **error)
{
    g_autofree char *uuid = g_key_file_get_string(holder, GROUP, KEY_UUID, NULL);
    g_autofree char *id = g_key_file_get_string(holder, GROUP, KEY_ID, NULL);

    *out_wait = !uuid || g_str_equal(uuid, profile_uuid) ||
                g_key_file_get_boolean(holder, GROUP, KEY_ENDING, NULL);
    nmm_lock_key_refuse(key, id, error);
}

NmmProfileLock *
nmm_profile_lock_try(const char *run_dir,
                     const NmmLockKey *key,
                     const char *profile_uuid,
                     const char *profile_id,
                     gboolean *out_wait,
                     GError **error)
{
    g_autofree char *name = nmm_lock_key_get_file_name(key);
    g_autoptr(GKeyFile) holder = NULL;
    g_autoptr(GError) local = NULL;
    NmmProfileLock *lock;
    int fd = nmm_lock_take(run_dir, name, FALSE, &local);

    *out_wait = FALSE;
    if (g_error_matches(local, NMM_ERROR, NMM_ERROR_CONFLICT)) {
        holder = read_holder(run_dir, name);
        refuse(key, holder, profile_uuid, out_wait, error);
        return NULL;
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    lock = g_new(NmmProfileLock, 1);
    *lock = (NmmProfileLock){.fd = fd, .uuid = g_strdup(profile_uuid), .id = g_strdup(profile_id)};
    write_holder(lock, FALSE);
    return lock;
}

void
nmm_profile_lock_set_ending(NmmProfileLock *lock)
{
    write_holder(lock, TRUE);
}

void
nmm_profile_lock_release(NmmProfileLock *lock)
{
    close(lock->fd);
    g_free(lock->uuid);
    g_free(lock->id);
    g_free(lock);
}

GHashTable *
nmm_profile_lock_list_holders(const char *run_dir)
{
    GHashTable *uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) dir = g_dir_open(run_dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autoptr(GKeyFile) holder = NULL;
        char *uuid;

        if (!g_str_has_prefix(name, NMM_LOCK_PREFIX) || !nmm_lock_is_held(run_dir, name))
            continue;
        holder = read_holder(run_dir, name);
        uuid = g_key_file_get_string(holder, GROUP, KEY_UUID, NULL);
        if (uuid)
            g_hash_table_add(uuids, uuid);
    }
    return uuids;
}
