/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands, and what they report on what they have read.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-orphans.h"
#include "nmm-plan.h"
#include "nmm-report.h"
#include "nmm-host-state.h"

G_BEGIN_DECLS

typedef struct {
    const char *name;
    const char *argument;        /* (nullable): name of its one argument; NULL takes none */
    const char *summary;         /* N_()-marked */
    const GOptionEntry *entries; /* (nullable): options besides --json */
    int (*run)(const char *argument, gboolean json); /* returns an NmmExit */
} NmmCommand;

extern const NmmCommand nmm_command_status;
extern const NmmCommand nmm_command_plan;
extern const NmmCommand nmm_command_check;
extern const NmmCommand nmm_command_cleanup;
extern const NmmCommand nmm_command_refresh;
extern const NmmCommand nmm_command_retire;

/* All reports are (transfer full). @inputs: (element-type NmmCheckInput): of every macvtap guest */
NmmReport *nmm_status_report(const NmmHostState *state, const GPtrArray *inputs);
/* Mode isolated. @refused: (nullable): why activating would be refused */
NmmReport *nmm_plan_report(const NmmProfile *profile, const NmmPlan *plan, const char *refused);
/* Modes share and move. @inputs: (element-type NmmCheckInput): of nmm_check_predict();
 * @refused: (nullable) */
NmmReport *nmm_plan_link_report(const NmmHostState *state,
                                const NmmHostProfile *profile,
                                const GPtrArray *inputs,
                                const char *refused);
NmmReport *nmm_check_report(const NmmCheckInput *input);
/* Adds the member "steps" and its text. @results: (element-type NmmCheckResult) */
void nmm_check_add_steps(NmmReport *report, const GPtrArray *results);
/* @orphans: (element-type NmmOrphan) */
NmmReport *nmm_cleanup_report(const NmmHostState *state, const GPtrArray *orphans);
void
nmm_cleanup_add_to_report(NmmReport *report, const NmmHostState *state, const GPtrArray *orphans);
/* @output: (nullable): of the dispatcher helper, a line for each action */
NmmReport *nmm_refresh_report(const char *output);

/* Reads every libvirt URI that a profile may use. Skips a built-in one that does not answer and is
 * in no profile, because it is not installed. FALSE, with a complaint, if one could not be read. */
gboolean nmm_cleanup_read_hypervisors(NmmHostState *state);
/* Prints a complaint about each object that it cannot remove. Returns: an NmmExit. */
int nmm_cleanup_remove(NmmHostState *state, GPtrArray *orphans);

/* The libvirt that should have @guest, which was not found: that of the first profile that selects
 * it, else the default one. (transfer none) */
const char *nmm_check_choose_uri(const NmmHostState *state, const char *guest);
/* The members that a guest has in both status and check. */
void nmm_check_input_to_json(const NmmCheckInput *input, JsonObject *json);

G_END_DECLS
