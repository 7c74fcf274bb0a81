/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share while a profile is up: a host link beside the guests' macvtap interfaces, and routes
 * to the guests' addresses on it. Must not change the host's address, default route and DNS, so
 * that it cannot take the host off its network.
 */

#pragma once

#include "nmm-activation.h"

G_BEGIN_DECLS

#define NMM_TYPE_SHARE (nmm_share_get_type())
G_DECLARE_FINAL_TYPE(NmmShare, nmm_share, NMM, SHARE, NmmActivation)

G_END_DECLS
