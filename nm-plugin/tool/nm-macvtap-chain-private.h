/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of the chain: what a row of its tables is, and what judges rows of more than
 * one.
 */

#pragma once

#include "nm-macvtap-chain.h"

G_BEGIN_DECLS

/* @detail: (out) (transfer full); @remedy: (out) (transfer full) (nullable): left NULL for none. */
typedef NMMacvtapChainVerdict (*NMMacvtapJudge)(const NMMacvtapFacts *facts,
                                                char **detail,
                                                char **remedy);

typedef struct {
    const char *id; /* NULL ends a table */
    NMMacvtapJudge judge;
} NMMacvtapStep;

extern const NMMacvtapStep nm_macvtap_chain_isolated[];
extern const NMMacvtapStep nm_macvtap_chain_share[];
extern const NMMacvtapStep nm_macvtap_chain_move[];

char *nm_macvtap_chain_make_command(const char *word, ...) G_GNUC_NULL_TERMINATED;

NMMacvtapChainVerdict
nm_macvtap_chain_judge_guest(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_macvtap(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_profile(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_running(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_plugged(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_link(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_neighbour(const NMMacvtapFacts *facts, char **detail, char **remedy);
NMMacvtapChainVerdict
nm_macvtap_chain_judge_names(const NMMacvtapFacts *facts, char **detail, char **remedy);

G_END_DECLS
