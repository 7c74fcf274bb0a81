/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent of a profile: which device it is, the name of the host link over it, and whether mode
 * move can move its configuration. Reads libnm's cache and changes nothing.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-profile.h"

G_BEGIN_DECLS

/* (transfer none): the device @name (nullable), the kernel's own name for the profile's parent;
 * else @base (nullable), or the device below @base if that is a host link. NULL with
 * NMM_ERROR_NOT_FOUND. */
NMDevice *nmm_parent_find(NMClient *client, const char *name, NMDevice *base, GError **error);
/* (transfer none) (nullable): the device below @device if that is the host link of mode move of
 * any profile, whatever its name. */
NMDevice *nmm_parent_below(NMClient *client, NMDevice *device);
/* (transfer full): the name of @profile's host link over @parent. */
char *nmm_parent_name_link(const NmmProfile *profile, NMDevice *parent);
/* Whether a link can be made over @parent, and NetworkManager can move its configuration.
 * NMM_ERROR_UNSUPPORTED, NMM_ERROR_CONFLICT or NMM_ERROR_NOT_FOUND, with the remedy. */
gboolean nmm_parent_check(NMClient *client, NMDevice *parent, GError **error);
/* (transfer full) (nullable): why a host link cannot have the MAC of @parent, whose connection is
 * @applied; NULL if it can. @client: (nullable): without it, other devices do not count. Waits for
 * a process, a few milliseconds. */
char *nmm_parent_find_mac_obstacle(NMClient *client, NMDevice *parent, NMConnection *applied);
/* Whether @link is a host link of mode move over @parent, active or left behind. @link_uuid: of its
 * connection. */
gboolean nmm_parent_owns_link(NMDevice *parent, NMDevice *link, const char *link_uuid);

/* Whether devices of @type can carry a host link. */
gboolean nmm_parent_is_ethernet(NMDeviceType type);

G_END_DECLS
