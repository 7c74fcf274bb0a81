/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two files a device in our directory in /run, readable by root alone. The note is replaced as a
 * whole, so that a process that dies at any moment leaves the old one or the new one. The other is
 * locked for as long as the process lives that writes the note, and is never removed: a file that
 * is unlinked while another process waits for its lock would let both in. Who reads the note asks
 * for the lock and does not take it, so that nobody is kept from it by a reader.
 */

#include "config.h"

#include "nmm-checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "nmm-error.h"

#define GROUP         "checkpoint"
#define KEY_ASKED     "asked"   /* in ms, CLOCK_BOOTTIME: not before then */
#define KEY_CREATED   "created" /* in ms, CLOCK_BOOTTIME */
#define KEY_PATH      "path"
#define FILE_MAX_SIZE 4096 /* bytes */

/* In ms: how long NetworkManager may take for the call, which is what libnm waits for. */
#define ASKED_MAX 25000

struct _NmmCheckpoint {
    int fd;     /* holds the lock */
    char *file; /* with the note */
    char *path; /* (nullable): D-Bus path */
};

static char *
build_file_name(const char *run_dir, const char *device)
{
    return g_strdup_printf("%s/checkpoint-%s", run_dir, device);
}

static int
open_lock(const char *run_dir, const char *device, int flags)
{
    g_autofree char *path = g_strdup_printf("%s/checkpoint.lock-%s", run_dir, device);

    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static gboolean
write_note(const char *path, GKeyFile *note, GError **error)
{
    gsize length;
    g_autofree char *text = g_key_file_to_data(note, &length, NULL);

    return g_file_set_contents_full(
        path, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/**
 * nmm_checkpoint_begin:
 * @run_dir: our directory in /run; made (mode 0700) if it is not there
 * @device: the device that there is to be a checkpoint of
 * @now: in ms, CLOCK_BOOTTIME
 * @error: return location; %NMM_ERROR_CONFLICT where a process that lives has one of it,
 *   %NMM_ERROR_FAILED
 *
 * Returns: (transfer full): a note of what is about to be asked for; to be ended when no checkpoint
 *   of ours is left
 */
NmmCheckpoint *
nmm_checkpoint_begin(const char *run_dir, const char *device, gint64 now, GError **error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autoptr(NmmCheckpoint) self = g_new0(NmmCheckpoint, 1);
    g_autoptr(GError) local = NULL;

    self->file = build_file_name(run_dir, device);
    self->fd = g_mkdir_with_parents(run_dir, 0700) == 0
                   ? open_lock(run_dir, device, O_RDWR | O_CREAT)
                   : -1;
    if (self->fd < 0) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_FAILED,
                    _("cannot write in '%s': %s"),
                    run_dir,
                    g_strerror(errno));
        return NULL;
    }
    if (fcntl(self->fd, F_OFD_SETLK, &lock) < 0) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_CONFLICT,
                    _("another profile is moving the configuration of '%s' at the moment"),
                    device);
        return NULL;
    }
    g_key_file_set_int64(note, GROUP, KEY_ASKED, now);
    if (!write_note(self->file, note, &local)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_FAILED,
                    _("cannot write in '%s': %s"),
                    run_dir,
                    local->message);
        return NULL;
    }
    return g_steal_pointer(&self);
}

/**
 * nmm_checkpoint_note:
 * @self: a note
 * @path: the D-Bus path of the checkpoint that was asked for
 * @created: when NetworkManager says that it was made, in ms, CLOCK_BOOTTIME
 */
void
nmm_checkpoint_note(NmmCheckpoint *self, const char *path, gint64 created)
{
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autoptr(GError) error = NULL;

    g_free(self->path);
    self->path = g_strdup(path);
    g_key_file_set_string(note, GROUP, KEY_PATH, path);
    g_key_file_set_int64(note, GROUP, KEY_CREATED, created);
    /* What was asked for is still noted. */
    if (!write_note(self->file, note, &error))
        g_warning("cannot note a checkpoint: %s", error->message);
}

/**
 * nmm_checkpoint_get_path:
 * @self: a note
 *
 * Returns: (nullable): what was noted last, NULL before that
 */
const char *
nmm_checkpoint_get_path(const NmmCheckpoint *self)
{
    return self->path;
}

/**
 * nmm_checkpoint_free:
 * @self: (transfer full): a note
 */
void
nmm_checkpoint_free(NmmCheckpoint *self)
{
    if (self->fd >= 0)
        close(self->fd);
    g_free(self->file);
    g_free(self->path);
    g_free(self);
}

/**
 * nmm_checkpoint_end:
 * @self: (transfer full): a note whose checkpoint is gone
 */
void
nmm_checkpoint_end(NmmCheckpoint *self)
{
    if (g_unlink(self->file) < 0)
        g_warning("cannot remove the note of a checkpoint: %s", g_strerror(errno));
    nmm_checkpoint_free(self);
}

/* Does a process that lives hold the lock? Where that cannot be told, it does. */
static gboolean
is_held(const char *run_dir, const char *device)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(run_dir, device, O_RDONLY);
    int code;

    if (fd < 0)
        return errno != ENOENT;
    code = fcntl(fd, F_OFD_GETLK, &lock);
    close(fd);
    return code < 0 || lock.l_type != F_UNLCK;
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

/*
 * (transfer full) (nullable): NULL without a note, and with one of a process that lives. The note
 * is the same before and after nobody had the lock: it was there at that moment, neither of a
 * process that has begun since, nor of one that has ended it meanwhile.
 */
static GKeyFile *
read_left(const char *run_dir, const char *device)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *before = read_note(run_dir, device);
    g_autofree char *after = NULL;

    if (before == NULL || is_held(run_dir, device))
        return NULL;
    after = read_note(run_dir, device);
    if (g_strcmp0(before, after) != 0 ||
        !g_key_file_load_from_data(file, before, strlen(before), G_KEY_FILE_NONE, NULL))
        return NULL;
    return g_steal_pointer(&file);
}

/**
 * nmm_checkpoint_is_left:
 * @run_dir: our directory in /run
 * @device: a device
 * @view: a checkpoint of NetworkManager's
 *
 * A path is used again when NetworkManager was restarted, so the time has to fit as well. Where the
 * process died before it learnt the path, it is the one of that device alone, with our timeout,
 * that was made when it asked.
 *
 * Returns: whether a process of ours that is dead has made it
 */
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

/**
 * nmm_checkpoint_find_left:
 * @client: a client
 * @run_dir: our directory in /run
 * @device: a device's name
 *
 * Returns: (transfer full) (nullable): the D-Bus path of the checkpoint of @device that a process
 * of ours that is dead has made
 */
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
