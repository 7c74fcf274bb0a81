/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the plan say about a plan.
 */

#pragma once

#include "nmm-plan.h"
#include "world.h"

G_BEGIN_DECLS

/* (transfer full) */
NmmPlan *plan_isolated_for(World *world, const NmmProfile *profile, NmmPurpose purpose);
/* @expected: the edits in order: kind, and for interfaces scope and guest. */
void assert_plan_edits(const NmmPlan *plan, const char *expected);
const NmmEdit *plan_edit_at(const NmmPlan *plan, guint i);
void assert_plan_status(const NmmPlan *plan, guint i, const char *expected);
void assert_text_contains(const char *text, const char *part);
/* One note that has @part in it, or none at all where it is NULL. */
void assert_plan_note(const NmmPlan *plan, const char *part);
void assert_cidr(const NmmCidr *cidr, const char *expected);
/* @parts: of the message, ended by NULL. */
void assert_plan_conflict(World *world, const NmmProfile *profile, const char *const *parts);

/* (transfer full) (nullable): interfaces of guest g1; "O" stands for ours as the plan makes it, "W"
 * for ours with another MAC, "D" with the link down, "I" isolated, "E" of model e1000e, "S" our
 * alias elsewhere.
 */
char *plan_expand_nics(const char *nics);

G_END_DECLS
