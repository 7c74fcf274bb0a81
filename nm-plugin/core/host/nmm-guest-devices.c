/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-guest-devices.h"

static void
replace_string(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
}

/* (transfer full) (element-type utf8 NmmLink): by any name, because a host may have thousands of
 * interfaces. */
static GHashTable *
index_links(const GPtrArray *links)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < links->len; i++) {
        NmmLink *link = links->pdata[i];

        g_hash_table_insert(index, link->name, link);
        for (char **name = link->altnames; name && *name; name++)
            g_hash_table_insert(index, *name, link);
    }
    return index;
}

static const NmmLink *
find(GHashTable *index, const char *name)
{
    return name ? g_hash_table_lookup(index, name) : NULL;
}

static void
add_names(GStrvBuilder *names, const NmmLink *link)
{
    g_strv_builder_add(names, link->name);
    for (char **name = link->altnames; name && *name; name++)
        g_strv_builder_add(names, *name);
}

/* Guests */

static void
join_lower(NmmNic *nic, GHashTable *index)
{
    const NmmLink *lower = find(index, nic->lower);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (!lower)
        return;
    replace_string(&nic->lower, lower->name);
    add_names(names, lower);
    g_strfreev(nic->lower_names);
    nic->lower_names = g_strv_builder_end(names);
}

/* libvirt takes the name in the definition for another host, too. */
static void
keep_altname(NmmNic *nic, GHashTable *index)
{
    const NmmLink *lower = find(index, nic->lower);

    if (lower && !g_str_equal(nic->lower, lower->name))
        replace_string(&nic->lower_altname, nic->lower);
}

/* The guest may have changed its MAC (trustGuestRxFilters='yes'). */
static void
join_mac(NmmNic *nic, const NmmLink *device)
{
    if (!device->mac || g_strcmp0(device->mac, nic->mac) == 0)
        return;
    g_free(nic->defined_mac);
    nic->defined_mac = nic->mac;
    nic->mac = g_strdup(device->mac);
}

static void
join_macvtap(NmmNic *nic, const NmmLink *device)
{
    nic->type = NMM_NIC_DIRECT;
    if (device->parent)
        replace_string(&nic->lower, device->parent);
    if (device->macvtap_mode)
        replace_string(&nic->macvtap_mode, device->macvtap_mode);
}

static gboolean
is_macvtap(const NmmLink *device)
{
    return device && g_strcmp0(device->kind, "macvtap") == 0;
}

/* A definition's target names no device yet, except one that another program made. */
static void
join_nic(NmmNic *nic, gboolean running, GHashTable *index)
{
    const NmmLink *device = find(index, nic->target);
    gboolean is_direct = nic->type == NMM_NIC_DIRECT && running;

    keep_altname(nic, index);
    if (is_macvtap(device) && (is_direct || nic->unmanaged)) {
        join_macvtap(nic, device);
        nic->asleep = running && !device->up;
        if (running)
            join_mac(nic, device);
    } else {
        nic->gone =
            nic->target && ((is_direct && !is_macvtap(device)) || (nic->unmanaged && !device));
    }
    join_lower(nic, index);
}

static void
join_state(NmmGuestState *state, gboolean running, GHashTable *index)
{
    for (guint i = 0; state && i < state->nics->len; i++)
        join_nic(state->nics->pdata[i], running, index);
}

/* The host's kernel shows nothing of a container's devices. */
static void
join_guest(NmmGuest *guest, GHashTable *index)
{
    join_state(guest->config, FALSE, index);
    join_state(guest->live, !guest->container, index);
}

/* Networks */

static void
join_network(NmmNetwork *network, GHashTable *index)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (char **lower = network->lower; *lower; lower++) {
        const NmmLink *link = find(index, *lower);

        if (!link)
            continue;
        replace_string(lower, link->name);
        add_names(names, link);
    }
    g_strfreev(network->lower_names);
    network->lower_names = g_strv_builder_end(names);
}

void
nmm_guest_devices_join(GPtrArray *guests, GPtrArray *networks, const GPtrArray *links)
{
    g_autoptr(GHashTable) index = index_links(links);

    for (guint i = 0; i < guests->len; i++)
        join_guest(guests->pdata[i], index);
    for (guint i = 0; networks && i < networks->len; i++)
        join_network(networks->pdata[i], index);
}
