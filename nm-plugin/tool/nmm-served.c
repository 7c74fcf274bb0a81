/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service takes every guest that a profile selects and that is on its lower device; this tells
 * the same from the world that was read.
 */

#include "config.h"

#include "nmm-served.h"

#include <glib/gi18n-lib.h>

static gboolean
is_on_link(const NmmWorldProfile *profile)
{
    return profile && profile->profile && nmm_mode_get_info(profile->profile->mode)->has_host_link;
}

/* (nullable): NULL is any lower device. */
static const char *
get_parent(const NmmWorldProfile *profile)
{
    if (!profile || !profile->profile)
        return NULL;
    return is_on_link(profile) && profile->parent ? profile->parent : profile->profile->parent;
}

/* Only those in mode bridge can be reached over a link; it is another reason to be told than that
 * there is none. */
static const NmmNic *
find_in_state(const NmmGuestState *state,
              const char *parent,
              GPtrArray *networks,
              gboolean prefer_bridge)
{
    const NmmNic *first = nmm_guest_state_find_macvtap(state, parent, networks);

    for (guint i = 0; prefer_bridge && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (nmm_nic_is_macvtap(nic, parent, networks) &&
            g_str_equal(nmm_nic_get_macvtap_mode(nic, networks), "bridge"))
            return nic;
    }
    return first;
}

/**
 * nmm_served_find_nic:
 * @profile: (nullable): a profile
 * @host: the guest's libvirt
 * @guest: a guest
 *
 * Returns: (transfer none) (nullable): the interface that the profile is for
 */
const NmmNic *
nmm_served_find_nic(const NmmWorldProfile *profile, const NmmWorldHost *host, const NmmGuest *guest)
{
    const char *parent = get_parent(profile);
    gboolean prefer_bridge = is_on_link(profile);
    const NmmNic *nic = NULL;

    if (guest->live)
        nic = find_in_state(guest->live, parent, host->networks, prefer_bridge);
    if (!nic && guest->config)
        nic = find_in_state(guest->config, parent, host->networks, prefer_bridge);
    return nic;
}

/**
 * nmm_served_has:
 * @profile: a profile
 * @host: a libvirt
 * @guest: one of its guests
 *
 * Returns: whether the profile is for the guest
 */
gboolean
nmm_served_has(const NmmWorldProfile *profile, const NmmWorldHost *host, const NmmGuest *guest)
{
    return profile->profile && g_str_equal(profile->profile->libvirt_uri, host->uri) &&
           nmm_profile_selects(profile->profile, guest->name, guest->uuid) &&
           nmm_served_find_nic(profile, host, guest);
}

/**
 * nmm_served_count:
 * @world: the world
 * @profile: a profile
 *
 * Returns: how many guests it is for, running or not
 */
guint
nmm_served_count(const NmmWorld *world, const NmmWorldProfile *profile)
{
    const NmmWorldHost *host =
        profile->profile ? nmm_world_find_host(world, profile->profile->libvirt_uri) : NULL;
    guint n = 0;

    for (guint i = 0; host && i < host->guests->len; i++)
        n += nmm_served_has(profile, host, g_ptr_array_index(host->guests, i));
    return n;
}

/* One of guests= exists at all. */
static gboolean
is_anybody_there(const NmmProfile *profile, const NmmWorldHost *host)
{
    for (guint i = 0; i < host->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(host->guests, i);

        if (nmm_profile_selects(profile, guest->name, guest->uuid))
            return TRUE;
    }
    return FALSE;
}

/**
 * nmm_served_describe_nobody:
 * @world: the world
 * @profile: a profile
 *
 * One that is for every guest, on whatever device, has nothing wrong with it where there is none:
 * it waits for the first.
 *
 * Returns: (transfer full) (nullable): why nobody is served
 */
char *
nmm_served_describe_nobody(const NmmWorld *world, const NmmWorldProfile *profile)
{
    const NmmProfile *p = profile->profile;
    const NmmWorldHost *host = p ? nmm_world_find_host(world, p->libvirt_uri) : NULL;
    g_autofree char *names = NULL;

    if (!host || host->problem || profile->offered || (!p->guests && !p->parent) ||
        nmm_served_count(world, profile) > 0)
        return NULL;
    if (!p->guests)
        return g_strdup_printf(
            _("it serves nobody: no guest that it selects has a macvtap interface on '%s'"),
            p->parent);
    names = nmm_guest_list_join((const char *const *)p->guests);
    if (!is_anybody_there(p, host))
        return g_strdup_printf(_("it serves nobody: libvirt knows none of its guests (guests=%s)"),
                               names);
    if (get_parent(profile))
        return g_strdup_printf(
            _("it serves nobody: none of its guests (guests=%s) has a macvtap interface on '%s'"),
            names,
            get_parent(profile));
    return g_strdup_printf(
        _("it serves nobody: none of its guests (guests=%s) has a macvtap interface"), names);
}
