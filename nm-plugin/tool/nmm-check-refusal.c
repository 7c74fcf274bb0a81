/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check-refusal.h"

#include "nmm-plan.h"

/* Why the planner refuses the profile. The subnets in use are unknown here. */
typedef struct {
    char *message;       /* (nullable): NULL if it can be activated */
    char *other_network; /* (nullable): name of a new network with which it can be activated */
} Refusal;

static void
refusal_free(gpointer data)
{
    Refusal *refusal = data;

    g_free(refusal->message);
    g_free(refusal->other_network);
    g_free(refusal);
}

static gboolean
can_plan(const NmmHostState *state,
         const NmmHostHypervisor *hypervisor,
         const NmmHostProfile *profile,
         gboolean activating,
         GError **error)
{
    const NmmObserved observed = {
        .guests = hypervisor->guests,
        .networks = hypervisor->networks,
        .used = state->subnets,
        .host_id = "",
        .activating = activating,
    };
    g_autoptr(NmmPlan) plan = nmm_plan_isolated(profile->profile, NMM_PURPOSE_UP, &observed, error);

    return plan != NULL;
}

static char *
choose_network(const NmmHostHypervisor *hypervisor)
{
    char *name = g_strdup("macvtap");

    for (guint n = 2; nmm_network_find(hypervisor->networks, name); n++) {
        g_free(name);
        name = g_strdup_printf("macvtap%u", n);
    }
    return name;
}

/* An active profile may use a network that has other guests. */
static Refusal *
find_refusal(const NmmHostState *state,
             const NmmHostHypervisor *hypervisor,
             const NmmHostProfile *profile)
{
    Refusal *refusal = g_new0(Refusal, 1);
    g_autoptr(GError) error = NULL;

    if (profile->state != NMM_ACTIVE_DOWN || can_plan(state, hypervisor, profile, TRUE, &error))
        return refusal;
    refusal->message = g_strdup(error->message);
    if (can_plan(state, hypervisor, profile, FALSE, NULL))
        refusal->other_network = choose_network(hypervisor);
    return refusal;
}

NmmCheckRefusals *
nmm_check_refusals_new(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, refusal_free);
}

void
nmm_check_refusals_add(NmmCheckRefusals *self,
                       const NmmHostState *state,
                       const NmmHostHypervisor *hypervisor,
                       const NmmHostProfile *profile,
                       NmmCheckInput *input)
{
    Refusal *refusal = g_hash_table_lookup(self, profile);

    if (!refusal) {
        refusal = find_refusal(state, hypervisor, profile);
        g_hash_table_insert(self, (gpointer)profile, refusal);
    }
    input->profile.refusal = g_strdup(refusal->message);
    input->profile.other_network = g_strdup(refusal->other_network);
}
