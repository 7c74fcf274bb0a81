/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rounds of the helper. Each takes the pending events, reads the host state, decides and acts,
 * until no events are left. If new events arrive while it reads, it reads again; otherwise a manual
 * deactivation would look like a failure, because NetworkManager runs the hook with "vpn-pre-down"
 * before it deactivates a profile.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Runs until no events are left. @lock_fd: (transfer full): the lock of the one helper that runs.
 * @done: (nullable) (element-type utf8): gets a line for each action that was carried out. FALSE if
 * something failed; the log has the reason.
 */
gboolean nmm_loop_run(const char *config_file, const char *run_dir, int lock_fd, GPtrArray *done);

G_END_DECLS
