/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a profile of mode isolated that is down would not be activated, as far as its plan shows.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-host-state.h"

G_BEGIN_DECLS

/* NmmHostProfile → what was found: a plan is made once for each profile. */
typedef GHashTable NmmCheckRefusals;

NmmCheckRefusals *nmm_check_refusals_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmCheckRefusals, g_hash_table_unref)

/* Fills in the refusal of @profile. */
void nmm_check_refusals_add(NmmCheckRefusals *self,
                            const NmmHostState *state,
                            const NmmHostHypervisor *hypervisor,
                            const NmmHostProfile *profile,
                            NmmCheckInput *input);

G_END_DECLS
