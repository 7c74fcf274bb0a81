/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service's claims, told from the profiles alone: any user may ask, and only root may read the
 * claims themselves.
 */

#include "config.h"

#include "nm-macvtap-rival.h"

#include "nm-macvtap-lock-key.h"

static GPtrArray *
list_keys(const NMMacvtapWorldProfile *profile)
{
    return nm_macvtap_lock_key_list(profile->profile, profile->link, profile->parent);
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
    g_autoptr(GPtrArray) keys = list_keys(profile);

    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *other = g_ptr_array_index(world->profiles, i);
        g_autoptr(GPtrArray) other_keys = NULL;
        const NMMacvtapLockKey *key;

        if (other == profile || !holds_claims(other))
            continue;
        other_keys = list_keys(other);
        key = nm_macvtap_lock_key_find_shared(keys, other_keys);
        if (key)
            return nm_macvtap_lock_key_refuse(key, other->id, error);
    }
    return TRUE;
}
