/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The note is replaced as a whole, so a process that dies at any moment leaves the old one or the
 * new one. The lock is another file, because lock files are never removed.
 */

#include "config.h"

#include "nmm-checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-lock.h"

#define GROUP         "checkpoint"
#define KEY_ASKED     "asked"   /* in ms, CLOCK_BOOTTIME: created then or later */
#define KEY_CREATED   "created" /* in ms, CLOCK_BOOTTIME */
#define KEY_PATH      "path"
#define FILE_MAX_SIZE 4096 /* bytes */

/* In ms: libnm's timeout for the call. */
#define ASKED_MAX 25000

struct _NmmCheckpoint {
    int fd;     /* holds the lock */
    char *file; /* the note */
    char *path; /* (nullable): D-Bus path */
};

static char *
build_file_name(const char *run_dir, const char *device)
{
    return g_strdup_printf("%s/checkpoint-%s", run_dir, device);
}

static char *
build_lock_name(const char *device)
{
    return g_strconcat("checkpoint.lock-", device, NULL);
}

static gboolean
write_note(const char *path, GKeyFile *note, GError **error)
{
    gsize length;
    g_autofree char *text = g_key_file_to_data(note, &length, NULL);

    return g_file_set_contents_full(
        path, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

static int
take_lock(const char *run_dir, const char *device, GError **error)
{
    g_autofree char *name = build_lock_name(device);
    g_autoptr(GError) local = NULL;
    int fd = nmm_lock_take(run_dir, name, FALSE, &local);

    if (g_error_matches(local, NMM_ERROR, NMM_ERROR_CONFLICT))
        nmm_fail(error,
                 NMM_ERROR_CONFLICT,
                 _("another profile is moving the configuration of '%s'; try again later"),
                 device);
    else if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    return fd;
}

NmmCheckpoint *
nmm_checkpoint_begin(const char *run_dir, const char *device, gint64 now, GError **error)
{
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autoptr(NmmCheckpoint) self = NULL;
    g_autoptr(GError) local = NULL;
    int fd = take_lock(run_dir, device, error);

    if (fd < 0)
        return NULL;
    self = g_new(NmmCheckpoint, 1);
    *self = (NmmCheckpoint){.fd = fd, .file = build_file_name(run_dir, device)};
    g_key_file_set_int64(note, GROUP, KEY_ASKED, now);
    if (!write_note(self->file, note, &local)) {
        nmm_fail(error, NMM_ERROR_FAILED, _("cannot write in '%s': %s"), run_dir, local->message);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
nmm_checkpoint_note(NmmCheckpoint *self, const char *path, gint64 created)
{
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autoptr(GError) error = NULL;

    g_free(self->path);
    self->path = g_strdup(path);
    g_key_file_set_string(note, GROUP, KEY_PATH, path);
    g_key_file_set_int64(note, GROUP, KEY_CREATED, created);
    /* The note of the request remains. */
    if (!write_note(self->file, note, &error))
        g_warning("cannot save the checkpoint's path for the next activation: %s", error->message);
}

const char *
nmm_checkpoint_get_path(const NmmCheckpoint *self)
{
    return self->path;
}

void
nmm_checkpoint_free(NmmCheckpoint *self)
{
    close(self->fd);
    g_free(self->file);
    g_free(self->path);
    g_free(self);
}

void
nmm_checkpoint_end(NmmCheckpoint *self)
{
    if (g_unlink(self->file) < 0)
        g_warning("cannot remove the file that has the checkpoint's path: %s", g_strerror(errno));
    nmm_checkpoint_free(self);
}

/* (transfer full) (nullable) */
static char *
read_note(const char *run_dir, const char *device)
{
    g_autofree char *path = build_file_name(run_dir, device);
    char text[FILE_MAX_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gssize length;

    if (fd < 0)
        return NULL;
    length = read(fd, text, sizeof(text));
    close(fd);
    return length > 0 ? g_strndup(text, (gsize)length) : NULL;
}

/* (transfer full) (nullable): NULL without a note, and with one of a process that lives. The note
 * is the same before and after the lock was free, so it belongs neither to a process that began
 * since, nor to one that ended it meanwhile. */
static GKeyFile *
read_left(const char *run_dir, const char *device)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *lock = build_lock_name(device);
    g_autofree char *before = read_note(run_dir, device);
    g_autofree char *after = NULL;

    if (!before || nmm_lock_is_held(run_dir, lock))
        return NULL;
    after = read_note(run_dir, device);
    if (g_strcmp0(before, after) != 0 ||
        !g_key_file_load_from_data(file, before, strlen(before), G_KEY_FILE_NONE, NULL))
        return NULL;
    return g_steal_pointer(&file);
}

gboolean
nmm_checkpoint_is_left(const char *run_dir, const char *device, const NmmCheckpointView *view)
{
    g_autoptr(GKeyFile) file = read_left(run_dir, device);
    g_autofree char *path = NULL;
    gint64 asked;

    if (!file || g_strcmp0(view->device, device) != 0)
        return FALSE;
    path = g_key_file_get_string(file, GROUP, KEY_PATH, NULL);
    if (path)
        return g_str_equal(path, view->path) &&
               g_key_file_get_int64(file, GROUP, KEY_CREATED, NULL) == view->created;
    asked = g_key_file_get_int64(file, GROUP, KEY_ASKED, NULL);
    return asked > 0 && view->timeout_s == NMM_CHECKPOINT_TIMEOUT_S && view->created >= asked &&
           view->created - asked <= ASKED_MAX;
}

static const char *
get_only_device(NMCheckpoint *checkpoint)
{
    const GPtrArray *devices = nm_checkpoint_get_devices(checkpoint);

    return devices->len == 1 ? nm_device_get_iface(devices->pdata[0]) : NULL;
}

char *
nmm_checkpoint_find_left(NMClient *client, const char *run_dir, const char *device)
{
    const GPtrArray *checkpoints = nm_client_get_checkpoints(client);

    for (guint i = 0; i < checkpoints->len; i++) {
        NMCheckpoint *checkpoint = checkpoints->pdata[i];
        NmmCheckpointView view = {
            .path = nm_object_get_path(NM_OBJECT(checkpoint)),
            .created = nm_checkpoint_get_created(checkpoint),
            .timeout_s = nm_checkpoint_get_rollback_timeout(checkpoint),
            .device = get_only_device(checkpoint),
        };

        if (nmm_checkpoint_is_left(run_dir, device, &view))
            return g_strdup(view.path);
    }
    return NULL;
}
