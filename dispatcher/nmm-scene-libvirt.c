/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pure: guests and networks in, a few facts out.
 */

#include "config.h"

#include "nmm-scene-libvirt.h"

/* The only mode of macvtap in which a host link reaches a guest; libvirt's default is another. */
#define MODE_BRIDGE "bridge"

typedef struct {
    GHashTable *lowers; /* set of names */
    GHashTable *used;   /* set of networks */
    gboolean guests;
} Summary;

/**
 * nmm_scene_get_default_uri:
 *
 * Returns: (transfer none): the libvirt URI of a profile that names none
 */
const char *
nmm_scene_get_default_uri(void)
{
    return nmm_keys_find(NMM_KEY_LIBVIRT_URI)->default_value;
}

static void
collect_lowers(const NmmNic *nic, GPtrArray *networks, GHashTable *lowers)
{
    const NmmNetwork *network = NULL;

    if (nic->type == NMM_NIC_DIRECT && nic->lower &&
        g_strcmp0(nic->macvtap_mode, MODE_BRIDGE) == 0) {
        g_hash_table_add(lowers, g_strdup(nic->lower));
        return;
    }
    if (nic->type == NMM_NIC_NETWORK && nic->network)
        network = nmm_network_find(networks, nic->network);
    if (!network || !network->macvtap || g_strcmp0(network->forward_mode, MODE_BRIDGE) != 0)
        return;
    for (gsize i = 0; network->lower[i]; i++)
        g_hash_table_add(lowers, g_strdup(network->lower[i]));
}

static void
summarize_state(const NmmGuestState *state, GPtrArray *networks, Summary *summary)
{
    if (!state || !nmm_guest_state_find_macvtap(state, NULL, networks))
        return;
    summary->guests = TRUE;
    for (guint i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = state->nics->pdata[i];

        collect_lowers(nic, networks, summary->lowers);
        if (nic->type == NMM_NIC_NETWORK && nic->network)
            g_hash_table_add(summary->used, g_strdup(nic->network));
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

/**
 * nmm_scene_take_in:
 * @scene: the host
 * @uri: a libvirt that answers
 * @guests: (element-type NmmGuest): all of its guests
 * @networks: (element-type NmmNetwork): all of its networks
 */
void
nmm_scene_take_in(NmmScene *scene, const char *uri, GPtrArray *guests, GPtrArray *networks)
{
    g_autoptr(GHashTable) lowers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Summary summary = {.lowers = lowers, .used = used};
    NmmSceneLibvirt *libvirt = nmm_scene_add_libvirt(scene, uri);

    for (guint i = 0; i < guests->len; i++) {
        const NmmGuest *guest = guests->pdata[i];

        summarize_state(guest->config, networks, &summary);
        summarize_state(guest->live, networks, &summary);
    }
    libvirt->guests = summary.guests;
    libvirt->offered = g_str_equal(uri, nmm_scene_get_default_uri());
    g_strfreev(libvirt->lowers);
    libvirt->lowers = sort_names(lowers);

    for (guint i = 0; i < networks->len; i++) {
        const NmmNetwork *network = networks->pdata[i];
        NmmSceneNetwork *seen = nmm_scene_add_network(scene, uri, network->name);

        seen->bridge = g_strdup(network->bridge);
        seen->active = network->active;
        seen->usable = !network->forward_mode && network->persistent &&
                       nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);
        seen->used = g_hash_table_contains(used, network->name);
    }
}
