/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which keys a profile may have and what their values mean together; nmm-value.c reads a
 * single value.
 */

#include "config.h"

#include "nmm-profile.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-text.h"

/* A key with at most this many wrong letters counts as mistyped. */
#define TYPO_MAX_EDITS 2

/* A longer key is no typo of a known one. */
#define TYPO_MAX_BYTES 31

static NmmProfile *
profile_new(const char *id, const char *uuid, const char *zone)
{
    NmmProfile *profile = g_new0(NmmProfile, 1);

    g_atomic_ref_count_init(&profile->ref_count);
    profile->id = g_strdup(id);
    profile->uuid = g_strdup(uuid);
    profile->zone = zone && zone[0] ? g_strdup(zone) : NULL;
    return profile;
}

NmmProfile *
nmm_profile_ref(NmmProfile *profile)
{
    g_atomic_ref_count_inc(&profile->ref_count);
    return profile;
}

void
nmm_profile_unref(NmmProfile *profile)
{
    gsize n_keys;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n_keys);

    if (!g_atomic_ref_count_dec(&profile->ref_count))
        return;
    g_free(profile->id);
    g_free(profile->uuid);
    g_free(profile->zone);
    for (gsize i = 0; i < n_keys; i++)
        nmm_value_clear(&keys[i], profile);
    g_free(profile);
}

/* Levenshtein distance; G_MAXUINT if @b is longer than TYPO_MAX_BYTES. */
static guint
edit_distance(const char *a, const char *b)
{
    gsize size = strlen(b);
    guint row[TYPO_MAX_BYTES + 1];
    gsize i;
    gsize j;

    if (size > TYPO_MAX_BYTES)
        return G_MAXUINT;
    for (j = 0; j <= size; j++)
        row[j] = j;
    for (i = 0; a[i]; i++) {
        guint diagonal = row[0];

        row[0] = i + 1;
        for (j = 0; j < size; j++) {
            guint replaced = diagonal + (a[i] == b[j] ? 0 : 1);

            diagonal = row[j + 1];
            row[j + 1] = MIN(replaced, MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[size];
}

/* (nullable): the key that @name is a typo of. */
static const char *
find_similar_key(const char *name)
{
    const char *best = NULL;
    guint best_distance = TYPO_MAX_EDITS + 1;
    const NmmKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nmm_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++) {
        guint distance = edit_distance(keys[i].name, name);

        if (distance < best_distance) {
            best = keys[i].name;
            best_distance = distance;
        }
    }
    return best;
}

static char *
list_known_keys(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const NmmKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nmm_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++)
        g_ptr_array_add(names, (gpointer)keys[i].name);
    g_ptr_array_add(names, NULL);
    return nmm_value_quote_words((const char *const *)names->pdata);
}

static void
set_unknown_key_error(const char *name, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(name);
    const char *similar = find_similar_key(name);
    g_autofree char *known = list_known_keys();

    if (similar)
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("vpn.data key '%s' is unknown; did you mean '%s'?"),
                    shown,
                    similar);
    else
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("vpn.data key '%s' is unknown; use only %s"),
                    shown,
                    known);
}

/* Names the alphabetically first unknown key, so that the message does not vary. */
static gboolean
check_keys_known(GHashTable *data, GError **error)
{
    const char *unknown = NULL;
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, data);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (!nmm_keys_find(name) && (!unknown || strcmp(name, unknown) < 0))
            unknown = name;
    }
    if (unknown)
        set_unknown_key_error(unknown, error);
    return unknown == NULL;
}

static gboolean
read_values(NmmProfile *profile, GHashTable *data, const NmmKeyInfo **out_key, GError **error)
{
    gsize n_keys;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n_keys);

    for (gsize i = 0; i < n_keys; i++) {
        const char *text = g_hash_table_lookup(data, keys[i].name) ?: keys[i].default_value;

        *out_key = &keys[i];
        if (text && !nmm_value_parse(&keys[i], text, profile, error))
            return FALSE;
    }
    return TRUE;
}

/* Any other URI could run a command as root ("qemu+ssh://…?command=…"). */
static gboolean
check_uri_allowed(const NmmProfile *profile,
                  const char *const *allowed_uris,
                  const NmmKeyInfo **out_key,
                  GError **error)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_LIBVIRT_URI);
    const char *uri = profile->libvirt_uri;
    g_autofree char *built_in = NULL;
    g_autofree char *shown = NULL;

    if (g_strv_contains(key->choices, uri) || (allowed_uris && g_strv_contains(allowed_uris, uri)))
        return TRUE;

    *out_key = key;
    built_in = nmm_value_quote_words(key->choices);
    shown = nmm_text_to_display(uri);
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_BAD_PROFILE,
                _("'%s' is not allowed; use one of %s, or have root add it to 'libvirt-uris' in "
                  "group [libvirt] of '%s'"),
                shown,
                built_in,
                NMM_CONFIG_FILE);
    return FALSE;
}

/* A range without an address is checked once the address is chosen. */
static gboolean
check_dhcp_range_fits(const NmmProfile *profile, const NmmKeyInfo **out_key, GError **error)
{
    *out_key = nmm_keys_find(NMM_KEY_DHCP_RANGE);
    return !profile->has_address || profile->dhcp_type != NMM_DHCP_GIVEN ||
           nmm_range_check(&profile->dhcp_range, &profile->address, error);
}

static gboolean
check_link_is_not_parent(const NmmProfile *profile, const NmmKeyInfo **out_key, GError **error)
{
    if (!profile->link_name || g_strcmp0(profile->link_name, profile->parent) != 0)
        return TRUE;
    *out_key = nmm_keys_find(NMM_KEY_LINK_NAME);
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_BAD_PROFILE,
                _("'%s' is the parent device; use a name that no device has"),
                profile->link_name);
    return FALSE;
}

static gboolean
has_effect(const NmmProfile *profile, const char *key)
{
    return nmm_keys_has_mode(nmm_keys_find(key), profile->mode);
}

static gboolean
check_together(const NmmProfile *profile,
               const char *const *allowed_uris,
               const NmmKeyInfo **out_key,
               GError **error)
{
    if (!check_uri_allowed(profile, allowed_uris, out_key, error))
        return FALSE;
    if (has_effect(profile, NMM_KEY_DHCP_RANGE) && !check_dhcp_range_fits(profile, out_key, error))
        return FALSE;
    return !has_effect(profile, NMM_KEY_LINK_NAME) ||
           check_link_is_not_parent(profile, out_key, error);
}

static gboolean
read_data(NmmProfile *profile,
          GHashTable *data,
          const char *const *allowed_uris,
          const NmmKeyInfo **out_key,
          GError **error)
{
    *out_key = NULL;
    profile->names_network = g_hash_table_contains(data, NMM_KEY_NETWORK);
    return check_keys_known(data, error) && read_values(profile, data, out_key, error) &&
           check_together(profile, allowed_uris, out_key, error);
}

/* The zone is written into the network's definition; only firewalld knows whether it exists. */
static gboolean
check_zone(const NmmProfile *profile, GError **error)
{
    if (!profile->zone || nmm_value_check_text(profile->zone, NMM_VALUE_MAX_BYTES, error))
        return TRUE;
    g_prefix_error(error, "connection.zone: ");
    return FALSE;
}

NmmProfile *
nmm_profile_parse(const char *id,
                  const char *uuid,
                  const char *zone,
                  GHashTable *data,
                  const char *const *allowed_uris,
                  GError **error)
{
    g_autoptr(NmmProfile) profile = profile_new(id, uuid, zone);
    const NmmKeyInfo *key;

    if (!check_zone(profile, error))
        return NULL;
    if (!read_data(profile, data, allowed_uris, &key, error)) {
        if (key)
            g_prefix_error(error, _("vpn.data key '%s': "), key->name);
        return NULL;
    }
    return g_steal_pointer(&profile);
}

gboolean
nmm_profile_check(GHashTable *data,
                  const char *const *allowed_uris,
                  const NmmKeyInfo **out_key,
                  GError **error)
{
    g_autoptr(NmmProfile) profile = profile_new("", "", NULL);

    return read_data(profile, data, allowed_uris, out_key, error);
}

gboolean
nmm_profile_check_value(const NmmKeyInfo *key, const char *value, GError **error)
{
    g_autoptr(NmmProfile) profile = profile_new("", "", NULL);

    return nmm_value_parse(key, value, profile, error);
}

char *
nmm_profile_build_reactivation(const char *id)
{
    g_autofree char *quoted = g_shell_quote(id);

    return g_strdup_printf("nmcli connection down %s && nmcli connection up %s", quoted, quoted);
}

gboolean
nmm_profile_needs_libvirt(const NmmProfile *profile)
{
    return !nmm_mode_get_info(profile->mode)->routes_guests || !profile->peers ||
           profile->peers->len == 0;
}

gboolean
nmm_profile_names_guest(const char *word, const char *name, const char *uuid)
{
    return g_str_equal(word, name) || g_ascii_strcasecmp(word, uuid) == 0;
}

static gboolean
has_guest(char **words, const char *name, const char *uuid)
{
    for (; *words; words++) {
        if (nmm_profile_names_guest(*words, name, uuid))
            return TRUE;
    }
    return FALSE;
}

gboolean
nmm_profile_selects(const NmmProfile *profile, const char *name, const char *uuid)
{
    if (has_guest(profile->exclude_guests, name, uuid))
        return FALSE;
    return !profile->guests || has_guest(profile->guests, name, uuid);
}
