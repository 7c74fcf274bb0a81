/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits for what the services of profiles publish: a service starts, changes its status or ends.
 * Follows signals on the system bus, and reads nothing itself.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calls @changed after each change until the process gets SIGINT or SIGTERM. FALSE with an error of
 * GIO if there is no system bus. */
gboolean
nmm_status_watch_run(void (*changed)(gpointer user_data), gpointer user_data, GError **error);

G_END_DECLS
