/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a network that this project did not make may be used: its users may be guests that must
 * not reach the LAN, and macvtap guests would reach them.
 */

#include "config.h"

#include "nmm-plan-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* @state: (nullable) */
static gboolean
is_on_network(const NmmPlanner *planner, const NmmGuestState *state)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->network, planner->profile->network) == 0 && !nmm_nic_is_ours(nic))
            return TRUE;
    }
    return FALSE;
}

/* @state: (nullable) */
static gboolean
has_macvtap(const NmmPlanner *planner, const NmmGuestState *state)
{
    return state && nmm_guest_state_find_macvtap(state, NULL, planner->observed->networks);
}

/* (transfer full) (nullable): names of guests on the network that have no macvtap interface. One
 * that has is on the LAN anyway. */
static char *
list_other_guests(const NmmPlanner *planner)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < planner->observed->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(planner->observed->guests, i);

        if ((is_on_network(planner, guest->config) || is_on_network(planner, guest->live)) &&
            !has_macvtap(planner, guest->config) && !has_macvtap(planner, guest->live))
            g_ptr_array_add(names, guest->name);
    }
    if (names->len == 0)
        return NULL;
    g_ptr_array_add(names, NULL);
    return g_strjoinv("', '", (char **)names->pdata);
}

gboolean
nmm_planner_check_users(NmmPlanner *planner, GError **error)
{
    const NmmProfile *profile = planner->profile;
    g_autofree char *others = NULL;

    if (planner->network->owner_uuid)
        return TRUE;
    others = list_other_guests(planner);
    if (others && planner->observed->activating && !profile->names_network)
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("network '%s' exists, and guests without a macvtap interface use it: '%s'; they and "
              "the macvtap guests would reach each other; set key '%s' to another name, or to '%s' "
              "to use this network"),
            profile->network,
            others,
            NMM_KEY_NETWORK,
            profile->network);
    planner->plan->adopted =
        others ? g_strdup_printf(_("network '%s' existed before, and guests without a macvtap "
                                   "interface use it, too: '%s'; they and the macvtap guests reach "
                                   "each other"),
                                 profile->network,
                                 others)
               : g_strdup_printf(_("network '%s' existed before; the profile uses it as it is"),
                                 profile->network);
    return TRUE;
}
