/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From vpn.data to a typed profile: which keys there may be, and what their values mean together.
 * A single value is read by nmm-value.c. Nothing here knows the host: whether a device,
 * network or guest exists is found out when the profile is used.
 */

#include "config.h"

#include "nmm-profile.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"

/* How many letters may be wrong in a key that is still taken for a mistyped one. */
#define TYPO_MAX_EDITS 2

/* No key that could be a typo of ours is longer. */
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

/**
 * nmm_profile_ref:
 *
 * Returns: (transfer full): @profile
 */
NmmProfile *
nmm_profile_ref(NmmProfile *profile)
{
    g_atomic_ref_count_inc(&profile->ref_count);
    return profile;
}

/**
 * nmm_profile_unref:
 * @profile: (transfer full)
 */
void
nmm_profile_unref(NmmProfile *profile)
{
    if (!g_atomic_ref_count_dec(&profile->ref_count))
        return;
    g_free(profile->id);
    g_free(profile->uuid);
    g_free(profile->zone);
    g_strfreev(profile->guests);
    g_strfreev(profile->exclude_guests);
    g_free(profile->parent);
    g_free(profile->libvirt_uri);
    g_free(profile->network);
    g_free(profile->nic_model);
    g_free(profile->link_name);
    g_free(profile);
}

/* Letters to insert, remove or replace to make @b of @a (Levenshtein); G_MAXUINT for a long @b. */
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

/* The key that @name is a typo of, or NULL. */
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
    g_autofree char *shown = nmm_value_to_display(name);
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

/* The first unknown key in the alphabet is named, so that the message is always the same. */
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

static void
store_address6(NmmProfile *profile, const NmmKeyInfo *key, const NmmValue *value)
{
    if (value->choice < 0) {
        profile->address6_type = NMM_ADDRESS6_GIVEN;
        profile->address6 = value->cidr;
    } else {
        profile->address6_type = g_str_equal(key->choices[value->choice], "auto")
                                     ? NMM_ADDRESS6_AUTO
                                     : NMM_ADDRESS6_NONE;
    }
}

static void
store_dhcp_range(NmmProfile *profile, const NmmValue *value)
{
    profile->dhcp_type = value->choice < 0 ? NMM_DHCP_GIVEN : NMM_DHCP_NONE;
    profile->dhcp_range = value->range;
}

/* Moves what @value holds into the profile's field for @key; @text is what it was read from. */
static void
store(NmmProfile *profile, const NmmKeyInfo *key, const char *text, NmmValue *value)
{
    const char *name = key->name;

    if (g_str_equal(name, NMM_KEY_MODE)) {
        profile->mode = (NmmMode)value->choice;
    } else if (g_str_equal(name, NMM_KEY_GUESTS)) {
        profile->guests = g_steal_pointer(&value->names);
    } else if (g_str_equal(name, NMM_KEY_EXCLUDE_GUESTS)) {
        profile->exclude_guests = g_steal_pointer(&value->names);
    } else if (g_str_equal(name, NMM_KEY_PARENT)) {
        profile->parent = g_strdup(text);
    } else if (g_str_equal(name, NMM_KEY_NETWORK)) {
        profile->network = g_strdup(text);
    } else if (g_str_equal(name, NMM_KEY_ADDRESS)) {
        profile->has_address = TRUE;
        profile->address = value->cidr;
    } else if (g_str_equal(name, NMM_KEY_ADDRESS6)) {
        store_address6(profile, key, value);
    } else if (g_str_equal(name, NMM_KEY_DHCP_RANGE)) {
        store_dhcp_range(profile, value);
    } else if (g_str_equal(name, NMM_KEY_ISOLATE_GUESTS)) {
        profile->isolate_guests = value->choice;
    } else if (g_str_equal(name, NMM_KEY_NIC_MODEL)) {
        profile->nic_model = value->choice < 0 ? g_strdup(text) : NULL;
    } else if (g_str_equal(name, NMM_KEY_HOTPLUG)) {
        profile->hotplug = value->choice;
    } else if (g_str_equal(name, NMM_KEY_ON_DISCONNECT)) {
        profile->on_disconnect = (NmmOnDisconnect)value->choice;
    } else if (g_str_equal(name, NMM_KEY_LINK_NAME)) {
        profile->link_name = g_strdup(text);
    } else {
        g_assert(g_str_equal(name, NMM_KEY_LIBVIRT_URI));
        profile->libvirt_uri = g_strdup(text);
    }
}

static gboolean
read_values(NmmProfile *profile, GHashTable *data, GError **error)
{
    const NmmKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nmm_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++) {
        g_auto(NmmValue) value = {.choice = -1};
        const char *text = g_hash_table_lookup(data, keys[i].name);

        if (!text)
            text = keys[i].default_value;
        if (!text)
            continue;
        if (!nmm_value_parse(&keys[i], text, &value, error))
            return FALSE;
        store(profile, &keys[i], text, &value);
    }
    return TRUE;
}

/* A free URI could run a command as root ("qemu+ssh://…?command=…"). */
static gboolean
check_uri_allowed(const char *uri, const char *const *allowed_uris, GError **error)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_LIBVIRT_URI);
    g_autofree char *built_in = NULL;
    g_autofree char *shown = NULL;

    if (g_strv_contains(key->choices, uri) || (allowed_uris && g_strv_contains(allowed_uris, uri)))
        return TRUE;

    built_in = nmm_value_quote_words(key->choices);
    shown = nmm_value_to_display(uri);
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_BAD_PROFILE,
                _("vpn.data key '%s': '%s' is not allowed; use one of %s, or have root add it to "
                  "'libvirt-uris' in group [libvirt] of '%s'"),
                key->name,
                shown,
                built_in,
                NMM_CONFIG_FILE);
    return FALSE;
}

/* A range without an address is checked once the address is chosen. */
static gboolean
check_dhcp_range_fits(const NmmProfile *profile, GError **error)
{
    if (!profile->has_address || profile->dhcp_type != NMM_DHCP_GIVEN)
        return TRUE;
    if (nmm_range_check(&profile->dhcp_range, &profile->address, error))
        return TRUE;
    g_prefix_error(error, _("vpn.data key '%s': "), NMM_KEY_DHCP_RANGE);
    return FALSE;
}

static gboolean
check_link_is_not_parent(const NmmProfile *profile, GError **error)
{
    if (!profile->link_name || g_strcmp0(profile->link_name, profile->parent) != 0)
        return TRUE;
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_BAD_PROFILE,
                _("vpn.data key '%s': '%s' is the parent device; use a name that no device has"),
                NMM_KEY_LINK_NAME,
                profile->link_name);
    return FALSE;
}

/* What keys mean together; keys without effect in the mode do not count. */
static gboolean
check_together(const NmmProfile *profile, const char *const *allowed_uris, GError **error)
{
    if (!check_uri_allowed(profile->libvirt_uri, allowed_uris, error))
        return FALSE;
    return profile->mode == NMM_MODE_ISOLATED ? check_dhcp_range_fits(profile, error)
                                              : check_link_is_not_parent(profile, error);
}

/* It is written into the network's definition; whether there is such a zone is firewalld's to know.
 */
static gboolean
check_zone(const NmmProfile *profile, GError **error)
{
    if (!profile->zone || nmm_value_check_text(profile->zone, NMM_VALUE_MAX_BYTES, error))
        return TRUE;
    g_prefix_error(error, "connection.zone: ");
    return FALSE;
}

/**
 * nmm_profile_parse:
 * @id: connection.id
 * @uuid: connection.uuid
 * @zone: (nullable): connection.zone
 * @data: (element-type utf8 utf8): the vpn.data items
 * @allowed_uris: (nullable) (array zero-terminated=1): libvirt URIs that root allowed besides the
 *   built-in ones
 * @error: NMM_ERROR_BAD_PROFILE: names key, value and what is allowed
 *
 * Returns: (transfer full): the profile, every default filled in
 */
NmmProfile *
nmm_profile_parse(const char *id,
                  const char *uuid,
                  const char *zone,
                  GHashTable *data,
                  const char *const *allowed_uris,
                  GError **error)
{
    g_autoptr(NmmProfile) profile = profile_new(id, uuid, zone);

    if (!check_zone(profile, error) || !check_keys_known(data, error) ||
        !read_values(profile, data, error) || !check_together(profile, allowed_uris, error))
        return NULL;
    return g_steal_pointer(&profile);
}

/**
 * nmm_profile_check_value:
 * @key: the row of the key
 * @value: the text to check
 * @error: NMM_ERROR_BAD_PROFILE
 *
 * Of a URI only the form is checked: which ones root allowed is the service's to know.
 */
gboolean
nmm_profile_check_value(const NmmKeyInfo *key, const char *value, GError **error)
{
    g_auto(NmmValue) parsed = {.choice = -1};

    return nmm_value_parse(key, value, &parsed, error);
}

/* Names are compared as they are, UUIDs in whatever case. */
static gboolean
names_guest(char **names, const char *name, const char *uuid)
{
    for (; *names; names++) {
        if (g_str_equal(*names, name) || g_ascii_strcasecmp(*names, uuid) == 0)
            return TRUE;
    }
    return FALSE;
}

/**
 * nmm_profile_selects:
 * @name: the guest's name
 * @uuid: the guest's UUID
 *
 * Returns: whether the profile serves such a guest; a guest both named and excluded is excluded
 */
gboolean
nmm_profile_selects(const NmmProfile *profile, const char *name, const char *uuid)
{
    if (names_guest(profile->exclude_guests, name, uuid))
        return FALSE;
    return !profile->guests || names_guest(profile->guests, name, uuid);
}
