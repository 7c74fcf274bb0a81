/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans how to undo an activation that failed: compares the present state with the state before the
 * activation. Like every plan, it can be made again, for example when a running guest has released
 * its interface. Does not change what was added meanwhile.
 */

#include "config.h"

#include "nmm-plan-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-nic-xml.h"

/* (nullable): the profile's interface. @state: (nullable). */
static const NmmNic *
find_own(const NmmPlanner *planner, const NmmGuestState *state)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->network, planner->profile->network) == 0 && nmm_nic_is_ours(nic))
            return nic;
    }
    return NULL;
}

static const NmmGuest *
find_before(const NmmPlanner *planner, const char *uuid)
{
    GPtrArray *guests = planner->observed->guests_before;

    for (guint i = 0; i < guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(guests, i);

        if (g_str_equal(guest->uuid, uuid))
            return guest;
    }
    return NULL;
}

/* Guests */

/* (transfer full). @before: (nullable). */
static char *
describe(const NmmPlanner *planner, const NmmNic *before)
{
    return g_strdup_printf(
        before ? _("the activation failed; the guest's interface on network '%s' was different "
                   "before")
               : _("the activation failed; the guest had no interface of the profile on network "
                   "'%s' before"),
        planner->profile->network);
}

static gboolean
is_same(const NmmNic *nic, const NmmNic *before)
{
    return nic->link_down == before->link_down && nic->isolated == before->isolated &&
           g_strcmp0(nic->model, before->model) == 0;
}

static void
undo_state(NmmPlanner *planner,
           const NmmGuest *guest,
           NmmScope scope,
           const NmmGuestState *state,
           const NmmGuestState *state_before)
{
    const NmmNic *own = find_own(planner, state);
    const NmmNic *before = find_own(planner, state_before);

    if (own && (!before || g_strcmp0(own->mac, before->mac) != 0)) {
        nmm_planner_add_detach(planner, guest, scope, own, describe(planner, before));
        /* A running guest has to release it first; the next plan attaches the other one. */
        own = NULL;
        if (scope == NMM_SCOPE_LIVE)
            return;
    }
    if (before && !own)
        nmm_planner_add_nic_edit(planner,
                                 guest,
                                 scope,
                                 NMM_EDIT_NIC_ATTACH,
                                 g_strdup(before->xml),
                                 describe(planner, before));
    else if (before && !is_same(own, before))
        nmm_planner_add_nic_edit(
            planner,
            guest,
            scope,
            NMM_EDIT_NIC_UPDATE,
            nmm_nic_change_to_xml(own, before->model, before->isolated, before->link_down),
            describe(planner, before));
}

void
nmm_planner_undo_guest(NmmPlanner *planner, NmmGuest *guest)
{
    const NmmGuest *before = find_before(planner, guest->uuid);

    if (!before)
        return;
    if (guest->config && before->config)
        undo_state(planner, guest, NMM_SCOPE_CONFIG, guest->config, before->config);
    /* A guest that has started meanwhile took its interfaces from the definition. */
    if (guest->live)
        undo_state(planner,
                   guest,
                   NMM_SCOPE_LIVE,
                   guest->live,
                   before->live ? before->live : before->config);
}

/* The network */

/* An interface that was there before did not keep the network from being inactive. */
static gboolean
was_there(const NmmGuest *before, const NmmNic *nic)
{
    for (guint i = 0; before && before->live && i < before->live->nics->len; i++) {
        const NmmNic *other = g_ptr_array_index(before->live->nics, i);

        if (g_strcmp0(other->network, nic->network) == 0 && g_strcmp0(other->mac, nic->mac) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_needed(const NmmPlanner *planner)
{
    for (guint i = 0; i < planner->observed->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(planner->observed->guests, i);
        const NmmGuest *before = find_before(planner, guest->uuid);

        for (guint j = 0; guest->live && j < guest->live->nics->len; j++) {
            const NmmNic *nic = g_ptr_array_index(guest->live->nics, j);

            if (g_strcmp0(nic->network, planner->profile->network) == 0 && !was_there(before, nic))
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean
has_range(const NmmNetwork *network, const NmmRange *range)
{
    g_autofree char *text = nmm_range_to_string(range);

    for (guint i = 0; i < network->ranges->len; i++) {
        g_autofree char *other = nmm_range_to_string(&g_array_index(network->ranges, NmmRange, i));

        if (g_str_equal(text, other))
            return TRUE;
    }
    return FALSE;
}

/* By what an activation changes, because libvirt's text of an active network is not that of its
 * definition. */
static gboolean
is_redefined(const NmmNetwork *network, const NmmNetwork *before)
{
    gboolean same = g_strcmp0(network->zone, before->zone) == 0 &&
                    network->addresses->len == before->addresses->len &&
                    network->ranges->len == before->ranges->len;

    for (guint i = 0; same && i < before->addresses->len; i++)
        same = nmm_network_has_address(network, &g_array_index(before->addresses, NmmCidr, i));
    for (guint i = 0; same && i < before->ranges->len; i++)
        same = has_range(network, &g_array_index(before->ranges, NmmRange, i));
    return !same;
}

static void
restore_network(NmmPlanner *planner, const NmmNetwork *before)
{
    const NmmNetwork *network = planner->network;

    if (!before->active && is_redefined(network, before))
        nmm_planner_add_network_edit(
            planner,
            NMM_EDIT_NETWORK_DEFINE,
            g_strdup(before->xml),
            g_strdup_printf(_("the activation failed; network '%s' had another definition before"),
                            network->name));
    if (!before->active && network->active && !is_needed(planner))
        nmm_planner_add_network_edit(
            planner,
            NMM_EDIT_NETWORK_DESTROY,
            NULL,
            g_strdup_printf(_("the activation failed; network '%s' was not active before"),
                            network->name));
    if (before->persistent && !before->autostart && network->autostart)
        nmm_planner_add_network_edit(
            planner,
            NMM_EDIT_NETWORK_NO_AUTOSTART,
            NULL,
            g_strdup_printf(
                _("the activation failed; libvirt did not start network '%s' automatically before"),
                network->name));
}

void
nmm_planner_undo_network(NmmPlanner *planner)
{
    const NmmObserved *observed = planner->observed;
    const NmmNetwork *before =
        nmm_network_find(observed->networks_before, planner->profile->network);

    if (!planner->network || observed->guests_partial)
        return;
    if (before)
        restore_network(planner, before);
    else
        nmm_planner_remove_network(planner);
}
