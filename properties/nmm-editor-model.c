/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks with the service's own parser, so that it writes only what the service accepts. Keeps
 * unknown keys, so that an older editor does not damage a newer version's profile. Must not read
 * the host.
 */

#include "config.h"

#include "nmm-editor-model.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-names.h"
#include "nmm-profile.h"
#include "nmm-selection.h"

struct _NmmEditorModel {
    GHashTable *texts;   /* (element-type utf8 utf8): known keys that are set */
    GHashTable *foreign; /* (element-type utf8 utf8): kept as they are */
    char **allowed_uris; /* (nullable) */
};

/* An entry can show any text. A check button or list cannot show a bad value, which would prevent
 * saving without being seen. */
static gboolean
can_show(const NmmKeyInfo *key, const char *value)
{
    return (key->type != &nmm_key_type_enum && key->type != &nmm_key_type_bool) ||
           nmm_profile_check_value(key, value, NULL);
}

static void
load_item_cb(const char *name, const char *value, gpointer user_data)
{
    NmmEditorModel *model = user_data;
    const NmmKeyInfo *key = nmm_keys_find(name);

    if (!key)
        g_hash_table_insert(model->foreign, g_strdup(name), g_strdup(value));
    else if (can_show(key, value))
        g_hash_table_insert(model->texts, g_strdup(name), g_strdup(value));
}

NmmEditorModel *
nmm_editor_model_new(NMConnection *connection, const char *const *allowed_uris)
{
    NmmEditorModel *model = g_new0(NmmEditorModel, 1);
    NMSettingVpn *vpn = nm_connection_get_setting_vpn(connection);

    model->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    model->foreign = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    model->allowed_uris = g_strdupv((char **)allowed_uris);
    if (vpn)
        nm_setting_vpn_foreach_data_item(vpn, load_item_cb, model);
    return model;
}

void
nmm_editor_model_free(NmmEditorModel *model)
{
    g_hash_table_unref(model->texts);
    g_hash_table_unref(model->foreign);
    g_strfreev(model->allowed_uris);
    g_free(model);
}

const char *
nmm_editor_model_get(const NmmEditorModel *model, const char *key)
{
    const char *text = g_hash_table_lookup(model->texts, key);

    return text ?: "";
}

const char *
nmm_editor_model_get_effective(const NmmEditorModel *model, const char *key)
{
    const char *text = g_hash_table_lookup(model->texts, key);

    return text ?: nmm_keys_find(key)->default_value ?: "";
}

void
nmm_editor_model_set(NmmEditorModel *model, const char *key, const char *text)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    const NmmKeyInfo *info = nmm_keys_find(key);
    gboolean is_default = g_strcmp0(stripped, info->default_value) == 0;

    if (stripped[0] == '\0' || (is_default && !info->keeps_default))
        g_hash_table_remove(model->texts, key);
    else
        g_hash_table_replace(model->texts, g_strdup(key), g_steal_pointer(&stripped));
}

NmmMode
nmm_editor_model_get_mode(const NmmEditorModel *model)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_MODE);
    const char *text = nmm_editor_model_get_effective(model, key->name);

    for (guint i = 0; key->choices[i]; i++) {
        if (g_str_equal(key->choices[i], text))
            return (NmmMode)i;
    }
    return NMM_MODE_ISOLATED;
}

gboolean
nmm_editor_model_is_shown(const NmmEditorModel *model, const NmmKeyInfo *key)
{
    return nmm_keys_has_mode(key, nmm_editor_model_get_mode(model));
}

static char *
describe_default_range(const NmmEditorModel *model)
{
    const char *address = nmm_editor_model_get(model, NMM_KEY_ADDRESS);
    NmmCidr cidr;
    NmmRange range;

    if (!nmm_cidr_parse(address, &cidr, NULL) || cidr.family != G_SOCKET_FAMILY_IPV4 ||
        !nmm_range_for_subnet(&cidr, &range))
        return g_strdup(_("The whole subnet"));
    return nmm_range_to_string(&range);
}

static char *
describe_default_parent(const NmmEditorModel *model)
{
    if (nmm_mode_get_info(nmm_editor_model_get_mode(model))->has_host_link)
        return g_strdup(_("The device with the default route"));
    return g_strdup(_("Any"));
}

static char *
describe_default_link(const NmmEditorModel *model)
{
    const char *parent = nmm_editor_model_get(model, NMM_KEY_PARENT);

    return *parent ? nmm_identity_link_name(parent) : g_strdup(_("Automatic"));
}

char *
nmm_editor_model_get_placeholder(const NmmEditorModel *model, const NmmKeyInfo *key)
{
    if (g_str_equal(key->name, NMM_KEY_ADDRESS))
        return g_strdup(_("192.168.254.1/24, or the next free one"));
    if (g_str_equal(key->name, NMM_KEY_DHCP_RANGE))
        return describe_default_range(model);
    if (g_str_equal(key->name, NMM_KEY_PARENT))
        return describe_default_parent(model);
    if (g_str_equal(key->name, NMM_KEY_LINK_NAME))
        return describe_default_link(model);
    if (g_str_equal(key->name, NMM_KEY_GUESTS))
        return g_strdup(_("All"));
    if (g_str_equal(key->name, NMM_KEY_EXCLUDE_GUESTS))
        return g_strdup(_("None"));
    return g_strdup(key->default_value ?: "");
}

/* The items to write, without the unknown keys. Keys that the mode hides keep a good value; a bad
 * one is dropped, because the user could neither see nor correct it. */
static GHashTable *
build_data(const NmmEditorModel *model)
{
    GHashTable *data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);

    for (gsize i = 0; i < n; i++) {
        const char *text = g_hash_table_lookup(model->texts, keys[i].name);

        if (text && (nmm_editor_model_is_shown(model, &keys[i]) ||
                     nmm_profile_check_value(&keys[i], text, NULL)))
            g_hash_table_insert(data, g_strdup(keys[i].name), g_strdup(text));
    }
    /* Written even if it is the default, to show what the profile is. */
    if (!g_hash_table_contains(data, NMM_KEY_MODE))
        g_hash_table_insert(data,
                            g_strdup(NMM_KEY_MODE),
                            g_strdup(nmm_mode_to_string(nmm_editor_model_get_mode(model))));
    return data;
}

char *
nmm_editor_model_get_error(const NmmEditorModel *model, const NmmKeyInfo *key)
{
    const char *text = g_hash_table_lookup(model->texts, key->name);
    const NmmKeyInfo *wrong = key;
    g_autoptr(GHashTable) data = NULL;
    g_autoptr(GError) error = NULL;

    if (!text || !nmm_editor_model_is_shown(model, key))
        return NULL;
    data = build_data(model);
    if (nmm_profile_check_value(key, text, &error) &&
        nmm_profile_check(data, (const char *const *)model->allowed_uris, &wrong, &error))
        return NULL;
    return wrong == key ? g_strdup(error->message) : NULL;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

char *
nmm_editor_model_get_notice(const NmmEditorModel *model)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(model->foreign), compare_names);
    g_autoptr(GString) list = g_string_new(NULL);

    if (!names)
        return NULL;
    for (const GList *l = names; l; l = l->next)
        g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", (const char *)l->data);
    return g_strdup_printf(
        _("This profile has unknown settings: %s. They are kept, but the profile cannot be "
          "activated with them."),
        list->str);
}

static void
write_item(gpointer key, gpointer value, gpointer user_data)
{
    nm_setting_vpn_add_data_item(user_data, key, value);
}

gboolean
nmm_editor_model_save(const NmmEditorModel *model, NMConnection *connection, GError **error)
{
    g_autoptr(GHashTable) data = build_data(model);
    g_autoptr(NmmProfile) profile =
        nmm_profile_parse("", "", NULL, data, (const char *const *)model->allowed_uris, error);
    NMSetting *vpn;

    if (!profile)
        return FALSE;
    vpn = nm_setting_vpn_new();
    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, NMM_DBUS_SERVICE, NULL);
    g_hash_table_foreach(data, write_item, vpn);
    g_hash_table_foreach(model->foreign, write_item, vpn);
    nm_connection_add_setting(connection, vpn);
    return TRUE;
}

static NmmSelection
peek_selection(const NmmEditorModel *model)
{
    return (NmmSelection){
        .guests = g_hash_table_lookup(model->texts, NMM_KEY_GUESTS),
        .exclude = g_hash_table_lookup(model->texts, NMM_KEY_EXCLUDE_GUESTS),
    };
}

gboolean
nmm_editor_model_is_guest_selected(const NmmEditorModel *model, const char *name, const char *uuid)
{
    const NmmSelection selection = peek_selection(model);

    return nmm_selection_has(&selection, name, uuid);
}

gboolean
nmm_editor_model_select_guest(NmmEditorModel *model,
                              const char *name,
                              const char *uuid,
                              gboolean selected)
{
    const NmmSelection old = peek_selection(model);
    g_auto(NmmSelection) selection = {g_strdup(old.guests), g_strdup(old.exclude)};

    if (!nmm_selection_set(&selection, name, uuid, selected))
        return FALSE;
    nmm_editor_model_set(model, NMM_KEY_GUESTS, selection.guests ?: "");
    nmm_editor_model_set(model, NMM_KEY_EXCLUDE_GUESTS, selection.exclude);
    return TRUE;
}
