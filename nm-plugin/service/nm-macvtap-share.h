/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share while a profile is up: a host link beside the guests' macvtap interfaces, and routes
 * to the guests' own addresses on it. The host's address, default route and DNS stay where they
 * are: nothing here can take the host off its network.
 */

#pragma once

#include "nm-macvtap-activation.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_SHARE (nm_macvtap_share_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapShare, nm_macvtap_share, NM_MACVTAP, SHARE, NMMacvtapActivation)

G_END_DECLS
