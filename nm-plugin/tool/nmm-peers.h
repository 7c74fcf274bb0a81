/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Macvlan peers that active profiles of mode share serve: those neighbours of their host links
 * that are no guests.
 */

#pragma once

#include "nmm-host-state.h"
#include "nmm-report.h"

G_BEGIN_DECLS

/* Adds "peers" to the document, and their table if there are any. @inputs: (element-type
 * NmmCheckInput): of every macvtap guest. */
void nmm_peers_add_to_report(NmmReport *report, const NmmHostState *state, const GPtrArray *inputs);
/* (transfer full): why host and the peer at @address cannot reach each other. Probes it. */
NmmReport *
nmm_peers_check(const NmmHostState *state, const GPtrArray *inputs, const NmmCidr *address);

G_END_DECLS
