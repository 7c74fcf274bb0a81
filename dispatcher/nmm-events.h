/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of an event from the hook to the one helper that runs: a file of lines, a lock for the
 * file, and a lock that the helper holds while it runs. However many events come while it runs,
 * they wait in the file, and it goes round once more.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-scene.h"

G_BEGIN_DECLS

/* Oldest first; lines that make no sense are left out. (transfer full) (element-type
 * NmmSceneEvent) */
GPtrArray *nmm_events_parse(const char *text);

/* Appends an event; puts events in front; takes them all. FALSE and NULL with an error of GIO. */
gboolean nmm_events_add(const char *run_dir, const char *action, GError **error);
gboolean nmm_events_put_back(const char *run_dir, const GPtrArray *events, GError **error);
GPtrArray *nmm_events_take(const char *run_dir, GError **error);
/* Are there any to take? Any of that profile's own? */
gboolean nmm_events_wait(const char *run_dir);
gboolean nmm_events_wait_of(const char *run_dir, const char *uuid);

/* The helper's lock: a file descriptor; -1 with %G_IO_ERROR_BUSY where another one runs. @wait:
 * until that one has ended. */
int nmm_events_lock(const char *run_dir, gboolean wait, GError **error);

G_END_DECLS
