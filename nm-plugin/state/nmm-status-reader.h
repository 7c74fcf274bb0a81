/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what the services of active profiles publish. A profile that the user may not see, and a
 * service that does not answer, are left out.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-profile-status.h"

G_BEGIN_DECLS

/* @bus: the system bus. */
void nmm_status_read_async(GDBusConnection *bus, GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (element-type NmmProfileStatus): never NULL. */
GPtrArray *nmm_status_read_finish(GAsyncResult *result);

G_END_DECLS
