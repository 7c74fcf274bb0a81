/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With systemd, the helper runs in its own unit. Otherwise, it would run in the unit of
 * NetworkManager's dispatcher, which exits after 10 s without events.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As sd_booted(3). */
gboolean nmm_unit_is_booted(void);

/* Starts the unit and does not wait for it. If the unit is running, systemd ignores the start,
 * unless the process has announced its end with nmm_unit_notify_stopping(). NMM_ERROR_DENIED: the
 * administrator masked the unit. */
gboolean nmm_unit_start(GError **error);

/* From now on, systemd starts the unit again when a start arrives and this process has ended. Does
 * nothing if systemd did not start the process. */
void nmm_unit_notify_stopping(void);

G_END_DECLS
