/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of the guests of an active profile: a file in the run directory that the NSS module
 * reads. It is valid while this process holds the lock on it, so it is no longer valid when the
 * process ends, even if it is killed. Users who may see the profile may read it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _NmmHostsFile NmmHostsFile;

/* Writes nothing. @readers: (element-type uid_t) (nullable): NULL for everybody; must stay valid.
 */
NmmHostsFile *nmm_hosts_file_new(const char *run_dir, const char *uuid, const GArray *readers);
/* Removes the file. */
void nmm_hosts_file_free(NmmHostsFile *self);

/* Replaces the file at once; a program reads either the old or the new one. @text: (nullable): of
 * nmm_host_name_build_file(), NULL removes the file. NMM_ERROR_FAILED: it was removed. */
gboolean nmm_hosts_file_set(NmmHostsFile *self, const char *text, GError **error);

G_END_DECLS
