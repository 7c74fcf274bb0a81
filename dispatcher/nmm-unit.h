/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd, if it runs: the helper has a unit of its own. What the hook starts would otherwise stay
 * in the unit of NetworkManager's dispatcher, which ends after 10 s without events.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As sd_booted(3). */
gboolean nmm_unit_is_booted(void);

/* Starts the unit and does not wait for it. systemd merges a start with the run of a unit
 * that it does not know to end, see nmm_unit_notify_stopping().
 * NMM_ERROR_DENIED: the administrator masked the unit. */
gboolean nmm_unit_start(GError **error);

/* From now on a start waits until this process has ended, and then starts it again. Does nothing if
 * systemd did not start the process. */
void nmm_unit_notify_stopping(void);

G_END_DECLS
