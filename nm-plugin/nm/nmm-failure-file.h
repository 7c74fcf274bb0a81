/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a profile last failed: a file in the run directory, which remains after the service's process
 * has ended. Root writes it. Every user can read the file of a profile for all users; only the
 * users of a private profile can read its file.
 */

#pragma once

#include <sys/types.h>

#include "nmm-profile-status.h"

G_BEGIN_DECLS

/* @readers: (element-type uid_t) (nullable): NULL for everybody. FALSE with a G_FILE_ERROR. */
gboolean nmm_failure_file_write(const char *run_dir,
                                const char *uuid,
                                const NmmFailure *failure,
                                const GArray *readers,
                                GError **error);
/* The profile came up. */
void nmm_failure_file_remove(const char *run_dir, const char *uuid);
/* (transfer full) (nullable): NULL if there is none, or the user may not read it. */
NmmFailure *nmm_failure_file_read(const char *run_dir, const char *uuid);

G_END_DECLS
