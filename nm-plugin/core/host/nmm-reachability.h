/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a host link reaches a guest's interface: macvtap interfaces of the same parent reach each
 * other only if both are in mode bridge.
 */

#pragma once

#include "nmm-guest.h"

G_BEGIN_DECLS

/* @mode: (nullable): of a macvtap interface on the parent. */
gboolean nmm_reachability_has_mode(const char *mode);
/* @parent: (nullable): any; @networks: (element-type NmmNetwork): all. */
gboolean nmm_reachability_has_nic(const NmmNic *nic, const char *parent, GPtrArray *networks);

G_END_DECLS
