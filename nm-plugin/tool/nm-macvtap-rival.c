/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service's claims, told from the profiles alone: any user may ask, and only root may read the
 * claims themselves.
 */

#include "config.h"

#include "nm-macvtap-rival.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"

/* (transfer full) (nullable): what both would hold, in words for the user. */
static char *
find_shared(const NMMacvtapWorldProfile *a, const NMMacvtapWorldProfile *b)
{
    const NMMacvtapProfile *p = a->profile;
    const NMMacvtapProfile *q = b->profile;

    if ((p->mode == NM_MACVTAP_MODE_ISOLATED) != (q->mode == NM_MACVTAP_MODE_ISOLATED))
        return NULL;
    if (p->mode == NM_MACVTAP_MODE_ISOLATED)
        return g_str_equal(p->network, q->network) && g_str_equal(p->libvirt_uri, q->libvirt_uri)
                   ? g_strdup_printf(_("network '%s' of '%s'"), p->network, p->libvirt_uri)
                   : NULL;
    if (a->link && g_strcmp0(a->link, b->link) == 0)
        return g_strdup_printf(_("host link '%s'"), a->link);
    if (p->mode == NM_MACVTAP_MODE_MOVE && q->mode == NM_MACVTAP_MODE_MOVE && a->parent &&
        g_strcmp0(a->parent, b->parent) == 0)
        return g_strdup_printf(_("the configuration of '%s'"), a->parent);
    return NULL;
}

/* One that is going down lets go, and is waited for. */
static gboolean
holds_claims(const NMMacvtapWorldProfile *profile)
{
    return profile->profile &&
           (g_str_equal(profile->state, "active") || g_str_equal(profile->state, "activating"));
}

/**
 * nm_macvtap_rival_check:
 * @world: the world
 * @profile: a valid profile that is down
 * @error: return location; %NM_MACVTAP_ERROR_CONFLICT
 *
 * Returns: whether nobody else holds what it would claim
 */
gboolean
nm_macvtap_rival_check(const NMMacvtapWorld *world,
                       const NMMacvtapWorldProfile *profile,
                       GError **error)
{
    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *other = g_ptr_array_index(world->profiles, i);
        g_autofree char *what = NULL;

        if (other == profile || !holds_claims(other))
            continue;
        what = find_shared(profile, other);
        if (!what)
            continue;
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_CONFLICT,
                    _("%s is in use by profile '%s'; take that one down first, or choose another"),
                    what,
                    other->id);
        return FALSE;
    }
    return TRUE;
}
