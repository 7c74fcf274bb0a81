/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-failure-file.h"

#include <glib/gstdio.h>

#include "nmm-lock.h"
#include "nmm-names.h"
#include "nmm-readers.h"

#define GROUP       "failure"
#define KEY_TIME    "time"
#define KEY_MESSAGE "message"

static char *
build_path(const char *run_dir, const char *uuid)
{
    g_autofree char *name = g_strconcat(NMM_FAILURE_PREFIX, uuid, NULL);

    /* NetworkManager checks UUIDs; a path must never depend on it. */
    g_strdelimit(name, "/", '_');
    return g_build_filename(run_dir, name, NULL);
}

static char *
build_text(const NmmFailure *failure)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *message = g_utf8_make_valid(failure->message, -1);

    g_key_file_set_int64(file, GROUP, KEY_TIME, failure->time);
    g_key_file_set_string(file, GROUP, KEY_MESSAGE, message);
    return g_key_file_to_data(file, NULL, NULL);
}

gboolean
nmm_failure_file_write(const char *run_dir,
                       const char *uuid,
                       const NmmFailure *failure,
                       const GArray *readers,
                       GError **error)
{
    g_autofree char *path = build_path(run_dir, uuid);
    g_autofree char *text = build_text(failure);

    nmm_lock_make_run_dir(run_dir);
    /* Only root can read it before the list is set. */
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error) &&
           nmm_readers_admit(path, readers, error);
}

void
nmm_failure_file_remove(const char *run_dir, const char *uuid)
{
    g_autofree char *path = build_path(run_dir, uuid);

    g_unlink(path);
}

NmmFailure *
nmm_failure_file_read(const char *run_dir, const char *uuid)
{
    g_autofree char *path = build_path(run_dir, uuid);
    g_autofree char *message = NULL;
    g_autoptr(GKeyFile) file = g_key_file_new();

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return NULL;
    message = g_key_file_get_string(file, GROUP, KEY_MESSAGE, NULL);
    if (!message)
        return NULL;
    return nmm_failure_new(g_key_file_get_int64(file, GROUP, KEY_TIME, NULL), message);
}
