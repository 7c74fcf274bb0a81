/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands, and the pure parts of them: what was found out in, text or JSON out.
 */

#pragma once

#include "nm-macvtap-chain.h"
#include "nm-macvtap-leftovers.h"
#include "nm-macvtap-tool.h"
#include "nm-macvtap-world.h"

G_BEGIN_DECLS

extern const NMMacvtapCommand nm_macvtap_command_status;
extern const NMMacvtapCommand nm_macvtap_command_plan;
extern const NMMacvtapCommand nm_macvtap_command_check;
extern const NMMacvtapCommand nm_macvtap_command_cleanup;
extern const NMMacvtapCommand nm_macvtap_command_refresh;

/* @facts: (element-type NMMacvtapFacts). All return (transfer full). */
char *nm_macvtap_status_format(const NMMacvtapWorld *world, const GPtrArray *facts);
JsonObject *nm_macvtap_status_to_json(const NMMacvtapWorld *world, const GPtrArray *facts);
NMMacvtapExit nm_macvtap_status_judge(const NMMacvtapWorld *world, const GPtrArray *facts);

/* @refused: (nullable): why activating would be refused all the same. */
char *nm_macvtap_plan_format(const NMMacvtapProfile *profile,
                             const NMMacvtapPlan *plan,
                             const char *refused);
JsonObject *nm_macvtap_plan_to_json(const NMMacvtapProfile *profile,
                                    const NMMacvtapPlan *plan,
                                    const char *refused);

/* Of a profile of mode share or move. @facts: (element-type NMMacvtapFacts): as
 * nm_macvtap_survey_foresee() gives them; @refused: (nullable). */
char *nm_macvtap_plan_link_format(const NMMacvtapWorld *world,
                                  const NMMacvtapWorldProfile *profile,
                                  const GPtrArray *facts,
                                  const char *refused);
JsonObject *nm_macvtap_plan_link_to_json(const NMMacvtapWorld *world,
                                         const NMMacvtapWorldProfile *profile,
                                         const GPtrArray *facts,
                                         const char *refused);
/* `nm-macvtap plan` of such a profile; returns an NMMacvtapExit. */
int nm_macvtap_plan_link_run(NMMacvtapWorld *world,
                             const NMMacvtapWorldProfile *profile,
                             gboolean json);

/* What status and check tell alike of a guest: profile, mode and way, address. */
void nm_macvtap_facts_to_json(const NMMacvtapFacts *facts, JsonObject *json);

/* @findings: (element-type NMMacvtapFinding) */
char *nm_macvtap_check_format(const NMMacvtapFacts *facts, const GPtrArray *findings);
JsonObject *nm_macvtap_check_to_json(const NMMacvtapFacts *facts, const GPtrArray *findings);

/* @leftovers: (element-type NMMacvtapLeftover) */
char *nm_macvtap_cleanup_format(const GPtrArray *leftovers);
JsonObject *nm_macvtap_cleanup_to_json(const GPtrArray *leftovers);

G_END_DECLS
