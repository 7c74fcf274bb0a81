/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undoes mode move: gives the parent its IP configuration back, then removes the host link, in this
 * order, so that the host always has an address. For the service when a profile goes down, and for
 * the dispatcher helper after a process that died. Never changes a stored profile.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* Whether mode move took the IP configuration of @device: @applied has none, the stored profile
 * has. Other temporary changes are the user's. */
gboolean nmm_restore_is_stripped(NMDevice *device, NMConnection *applied);

/* Applies @wanted if @device has no IP configuration. Otherwise it was activated again or
 * configured by another program, and is left alone; so is a device that is not activated, because
 * it gets its stored profile when it is. @has_new_mac: it asked its DHCP server under another MAC,
 * so it asks once more. */
void nmm_restore_parent_async(NMDevice *device,
                              NMConnection *wanted,
                              gboolean has_new_mac,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean nmm_restore_parent_finish(GAsyncResult *result, gboolean *out_changed, GError **error);

/* Everything that a dead process of profile @uuid left on the device named @device: checkpoint,
 * parent, host link. Stops when the profile, or another one that moves the device, comes up
 * meanwhile. The link stays if the device gets no address in time, or if it is cancelled.
 */
void nmm_restore_all_async(NMClient *client,
                           const char *uuid,
                           const char *device,
                           gboolean has_new_mac,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
/* Sets @out_changed also with an error, which is the first of several. */
gboolean nmm_restore_all_finish(GAsyncResult *result, gboolean *out_changed, GError **error);

G_END_DECLS
