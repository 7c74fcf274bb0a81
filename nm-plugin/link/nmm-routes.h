/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's routes as subnets in use.
 */

#pragma once

#include "nmm-subnet.h"

G_BEGIN_DECLS

/*
 * Appends the routes of the calling thread's network namespace as "route 10.0.0.0/8 dev tun0" to
 * @used (element-type NmmUsedSubnet): every table except the local one, so that those of VPNs and
 * of policy routing count; no default, link-local or multicast routes. NMM_ERROR_FAILED.
 */
gboolean nmm_routes_collect(GPtrArray *used, GError **error);

G_END_DECLS
