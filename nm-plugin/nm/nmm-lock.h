/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks between processes: files in the run directory with an open file description lock
 * (fcntl_locking(2)). Lock files must never be removed: if one is unlinked while another process
 * waits for its lock, two processes can hold it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Creates @run_dir if it does not exist, mode 0711. FALSE with errno. */
gboolean nmm_lock_make_run_dir(const char *run_dir);

/* Returns a file descriptor that is open for reading and writing, -1 with an error. The lock ends
 * when the last copy of the descriptor is closed, so a child process can inherit it. Creates
 * @run_dir and the file (mode 0600). Without @wait: NMM_ERROR_CONFLICT if another
 * process holds the lock. */
int nmm_lock_take(const char *run_dir, const char *name, gboolean wait, GError **error);

/* Does not take the lock, so it never gets in the way of a process that wants it. TRUE if that
 * cannot be found out. */
gboolean nmm_lock_is_held(const char *run_dir, const char *name);

G_END_DECLS
