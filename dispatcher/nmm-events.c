/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of ours under /run. The hook, which links nothing but libc, writes the same lines: "ACTION
 * DEVICE UUID ORDER", a dash for what there is not.
 */

#include "config.h"

#include "nmm-events.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nmm-names.h"

#define NONE "-"

static void
set_errno(GError **error, const char *what, const char *path)
{
    int code = errno;

    g_set_error(error,
                G_IO_ERROR,
                g_io_error_from_errno(code),
                "cannot %s '%s': %s",
                what,
                path,
                g_strerror(code));
}

static const char *
null_if_none(const char *word)
{
    return g_str_equal(word, NONE) ? NULL : word;
}

static int
compare_order(gconstpointer a, gconstpointer b)
{
    const NmmSceneEvent *first = *(const NmmSceneEvent *const *)a;
    const NmmSceneEvent *second = *(const NmmSceneEvent *const *)b;

    return (first->order > second->order) - (first->order < second->order);
}

/**
 * nmm_events_parse:
 * @text: lines as the hook writes them
 *
 * Returns: (transfer full) (element-type NmmSceneEvent): the events, oldest first
 */
GPtrArray *
nmm_events_parse(const char *text)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_scene_event_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);

        NmmSceneEvent *event;

        if (g_strv_length(words) != 4 || !words[0][0])
            continue;
        event = nmm_scene_event_new(words[0], null_if_none(words[1]), null_if_none(words[2]));
        event->order = g_ascii_strtoll(words[3], NULL, 10);
        g_ptr_array_add(events, event);
    }
    g_ptr_array_sort(events, compare_order);
    return events;
}

static int
open_file(const char *run_dir, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(run_dir, name, NULL);
    int fd = -1;

    if (g_mkdir_with_parents(run_dir, 0700) == 0)
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        set_errno(error, "open", path);
    return fd;
}

/* Held for the time of a read or a write only, so waiting for it is no matter. */
static int
open_events(const char *run_dir, GError **error)
{
    int fd = open_file(run_dir, NMM_EVENTS_FILE, error);

    if (fd >= 0 && flock(fd, LOCK_EX) < 0) {
        set_errno(error, "lock", NMM_EVENTS_FILE);
        close(fd);
        return -1;
    }
    return fd;
}

static GString *
read_all(int fd, GError **error)
{
    GString *text = g_string_new(NULL);
    char buffer[4096];
    gssize n;

    while ((n = pread(fd, buffer, sizeof(buffer), (off_t)text->len)) > 0)
        g_string_append_len(text, buffer, n);
    if (n < 0) {
        set_errno(error, "read", NMM_EVENTS_FILE);
        g_string_free(text, TRUE);
        return NULL;
    }
    return text;
}

static gboolean
write_all(int fd, const GString *text, GError **error)
{
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text->str, text->len, 0) != (gssize)text->len) {
        set_errno(error, "write", NMM_EVENTS_FILE);
        return FALSE;
    }
    return TRUE;
}

/**
 * nmm_events_add:
 * @run_dir: our directory in /run
 * @action: an action that is about no device and no profile
 * @error: return location for an error of GIO
 */
gboolean
nmm_events_add(const char *run_dir, const char *action, GError **error)
{
    g_autoptr(GPtrArray) events =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_scene_event_free);

    g_ptr_array_add(events, nmm_scene_event_new(action, NULL, NULL));
    return nmm_events_put_back(run_dir, events, error);
}

/**
 * nmm_events_put_back:
 * @run_dir: our directory in /run
 * @events: (element-type NmmSceneEvent): events that are older than what is in the file
 * @error: return location for an error of GIO
 */
gboolean
nmm_events_put_back(const char *run_dir, const GPtrArray *events, GError **error)
{
    g_autoptr(GString) newer = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    int fd = open_events(run_dir, error);
    gboolean done = FALSE;

    if (fd < 0)
        return FALSE;
    newer = read_all(fd, error);
    if (newer) {
        for (guint i = 0; i < events->len; i++) {
            const NmmSceneEvent *event = events->pdata[i];

            g_string_append_printf(text,
                                   "%s %s %s %" G_GINT64_FORMAT "\n",
                                   event->action,
                                   event->device ?: NONE,
                                   event->uuid ?: NONE,
                                   event->order);
        }
        g_string_append(text, newer->str);
        done = write_all(fd, text, error);
    }
    close(fd);
    return done;
}

/**
 * nmm_events_take:
 * @run_dir: our directory in /run
 * @error: return location for an error of GIO
 *
 * Returns: (transfer full) (element-type NmmSceneEvent): the events, which are then no longer
 *   in the file
 */
GPtrArray *
nmm_events_take(const char *run_dir, GError **error)
{
    g_autoptr(GString) text = NULL;
    g_autoptr(GString) nothing = g_string_new(NULL);
    GPtrArray *events = NULL;
    int fd = open_events(run_dir, error);

    if (fd < 0)
        return NULL;
    text = read_all(fd, error);
    if (text && (text->len == 0 || write_all(fd, nothing, error)))
        events = nmm_events_parse(text->str);
    close(fd);
    return events;
}

/**
 * nmm_events_wait:
 * @run_dir: our directory in /run
 *
 * Returns: whether there are events to take
 */
gboolean
nmm_events_wait(const char *run_dir)
{
    g_autofree char *path = g_build_filename(run_dir, NMM_EVENTS_FILE, NULL);
    struct stat info;

    return stat(path, &info) == 0 && info.st_size > 0;
}

/**
 * nmm_events_wait_of:
 * @run_dir: our directory in /run
 * @uuid: a profile
 *
 * Returns: whether there are events of that profile to take; they stay where they are
 */
gboolean
nmm_events_wait_of(const char *run_dir, const char *uuid)
{
    int fd = open_events(run_dir, NULL);
    g_autoptr(GString) text = fd >= 0 ? read_all(fd, NULL) : NULL;
    g_autoptr(GPtrArray) events = text ? nmm_events_parse(text->str) : NULL;

    if (fd >= 0)
        close(fd);
    for (guint i = 0; events && i < events->len; i++) {
        const NmmSceneEvent *event = events->pdata[i];

        if (g_strcmp0(event->uuid, uuid) == 0)
            return TRUE;
    }
    return FALSE;
}

/**
 * nmm_events_lock:
 * @run_dir: our directory in /run
 * @wait: whether to wait for a helper that runs
 * @error: return location for an error of GIO; %G_IO_ERROR_BUSY where another helper runs
 *
 * Returns: a file descriptor; the lock ends when it is closed, or with the process. -1 with an
 * error.
 */
int
nmm_events_lock(const char *run_dir, gboolean wait, GError **error)
{
    int fd = open_file(run_dir, NMM_LOCK_FILE, error);
    int code;

    if (fd < 0)
        return -1;
    do {
        code = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
    } while (code < 0 && errno == EINTR);
    if (code == 0)
        return fd;
    if (errno == EWOULDBLOCK)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_BUSY, "another helper is running");
    else
        set_errno(error, "lock", NMM_LOCK_FILE);
    close(fd);
    return -1;
}
