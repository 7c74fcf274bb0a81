/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nmm-error.h"

/* Any user may open a file by name, but not list the directory: a user knows the names of the files
 * with the failures of profiles that the user may see. */
#define RUN_DIR_MODE 0711

static int
open_file(const char *run_dir, const char *name, int flags)
{
    g_autofree char *path = g_build_filename(run_dir, name, NULL);

    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int
lock_file(int fd, gboolean wait)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int code;

    do {
        code = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    } while (code < 0 && errno == EINTR);
    return code;
}

gboolean
nmm_lock_make_run_dir(const char *run_dir)
{
    return g_mkdir_with_parents(run_dir, RUN_DIR_MODE) == 0 && chmod(run_dir, RUN_DIR_MODE) == 0;
}

int
nmm_lock_take(const char *run_dir, const char *name, gboolean wait, GError **error)
{
    int fd = nmm_lock_make_run_dir(run_dir) ? open_file(run_dir, name, O_RDWR | O_CREAT) : -1;

    if (fd >= 0 && lock_file(fd, wait) == 0)
        return fd;
    g_set_error(error,
                NMM_ERROR,
                fd >= 0 && (errno == EAGAIN || errno == EACCES) ? NMM_ERROR_CONFLICT
                                                                : NMM_ERROR_FAILED,
                _("cannot lock '%s' in '%s': %s"),
                name,
                run_dir,
                g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

gboolean
nmm_lock_is_held(const char *run_dir, const char *name)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_file(run_dir, name, O_RDONLY);
    int code;

    if (fd < 0)
        return errno != ENOENT && errno != ENOTDIR;
    code = fcntl(fd, F_OFD_GETLK, &lock);
    close(fd);
    return code < 0 || lock.l_type != F_UNLCK;
}
