/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clock that runs faster, for tests of time limits. The linker's --wrap sends the product's calls
 * here; GLib and libnm keep the real clock. The factor is read once, from a file, because the
 * dispatcher hook starts its helper with an empty environment.
 */

#include <glib.h>
#include <unistd.h>

#include "fake-names.h"

/* Time limits in seconds are those within which another program answers for the first time: a busy
 * machine needs some of it. */
#define MAX_FACTOR_START 4

gint64 __real_g_get_monotonic_time(void);
guint __real_g_timeout_add(guint interval, GSourceFunc function, gpointer data);
gint64 __wrap_g_get_monotonic_time(void);
guint __wrap_g_timeout_add(guint interval, GSourceFunc function, gpointer data);
guint __wrap_g_timeout_add_seconds(guint interval, GSourceFunc function, gpointer data);
gboolean __real_g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time);
gboolean __wrap_g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time);
unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

static guint
read_factor(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(FAKE_DIR "/speed", &text, NULL, NULL))
        return 1;
    return (guint)g_ascii_strtoull(text, NULL, 10);
}

static guint
get_factor(void)
{
    static gsize factor;

    if (g_once_init_enter(&factor))
        g_once_init_leave(&factor, read_factor());
    return (guint)factor;
}

gint64
__wrap_g_get_monotonic_time(void)
{
    return __real_g_get_monotonic_time() * get_factor();
}

guint
__wrap_g_timeout_add(guint interval, GSourceFunc function, gpointer data)
{
    return __real_g_timeout_add(interval / get_factor(), function, data);
}

guint
__wrap_g_timeout_add_seconds(guint interval, GSourceFunc function, gpointer data)
{
    return __real_g_timeout_add(
        interval * 1000 / MIN(get_factor(), MAX_FACTOR_START), function, data);
}

gboolean
__wrap_g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    return __real_g_cond_wait_until(cond, mutex, end_time / get_factor());
}

unsigned int
__wrap_alarm(unsigned int seconds)
{
    return __real_alarm(seconds == 0 ? 0 : MAX(seconds / get_factor(), 1));
}
