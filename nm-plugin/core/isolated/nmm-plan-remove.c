/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans the end of a network. Never removes one that a guest uses. */

#include "config.h"

#include "nmm-plan-private.h"

#include <glib/gi18n-lib.h>

/* Whether an interface is still on the network after the plan was carried out. The profile's in a
 * running guest counts, because it stays until the guest releases it; a container releases it at
 * once. */
static gboolean
is_state_on_network(const NmmPlanner *planner, const NmmGuestState *state, gboolean keeps_own)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->network, planner->profile->network) != 0)
            continue;
        if (keeps_own || !nmm_nic_is_ours(nic))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_network_used(const NmmPlanner *planner)
{
    for (guint i = 0; i < planner->observed->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(planner->observed->guests, i);

        if (is_state_on_network(planner, guest->config, FALSE) ||
            is_state_on_network(planner, guest->live, !guest->container))
            return TRUE;
    }
    return FALSE;
}

/* Without the network the guest could not be resumed. An activation that failed found none, so that
 * the guest could not be resumed before. */
static gboolean
is_network_saved(NmmPlanner *planner)
{
    for (guint i = 0; i < planner->observed->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(planner->observed->guests, i);
        const NmmSavedState *saved = nmm_guest_find_saved(guest, planner->profile->network);
        g_autofree char *what = NULL;

        if (!saved || planner->purpose == NMM_PURPOSE_UNDO)
            continue;
        what = nmm_guest_describe_saved(guest, saved);
        nmm_planner_add_note(planner,
                             _("network '%s' stays because %s needs it; when that is gone, "
                               "'nm-macvtap cleanup' removes the network"),
                             planner->profile->network,
                             what);
        return TRUE;
    }
    return FALSE;
}

void
nmm_planner_remove_network(NmmPlanner *planner)
{
    const NmmNetwork *network = planner->network;
    gboolean is_owner = network && network->owner_uuid &&
                        (planner->purpose == NMM_PURPOSE_PURGE ||
                         g_str_equal(network->owner_uuid, planner->profile->uuid));

    if (!is_owner || planner->observed->guests_partial || is_network_used(planner) ||
        is_network_saved(planner))
        return;
    if (network->active)
        nmm_planner_add_network_edit(
            planner,
            NMM_EDIT_NETWORK_DESTROY,
            NULL,
            g_strdup_printf(_("no guest uses network '%s' any more"), network->name));
    if (network->persistent)
        nmm_planner_add_network_edit(
            planner,
            NMM_EDIT_NETWORK_UNDEFINE,
            NULL,
            g_strdup_printf(_("network '%s' was defined for a profile that no longer needs it"),
                            network->name));
}
