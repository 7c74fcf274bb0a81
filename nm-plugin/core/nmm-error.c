/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-error.h"

#include "nmm-text.h"

G_DEFINE_QUARK(nm - macvtap - error - quark, nmm_error)

gboolean
nmm_fail(GError **error, NmmError code, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    g_propagate_error(error, g_error_new_valist(NMM_ERROR, (int)code, format, values));
    va_end(values);
    return FALSE;
}

gboolean
nmm_fail_shown(GError **error, const char *text)
{
    g_autofree char *shown = nmm_text_to_display(text);
    GString *message;

    if (!error || !*error || g_str_equal(shown, text) || !*text)
        return FALSE;
    message = g_string_new((*error)->message);
    g_string_replace(message, text, shown, 0);
    g_free((*error)->message);
    (*error)->message = g_string_free(message, FALSE);
    return FALSE;
}

const char *
nmm_error_get_message(const GError *error)
{
    return error ? error->message : NULL;
}
