/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what the services of active profiles publish. A profile that the user may not see is left
 * out.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-profile-status.h"

G_BEGIN_DECLS

/* @bus: the system bus. */
void nmm_status_read_async(GDBusConnection *bus, GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (element-type NmmProfileStatus): never NULL. @out_silent: (transfer full): the
 * process IDs of the services that do not answer, as text; it is unknown which profiles they serve.
 */
GPtrArray *nmm_status_read_finish(GAsyncResult *result, char ***out_silent);

G_END_DECLS
