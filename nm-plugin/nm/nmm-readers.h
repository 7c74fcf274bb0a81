/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may read a file in the run directory: everybody, or the users of a private profile.
 */

#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* @path: a file of mode 0600 that root owns. @readers: (element-type uid_t) (nullable): NULL for
 * everybody. FALSE with a G_FILE_ERROR. */
gboolean nmm_readers_admit(const char *path, const GArray *readers, GError **error);

G_END_DECLS
