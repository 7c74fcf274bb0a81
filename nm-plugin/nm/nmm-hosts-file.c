/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-hosts-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-lock.h"
#include "nmm-names.h"
#include "nmm-readers.h"

/* The NSS module ignores it. */
#define NEW_SUFFIX ".new"

struct _NmmHostsFile {
    char *run_dir;
    char *directory;
    char *name;
    const GArray *readers; /* (nullable) */
    int lock;              /* -1: there is no file */
};

NmmHostsFile *
nmm_hosts_file_new(const char *run_dir, const char *uuid, const GArray *readers)
{
    NmmHostsFile *self = g_new0(NmmHostsFile, 1);

    self->run_dir = g_strdup(run_dir);
    self->directory = g_build_filename(run_dir, NMM_HOSTS_DIR, NULL);
    /* NetworkManager checks UUIDs; a path must never depend on it. */
    self->name = g_strdelimit(g_strdup(uuid), "/.", '_');
    self->readers = readers;
    self->lock = -1;
    return self;
}

static void
remove_file(NmmHostsFile *self)
{
    g_autofree char *path = g_build_filename(self->directory, self->name, NULL);

    if (self->lock < 0)
        return;
    g_unlink(path);
    close(self->lock);
    self->lock = -1;
}

void
nmm_hosts_file_free(NmmHostsFile *self)
{
    remove_file(self);
    g_free(self->run_dir);
    g_free(self->directory);
    g_free(self->name);
    g_free(self);
}

/* Programs list the directory; the files have a list of readers each. */
static gboolean
make_directory(NmmHostsFile *self)
{
    return nmm_lock_make_run_dir(self->run_dir) &&
           (g_mkdir(self->directory, 0755) == 0 || errno == EEXIST) &&
           chmod(self->directory, 0755) == 0;
}

static gboolean
write_all(int fd, const char *text)
{
    gsize length = strlen(text);
    gsize done = 0;

    while (done < length) {
        gssize n = write(fd, text + done, length - done);

        if (n < 0 && errno != EINTR)
            return FALSE;
        done += MAX(n, 0);
    }
    return TRUE;
}

/* Returns a file that is locked, -1 with errno. */
static int
create_file(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd;

    g_unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return fd;
    close(fd);
    return -1;
}

static gboolean
fill_file(NmmHostsFile *self, int fd, const char *path, const char *text, GError **error)
{
    return nmm_readers_admit(path, self->readers, error) &&
           (write_all(fd, text) || nmm_fail(error, NMM_ERROR_FAILED, "%s", g_strerror(errno)));
}

/* A program that finds the file under its name finds it locked. Returns -1 with an error. */
static int
write_file(NmmHostsFile *self, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(self->directory, self->name, NULL);
    g_autofree char *new_path = g_strconcat(path, NEW_SUFFIX, NULL);
    int fd = make_directory(self) ? create_file(new_path) : -1;

    if (fd >= 0 && fill_file(self, fd, new_path, text, error) && g_rename(new_path, path) == 0)
        return fd;
    if (error && !*error)
        nmm_fail(error, NMM_ERROR_FAILED, "%s", g_strerror(errno));
    if (fd >= 0) {
        close(fd);
        g_unlink(new_path);
    }
    return -1;
}

/* Replaces the file that is locked now. */
static void
set_lock(NmmHostsFile *self, int lock)
{
    if (self->lock >= 0)
        close(self->lock);
    self->lock = lock;
}

gboolean
nmm_hosts_file_set(NmmHostsFile *self, const char *text, GError **error)
{
    g_autoptr(GError) cause = NULL;
    int lock = text ? write_file(self, text, &cause) : -1;

    if (lock >= 0) {
        set_lock(self, lock);
        return TRUE;
    }
    remove_file(self);
    return !cause || nmm_fail(error,
                              NMM_ERROR_FAILED,
                              _("cannot write the names of guests in '%s': %s"),
                              self->directory,
                              cause->message);
}
