/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hook, which links only libc, writes the same lines: "ACTION DEVICE UUID ORDER", with a dash
 * for a missing word.
 */

#include "config.h"

#include "nmm-events.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-lock.h"
#include "nmm-names.h"

#define NONE "-"

static const char *
null_if_none(const char *word)
{
    return g_str_equal(word, NONE) ? NULL : word;
}

static int
compare_order(gconstpointer a, gconstpointer b)
{
    const NmmEvent *first = *(const NmmEvent *const *)a;
    const NmmEvent *second = *(const NmmEvent *const *)b;

    return (first->order > second->order) - (first->order < second->order);
}

static GPtrArray *
new_events(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)nmm_event_free);
}

GPtrArray *
nmm_events_parse(const char *text)
{
    GPtrArray *events = new_events();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        NmmEvent *event;

        if (g_strv_length(words) != 4 || !words[0][0])
            continue;
        event = nmm_event_new(words[0], null_if_none(words[1]), null_if_none(words[2]));
        event->order = g_ascii_strtoll(words[3], NULL, 10);
        g_ptr_array_add(events, event);
    }
    g_ptr_array_sort(events, compare_order);
    return events;
}

/* The lock is held for one read or write only, so waiting for it is short. */
static int
open_events(const char *run_dir, GError **error)
{
    return nmm_lock_take(run_dir, NMM_EVENTS_FILE, TRUE, error);
}

static GString *
read_all(int fd, GError **error)
{
    GString *text = g_string_new(NULL);
    char buffer[4096];
    gssize n;

    while ((n = pread(fd, buffer, sizeof(buffer), (off_t)text->len)) > 0)
        g_string_append_len(text, buffer, n);
    if (n == 0)
        return text;
    nmm_fail(error, NMM_ERROR_FAILED, "cannot read '%s': %s", NMM_EVENTS_FILE, g_strerror(errno));
    g_string_free(text, TRUE);
    return NULL;
}

static gboolean
write_all(int fd, const char *text, GError **error)
{
    gssize length = (gssize)strlen(text);

    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (gsize)length, 0) == length)
        return TRUE;
    return nmm_fail(
        error, NMM_ERROR_FAILED, "cannot write '%s': %s", NMM_EVENTS_FILE, g_strerror(errno));
}

gboolean
nmm_events_add_refresh(const char *run_dir, GError **error)
{
    g_autoptr(GPtrArray) events = new_events();
    g_autofree char *retired = g_build_filename(run_dir, NMM_RETIRED_FILE, NULL);

    unlink(retired);
    g_ptr_array_add(events, nmm_event_new("refresh", NULL, NULL));
    return nmm_events_put_back(run_dir, events, error);
}

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
            const NmmEvent *event = events->pdata[i];

            g_string_append_printf(text,
                                   "%s %s %s %" G_GINT64_FORMAT "\n",
                                   event->action,
                                   event->device ?: NONE,
                                   event->uuid ?: NONE,
                                   event->order);
        }
        g_string_append(text, newer->str);
        done = write_all(fd, text->str, error);
    }
    close(fd);
    return done;
}

GPtrArray *
nmm_events_take(const char *run_dir, GError **error)
{
    g_autoptr(GString) text = NULL;
    GPtrArray *events = NULL;
    int fd = open_events(run_dir, error);

    if (fd < 0)
        return NULL;
    text = read_all(fd, error);
    if (text && (text->len == 0 || write_all(fd, "", error)))
        events = nmm_events_parse(text->str);
    close(fd);
    return events;
}

gboolean
nmm_events_wait(const char *run_dir)
{
    g_autofree char *path = g_build_filename(run_dir, NMM_EVENTS_FILE, NULL);
    struct stat info;

    return stat(path, &info) == 0 && info.st_size > 0;
}

gboolean
nmm_events_wait_of(const char *run_dir, const char *uuid)
{
    int fd = open_events(run_dir, NULL);
    g_autoptr(GString) text = fd >= 0 ? read_all(fd, NULL) : NULL;
    g_autoptr(GPtrArray) events = text ? nmm_events_parse(text->str) : NULL;

    if (fd >= 0)
        close(fd);
    for (guint i = 0; events && i < events->len; i++) {
        const NmmEvent *event = events->pdata[i];

        if (g_strcmp0(event->uuid, uuid) == 0)
            return TRUE;
    }
    return FALSE;
}
