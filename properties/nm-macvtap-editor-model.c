/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the editor shows and what it writes. What is written is what the service accepts:
 * the check is the service's own parser. Keys that nobody knows are kept, so that a newer version's
 * profile is not damaged by an older editor. Nothing here asks the host anything.
 */

#include "config.h"

#include "nm-macvtap-editor-model.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-identity.h"
#include "nm-macvtap-names.h"
#include "nm-macvtap-profile.h"
#include "nm-macvtap-selection.h"

struct _NMMacvtapEditorModel {
    GHashTable *texts;   /* (element-type utf8 utf8): known keys that are set */
    GHashTable *foreign; /* (element-type utf8 utf8): kept as they are */
    char **allowed_uris; /* (nullable) */
};

static const NMMacvtapChoiceText mode_texts[] = {
    {
        "isolated",
        N_("Isola_ted network"),
        N_("Guests get a second interface on a private network with this computer. Works for every "
           "guest, even with the cable unplugged."),
    },
    {
        "share",
        N_("_Shared address"),
        N_("Guests reach this computer at its usual address and are not changed."),
    },
    {
        "move",
        N_("Mo_ved address"),
        N_("This computer's address moves to a macvtap interface while the profile is on, which "
           "makes it a full peer of the guests."),
    },
};

static const NMMacvtapChoiceText on_disconnect_texts[] = {
    {"unplug", N_("Unplug the guests' cables"), NULL},
    {"keep", N_("Keep everything as it is"), NULL},
    {"remove", N_("Remove interfaces and network"), NULL},
};

/*****************************************************************************/

/* A text can be shown whatever it says; a choice that is none has no widget, so that it would stand
 * in the way of saving unseen. */
static gboolean
can_show(const NMMacvtapKeyInfo *key, const char *value)
{
    return (key->type != NM_MACVTAP_KEY_TYPE_ENUM && key->type != NM_MACVTAP_KEY_TYPE_BOOL) ||
           nm_macvtap_profile_check_value(key, value, NULL);
}

static void
load_item_cb(const char *name, const char *value, gpointer user_data)
{
    NMMacvtapEditorModel *model = user_data;
    const NMMacvtapKeyInfo *key = nm_macvtap_keys_find(name);

    if (!key)
        g_hash_table_insert(model->foreign, g_strdup(name), g_strdup(value));
    else if (can_show(key, value))
        g_hash_table_insert(model->texts, g_strdup(name), g_strdup(value));
}

/**
 * nm_macvtap_editor_model_new:
 * @connection: the profile to edit, maybe a new one without VPN data
 * @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones
 *
 * Returns: (transfer full): the model; @connection is not kept
 */
NMMacvtapEditorModel *
nm_macvtap_editor_model_new(NMConnection *connection, const char *const *allowed_uris)
{
    NMMacvtapEditorModel *model = g_new0(NMMacvtapEditorModel, 1);
    NMSettingVpn *vpn = nm_connection_get_setting_vpn(connection);

    model->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    model->foreign = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    model->allowed_uris = g_strdupv((char **)allowed_uris);
    if (vpn)
        nm_setting_vpn_foreach_data_item(vpn, load_item_cb, model);
    return model;
}

/**
 * nm_macvtap_editor_model_free:
 * @model: (transfer full): the model
 */
void
nm_macvtap_editor_model_free(NMMacvtapEditorModel *model)
{
    g_hash_table_unref(model->texts);
    g_hash_table_unref(model->foreign);
    g_strfreev(model->allowed_uris);
    g_free(model);
}

/*****************************************************************************/

/**
 * nm_macvtap_editor_model_get:
 * @key: the name of a key
 *
 * Returns: (transfer none): its text, "" where it is unset
 */
const char *
nm_macvtap_editor_model_get(const NMMacvtapEditorModel *model, const char *key)
{
    const char *text = g_hash_table_lookup(model->texts, key);

    return text ?: "";
}

/**
 * nm_macvtap_editor_model_get_effective:
 * @key: the name of a key
 *
 * Returns: (transfer none): its text, the default where it is unset and has one, else ""
 */
const char *
nm_macvtap_editor_model_get_effective(const NMMacvtapEditorModel *model, const char *key)
{
    const char *text = g_hash_table_lookup(model->texts, key);

    return text ?: nm_macvtap_keys_find(key)->default_value ?: "";
}

/**
 * nm_macvtap_editor_model_set:
 * @key: the name of a key
 * @text: what the user typed or chose; space around it does not count
 *
 * An empty text and the default itself unset the key.
 */
void
nm_macvtap_editor_model_set(NMMacvtapEditorModel *model, const char *key, const char *text)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    const char *default_value = nm_macvtap_keys_find(key)->default_value;

    if (stripped[0] == '\0' || g_strcmp0(stripped, default_value) == 0)
        g_hash_table_remove(model->texts, key);
    else
        g_hash_table_replace(model->texts, g_strdup(key), g_steal_pointer(&stripped));
}

/**
 * nm_macvtap_editor_model_get_mode:
 *
 * Returns: the mode that is chosen; the default where the profile's text is none
 */
NMMacvtapMode
nm_macvtap_editor_model_get_mode(const NMMacvtapEditorModel *model)
{
    const NMMacvtapKeyInfo *key = nm_macvtap_keys_find(NM_MACVTAP_KEY_MODE);
    const char *text = nm_macvtap_editor_model_get_effective(model, key->name);

    for (guint i = 0; key->choices[i]; i++) {
        if (g_str_equal(key->choices[i], text))
            return (NMMacvtapMode)i;
    }
    return NM_MACVTAP_MODE_ISOLATED;
}

/**
 * nm_macvtap_editor_model_is_shown:
 * @key: a row of the table of keys
 *
 * Returns: whether the key means something in the chosen mode
 */
gboolean
nm_macvtap_editor_model_is_shown(const NMMacvtapEditorModel *model, const NMMacvtapKeyInfo *key)
{
    return (key->modes & NM_MACVTAP_MODE_BIT(nm_macvtap_editor_model_get_mode(model))) != 0;
}

/*****************************************************************************/

static char *
describe_default_range(const NMMacvtapEditorModel *model)
{
    const char *address = nm_macvtap_editor_model_get(model, NM_MACVTAP_KEY_ADDRESS);
    NMMacvtapCidr cidr;
    NMMacvtapRange range;
    g_autofree char *first = NULL;
    g_autofree char *last = NULL;

    if (!nm_macvtap_cidr_parse(address, &cidr, NULL) || cidr.family != G_SOCKET_FAMILY_IPV4 ||
        !nm_macvtap_range_for_subnet(&cidr, &range))
        return g_strdup(_("The whole subnet"));
    first = nm_macvtap_range_first_to_string(&range);
    last = nm_macvtap_range_last_to_string(&range);
    return g_strdup_printf("%s-%s", first, last);
}

static char *
describe_default_parent(const NMMacvtapEditorModel *model)
{
    if (nm_macvtap_editor_model_get_mode(model) == NM_MACVTAP_MODE_ISOLATED)
        return g_strdup(_("Any"));
    return g_strdup(_("The device with the default route"));
}

static char *
describe_default_link(const NMMacvtapEditorModel *model)
{
    const char *parent = nm_macvtap_editor_model_get(model, NM_MACVTAP_KEY_PARENT);

    return *parent ? nm_macvtap_identity_link_name(parent) : g_strdup(_("Automatic"));
}

/**
 * nm_macvtap_editor_model_get_placeholder:
 * @key: a row of the table of keys
 *
 * Returns: (transfer full): what the key is while its field is empty, for the user to read
 */
char *
nm_macvtap_editor_model_get_placeholder(const NMMacvtapEditorModel *model,
                                        const NMMacvtapKeyInfo *key)
{
    if (g_str_equal(key->name, NM_MACVTAP_KEY_ADDRESS))
        return g_strdup(_("192.168.254.1/24, or the next free one"));
    if (g_str_equal(key->name, NM_MACVTAP_KEY_DHCP_RANGE))
        return describe_default_range(model);
    if (g_str_equal(key->name, NM_MACVTAP_KEY_PARENT))
        return describe_default_parent(model);
    if (g_str_equal(key->name, NM_MACVTAP_KEY_LINK_NAME))
        return describe_default_link(model);
    if (g_str_equal(key->name, NM_MACVTAP_KEY_GUESTS))
        return g_strdup(_("All"));
    if (g_str_equal(key->name, NM_MACVTAP_KEY_EXCLUDE_GUESTS))
        return g_strdup(_("None"));
    return g_strdup(key->default_value ?: "");
}

/*****************************************************************************/

/* What is written but for foreign keys. Values of keys that are not shown stay in the profile, but
 * what is wrong with them nobody could see or mend here: such a one goes. */
static GHashTable *
build_data(const NMMacvtapEditorModel *model)
{
    GHashTable *data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gsize n;
    const NMMacvtapKeyInfo *keys = nm_macvtap_keys_get_all(&n);

    for (gsize i = 0; i < n; i++) {
        const char *text = g_hash_table_lookup(model->texts, keys[i].name);

        if (text && (nm_macvtap_editor_model_is_shown(model, &keys[i]) ||
                     nm_macvtap_profile_check_value(&keys[i], text, NULL)))
            g_hash_table_insert(data, g_strdup(keys[i].name), g_strdup(text));
    }
    /* Written even where it is the default: it says what the profile is. */
    if (!g_hash_table_contains(data, NM_MACVTAP_KEY_MODE))
        g_hash_table_insert(
            data,
            g_strdup(NM_MACVTAP_KEY_MODE),
            g_strdup(nm_macvtap_mode_to_string(nm_macvtap_editor_model_get_mode(model))));
    return data;
}

static gboolean
check_data(const NMMacvtapEditorModel *model, GHashTable *data, GError **error)
{
    g_autoptr(NMMacvtapProfile) profile = nm_macvtap_profile_parse(
        "", "", NULL, data, (const char *const *)model->allowed_uris, error);

    return profile != NULL;
}

/**
 * nm_macvtap_editor_model_check:
 * @error: return location: %NM_MACVTAP_ERROR_BAD_PROFILE, naming the key
 *
 * Returns: whether all of it together can be saved
 */
gboolean
nm_macvtap_editor_model_check(const NMMacvtapEditorModel *model, GError **error)
{
    g_autoptr(GHashTable) data = build_data(model);

    return check_data(model, data, error);
}

/* Messages begin with the key, which a field's own label says better. (nullable): NULL where the
 * message is another key's. */
static const char *
strip_key(const char *message, const char *key)
{
    g_autofree char *prefix = g_strdup_printf(_("vpn.data key '%s': "), key);

    return g_str_has_prefix(message, prefix) ? message + strlen(prefix) : NULL;
}

/**
 * nm_macvtap_editor_model_get_error:
 * @key: a row of the table of keys
 *
 * Returns: (transfer full) (nullable): what is wrong with this field, by itself or beside others
 */
char *
nm_macvtap_editor_model_get_error(const NMMacvtapEditorModel *model, const NMMacvtapKeyInfo *key)
{
    const char *text = g_hash_table_lookup(model->texts, key->name);
    g_autoptr(GError) error = NULL;

    if (!text || !nm_macvtap_editor_model_is_shown(model, key))
        return NULL;
    if (nm_macvtap_profile_check_value(key, text, &error) &&
        nm_macvtap_editor_model_check(model, &error))
        return NULL;
    return g_strdup(strip_key(error->message, key->name));
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

/**
 * nm_macvtap_editor_model_get_notice:
 *
 * Returns: (transfer full) (nullable): what the user ought to know of the profile as a whole
 */
char *
nm_macvtap_editor_model_get_notice(const NMMacvtapEditorModel *model)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(model->foreign), compare_names);
    g_autoptr(GString) list = g_string_new(NULL);

    if (!names)
        return NULL;
    for (const GList *l = names; l; l = l->next)
        g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", (const char *)l->data);
    return g_strdup_printf(
        _("This profile has settings that are unknown here; they are kept, but it "
          "cannot be switched on with them: %s"),
        list->str);
}

/*****************************************************************************/

static void
write_item(gpointer key, gpointer value, gpointer user_data)
{
    nm_setting_vpn_add_data_item(user_data, key, value);
}

/**
 * nm_macvtap_editor_model_save:
 * @connection: the profile to write to; its VPN setting is replaced, and nothing else is touched
 * @error: return location: as of nm_macvtap_editor_model_check()
 *
 * Returns: FALSE where there is something that the service would refuse; nothing is written then
 */
gboolean
nm_macvtap_editor_model_save(const NMMacvtapEditorModel *model,
                             NMConnection *connection,
                             GError **error)
{
    g_autoptr(GHashTable) data = build_data(model);
    NMSetting *vpn;

    if (!check_data(model, data, error))
        return FALSE;
    vpn = nm_setting_vpn_new();
    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, NM_MACVTAP_DBUS_SERVICE, NULL);
    g_hash_table_foreach(data, write_item, vpn);
    g_hash_table_foreach(model->foreign, write_item, vpn);
    nm_connection_add_setting(connection, vpn);
    return TRUE;
}

/*****************************************************************************/

static NMMacvtapSelection
peek_selection(const NMMacvtapEditorModel *model)
{
    return (NMMacvtapSelection){
        .guests = g_hash_table_lookup(model->texts, NM_MACVTAP_KEY_GUESTS),
        .exclude = g_hash_table_lookup(model->texts, NM_MACVTAP_KEY_EXCLUDE_GUESTS),
    };
}

/**
 * nm_macvtap_editor_model_is_guest_selected:
 * @name: the guest's name
 * @uuid: the guest's UUID
 *
 * Returns: whether the profile as it stands serves the guest
 */
gboolean
nm_macvtap_editor_model_is_guest_selected(const NMMacvtapEditorModel *model,
                                          const char *name,
                                          const char *uuid)
{
    const NMMacvtapSelection selection = peek_selection(model);

    return nm_macvtap_selection_has(&selection, name, uuid);
}

/**
 * nm_macvtap_editor_model_select_guest:
 * @name: the guest's name
 * @uuid: the guest's UUID
 * @selected: whether the profile is to serve it
 *
 * Changes the texts of guests and exclude-guests.
 *
 * Returns: FALSE where those texts are no lists now; nothing is changed then
 */
gboolean
nm_macvtap_editor_model_select_guest(NMMacvtapEditorModel *model,
                                     const char *name,
                                     const char *uuid,
                                     gboolean selected)
{
    const NMMacvtapSelection old = peek_selection(model);
    g_auto(NMMacvtapSelection) selection = {g_strdup(old.guests), g_strdup(old.exclude)};

    if (!nm_macvtap_selection_set(&selection, name, uuid, selected))
        return FALSE;
    nm_macvtap_editor_model_set(model, NM_MACVTAP_KEY_GUESTS, selection.guests ?: "");
    nm_macvtap_editor_model_set(model, NM_MACVTAP_KEY_EXCLUDE_GUESTS, selection.exclude);
    return TRUE;
}

/**
 * nm_macvtap_editor_model_find_choice_text:
 * @key: a row of the table of keys
 * @word: one of its choices
 *
 * Returns: (transfer none) (nullable): how to say it; NULL where the word itself is shown
 */
const NMMacvtapChoiceText *
nm_macvtap_editor_model_find_choice_text(const NMMacvtapKeyInfo *key, const char *word)
{
    const NMMacvtapChoiceText *texts = NULL;
    gsize n = 0;

    if (g_str_equal(key->name, NM_MACVTAP_KEY_MODE)) {
        texts = mode_texts;
        n = G_N_ELEMENTS(mode_texts);
    } else if (g_str_equal(key->name, NM_MACVTAP_KEY_ON_DISCONNECT)) {
        texts = on_disconnect_texts;
        n = G_N_ELEMENTS(on_disconnect_texts);
    }
    for (gsize i = 0; i < n; i++) {
        if (g_str_equal(texts[i].word, word))
            return &texts[i];
    }
    return NULL;
}
