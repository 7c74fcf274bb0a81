/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap-dispatcher, the helper. Only one instance handles events at a time. There are four
 * ways to start it: the hook passes the lock (with systemd, the program then only starts its unit);
 * the unit handles the pending events; the refresh units add an event and start the helper's unit;
 * `nm-macvtap refresh` adds an event and handles the pending ones itself.
 */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <locale.h>

#include "nmm-error.h"
#include "nmm-events.h"
#include "nmm-lock.h"
#include "nmm-log.h"
#include "nmm-loop.h"
#include "nmm-names.h"
#include "nmm-text.h"
#include "nmm-unit.h"

#define PROGRAM        "nm-macvtap-dispatcher"
#define LOCK_TIMEOUT_S 120
#define LOCK_RETRY_US  (100 * G_TIME_SPAN_MILLISECOND)

static int
wait_for_lock(int timeout_s, GError **error)
{
    gint64 end = g_get_monotonic_time() + timeout_s * G_USEC_PER_SEC;

    for (;;) {
        g_autoptr(GError) local = NULL;
        int fd = nmm_lock_take(NMM_RUN_DIR, NMM_LOCK_FILE, FALSE, &local);

        if (fd >= 0)
            return fd;
        if (!g_error_matches(local, NMM_ERROR, NMM_ERROR_CONFLICT)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return -1;
        }
        if (g_get_monotonic_time() >= end) {
            nmm_fail(
                error, NMM_ERROR_CONFLICT, "another instance is still running; try again later");
            return -1;
        }
        g_usleep(LOCK_RETRY_US);
    }
}

static int
refresh(int lock_timeout_s)
{
    g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    gboolean complete;
    int lock_fd = -1;

    if (nmm_events_add_refresh(NMM_RUN_DIR, &error))
        lock_fd = wait_for_lock(lock_timeout_s, &error);
    if (lock_fd < 0) {
        g_printerr(PROGRAM ": %s\n", error->message);
        return 1;
    }
    complete = nmm_loop_run(NMM_CONFIG_FILE, NMM_RUN_DIR, lock_fd, done);
    for (guint i = 0; i < done->len; i++) {
        g_autofree char *line = nmm_text_clean(done->pdata[i]);

        g_print("%s\n", line);
    }
    return complete ? 0 : 1;
}

/* --queue. Without systemd, this process handles the events. */
static int
queue_refresh(int lock_timeout_s)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_unit_is_booted())
        return refresh(lock_timeout_s);
    if (nmm_events_add_refresh(NMM_RUN_DIR, &error) && nmm_unit_start(&error))
        return 0;
    g_printerr(PROGRAM ": %s\n", error->message);
    return 1;
}

/* --queued */
static int
run_queued(int lock_timeout_s)
{
    g_autoptr(GError) error = NULL;
    int lock_fd = wait_for_lock(lock_timeout_s, &error);

    if (lock_fd >= 0)
        return nmm_loop_run(NMM_CONFIG_FILE, NMM_RUN_DIR, lock_fd, NULL) ? 0 : 1;
    g_printerr(PROGRAM ": %s\n", error->message);
    return 1;
}

/* If systemd cannot start the unit, for example because it is not installed, this process handles
 * the events, unless the administrator masked the unit. */
static gboolean
is_helper(void)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_unit_is_booted())
        return TRUE;
    if (nmm_unit_start(&error))
        return FALSE;
    g_debug("%s", error->message);
    return !g_error_matches(error, NMM_ERROR, NMM_ERROR_DENIED);
}

static int
run_locked(int lock_fd)
{
    if (fcntl(lock_fd, F_SETFD, FD_CLOEXEC) < 0) {
        g_printerr(_("%s: file descriptor %d is not a lock\n"), PROGRAM, lock_fd);
        return 2;
    }
    if (!is_helper())
        return 0;
    return nmm_loop_run(NMM_CONFIG_FILE, NMM_RUN_DIR, lock_fd, NULL) ? 0 : 1;
}

int
main(int argc, char **argv)
{
    int lock_fd = -1;
    int lock_timeout_s = LOCK_TIMEOUT_S;
    gboolean queue = FALSE;
    gboolean queued = FALSE;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"lock-fd", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &lock_fd, NULL, NULL},
        {"lock-timeout", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &lock_timeout_s, NULL, NULL},
        {"queue", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &queue, NULL, NULL},
        {"queued", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &queued, NULL, NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version and exit"), NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, NMM_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    nmm_log_init(PROGRAM);

    g_option_context_set_summary(
        context,
        _("Activates profiles of VPN type macvtap when their devices come up, cleans up after "
          "failures,\nand suggests profiles for libvirt networks and guests."));
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr(PROGRAM ": %s\n", error->message);
        return 2;
    }
    if (version) {
        g_print("%s\n", NMM_VERSION);
        return 0;
    }
    if (argc > 1) {
        g_printerr(PROGRAM ": ");
        g_printerr(_("too many arguments for '%s'"), PROGRAM);
        g_printerr("\n");
        return 2;
    }
    if (lock_fd >= 0)
        return run_locked(lock_fd);
    if (queue)
        return queue_refresh(lock_timeout_s);
    return queued ? run_queued(lock_timeout_s) : refresh(lock_timeout_s);
}
