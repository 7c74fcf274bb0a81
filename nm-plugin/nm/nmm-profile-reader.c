/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-profile-reader.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-subnet.h"

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

static GHashTable *
read_data(NMConnection *connection)
{
    GHashTable *data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    nm_setting_vpn_foreach_data_item(
        nm_connection_get_setting_vpn(connection), add_data_item, data);
    return data;
}

NmmProfile *
nmm_profile_reader_read(NMConnection *connection, const char *const *allowed_uris, GError **error)
{
    g_autoptr(GHashTable) data = NULL;
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
    data = read_data(connection);
    return nmm_profile_parse(nm_connection_get_id(connection) ?: "",
                             nm_connection_get_uuid(connection),
                             nm_setting_connection_get_zone(base),
                             data,
                             allowed_uris,
                             error);
}

static const char *
get_zone(NMConnection *connection)
{
    return nm_setting_connection_get_zone(nm_connection_get_setting_connection(connection));
}

static gboolean
has_item(GHashTable *data, const char *key, const char *value)
{
    return g_strcmp0(g_hash_table_lookup(data, key), value) == 0;
}

/* NetworkManager adds the name of the user to the setting vpn of an active connection. */
gboolean
nmm_profile_reader_is_equal(NMConnection *a, NMConnection *b)
{
    g_autoptr(GHashTable) data_a = NULL;
    g_autoptr(GHashTable) data_b = NULL;
    GHashTableIter iter;
    gpointer key;
    gpointer value;

    if (!nmm_profile_reader_is_macvtap(a) || !nmm_profile_reader_is_macvtap(b) ||
        g_strcmp0(get_zone(a), get_zone(b)) != 0)
        return FALSE;
    data_a = read_data(a);
    data_b = read_data(b);
    g_hash_table_iter_init(&iter, data_a);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!has_item(data_b, key, value))
            return FALSE;
    }
    return g_hash_table_size(data_a) == g_hash_table_size(data_b);
}

char *
nmm_profile_reader_read_raw_network(NMConnection *connection)
{
    const char *network =
        nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(connection), NMM_KEY_NETWORK);

    return g_strdup(network ? network : nmm_keys_find(NMM_KEY_NETWORK)->default_value);
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
