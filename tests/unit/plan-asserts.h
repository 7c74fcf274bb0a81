/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions about a plan. */

#pragma once

#include "nmm-plan.h"
#include "plan-host.h"

G_BEGIN_DECLS

/* (transfer full) */
NmmPlan *plan_isolated_for(PlanHost *host, const NmmProfile *profile, NmmPurpose purpose);
/* @expected: the edits in order: kind, and for interfaces scope and guest. */
void assert_plan_edits(const NmmPlan *plan, const char *expected);
const NmmEdit *plan_edit_at(const NmmPlan *plan, guint i);
void assert_plan_status(const NmmPlan *plan, guint i, const char *expected);
void assert_text_contains(const char *text, const char *part);
/* One note that contains @part; NULL: no note. */
void assert_plan_note(const NmmPlan *plan, const char *part);
void assert_cidr(const NmmCidr *cidr, const char *expected);
/* @parts: of the message, ended by NULL. */
void assert_plan_conflict(PlanHost *host, const NmmProfile *profile, const char *const *parts);

/* (transfer full) (nullable): interfaces of guest g1: "O" the profile's as the plan makes it, "W"
 * the profile's with another MAC, "D" with the link down, "I" isolated, "E" of model e1000e, "S"
 * with the profile's alias on another network. */
char *plan_expand_nics(const char *nics);

G_END_DECLS
