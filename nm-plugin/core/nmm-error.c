/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-error.h"

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

const char *
nmm_error_get_message(const GError *error)
{
    return error ? error->message : NULL;
}
