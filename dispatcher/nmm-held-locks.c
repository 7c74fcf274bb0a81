/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a claim is held is asked of /proc/locks, not by trying the lock: a try that succeeds
 * would make a service that wants the claim at that moment believe it is taken.
 */

#include "config.h"

#include "nmm-held-locks.h"

#include <glib/gstdio.h>
#include <sys/sysmacros.h>

#include "nmm-names.h"

/* "MAJOR:MINOR:INODE", the first two in hex, as proc_locks(5) has it. */
static gboolean
is_locked(const char *path, const char *locks)
{
    g_autofree char *id = NULL;
    GStatBuf info;

    if (g_stat(path, &info) < 0)
        return FALSE;
    id = g_strdup_printf(" %02x:%02x:%" G_GUINT64_FORMAT " ",
                         major(info.st_dev),
                         minor(info.st_dev),
                         (guint64)info.st_ino);
    return strstr(locks, id) != NULL;
}

static char *
read_uuid(const char *path)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    return g_key_file_get_string(file, "claim", "uuid", NULL);
}

/**
 * nmm_held_locks_read:
 * @run_dir: our directory in /run
 * @locks: the text of /proc/locks
 *
 * Returns: (transfer full) (element-type utf8): UUIDs of profiles whose process lives
 */
GHashTable *
nmm_held_locks_read(const char *run_dir, const char *locks)
{
    GHashTable *uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) dir = g_dir_open(run_dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(run_dir, name, NULL);
        char *uuid;

        if (!g_str_has_prefix(name, NMM_LOCK_PREFIX) || !is_locked(path, locks))
            continue;
        uuid = read_uuid(path);
        if (uuid)
            g_hash_table_add(uuids, uuid);
    }
    return uuids;
}
