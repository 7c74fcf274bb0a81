/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims as locked files under a directory of ours in /run. The file's content tells others who
 * holds it; the lock alone decides. Files are never removed: a file that is unlinked while another
 * process waits for its lock would let both in.
 */

#include "config.h"

#include "nmm-profile-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-names.h"

#define KEY_ID         "id"
#define KEY_ENDING     "ending"
#define CLAIM_MAX_SIZE 4096 /* bytes */

struct _NmmProfileLock {
    int fd;
    char *uuid;
    char *id;
};

static void
write_holder(NmmProfileLock *claim, gboolean ending)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize length;

    g_key_file_set_string(file, NMM_PROFILE_LOCK_GROUP, NMM_PROFILE_LOCK_KEY_UUID, claim->uuid);
    g_key_file_set_string(file, NMM_PROFILE_LOCK_GROUP, KEY_ID, claim->id);
    g_key_file_set_boolean(file, NMM_PROFILE_LOCK_GROUP, KEY_ENDING, ending);
    text = g_key_file_to_data(file, &length, NULL);
    if (ftruncate(claim->fd, 0) < 0 || pwrite(claim->fd, text, length, 0) != (gssize)length)
        g_warning("cannot write who holds a claim: %s", g_strerror(errno));
}

/* The holder's file may be half written at this moment: then its profile is just not known. */
static void
read_holder(int fd, char **out_uuid, char **out_id, gboolean *out_ending)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    char text[CLAIM_MAX_SIZE];
    gssize length = pread(fd, text, sizeof(text), 0);

    if (length > 0)
        g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL);
    *out_uuid =
        g_key_file_get_string(file, NMM_PROFILE_LOCK_GROUP, NMM_PROFILE_LOCK_KEY_UUID, NULL);
    *out_id = g_key_file_get_string(file, NMM_PROFILE_LOCK_GROUP, KEY_ID, NULL);
    *out_ending = g_key_file_get_boolean(file, NMM_PROFILE_LOCK_GROUP, KEY_ENDING, NULL);
}

static int
open_file(const char *run_dir, const NmmLockKey *key, GError **error)
{
    g_autofree char *name = nmm_lock_key_get_file_name(key);
    g_autofree char *path = g_build_filename(run_dir, name, NULL);
    int fd;

    if (g_mkdir_with_parents(run_dir, 0700) == 0)
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    else
        fd = -1;
    if (fd < 0)
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_FAILED, _("cannot open '%s': %s"), path, g_strerror(errno));
    return fd;
}

/**
 * nmm_profile_lock_try:
 * @run_dir: directory for the claims; made (mode 0700) if it is not there
 * @key: what is claimed
 * @profile_uuid: the claiming profile's UUID
 * @profile_id: the claiming profile's name
 * @out_wait: (out): set together with an error: whether the claim will be free soon
 * @error: return location; %NMM_ERROR_CONFLICT where another process holds it
 *
 * Returns: (transfer full) (nullable): the claim, held until nmm_profile_lock_release() or the end
 *   of the process
 */
NmmProfileLock *
nmm_profile_lock_try(const char *run_dir,
                     const NmmLockKey *key,
                     const char *profile_uuid,
                     const char *profile_id,
                     gboolean *out_wait,
                     GError **error)
{
    NmmProfileLock *claim;
    g_autofree char *holder_uuid = NULL;
    g_autofree char *holder_id = NULL;
    gboolean ending;
    int fd;

    *out_wait = FALSE;
    fd = open_file(run_dir, key, error);
    if (fd < 0)
        return NULL;

    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        claim = g_new0(NmmProfileLock, 1);
        claim->fd = fd;
        claim->uuid = g_strdup(profile_uuid);
        claim->id = g_strdup(profile_id);
        write_holder(claim, FALSE);
        return claim;
    }

    read_holder(fd, &holder_uuid, &holder_id, &ending);
    close(fd);
    *out_wait = ending || !holder_uuid || g_strcmp0(holder_uuid, profile_uuid) == 0;
    nmm_lock_key_refuse(key, holder_id, error);
    return NULL;
}

/**
 * nmm_profile_lock_set_ending:
 * @claim: a claim
 *
 * Notes that the holder is going down, so that others wait instead of giving up.
 */
void
nmm_profile_lock_set_ending(NmmProfileLock *claim)
{
    write_holder(claim, TRUE);
}

/**
 * nmm_profile_lock_release:
 * @claim: (transfer full): a claim
 */
void
nmm_profile_lock_release(NmmProfileLock *claim)
{
    close(claim->fd);
    g_free(claim->uuid);
    g_free(claim->id);
    g_free(claim);
}
