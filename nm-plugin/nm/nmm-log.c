/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-log.h"

#include <string.h>

#include "nmm-journal.h"
#include "nmm-text.h"

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

/* Names in a message may have any character. (transfer full) */
static char *
show_message(const GLogField *field)
{
    gssize length = field->length;
    g_autofree char *text =
        length < 0 ? g_strdup(field->value) : g_strndup(field->value, (gsize)length);

    return nmm_text_to_message(text, NMM_TEXT_LOG_MAX);
}

/* `journalctl -t` needs SYSLOG_IDENTIFIER. GLib's journal writer sends the program's name, or, in
 * older versions, nothing. */
static GLogWriterOutput
writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    g_autofree GLogField *all = g_new(GLogField, n_fields + N_FIELDS);
    g_autofree char *message = NULL;

    memcpy(all, fields, n_fields * sizeof(*fields));
    for (gsize i = 0; i < n_fields; i++) {
        if (message || !g_str_equal(fields[i].key, "MESSAGE"))
            continue;
        message = show_message(&fields[i]);
        all[i] = (GLogField){"MESSAGE", message, -1};
    }
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
