/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the plan share: the plan in the making, and how an edit gets onto it.
 */

#pragma once

#include "nmm-plan.h"

G_BEGIN_DECLS

typedef struct {
    const NmmProfile *profile;
    NmmPurpose purpose;
    const NmmObserved *observed;
    NmmNetwork *network; /* (nullable): borrowed: the profile's network where it exists */
    char *alias;         /* of our interfaces on that network */
    NmmPlan *plan;
} NmmPlanner;

/* nmm-plan.c; @edit's strings are taken over, its network is filled in. */
void nmm_planner_add_edit(NmmPlanner *planner, const NmmEdit *edit);
void nmm_planner_add_note(NmmPlanner *planner, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* nmm-plan-network.c */
gboolean nmm_planner_bring_network_up(NmmPlanner *planner, GError **error);
void nmm_planner_describe_network(NmmPlanner *planner);
void nmm_planner_remove_network(NmmPlanner *planner);

/* nmm-plan-guest.c */
void nmm_planner_do_guest(NmmPlanner *planner, NmmGuest *guest);
/* An interface of ours: on the profile's network, with its alias. */
gboolean nmm_planner_is_our_nic(const NmmPlanner *planner, const NmmNic *nic);

G_END_DECLS
