/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last two steps of mode move: NetworkManager removes the host link, and then checks the
 * connectivity. Between them the caller announces the parent, because the check fails while the LAN
 * has the MAC of the link. The service calls both, and the dispatcher helper if the service died.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* Removes @link, if it is not NULL, and its profile @link_uuid, if there is one. */
void nmm_link_removal_remove_async(NMClient *client,
                                   NMDevice *link,
                                   const char *link_uuid,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
/* FALSE: NetworkManager did not remove the device, which may have gone by itself. */
gboolean nmm_link_removal_remove_finish(GAsyncResult *result, GError **error);

/* Cannot fail. Takes up to two seconds if the server of the check does not answer. */
void nmm_link_removal_check_connectivity_async(NMClient *client,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);

G_END_DECLS
