/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-profile-reader.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-subnet.h"

/* The only type of permission; libnm has no public name for it. */
#define PERMISSION_TYPE_USER "user"

gboolean
nmm_profile_reader_is_macvtap(NMConnection *connection)
{
    NMSettingVpn *vpn = nm_connection_get_setting_vpn(connection);

    return nm_connection_is_type(connection, NM_SETTING_VPN_SETTING_NAME) && vpn &&
           g_strcmp0(nm_setting_vpn_get_service_type(vpn), NMM_DBUS_SERVICE) == 0;
}

static const char *const methods4[] = {
    NM_SETTING_IP4_CONFIG_METHOD_AUTO,
    NM_SETTING_IP4_CONFIG_METHOD_DISABLED,
    NULL,
};
static const char *const methods6[] = {
    NM_SETTING_IP6_CONFIG_METHOD_AUTO,
    NM_SETTING_IP6_CONFIG_METHOD_DISABLED,
    NM_SETTING_IP6_CONFIG_METHOD_IGNORE,
    NULL,
};

/* The service sets the addresses; those of the profile's IP settings would have no effect. */
static gboolean
check_ip_setting(NMConnection *connection,
                 NMSettingIPConfig *setting,
                 const char *const *methods,
                 GError **error)
{
    g_autofree char *id = g_shell_quote(nm_connection_get_id(connection) ?: "");
    const char *name = setting ? nm_setting_get_name(NM_SETTING(setting)) : NULL;
    const char *method = setting ? nm_setting_ip_config_get_method(setting) : NULL;

    if (method && !g_strv_contains(methods, method))
        return nmm_fail(
            error,
            NMM_ERROR_BAD_PROFILE,
            _("%s.method is '%s', but the addresses come from the VPN settings: set it to "
              "'auto' (nmcli connection modify %s %s.method auto)"),
            name,
            method,
            id,
            name);
    if (setting && nm_setting_ip_config_get_num_addresses(setting) > 0)
        return nmm_fail(
            error,
            NMM_ERROR_BAD_PROFILE,
            _("%s.addresses has '%s', but the addresses come from the VPN settings: empty "
              "it (nmcli connection modify %s %s.addresses '')"),
            name,
            nm_ip_address_get_address(nm_setting_ip_config_get_address(setting, 0)),
            id,
            name);
    return TRUE;
}

static void
add_data_item(const char *key, const char *value, gpointer data)
{
    g_hash_table_replace(data, g_strdup(key), g_strdup(value));
}

NmmProfile *
nmm_profile_reader_read(NMConnection *connection, const char *const *allowed_uris, GError **error)
{
    g_autoptr(GHashTable) data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);

    if (!base || !nmm_profile_reader_is_macvtap(connection)) {
        nmm_fail(error,
                 NMM_ERROR_BAD_PROFILE,
                 _("not a profile of the VPN service '%s'"),
                 NMM_DBUS_SERVICE);
        return NULL;
    }
    if (!check_ip_setting(
            connection, nm_connection_get_setting_ip4_config(connection), methods4, error) ||
        !check_ip_setting(
            connection, nm_connection_get_setting_ip6_config(connection), methods6, error))
        return NULL;
    nm_setting_vpn_foreach_data_item(
        nm_connection_get_setting_vpn(connection), add_data_item, data);
    return nmm_profile_parse(nm_connection_get_id(connection) ?: "",
                             nm_connection_get_uuid(connection),
                             nm_setting_connection_get_zone(base),
                             data,
                             allowed_uris,
                             error);
}

char *
nmm_profile_reader_read_raw_network(NMConnection *connection)
{
    const char *network =
        nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(connection), NMM_KEY_NETWORK);

    return g_strdup(network ? network : nmm_keys_find(NMM_KEY_NETWORK)->default_value);
}

char **
nmm_profile_reader_read_allowed_uris(const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;
    char **uris = NULL;
    gboolean missing;

    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &local)) {
        uris = g_key_file_get_string_list(file, "libvirt", "libvirt-uris", NULL, &local);
        missing = g_error_matches(local, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND) ||
                  g_error_matches(local, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND);
    } else {
        missing = g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    }
    if (uris || missing)
        return uris ? uris : g_new0(char *, 1);
    nmm_fail(error, NMM_ERROR_FAILED, _("cannot read '%s': %s"), path, local->message);
    return NULL;
}

/* (nullable) (transfer full): free() both, see getpwnam_r(3). */
static struct passwd *
find_user(const char *name, struct passwd *space, char **out_buffer)
{
    gsize size = 1024;
    struct passwd *found = NULL;
    int code;

    *out_buffer = NULL;
    do {
        size *= 2;
        *out_buffer = g_realloc(*out_buffer, size);
        code = getpwnam_r(name, space, *out_buffer, size, &found);
    } while (code == ERANGE && size < 1024 * 1024);
    return found;
}

static gboolean
find_group(const char *name, gid_t *out_gid)
{
    g_autofree char *buffer = NULL;
    gsize size = 1024;
    struct group space;
    struct group *found = NULL;
    int code;

    do {
        size *= 2;
        buffer = g_realloc(buffer, size);
        code = getgrnam_r(name, &space, buffer, size, &found);
    } while (code == ERANGE && size < 16 * 1024 * 1024);
    if (!found)
        return FALSE;
    *out_gid = found->gr_gid;
    return TRUE;
}

/* Looks groups up like a login, so that users of LDAP and systemd count too. */
static gboolean
is_member(const struct passwd *user, gid_t gid)
{
    int n_groups = 64;
    g_autofree gid_t *groups = g_new(gid_t, n_groups);

    if (getgrouplist(user->pw_name, user->pw_gid, groups, &n_groups) < 0) {
        groups = g_renew(gid_t, groups, n_groups);
        if (getgrouplist(user->pw_name, user->pw_gid, groups, &n_groups) < 0)
            return FALSE;
    }
    for (int i = 0; i < n_groups; i++) {
        if (groups[i] == gid)
            return TRUE;
    }
    return FALSE;
}

static gboolean
may_manage_libvirt(const char *name, const char *group)
{
    g_autofree char *buffer = NULL;
    struct passwd space;
    struct passwd *user = find_user(name, &space, &buffer);
    gid_t gid;

    if (!user)
        return FALSE;
    return user->pw_uid == 0 || (find_group(group, &gid) && is_member(user, gid));
}

gboolean
nmm_profile_reader_check_permissions(NMConnection *connection, const char *group, GError **error)
{
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    g_autofree char *id = NULL;
    guint n = base ? nm_setting_connection_get_num_permissions(base) : 0;

    for (guint i = 0; i < n; i++) {
        const char *type = NULL;
        const char *user = NULL;

        if (nm_setting_connection_get_permission(base, i, &type, &user, NULL) &&
            g_strcmp0(type, PERMISSION_TYPE_USER) == 0 && may_manage_libvirt(user, group))
            continue;
        id = g_shell_quote(nm_connection_get_id(connection) ?: "");
        return nmm_fail(error,
                        NMM_ERROR_DENIED,
                        _("the profile is private to '%s', who may not manage libvirt: make it "
                          "available to all users (nmcli connection modify %s "
                          "connection.permissions ''), or add the user to the group '%s'"),
                        user ? user : "?",
                        id,
                        group);
    }
    return TRUE;
}

GArray *
nmm_profile_reader_list_users(NMConnection *connection)
{
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    guint n = base ? nm_setting_connection_get_num_permissions(base) : 0;
    GArray *uids = n > 0 ? g_array_new(FALSE, FALSE, sizeof(uid_t)) : NULL;

    for (guint i = 0; i < n; i++) {
        g_autofree char *buffer = NULL;
        struct passwd space;
        struct passwd *user;
        const char *type = NULL;
        const char *name = NULL;

        if (!nm_setting_connection_get_permission(base, i, &type, &name, NULL) ||
            g_strcmp0(type, PERMISSION_TYPE_USER) != 0)
            continue;
        user = find_user(name, &space, &buffer);
        if (user)
            g_array_append_val(uids, user->pw_uid);
    }
    return uids;
}

static void
collect_setting(NMConnection *connection, NMSettingIPConfig *setting, GPtrArray *used)
{
    guint n = setting ? nm_setting_ip_config_get_num_addresses(setting) : 0;
    g_autofree char *what = NULL;

    for (guint i = 0; i < n; i++) {
        NMIPAddress *address = nm_setting_ip_config_get_address(setting, (int)i);
        NmmCidr cidr;

        if (!nmm_cidr_init(
                &cidr, nm_ip_address_get_address(address), nm_ip_address_get_prefix(address), NULL))
            continue;
        if (!what)
            what = g_strdup_printf(_("profile '%s'"), nm_connection_get_id(connection));
        g_ptr_array_add(used, nmm_used_subnet_new(&cidr, what));
    }
}

void
nmm_profile_reader_collect_addresses(const GPtrArray *connections,
                                     const char *except_uuid,
                                     GPtrArray *used)
{
    for (guint i = 0; i < connections->len; i++) {
        NMConnection *connection = g_ptr_array_index(connections, i);

        if (except_uuid && g_strcmp0(nm_connection_get_uuid(connection), except_uuid) == 0)
            continue;
        collect_setting(connection, nm_connection_get_setting_ip4_config(connection), used);
        collect_setting(connection, nm_connection_get_setting_ip6_config(connection), used);
    }
}

char *
nmm_profile_reader_read_host_id(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/etc/machine-id", &text, NULL, NULL))
        return g_strdup("");
    return g_strdup(g_strstrip(text));
}
