/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of events between the hook and the one helper that runs: a file of lines, and a lock
 * for each access. Events that arrive while the helper runs wait in the file for its next round.
 */

#pragma once

#include "nmm-decision.h"

G_BEGIN_DECLS

/* Oldest first; ignores malformed lines. (transfer full) (element-type NmmEvent) */
GPtrArray *nmm_events_parse(const char *text);

/* Appends the event "refresh", and enables the hook again after `nm-macvtap retire`. */
gboolean nmm_events_add_refresh(const char *run_dir, GError **error);
/* Puts events in front; removes and returns all. */
gboolean nmm_events_put_back(const char *run_dir, const GPtrArray *events, GError **error);
GPtrArray *nmm_events_take(const char *run_dir, GError **error);
/* Whether events wait; whether events of the profile @uuid wait. */
gboolean nmm_events_wait(const char *run_dir);
gboolean nmm_events_wait_of(const char *run_dir, const char *uuid);

G_END_DECLS
