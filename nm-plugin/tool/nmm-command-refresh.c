/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap refresh: runs the dispatcher helper, which knows what there is to do and prints a line
 * for each action.
 */

#include "config.h"

#include "nmm-commands.h"

#include <gio/gio.h>

#include <glib/gi18n-lib.h>

#define HELPER NMM_LIBEXECDIR "/nm-macvtap-dispatcher"

NmmReport *
nmm_refresh_report(const char *output)
{
    NmmReport *report = nmm_report_new();
    JsonArray *actions = nmm_json_set_array(report->json, "actions");
    g_auto(GStrv) lines = g_strsplit(output ? output : "", "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        if (*lines[i])
            json_array_add_string_element(actions, lines[i]);
    }
    nmm_report_add_text(report, "%s", output ? output : "");
    return report;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmReport) report = NULL;
    g_autoptr(GSubprocess) helper = NULL;
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;

    helper = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, HELPER, NULL);
    if (!helper || !g_subprocess_communicate_utf8(helper, NULL, NULL, &output, NULL, &error)) {
        nmm_complain(_("cannot run '%s': %s"), HELPER, error->message);
        return NMM_EXIT_FAILED;
    }
    report = nmm_refresh_report(output);
    if (!g_subprocess_get_successful(helper))
        nmm_report_set_code(report, NMM_EXIT_FAILED);
    return nmm_report_print(report, json);
}

const NmmCommand nmm_command_refresh = {
    .name = "refresh",
    .summary = N_("Activate profiles that are due, clean up, update suggested profiles"),
    .run = run,
};
