/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-config.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-text.h"

/* The administrators of Debian and Fedora are members of 'sudo' or 'wheel'. 'libvirt', the group of
 * libvirt's own polkit rule, has no member at first. */
static const char *const default_admin_groups[] = {"libvirt", "wheel", "sudo", NULL};

typedef enum { TYPE_LIST, TYPE_BOOLEAN } Type;

static const struct {
    const char *group;
    const char *key;
    Type type;
    gsize offset;
} rows[] = {
    {"libvirt", "libvirt-uris", TYPE_LIST, G_STRUCT_OFFSET(NmmConfig, libvirt_uris)},
    {"libvirt", "admin-groups", TYPE_LIST, G_STRUCT_OFFSET(NmmConfig, admin_groups)},
    {"dispatcher", "offer-profiles", TYPE_BOOLEAN, G_STRUCT_OFFSET(NmmConfig, offers_profiles)},
};

static gboolean
has_row(const char *group, const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_equal(rows[i].group, group) && (!key || g_str_equal(rows[i].key, key)))
            return TRUE;
    }
    return FALSE;
}

static gboolean
check_keys(GKeyFile *file, const char *group, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (char **key = keys; key && *key; key++) {
        g_autofree char *shown = nmm_text_to_display(*key);

        if (!has_row(group, *key))
            return nmm_fail(error, NMM_ERROR_FAILED, _("unknown key '%s' in [%s]"), shown, group);
    }
    return TRUE;
}

static gboolean
check_groups(GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group; group++) {
        g_autofree char *shown = nmm_text_to_display(*group);

        if (!has_row(*group, NULL))
            return nmm_fail(error, NMM_ERROR_FAILED, _("unknown group [%s]"), shown);
        if (!check_keys(file, *group, error))
            return FALSE;
    }
    return TRUE;
}

/* (transfer full) (nullable): without the spaces around the items, and without empty items. */
static char **
read_list(GKeyFile *file, const char *group, const char *key, GError **error)
{
    g_auto(GStrv) items = g_key_file_get_string_list(file, group, key, NULL, error);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (!items)
        return NULL;
    for (char **item = items; *item; item++) {
        if (*g_strstrip(*item))
            g_strv_builder_add(builder, *item);
    }
    return g_strv_builder_end(builder);
}

/* GKeyFile accepts only true, false, 1 and 0; NetworkManager's files also have yes and no. */
static gboolean
read_boolean(GKeyFile *file, const char *group, const char *key, GError **error)
{
    static const char *const words[] = {"no", "off", "yes", "on", NULL};
    g_autofree char *text = g_key_file_get_string(file, group, key, NULL);

    for (guint i = 0; text && words[i]; i++) {
        if (g_ascii_strcasecmp(g_strstrip(text), words[i]) == 0)
            return i >= 2;
    }
    return g_key_file_get_boolean(file, group, key, error);
}

static gboolean
read_row(NmmConfig *config, GKeyFile *file, gsize row, GError **error)
{
    gpointer field = G_STRUCT_MEMBER_P(config, rows[row].offset);
    GError *local = NULL;
    char **list;

    if (rows[row].type == TYPE_BOOLEAN) {
        *(gboolean *)field = read_boolean(file, rows[row].group, rows[row].key, &local);
    } else {
        list = read_list(file, rows[row].group, rows[row].key, &local);
        g_strfreev(*(char ***)field);
        *(char ***)field = list;
    }
    if (!local)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

static gboolean
read_file(NmmConfig *config, GKeyFile *file, const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &local)) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!check_groups(file, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_key_file_has_key(file, rows[i].group, rows[i].key, NULL) &&
            !read_row(config, file, i, error))
            return FALSE;
    }
    return TRUE;
}

NmmConfig *
nmm_config_read(const char *path, GError **error)
{
    g_autoptr(NmmConfig) config = g_new0(NmmConfig, 1);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;

    config->libvirt_uris = g_new0(char *, 1);
    config->admin_groups = g_strdupv((char **)default_admin_groups);
    config->offers_profiles = TRUE;
    if (read_file(config, file, path, &local))
        return g_steal_pointer(&config);
    nmm_fail(error, NMM_ERROR_FAILED, _("cannot read '%s': %s"), path, local->message);
    return NULL;
}

void
nmm_config_free(NmmConfig *config)
{
    g_strfreev(config->libvirt_uris);
    g_strfreev(config->admin_groups);
    g_free(config);
}
