/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode isolated while a profile is up: runs the sync engine with the subnets that NetworkManager
 * and the kernel have in use, and reports to NetworkManager.
 */

#pragma once

#include "nmm-activation.h"

G_BEGIN_DECLS

#define NMM_TYPE_ISOLATED (nmm_isolated_get_type())
G_DECLARE_FINAL_TYPE(NmmIsolated, nmm_isolated, NMM, ISOLATED, NmmActivation)

G_END_DECLS
