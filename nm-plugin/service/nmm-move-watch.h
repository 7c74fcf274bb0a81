/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows the parent while its configuration is on the host link, and finds out when it is
 * configured again: by NetworkManager (`nmcli device reapply`, another activation, a tool that
 * applies the stored profile), or by another program (`ip address add`, a DHCP client). Changes
 * nothing.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

typedef struct _NmmMoveWatch NmmMoveWatch;

/* Each may free the watch. */
typedef struct {
    /* The parent has the IP configuration @applied, or, if that is NULL, an address of the link.
     * @version: of the parent's applied connection. */
    void (*returned)(NMConnection *applied, guint64 version, gpointer user_data);
    /* Another program gave the parent @address, which the link does not have. Once for each. */
    void (*foreign)(const char *address, gpointer user_data);
} NmmMoveWatchClient;

/* @link: (nullable); @client is static. */
NmmMoveWatch *nmm_move_watch_new(NMClient *nm,
                                 NMDevice *parent,
                                 NMDevice *link,
                                 const NmmMoveWatchClient *client,
                                 gpointer user_data);
void nmm_move_watch_free(NmmMoveWatch *self);

/* Looks now, because a change was possible that the watch has reported or was not there to see. */
void nmm_move_watch_look(NmmMoveWatch *self);

/* Call it for each return. FALSE with NMM_ERROR_CONFLICT: too many in a short time. */
gboolean nmm_move_watch_count(NmmMoveWatch *self, GError **error);

G_END_DECLS
