/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-log.h"

#include <string.h>

#include "nmm-journal.h"

enum {
    FIELD_IDENTIFIER,
    FIELD_CONNECTION,
    FIELD_DEVICE,
    N_FIELDS,
};

/* In the order of the enumeration; the values are interned, so a thread may read an old one. */
static const char *const names[N_FIELDS] = {
    "SYSLOG_IDENTIFIER",
    NMM_LOG_FIELD_CONNECTION,
    NMM_LOG_FIELD_DEVICE,
};
static const char *values[N_FIELDS];

/* `journalctl -t` needs SYSLOG_IDENTIFIER. GLib's journal writer sends the program's name, or, in
 * older versions, nothing. */
static GLogWriterOutput
writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    g_autofree GLogField *all = g_new(GLogField, n_fields + N_FIELDS);

    memcpy(all, fields, n_fields * sizeof(*fields));
    for (guint i = 0; i < N_FIELDS; i++) {
        const char *value = g_atomic_pointer_get(&values[i]);

        if (value)
            all[n_fields++] = (GLogField){names[i], value, -1};
    }
    return g_log_writer_default(level, all, n_fields, NULL);
}

void
nmm_log_init(const char *identifier)
{
    values[FIELD_IDENTIFIER] = identifier;
    g_set_prgname(identifier);
    g_log_set_writer_func(writer, NULL, NULL);
}

void
nmm_log_set_profile(const char *uuid, const char *device)
{
    g_atomic_pointer_set(&values[FIELD_CONNECTION], g_intern_string(uuid));
    g_atomic_pointer_set(&values[FIELD_DEVICE], g_intern_string(device));
}
