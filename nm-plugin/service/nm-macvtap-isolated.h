/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode isolated while a profile is up: the sync engine with NetworkManager's and the kernel's view
 * of the subnets in use.
 */

#pragma once

#include "nm-macvtap-activation.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_ISOLATED (nm_macvtap_isolated_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapIsolated,
                     nm_macvtap_isolated,
                     NM_MACVTAP,
                     ISOLATED,
                     NMMacvtapActivation)

G_END_DECLS
