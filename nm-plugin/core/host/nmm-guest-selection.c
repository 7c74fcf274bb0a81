/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-guest-selection.h"

#include <glib/gi18n-lib.h>

#include "nmm-reachability.h"

static gboolean
has_host_link(const NmmHostProfile *profile)
{
    return profile && profile->profile && !nmm_mode_get_info(profile->profile->mode)->has_network;
}

/* (nullable): NULL is any parent. */
static const char *
get_parent(const NmmHostProfile *profile)
{
    if (!profile || !profile->profile)
        return NULL;
    return has_host_link(profile) && profile->parent ? profile->parent : profile->profile->parent;
}

static const NmmNic *
find_in_state(const NmmGuestState *state,
              const char *parent,
              GPtrArray *networks,
              gboolean prefer_bridge)
{
    for (guint i = 0; prefer_bridge && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (nmm_reachability_has_nic(nic, parent, networks))
            return nic;
    }
    return nmm_guest_state_find_macvtap(state, parent, networks);
}

const NmmNic *
nmm_guest_selection_find_nic(const NmmHostProfile *profile,
                             const NmmHostHypervisor *hypervisor,
                             const NmmGuest *guest)
{
    const char *parent = get_parent(profile);
    gboolean prefer_bridge = has_host_link(profile);
    const NmmNic *nic = NULL;

    if (guest->live)
        nic = find_in_state(guest->live, parent, hypervisor->networks, prefer_bridge);
    if (!nic && guest->config)
        nic = find_in_state(guest->config, parent, hypervisor->networks, prefer_bridge);
    return nic;
}

gboolean
nmm_guest_selection_has(const NmmHostProfile *profile,
                        const NmmHostHypervisor *hypervisor,
                        const NmmGuest *guest)
{
    return profile->profile && g_str_equal(profile->profile->libvirt_uri, hypervisor->uri) &&
           nmm_profile_selects(profile->profile, guest->name, guest->uuid) &&
           nmm_guest_selection_find_nic(profile, hypervisor, guest);
}

static const NmmHostHypervisor *
find_hypervisor(const NmmHostState *state, const NmmHostProfile *profile)
{
    return profile->profile ? nmm_host_state_find_hypervisor(state, profile->profile->libvirt_uri)
                            : NULL;
}

guint
nmm_guest_selection_count(const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmHostHypervisor *hypervisor = find_hypervisor(state, profile);
    guint n = 0;

    for (guint i = 0; hypervisor && i < hypervisor->guests->len; i++)
        n += nmm_guest_selection_has(profile, hypervisor, g_ptr_array_index(hypervisor->guests, i));
    return n;
}

static gboolean
has_name(const char *wanted, GHashTable *guests)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer name;

    g_hash_table_iter_init(&iter, guests);
    while (g_hash_table_iter_next(&iter, &uuid, &name)) {
        if (nmm_profile_names_guest(wanted, name, uuid))
            return TRUE;
    }
    return FALSE;
}

static char **
list_unmatched(const NmmProfile *profile, GHashTable *guests)
{
    g_autoptr(GStrvBuilder) unmatched = g_strv_builder_new();

    for (char **wanted = profile->guests; wanted && *wanted; wanted++) {
        if (!has_name(*wanted, guests))
            g_strv_builder_add(unmatched, *wanted);
    }
    return g_strv_builder_end(unmatched);
}

static char *
describe_names(char **names, const char *parent)
{
    g_autofree char *list = g_strjoinv("', '", names);

    if (parent)
        return g_strdup_printf(
            _("no guest with a macvtap interface on '%s' is called '%s'; correct "
              "vpn.data guests, or attach the guest there with macvtap"),
            parent,
            list);
    return g_strdup_printf(_("no guest with a macvtap interface is called '%s'; correct vpn.data "
                             "guests, or attach the guest with macvtap"),
                           list);
}

char *
nmm_guest_selection_describe_unmatched(const NmmProfile *profile,
                                       const char *parent,
                                       GHashTable *guests)
{
    g_auto(GStrv) names = list_unmatched(profile, guests);

    if (names[0])
        return describe_names(names, parent);
    if (!profile->parent || g_hash_table_size(guests) > 0)
        return NULL;
    return g_strdup_printf(
        _("no guest of the profile has a macvtap interface on '%s'; set vpn.data "
          "parent to the network device that the guests are on"),
        profile->parent);
}

char *
nmm_guest_selection_describe_empty(const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmHostHypervisor *hypervisor = find_hypervisor(state, profile);
    g_autoptr(GHashTable) none = NULL;

    if (!hypervisor || hypervisor->error || profile->suggested ||
        nmm_guest_selection_count(state, profile) > 0)
        return NULL;
    none = g_hash_table_new(g_str_hash, g_str_equal);
    return nmm_guest_selection_describe_unmatched(profile->profile, get_parent(profile), none);
}

static void
add_nics(GArray *nics, const NmmGuest *guest, const char *parent, GPtrArray *networks)
{
    for (guint i = 0; i < guest->live->nics->len; i++) {
        const NmmGuestNic item = {guest, guest->live->nics->pdata[i]};

        if (!item.nic->gone && nmm_reachability_has_nic(item.nic, parent, networks))
            g_array_append_val(nics, item);
    }
}

GArray *
nmm_guest_selection_list_nics(const NmmProfile *profile,
                              const char *parent,
                              const GPtrArray *guests,
                              GPtrArray *networks)
{
    GArray *nics = g_array_new(FALSE, FALSE, sizeof(NmmGuestNic));

    for (guint i = 0; i < guests->len; i++) {
        const NmmGuest *guest = guests->pdata[i];

        if (guest->live && nmm_profile_selects(profile, guest->name, guest->uuid))
            add_nics(nics, guest, parent, networks);
    }
    return nics;
}

GPtrArray *
nmm_guest_selection_list_devices(const NmmProfile *profile,
                                 const char *parent,
                                 const GPtrArray *guests,
                                 GPtrArray *networks)
{
    g_autoptr(GArray) nics = nmm_guest_selection_list_nics(profile, parent, guests, networks);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < nics->len; i++) {
        const NmmNic *nic = g_array_index(nics, NmmGuestNic, i).nic;

        if (nic->target)
            g_ptr_array_add(names, g_strdup(nic->target));
    }
    return names;
}
