/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the plan share: the plan in the making, and how an edit gets onto it.
 */

#pragma once

#include "nm-macvtap-plan.h"

G_BEGIN_DECLS

typedef struct {
    const NMMacvtapProfile *profile;
    NMMacvtapPurpose purpose;
    const NMMacvtapObserved *observed;
    NMMacvtapNetwork *network; /* (nullable): borrowed: the profile's network where it exists */
    char *alias;               /* of our interfaces on that network */
    NMMacvtapPlan *plan;
} NMMacvtapPlanner;

/* nm-macvtap-plan.c; @edit's strings are taken over, its network is filled in. */
void nm_macvtap_planner_add_edit(NMMacvtapPlanner *planner, const NMMacvtapEdit *edit);
void
nm_macvtap_planner_add_note(NMMacvtapPlanner *planner, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* nm-macvtap-plan-network.c */
gboolean nm_macvtap_planner_bring_network_up(NMMacvtapPlanner *planner, GError **error);
void nm_macvtap_planner_describe_network(NMMacvtapPlanner *planner);
void nm_macvtap_planner_remove_network(NMMacvtapPlanner *planner);

/* nm-macvtap-plan-guest.c */
void nm_macvtap_planner_do_guest(NMMacvtapPlanner *planner, NMMacvtapGuest *guest);
/* An interface of ours: on the profile's network, with its alias. */
gboolean nm_macvtap_planner_is_our_nic(const NMMacvtapPlanner *planner, const NMMacvtapNic *nic);

G_END_DECLS
