/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out the edits of guests that started while their profile is down. A guest that another
 * operation holds, for example because it is still being resumed, delays nothing else.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* @edits: (element-type NmmEdit): of running guests. Does not start libvirt if its daemon has
 * ended meanwhile. */
void nmm_unplug_async(const char *uri,
                      GPtrArray *edits,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
/* One of the guests' errors. NMM_ERROR_BUSY, if there is no other error: try again. */
gboolean nmm_unplug_finish(GAsyncResult *result, GError **error);

G_END_DECLS
