/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the facts about guests for the steps of `check`: from the host state, leases, firewalld
 * and the configuration of the Name Service Switch. Judges nothing, and changes nothing.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-host-state.h"

G_BEGIN_DECLS

/*
 * @guest: (nullable): a name or UUID; NULL for every macvtap guest. One input for each active
 * profile that selects the guest; if none does, one for the first profile that is down; else one
 * without a profile. Probes the guests, which blocks for some seconds if they do not answer.
 * Returns: (transfer full) (element-type NmmCheckInput): by libvirt and guest, in their order.
 */
GPtrArray *nmm_check_collect(const NmmHostState *state, const char *guest);

/* Of the guests of a profile of mode share or move, as if it was active and had seen no traffic
 * yet; probes nothing. (transfer full) (element-type NmmCheckInput) */
GPtrArray *nmm_check_predict(const NmmHostState *state, const NmmHostProfile *profile);

G_END_DECLS
