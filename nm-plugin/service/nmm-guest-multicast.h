/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key "multicast": the guests of a profile receive all multicast while it is up. QEMU reports
 * the groups that a guest has joined, but libvirt sets them on the macvtap device only with
 * trustGuestRxFilters='yes', which is not the default.
 */

#pragma once

#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct _NmmGuestMulticast NmmGuestMulticast;

/* @parent: the device that the guests are on. */
NmmGuestMulticast *nmm_guest_multicast_new(NmmProfile *profile, const char *parent);
/* Takes everything back. */
void nmm_guest_multicast_free(NmmGuestMulticast *self);

/* Does nothing if the profile has multicast=no; only logs an error. @guests: (element-type
 * NmmGuest): all of them; @networks: (element-type NmmNetwork). */
void nmm_guest_multicast_update(NmmGuestMulticast *self, GPtrArray *guests, GPtrArray *networks);

G_END_DECLS
