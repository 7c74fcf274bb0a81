/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands, and the pure parts of them: what was found out in, text or JSON out.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-orphans.h"
#include "nmm-tool.h"
#include "nmm-world.h"

G_BEGIN_DECLS

extern const NmmCommand nmm_command_status;
extern const NmmCommand nmm_command_plan;
extern const NmmCommand nmm_command_check;
extern const NmmCommand nmm_command_cleanup;
extern const NmmCommand nmm_command_refresh;

/* @facts: (element-type NmmCheckInput). All return (transfer full). */
char *nmm_status_format(const NmmWorld *world, const GPtrArray *facts);
JsonObject *nmm_status_to_json(const NmmWorld *world, const GPtrArray *facts);
NmmExit nmm_status_judge(const NmmWorld *world, const GPtrArray *facts);

/* @refused: (nullable): why activating would be refused all the same. */
char *nmm_plan_format(const NmmProfile *profile, const NmmPlan *plan, const char *refused);
JsonObject *nmm_plan_to_json(const NmmProfile *profile, const NmmPlan *plan, const char *refused);

/* Of a profile of mode share or move. @facts: (element-type NmmCheckInput): as
 * nmm_survey_foresee() gives them; @refused: (nullable). */
char *nmm_plan_link_format(const NmmWorld *world,
                           const NmmWorldProfile *profile,
                           const GPtrArray *facts,
                           const char *refused);
JsonObject *nmm_plan_link_to_json(const NmmWorld *world,
                                  const NmmWorldProfile *profile,
                                  const GPtrArray *facts,
                                  const char *refused);
/* `nm-macvtap plan` of such a profile; returns an NmmExit. */
int nmm_plan_link_run(NmmWorld *world, const NmmWorldProfile *profile, gboolean json);

/* What status and check tell alike of a guest: profile, mode and way, address. */
void nmm_check_input_to_json(const NmmCheckInput *facts, JsonObject *json);

/* @findings: (element-type NmmCheckResult) */
char *nmm_check_format(const NmmCheckInput *facts, const GPtrArray *findings);
JsonObject *nmm_check_to_json(const NmmCheckInput *facts, const GPtrArray *findings);

/* @leftovers: (element-type NmmOrphan) */
char *nmm_cleanup_format(const GPtrArray *leftovers);
JsonObject *nmm_cleanup_to_json(const GPtrArray *leftovers);

G_END_DECLS
