/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-note.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "nmm-error.h"

static char *
build_path(const char *run_dir, const char *kind, const char *device)
{
    return g_strdup_printf("%s/%s-%s", run_dir, kind, device);
}

GKeyFile *
nmm_note_read(const char *run_dir, const char *kind, const char *device)
{
    g_autofree char *path = build_path(run_dir, kind, device);
    g_autoptr(GKeyFile) note = g_key_file_new();

    return g_key_file_load_from_file(note, path, G_KEY_FILE_NONE, NULL) ? g_steal_pointer(&note)
                                                                        : NULL;
}

gboolean
nmm_note_write(const char *run_dir,
               const char *kind,
               const char *device,
               GKeyFile *note,
               GError **error)
{
    g_autofree char *path = build_path(run_dir, kind, device);
    g_autofree char *text = g_key_file_to_data(note, NULL, NULL);
    g_autoptr(GError) cause = NULL;

    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &cause) ||
           nmm_fail(
               error, NMM_ERROR_FAILED, _("cannot write in '%s': %s"), run_dir, cause->message);
}

gboolean
nmm_note_remove(const char *run_dir, const char *kind, const char *device, GError **error)
{
    g_autofree char *path = build_path(run_dir, kind, device);

    return g_unlink(path) == 0 || errno == ENOENT ||
           nmm_fail(error, NMM_ERROR_FAILED, _("cannot remove '%s': %s"), path, g_strerror(errno));
}
