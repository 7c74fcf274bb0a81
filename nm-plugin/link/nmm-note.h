/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A note in the run directory about what was changed on a network device, so that the next process
 * undoes it if this one dies. A reboot removes the note and the change.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @kind: what was changed, the beginning of the file's name. */

/* (transfer full) (nullable): NULL if there is none that can be read. */
GKeyFile *nmm_note_read(const char *run_dir, const char *kind, const char *device);
/* NMM_ERROR_FAILED. */
gboolean nmm_note_write(const char *run_dir,
                        const char *kind,
                        const char *device,
                        GKeyFile *note,
                        GError **error);
/* Also TRUE if there is none. NMM_ERROR_FAILED. */
gboolean nmm_note_remove(const char *run_dir, const char *kind, const char *device, GError **error);

G_END_DECLS
