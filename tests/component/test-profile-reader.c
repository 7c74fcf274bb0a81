/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles as libnm holds them: the service type, forbidden IP settings, addresses.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-subnet.h"

#define UUID       "11111111-2222-3333-4444-555555555555"
#define OTHER_UUID "11111111-2222-3333-4444-666666666666"

static NMConnection *
new_connection(const char *id, const char *uuid, const char *type)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();

    g_object_set(base,
                 NM_SETTING_CONNECTION_ID,
                 id,
                 NM_SETTING_CONNECTION_UUID,
                 uuid,
                 NM_SETTING_CONNECTION_TYPE,
                 type,
                 NULL);
    nm_connection_add_setting(connection, base);
    return connection;
}

static NMConnection *
new_vpn(const char *id, const char *service)
{
    NMConnection *connection = new_connection(id, UUID, NM_SETTING_VPN_SETTING_NAME);
    NMSetting *vpn = nm_setting_vpn_new();

    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, service, NULL);
    nm_connection_add_setting(connection, vpn);
    return connection;
}

static void
set_data(NMConnection *connection, const char *key, const char *value)
{
    nm_setting_vpn_add_data_item(nm_connection_get_setting_vpn(connection), key, value);
}

static NMSetting *
add_ip(NMConnection *connection, int family, const char *method, const char *address, guint prefix)
{
    NMSetting *setting =
        family == AF_INET ? nm_setting_ip4_config_new() : nm_setting_ip6_config_new();

    g_object_set(setting, NM_SETTING_IP_CONFIG_METHOD, method, NULL);
    if (address) {
        NMIPAddress *ip = nm_ip_address_new(family, address, prefix, NULL);

        g_assert_nonnull(ip);
        nm_setting_ip_config_add_address(NM_SETTING_IP_CONFIG(setting), ip);
        nm_ip_address_unref(ip);
    }
    nm_connection_add_setting(connection, setting);
    return setting;
}

static void
test_is_macvtap(void)
{
    g_autoptr(NMConnection) macvtap = new_vpn("guests", NMM_DBUS_SERVICE);
    g_autoptr(NMConnection) openvpn = new_vpn("office", "org.freedesktop.NetworkManager.openvpn");
    g_autoptr(NMConnection) wired = new_connection("wired", UUID, "802-3-ethernet");
    g_autoptr(NMConnection) empty = nm_simple_connection_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(nmm_profile_reader_is_macvtap(macvtap));
    g_assert_false(nmm_profile_reader_is_macvtap(openvpn));
    g_assert_false(nmm_profile_reader_is_macvtap(wired));
    g_assert_false(nmm_profile_reader_is_macvtap(empty));
    g_assert_null(nmm_profile_reader_read(openvpn, NULL, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
}

static void
test_read(void)
{
    g_autoptr(NMConnection) connection = new_vpn("guests", NMM_DBUS_SERVICE);
    const char *allowed[] = {"qemu+unix:///system", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmProfile) profile = NULL;

    g_object_set(nm_connection_get_setting_connection(connection),
                 NM_SETTING_CONNECTION_ZONE,
                 "trusted",
                 NULL);
    set_data(connection, NMM_KEY_NETWORK, "büro & co");
    set_data(connection, NMM_KEY_LIBVIRT_URI, "qemu+unix:///system");
    profile = nmm_profile_reader_read(connection, allowed, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(profile->id, ==, "guests");
    g_assert_cmpstr(profile->uuid, ==, UUID);
    g_assert_cmpstr(profile->zone, ==, "trusted");
    g_assert_cmpstr(profile->network, ==, "büro & co");
    g_assert_cmpstr(profile->libvirt_uri, ==, "qemu+unix:///system");

    g_assert_null(nmm_profile_reader_read(connection, NULL, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
}

static NMConnection *
new_guests(const char *zone, const char *multicast)
{
    NMConnection *connection = new_vpn("guests", NMM_DBUS_SERVICE);

    g_object_set(
        nm_connection_get_setting_connection(connection), NM_SETTING_CONNECTION_ZONE, zone, NULL);
    set_data(connection, NMM_KEY_MODE, "share");
    if (multicast)
        set_data(connection, NMM_KEY_MULTICAST, multicast);
    return connection;
}

static void
assert_equal(NMConnection *active, NMConnection *stored, gboolean equal)
{
    g_assert_cmpint(nmm_profile_reader_is_equal(active, stored), ==, equal);
    g_assert_cmpint(nmm_profile_reader_is_equal(stored, active), ==, equal);
}

static void
test_equal(void)
{
    static const struct {
        const char *zone;
        const char *multicast;
        gboolean equal;
    } rows[] = {
        {"dmz", "no", TRUE},
        {"dmz", "yes", FALSE},
        {"dmz", NULL, FALSE},
        {"home", "no", FALSE},
        {NULL, "no", FALSE},
    };
    g_autoptr(NMConnection) active = new_guests("dmz", "no");
    g_autoptr(NMConnection) office = new_vpn("office", "org.freedesktop.NetworkManager.openvpn");

    g_object_set(nm_connection_get_setting_vpn(active), NM_SETTING_VPN_USER_NAME, "root", NULL);
    assert_equal(active, office, FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(NMConnection) stored = new_guests(rows[i].zone, rows[i].multicast);

        g_object_set(nm_connection_get_setting_connection(stored),
                     NM_SETTING_CONNECTION_ID,
                     "visitors",
                     NM_SETTING_CONNECTION_AUTOCONNECT,
                     FALSE,
                     NULL);
        assert_equal(active, stored, rows[i].equal);
        /* The service would refuse it. */
        set_data(stored, "modus", "move");
        assert_equal(active, stored, FALSE);
    }
}

typedef struct {
    int family;
    const char *method;
    const char *address;
    const char *message; /* NULL: accepted */
} IpCase;

static void
test_ip_settings(void)
{
    static const IpCase cases[] = {
        {AF_INET, "auto", NULL, NULL},
        {AF_INET, "disabled", NULL, NULL},
        {AF_INET, "manual", "10.0.0.1", "ipv4.method is 'manual'"},
        {AF_INET, "shared", NULL, "'it is'\\''s' ipv4.method auto"},
        {AF_INET, "link-local", NULL, "ipv4.method is 'link-local'"},
        {AF_INET, "auto", "10.0.0.1", "ipv4.addresses has '10.0.0.1'"},
        {AF_INET6, "auto", NULL, NULL},
        {AF_INET6, "disabled", NULL, NULL},
        {AF_INET6, "ignore", NULL, NULL},
        {AF_INET6, "manual", "fd00::1", "ipv6.method is 'manual'"},
        {AF_INET6, "dhcp", NULL, "ipv6.method is 'dhcp'"},
        {AF_INET6, "auto", "fd00::1", "ipv6.addresses ''"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(NMConnection) connection = new_vpn("it is's", NMM_DBUS_SERVICE);
        g_autoptr(GError) error = NULL;
        g_autoptr(NmmProfile) profile = NULL;

        add_ip(connection, cases[i].family, cases[i].method, cases[i].address, 24);
        profile = nmm_profile_reader_read(connection, NULL, &error);
        if (!cases[i].message) {
            g_assert_no_error(error);
            g_assert_nonnull(profile);
            continue;
        }
        g_assert_null(profile);
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        if (!strstr(error->message, cases[i].message))
            g_error("'%s' is not in '%s'", cases[i].message, error->message);
    }
}

static void
test_addresses(void)
{
    g_autoptr(GPtrArray) connections = g_ptr_array_new_with_free_func(g_object_unref);
    g_autoptr(GPtrArray) used =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    NMConnection *office = new_connection("office", OTHER_UUID, "802-3-ethernet");
    NMConnection *own = new_connection("own", UUID, "802-3-ethernet");
    const NmmUsedSubnet *subnet;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    add_ip(office, AF_INET, "manual", "192.168.254.9", 24);
    add_ip(office, AF_INET6, "manual", "fd00::9", 64);
    add_ip(own, AF_INET, "manual", "10.0.0.1", 8);
    g_ptr_array_add(connections, office);
    g_ptr_array_add(connections, own);
    g_ptr_array_add(connections, new_connection("auto", OTHER_UUID, "802-3-ethernet"));

    nmm_profile_reader_collect_addresses(connections, UUID, used);
    g_assert_cmpuint(used->len, ==, 2);
    subnet = g_ptr_array_index(used, 0);
    first = nmm_cidr_to_string(&subnet->cidr);
    g_assert_cmpstr(first, ==, "192.168.254.9/24");
    g_assert_cmpstr(subnet->what, ==, "profile 'office'");
    subnet = g_ptr_array_index(used, 1);
    second = nmm_cidr_to_string(&subnet->cidr);
    g_assert_cmpstr(second, ==, "fd00::9/64");

    nmm_profile_reader_collect_addresses(connections, NULL, used);
    g_assert_cmpuint(used->len, ==, 5);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/profile-reader/is-macvtap", test_is_macvtap);
    g_test_add_func("/profile-reader/read", test_read);
    g_test_add_func("/profile-reader/equal", test_equal);
    g_test_add_func("/profile-reader/ip-settings", test_ip_settings);
    g_test_add_func("/profile-reader/addresses", test_addresses);
    return g_test_run();
}
