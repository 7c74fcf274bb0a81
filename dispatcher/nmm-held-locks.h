/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which profiles still have a process of the service, read from the claims that those hold.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Set of UUIDs. (transfer full) (element-type utf8). @locks: the text of /proc/locks. */
GHashTable *nmm_held_locks_read(const char *run_dir, const char *locks);

G_END_DECLS
