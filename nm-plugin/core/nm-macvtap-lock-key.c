/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One list per mode: the service locks what is on it, and the tool predicts the conflicts.
 */

#include "config.h"

#include "nm-macvtap-lock-key.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-names.h"

#define HASH_HEX_DIGITS 16

void
nm_macvtap_lock_key_free(NMMacvtapLockKey *key)
{
    g_free(key->id);
    g_free(key->label);
    g_free(key);
}

/* Takes both strings. */
static void
add(GPtrArray *keys, char *id, char *label)
{
    NMMacvtapLockKey *key = g_new(NMMacvtapLockKey, 1);

    *key = (NMMacvtapLockKey){.id = id, .label = label};
    g_ptr_array_add(keys, key);
}

GPtrArray *
nm_macvtap_lock_key_list(const NMMacvtapProfile *profile, const char *link, const char *parent)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_lock_key_free);

    if (profile->mode == NM_MACVTAP_MODE_ISOLATED)
        add(keys,
            g_strdup_printf("network %s %s", profile->libvirt_uri, profile->network),
            g_strdup_printf(_("network '%s' of '%s'"), profile->network, profile->libvirt_uri));
    else if (link)
        add(keys, g_strdup_printf("link %s", link), g_strdup_printf(_("host link '%s'"), link));
    /* Two links of different names over one device could not both have its configuration. */
    if (profile->mode == NM_MACVTAP_MODE_MOVE && parent)
        add(keys,
            g_strdup_printf("configuration %s", parent),
            g_strdup_printf(_("the configuration of '%s'"), parent));
    return keys;
}

const NMMacvtapLockKey *
nm_macvtap_lock_key_find_shared(const GPtrArray *keys, const GPtrArray *other)
{
    for (guint i = 0; i < keys->len; i++) {
        const NMMacvtapLockKey *key = keys->pdata[i];

        for (guint j = 0; j < other->len; j++) {
            if (g_str_equal(key->id, ((const NMMacvtapLockKey *)other->pdata[j])->id))
                return key;
        }
    }
    return NULL;
}

char *
nm_macvtap_lock_key_get_file_name(const NMMacvtapLockKey *key)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key->id, -1);

    hash[HASH_HEX_DIGITS] = '\0';
    return g_strconcat(NM_MACVTAP_LOCK_PREFIX, hash, NULL);
}

gboolean
nm_macvtap_lock_key_refuse(const NMMacvtapLockKey *key, const char *holder, GError **error)
{
    g_set_error(error,
                NM_MACVTAP_ERROR,
                NM_MACVTAP_ERROR_CONFLICT,
                _("%s is in use by profile '%s'; take that one down first, or choose another"),
                key->label,
                holder ?: "?");
    return FALSE;
}
