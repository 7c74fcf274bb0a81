/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service's claims, told from the profiles alone: any user may ask, and only root may read the
 * claims themselves.
 */

#include "config.h"

#include "nm-macvtap-rival.h"

#include "nm-macvtap-exclusive.h"

/* (transfer full) (nullable): what both would hold. */
static char *
find_shared(const NMMacvtapWorldProfile *a, const NMMacvtapWorldProfile *b)
{
    g_auto(GStrv) list = nm_macvtap_exclusive_list(a->profile, a->link, a->parent);
    g_auto(GStrv) other = nm_macvtap_exclusive_list(b->profile, b->link, b->parent);

    for (char **what = list; *what; what++) {
        if (g_strv_contains((const char *const *)other, *what))
            return g_strdup(*what);
    }
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
        if (what)
            return nm_macvtap_exclusive_refuse(what, other->id, error);
    }
    return TRUE;
}
