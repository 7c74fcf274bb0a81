/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service locks the keys on the list; the tool compares lists to predict conflicts. */

#include "config.h"

#include "nmm-lock-key.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"

#define HASH_HEX_DIGITS 16

void
nmm_lock_key_free(NmmLockKey *key)
{
    g_free(key->id);
    g_free(key->label);
    g_free(key);
}

/* Takes both strings. */
static void
add(GPtrArray *keys, char *id, char *label)
{
    NmmLockKey *key = g_new(NmmLockKey, 1);

    *key = (NmmLockKey){.id = id, .label = label};
    g_ptr_array_add(keys, key);
}

GPtrArray *
nmm_lock_key_list(const NmmProfile *profile, const char *link, const char *parent)
{
    const NmmModeInfo *mode = nmm_mode_get_info(profile->mode);
    GPtrArray *keys = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_lock_key_free);

    if (mode->has_network)
        add(keys,
            g_strdup_printf("network %s %s", profile->libvirt_uri, profile->network),
            g_strdup_printf(_("network '%s' of '%s'"), profile->network, profile->libvirt_uri));
    if (mode->has_host_link && link)
        add(keys, g_strdup_printf("link %s", link), g_strdup_printf(_("host link '%s'"), link));
    /* Two links of different names over one device could not both have its configuration. */
    if (mode->moves_configuration && parent)
        add(keys,
            g_strdup_printf("configuration %s", parent),
            g_strdup_printf(_("the configuration of '%s'"), parent));
    return keys;
}

const NmmLockKey *
nmm_lock_key_find_shared(const GPtrArray *keys, const GPtrArray *other)
{
    for (guint i = 0; i < keys->len; i++) {
        const NmmLockKey *key = keys->pdata[i];

        for (guint j = 0; j < other->len; j++) {
            if (g_str_equal(key->id, ((const NmmLockKey *)other->pdata[j])->id))
                return key;
        }
    }
    return NULL;
}

char *
nmm_lock_key_get_file_name(const NmmLockKey *key)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key->id, -1);

    hash[HASH_HEX_DIGITS] = '\0';
    return g_strconcat(NMM_LOCK_PREFIX, hash, NULL);
}

gboolean
nmm_lock_key_refuse(const NmmLockKey *key, const char *holder, GError **error)
{
    g_set_error(
        error,
        NMM_ERROR,
        NMM_ERROR_CONFLICT,
        _("%s is in use by profile '%s'; deactivate that profile first, or set another network, "
          "link-name or parent"),
        key->label,
        holder ?: "?");
    return FALSE;
}
