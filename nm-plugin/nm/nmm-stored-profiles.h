/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profiles of type macvtap in NetworkManager's files, for when it is not running: the next
 * start reads these files. A directory that the setting "keyfile.path" names is not read.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

typedef struct {
    NMConnection *connection;
    char *path;
    gboolean in_memory; /* for NetworkManager: the file is gone after a reboot */
} NmmStoredProfile;

/* (transfer full) (element-type NmmStoredProfile). NetworkManager ignores a file that it cannot
 * read, and so does this function. */
GPtrArray *nmm_stored_profiles_read(void);
/* Deletes the file of a profile that is in memory. */
gboolean nmm_stored_profiles_delete_in_memory(const char *uuid, GError **error);

G_END_DECLS
