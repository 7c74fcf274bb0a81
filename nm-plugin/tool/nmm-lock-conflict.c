/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service's claims, told from the profiles alone: any user may ask, and only root may read the
 * claims themselves.
 */

#include "config.h"

#include "nmm-lock-conflict.h"

#include "nmm-lock-key.h"

static GPtrArray *
list_keys(const NmmWorldProfile *profile)
{
    return nmm_lock_key_list(profile->profile, profile->link, profile->parent);
}

/* One that is going down lets go, and is waited for. */
static gboolean
holds_claims(const NmmWorldProfile *profile)
{
    return profile->profile &&
           (g_str_equal(profile->state, "active") || g_str_equal(profile->state, "activating"));
}

/**
 * nmm_lock_conflict_check:
 * @world: the world
 * @profile: a valid profile that is down
 * @error: return location; %NMM_ERROR_CONFLICT
 *
 * Returns: whether nobody else holds what it would claim
 */
gboolean
nmm_lock_conflict_check(const NmmWorld *world, const NmmWorldProfile *profile, GError **error)
{
    g_autoptr(GPtrArray) keys = list_keys(profile);

    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *other = g_ptr_array_index(world->profiles, i);
        g_autoptr(GPtrArray) other_keys = NULL;
        const NmmLockKey *key;

        if (other == profile || !holds_claims(other))
            continue;
        other_keys = list_keys(other);
        key = nmm_lock_key_find_shared(keys, other_keys);
        if (key)
            return nmm_lock_key_refuse(key, other->id, error);
    }
    return TRUE;
}
