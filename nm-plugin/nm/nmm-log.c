/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-log.h"

#include <string.h>

/* GLib's journal writer sends no SYSLOG_IDENTIFIER, which `journalctl -t` needs. */
static GLogWriterOutput
writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer identifier)
{
    g_autofree GLogField *named = g_new(GLogField, n_fields + 1);

    memcpy(named, fields, n_fields * sizeof(*fields));
    named[n_fields] = (GLogField){"SYSLOG_IDENTIFIER", identifier, -1};
    return g_log_writer_default(level, named, n_fields + 1, NULL);
}

void
nmm_log_init(const char *identifier)
{
    g_log_set_writer_func(writer, (gpointer)identifier, NULL);
}
