/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unfinished plan that the files of the planner share. */

#pragma once

#include "nmm-plan.h"

G_BEGIN_DECLS

typedef struct {
    const NmmProfile *profile;
    NmmPurpose purpose;
    const NmmObserved *observed;
    NmmNetwork *network;  /* (nullable), borrowed: the profile's network, as it will be */
    NmmNetwork *followed; /* (nullable): the network after a change of its definition */
    char *alias;          /* of the interfaces that we attach to it */
    NmmPlan *plan;
} NmmPlanner;

/* nmm-plan-edit.c */
NmmPlan *nmm_plan_new(void);
/* Edits. @xml: (transfer full) (nullable). @reason: (transfer full). */
void nmm_planner_add_network_edit(NmmPlanner *planner, NmmEditKind kind, char *xml, char *reason);
/* Only adds a note if libvirt cannot carry it out, because @guest is a container that runs. */
void nmm_planner_add_nic_edit(NmmPlanner *planner,
                              const NmmGuest *guest,
                              NmmScope scope,
                              NmmEditKind kind,
                              char *xml,
                              char *reason);
/* Detaches @nic, which is the profile's. */
void nmm_planner_add_detach(NmmPlanner *planner,
                            const NmmGuest *guest,
                            NmmScope scope,
                            const NmmNic *nic,
                            char *reason);
void nmm_planner_add_note(NmmPlanner *planner, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* nmm-plan-network.c */
/* Defines, adopts or refuses the network of an active profile; starts it. */
gboolean nmm_planner_bring_network_up(NmmPlanner *planner, GError **error);
/* Fills in the plan's bridge and addresses if the network exists. */
void nmm_planner_describe_network(NmmPlanner *planner);

/* nmm-plan-users.c */
/* Whether the network that exists may be used in spite of its users; fills in the plan's adopted.
 * NMM_ERROR_CONFLICT. */
gboolean nmm_planner_check_users(NmmPlanner *planner, GError **error);

/* nmm-plan-remove.c */
/* Removes the network if a profile defined it and no guest uses it: this profile, or in a purge
 * any. */
void nmm_planner_remove_network(NmmPlanner *planner);

/* nmm-plan-undo.c */
/* What an activation that failed did to the network, to a guest. */
void nmm_planner_undo_network(NmmPlanner *planner);
void nmm_planner_undo_guest(NmmPlanner *planner, NmmGuest *guest);

/* nmm-plan-guest.c */
void nmm_planner_do_guest(NmmPlanner *planner, NmmGuest *guest);

G_END_DECLS
