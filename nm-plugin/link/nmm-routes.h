/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's routes as subnets in use, over rtnetlink.
 */

#pragma once

#include "nmm-subnet.h"

G_BEGIN_DECLS

/*
 * Appends every IPv4 and IPv6 unicast/blackhole/… route of every table but the local one, default
 * routes and link-local and multicast left out, as "route 10.0.0.0/8 dev tun0" to @used
 * (element-type NmmUsedSubnet).
 */
gboolean nmm_routes_collect(GPtrArray *used, GError **error);

G_END_DECLS
