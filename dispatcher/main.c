/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap-dispatcher: started by the hook with the lock that it took, or by systemd and
 * `nm-macvtap refresh`, which wait for a helper that runs.
 */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "nmm-events.h"
#include "nmm-loop.h"
#include "nmm-names.h"
#include "nmm-text.h"

#define PROGRAM        "nm-macvtap-dispatcher"
#define LOCK_TIMEOUT_S 120

/* GLib's journal writer leaves out who speaks, and `journalctl -t` goes by that. */
static GLogWriterOutput
write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    g_autofree GLogField *named = g_new(GLogField, n_fields + 1);

    memcpy(named, fields, n_fields * sizeof(*fields));
    named[n_fields] = (GLogField){"SYSLOG_IDENTIFIER", PROGRAM, -1};
    return g_log_writer_default(level, named, n_fields + 1, NULL);
}

static void
print_done(const GPtrArray *done)
{
    for (guint i = 0; i < done->len; i++) {
        g_autofree char *text = nmm_text_clean(done->pdata[i]);

        g_print("%s\n", text);
    }
}

/* What the signal handler says; a whole line. */
static const char *volatile complaint;

/* A process that just disappears leaves whoever waits for it without a reason. */
static void
alarm_cb(int number)
{
    const char *text = complaint;

    _exit(write(STDERR_FILENO, text, strlen(text)) < 0 ? 2 : 1);
}

/* From then on it is NetworkManager or the kernel that is waited for. */
static gboolean
run_helper(int lock_fd, GPtrArray *done)
{
    complaint =
        PROGRAM ": NetworkManager has not answered in time; 'nm-macvtap refresh' tries again\n";
    return nmm_loop_run(NMM_CONFIG_FILE, NMM_RUN_DIR, lock_fd, done);
}

static int
refresh(void)
{
    g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    gboolean all;
    int lock_fd = -1;

    complaint = PROGRAM ": another one is at work and does not end; try again later\n";
    alarm(LOCK_TIMEOUT_S);
    if (nmm_events_add(NMM_RUN_DIR, "refresh", &error))
        lock_fd = nmm_events_lock(NMM_RUN_DIR, TRUE, &error);
    if (lock_fd < 0) {
        g_printerr(PROGRAM ": %s\n", error->message);
        return 1;
    }
    all = run_helper(lock_fd, done);
    print_done(done);
    return all ? 0 : 1;
}

static int
run_locked(int lock_fd)
{
    if (fcntl(lock_fd, F_SETFD, FD_CLOEXEC) < 0) {
        g_printerr(_("%s: %d is no lock\n"), PROGRAM, lock_fd);
        return 2;
    }
    return run_helper(lock_fd, NULL) ? 0 : 1;
}

int
main(int argc, char **argv)
{
    int lock_fd = -1;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"lock-fd", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &lock_fd, NULL, NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version and exit"), NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, NMM_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    g_log_set_writer_func(write_log, NULL, NULL);

    g_option_context_set_summary(
        context,
        _("Brings profiles of VPN type macvtap up and down with their devices, clears up after\n"
          "failures, and offers profiles for what libvirt has."));
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
    signal(SIGALRM, alarm_cb);
    return lock_fd >= 0 ? run_locked(lock_fd) : refresh();
}
