/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of the chain: what a row of its tables is, and what judges rows of more than
 * one.
 */

#pragma once

#include "nmm-check.h"

G_BEGIN_DECLS

/* @detail: (out) (transfer full); @remedy: (out) (transfer full) (nullable): left NULL for none. */
typedef NmmCheckVerdict (*NmmJudge)(const NmmCheckInput *facts, char **detail, char **remedy);

typedef struct {
    const char *id; /* NULL ends a table */
    NmmJudge judge;
} NmmCheckStep;

extern const NmmCheckStep nmm_check_isolated[];
extern const NmmCheckStep nmm_check_share[];
extern const NmmCheckStep nmm_check_move[];

char *nmm_check_make_command(const char *word, ...) G_GNUC_NULL_TERMINATED;

NmmCheckVerdict nmm_check_judge_guest(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_macvtap(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_profile(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_running(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_plugged(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_link(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_neighbour(const NmmCheckInput *facts, char **detail, char **remedy);
NmmCheckVerdict nmm_check_judge_names(const NmmCheckInput *facts, char **detail, char **remedy);

G_END_DECLS
