/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-guest-use.h"

#include "nmm-reachability.h"

static void
add_parents(const NmmNic *nic, GPtrArray *networks, GHashTable *parents)
{
    const NmmNetwork *network;

    if (!nmm_reachability_has_nic(nic, NULL, networks))
        return;
    if (nic->type == NMM_NIC_DIRECT) {
        if (nic->lower)
            g_hash_table_add(parents, g_strdup(nic->lower));
        return;
    }
    network = nmm_network_find(networks, nic->network);
    for (gsize i = 0; network->lower[i]; i++)
        g_hash_table_add(parents, g_strdup(network->lower[i]));
}

static void
add_state(NmmGuestUse *use, GHashTable *parents, const NmmGuestState *state, GPtrArray *networks)
{
    if (!state || !nmm_guest_state_find_macvtap(state, NULL, networks))
        return;
    use->has_guests = TRUE;
    for (guint i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = state->nics->pdata[i];

        add_parents(nic, networks, parents);
        if (nic->type == NMM_NIC_NETWORK && nic->network)
            g_hash_table_add(use->networks, g_strdup(nic->network));
    }
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static char **
sort_names(GHashTable *set)
{
    guint n;
    g_autofree char **names = (char **)g_hash_table_get_keys_as_array(set, &n);

    qsort(names, n, sizeof(*names), compare_strings);
    return g_strdupv(names);
}

NmmGuestUse *
nmm_guest_use_new(const NmmHostHypervisor *hypervisor)
{
    NmmGuestUse *use = g_new0(NmmGuestUse, 1);
    g_autoptr(GHashTable) parents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    use->networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < hypervisor->guests->len; i++) {
        const NmmGuest *guest = hypervisor->guests->pdata[i];

        add_state(use, parents, guest->config, hypervisor->networks);
        add_state(use, parents, guest->live, hypervisor->networks);
    }
    use->parents = sort_names(parents);
    return use;
}

void
nmm_guest_use_free(NmmGuestUse *use)
{
    if (!use)
        return;
    g_strfreev(use->parents);
    g_hash_table_unref(use->networks);
    g_free(use);
}
