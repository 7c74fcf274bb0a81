/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GLib's writer for the journal sends no SYSLOG_IDENTIFIER, so that `journalctl -t` would find
 * nothing; this one adds it and leaves everything else to GLib.
 */

#include "config.h"

#include "nmm-log.h"

#include <stdio.h>

static GLogWriterOutput
writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    g_autofree GLogField *with_identifier = NULL;

    if (g_log_writer_default_would_drop(level, G_LOG_DOMAIN))
        return G_LOG_WRITER_HANDLED;
    if (!g_log_writer_is_journald(fileno(stderr)))
        return g_log_writer_standard_streams(level, fields, n_fields, NULL);

    with_identifier = g_new(GLogField, n_fields + 1);
    for (gsize i = 0; i < n_fields; i++)
        with_identifier[i] = fields[i];
    with_identifier[n_fields] = (GLogField){"SYSLOG_IDENTIFIER", user_data, -1};
    return g_log_writer_journald(level, with_identifier, n_fields + 1, NULL);
}

/**
 * nmm_log_init:
 * @identifier: (transfer none): the program's name in the journal; must stay valid
 */
void
nmm_log_init(const char *identifier)
{
    g_log_set_writer_func(writer, (gpointer)identifier, NULL);
}
