/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-sysctl.h"

#include "nmm-error.h"

gboolean
nmm_sysctl_read(const char *path, char **out_value, GError **error)
{
    g_autofree char *file = g_build_filename("/proc/sys", path, NULL);
    g_autoptr(GError) cause = NULL;
    char *text = NULL;

    if (g_file_get_contents(file, &text, NULL, &cause))
        g_strchomp(text);
    else if (!g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return nmm_fail(error, NMM_ERROR_FAILED, "%s", cause->message);
    *out_value = text;
    return TRUE;
}
