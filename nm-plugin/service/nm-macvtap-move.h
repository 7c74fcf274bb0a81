/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move while a profile is up: the steps of the transaction, carried out through
 * NetworkManager.
 */

#pragma once

#include "nm-macvtap-activation.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_MOVE (nm_macvtap_move_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapMove, nm_macvtap_move, NM_MACVTAP, MOVE, NMMacvtapActivation)

G_END_DECLS
