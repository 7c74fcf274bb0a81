/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins guests and networks from libvirt with their devices in the kernel. Each device gets the
 * kernel's name, whichever of its names the XML has. For a running guest, parent, mode and MAC are
 * those of its macvtap device.
 */

#pragma once

#include "nmm-guest.h"
#include "nmm-link.h"
#include "nmm-network.h"

G_BEGIN_DECLS

/* Before the guests and networks are shared. @guests: (element-type NmmGuest); @networks:
 * (nullable) (element-type NmmNetwork); @links: (element-type NmmLink): all. */
void nmm_guest_devices_join(GPtrArray *guests, GPtrArray *networks, const GPtrArray *links);

G_END_DECLS
