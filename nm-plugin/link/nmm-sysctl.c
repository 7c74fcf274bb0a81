/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <net/if.h>
#include <unistd.h>

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

/* FALSE with errno. */
static gboolean
write_file(const char *file, const char *value)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    gboolean written;
    int code;

    if (fd < 0)
        return FALSE;
    written = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    code = errno;
    close(fd);
    errno = code;
    return written;
}

gboolean
nmm_sysctl_write(const char *path, const char *value, GError **error)
{
    g_autofree char *file = g_build_filename("/proc/sys", path, NULL);

    if (write_file(file, value))
        return TRUE;
    return nmm_fail(error,
                    errno == ENOENT ? NMM_ERROR_NOT_FOUND : NMM_ERROR_FAILED,
                    _("cannot write '%s' to '%s': %s"),
                    value,
                    file,
                    g_strerror(errno));
}

gboolean
nmm_sysctl_reset(const char *protocol, const char *device, const char *name, GError **error)
{
    g_autofree char *from = g_strdup_printf("net/%s/conf/default/%s", protocol, name);
    g_autofree char *to = g_strdup_printf("net/%s/conf/%s/%s", protocol, device, name);
    g_autofree char *value = NULL;

    if (if_nametoindex(device) == 0)
        return TRUE;
    return nmm_sysctl_read(from, &value, error) && (!value || nmm_sysctl_write(to, value, error));
}
