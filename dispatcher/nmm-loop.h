/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper: takes events, looks, decides, acts, and goes round again while there are events. It
 * ends by itself, and at the latest when its time is over.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Runs until no events are left. @lock_fd: the helper's lock, taken over. @done: (nullable)
 * (element-type utf8): gets a line for each action that was carried out. Returns: FALSE where
 * something failed; the log has it.
 */
gboolean nmm_loop_run(const char *config_file, const char *run_dir, int lock_fd, GPtrArray *done);

G_END_DECLS
