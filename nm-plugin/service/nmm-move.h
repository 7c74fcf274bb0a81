/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move while a profile is up: the host link has the parent's IP configuration.
 */

#pragma once

#include "nmm-activation.h"

G_BEGIN_DECLS

#define NMM_TYPE_MOVE (nmm_move_get_type())
G_DECLARE_FINAL_TYPE(NmmMove, nmm_move, NMM, MOVE, NmmActivation)

G_END_DECLS
