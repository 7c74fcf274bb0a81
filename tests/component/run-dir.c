/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory is in /dev/shm: on an overlay, stat() and /proc/locks name files differently.
 */

#include "config.h"

#include "run-dir.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

void
run_dir_set_up(RunDir *self, gconstpointer data)
{
    self->top = g_mkdtemp(g_strdup("/dev/shm/nm-macvtap-XXXXXX"));
    g_assert_nonnull(self->top);
    self->dir = g_build_filename(self->top, "run", NULL);
}

void
run_dir_tear_down(RunDir *self, gconstpointer data)
{
    GDir *dir = g_dir_open(self->dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(self->dir, name, NULL);

        g_assert_no_errno(g_unlink(path));
    }
    if (dir) {
        g_dir_close(dir);
        g_assert_no_errno(g_rmdir(self->dir));
    }
    g_assert_no_errno(g_rmdir(self->top));
    g_free(self->dir);
    g_free(self->top);
}

static void
run_child(RunDir *self, gpointer (*begin)(RunDir *self), void (*go_on)(gpointer begun), int ready)
{
    gpointer begun = begin(self);

    g_assert_cmpint(write(ready, "x", 1), ==, 1);
    while (TRUE)
        go_on(begun);
}

GPid
run_dir_start(RunDir *self, gpointer (*begin)(RunDir *self), void (*go_on)(gpointer begun))
{
    int ready[2];
    GPid pid;
    char byte;

    g_assert_no_errno(pipe(ready));
    pid = fork();
    g_assert_no_errno(pid);
    if (pid == 0)
        run_child(self, begin, go_on, ready[1]);
    close(ready[1]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    return pid;
}

void
run_dir_kill(GPid pid)
{
    g_assert_no_errno(kill(pid, SIGKILL));
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}
