/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active connections in libnm's cache.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-host-state.h"

G_BEGIN_DECLS

/* (transfer none) (nullable): the one of profile @uuid that is not deactivated. If an old one is
 * still going down while a new one comes up, the new one. */
NMActiveConnection *nmm_active_find(NMClient *client, const char *uuid);
/* Whether profile @uuid is up or coming up. */
gboolean nmm_active_is_up(NMClient *client, const char *uuid);
/* @active: (nullable): NULL is down. */
NmmActiveState nmm_active_get_state(NMActiveConnection *active);
/* (transfer none) (nullable): the device of @active (nullable); of a VPN, its base device. */
NMDevice *nmm_active_get_device(NMActiveConnection *active);
/* (transfer none) (nullable): the device of the default route. */
NMDevice *nmm_active_get_primary_device(NMClient *client);

G_END_DECLS
