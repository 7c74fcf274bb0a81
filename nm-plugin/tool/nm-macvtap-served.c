/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service takes every guest that a profile selects and that is on its lower device; this tells
 * the same from the world that was read.
 */

#include "config.h"

#include "nm-macvtap-served.h"

#include <glib/gi18n-lib.h>

static gboolean
is_on_link(const NMMacvtapWorldProfile *profile)
{
    return profile && profile->profile && profile->profile->mode != NM_MACVTAP_MODE_ISOLATED;
}

/* (nullable): NULL is any lower device. */
static const char *
get_parent(const NMMacvtapWorldProfile *profile)
{
    if (!profile || !profile->profile)
        return NULL;
    return is_on_link(profile) && profile->parent ? profile->parent : profile->profile->parent;
}

/* Only those in mode bridge can be reached over a link; it is another reason to be told than that
 * there is none. */
static const NMMacvtapNic *
find_in_state(const NMMacvtapGuestState *state,
              const char *parent,
              GPtrArray *networks,
              gboolean prefer_bridge)
{
    const NMMacvtapNic *first = nm_macvtap_guest_state_find_macvtap(state, parent, networks);

    for (guint i = 0; prefer_bridge && i < state->nics->len; i++) {
        const NMMacvtapNic *nic = g_ptr_array_index(state->nics, i);

        if (nm_macvtap_nic_is_macvtap(nic, parent, networks) &&
            g_str_equal(nm_macvtap_nic_get_macvtap_mode(nic, networks), "bridge"))
            return nic;
    }
    return first;
}

/**
 * nm_macvtap_served_find_nic:
 * @profile: (nullable): a profile
 * @host: the guest's libvirt
 * @guest: a guest
 *
 * Returns: (transfer none) (nullable): the interface that the profile is for
 */
const NMMacvtapNic *
nm_macvtap_served_find_nic(const NMMacvtapWorldProfile *profile,
                           const NMMacvtapWorldHost *host,
                           const NMMacvtapGuest *guest)
{
    const char *parent = get_parent(profile);
    gboolean prefer_bridge = is_on_link(profile);
    const NMMacvtapNic *nic = NULL;

    if (guest->live)
        nic = find_in_state(guest->live, parent, host->networks, prefer_bridge);
    if (!nic && guest->config)
        nic = find_in_state(guest->config, parent, host->networks, prefer_bridge);
    return nic;
}

/**
 * nm_macvtap_served_has:
 * @profile: a profile
 * @host: a libvirt
 * @guest: one of its guests
 *
 * Returns: whether the profile is for the guest
 */
gboolean
nm_macvtap_served_has(const NMMacvtapWorldProfile *profile,
                      const NMMacvtapWorldHost *host,
                      const NMMacvtapGuest *guest)
{
    return profile->profile && g_str_equal(profile->profile->libvirt_uri, host->uri) &&
           nm_macvtap_profile_selects(profile->profile, guest->name, guest->uuid) &&
           nm_macvtap_served_find_nic(profile, host, guest);
}

/**
 * nm_macvtap_served_count:
 * @world: the world
 * @profile: a profile
 *
 * Returns: how many guests it is for, running or not
 */
guint
nm_macvtap_served_count(const NMMacvtapWorld *world, const NMMacvtapWorldProfile *profile)
{
    const NMMacvtapWorldHost *host =
        profile->profile ? nm_macvtap_world_find_host(world, profile->profile->libvirt_uri) : NULL;
    guint n = 0;

    for (guint i = 0; host && i < host->guests->len; i++)
        n += nm_macvtap_served_has(profile, host, g_ptr_array_index(host->guests, i));
    return n;
}

/* One of guests= exists at all. */
static gboolean
is_anybody_there(const NMMacvtapProfile *profile, const NMMacvtapWorldHost *host)
{
    for (guint i = 0; i < host->guests->len; i++) {
        const NMMacvtapGuest *guest = g_ptr_array_index(host->guests, i);

        if (nm_macvtap_profile_selects(profile, guest->name, guest->uuid))
            return TRUE;
    }
    return FALSE;
}

/**
 * nm_macvtap_served_describe_nobody:
 * @world: the world
 * @profile: a profile
 *
 * One that is for every guest, on whatever device, has nothing wrong with it where there is none:
 * it waits for the first.
 *
 * Returns: (transfer full) (nullable): why nobody is served
 */
char *
nm_macvtap_served_describe_nobody(const NMMacvtapWorld *world, const NMMacvtapWorldProfile *profile)
{
    const NMMacvtapProfile *p = profile->profile;
    const NMMacvtapWorldHost *host = p ? nm_macvtap_world_find_host(world, p->libvirt_uri) : NULL;
    g_autofree char *names = NULL;

    if (!host || host->problem || profile->offered || (!p->guests && !p->parent) ||
        nm_macvtap_served_count(world, profile) > 0)
        return NULL;
    if (!p->guests)
        return g_strdup_printf(
            _("it serves nobody: no guest that it selects has a macvtap interface on '%s'"),
            p->parent);
    names = nm_macvtap_guest_list_join((const char *const *)p->guests);
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
