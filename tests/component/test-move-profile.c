/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings that mode move takes over from the parent's applied connection.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-move-profile.h"

#define UUID        "11111111-2222-3333-4444-555555555555"
#define PARENT_UUID "11111111-2222-3333-4444-666666666666"

/* A parent with one address of each family, DNS and a zone. */
static NMConnection *
new_parent(const char *method4, const char *method6)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();
    NMSetting *ip4 = nm_setting_ip4_config_new();
    NMSetting *ip6 = nm_setting_ip6_config_new();
    NMSetting *wired = nm_setting_wired_new();
    NMIPAddress *address = nm_ip_address_new(AF_INET, "10.0.0.5", 24, NULL);
    NMIPRoute *route = nm_ip_route_new(AF_INET, "198.51.100.0", 24, "10.0.0.1", 77, NULL);

    g_object_set(base,
                 NM_SETTING_CONNECTION_ID,
                 "office",
                 NM_SETTING_CONNECTION_UUID,
                 PARENT_UUID,
                 NM_SETTING_CONNECTION_TYPE,
                 NM_SETTING_WIRED_SETTING_NAME,
                 NM_SETTING_CONNECTION_INTERFACE_NAME,
                 "eth0",
                 NM_SETTING_CONNECTION_ZONE,
                 "work",
                 NM_SETTING_CONNECTION_METERED,
                 NM_METERED_YES,
                 NULL);
    g_object_set(ip4, NM_SETTING_IP_CONFIG_METHOD, method4, NULL);
    g_object_set(ip6, NM_SETTING_IP_CONFIG_METHOD, method6, NULL);
    g_object_set(wired, NM_SETTING_WIRED_MTU, 1400, NULL);
    if (!g_str_equal(method4, NM_SETTING_IP4_CONFIG_METHOD_DISABLED))
        nm_setting_ip_config_add_address(NM_SETTING_IP_CONFIG(ip4), address);
    nm_setting_ip_config_add_route(NM_SETTING_IP_CONFIG(ip4), route);
    nm_setting_ip_config_add_dns_search(NM_SETTING_IP_CONFIG(ip4), "one.example");
    nm_ip_address_unref(address);
    nm_ip_route_unref(route);
    nm_connection_add_setting(connection, base);
    nm_connection_add_setting(connection, wired);
    nm_connection_add_setting(connection, ip4);
    nm_connection_add_setting(connection, ip6);
    nm_connection_add_setting(connection, nm_setting_proxy_new());
    return connection;
}

static NmmMoveSource
new_source(NMConnection *applied)
{
    return (NmmMoveSource){
        .applied = applied,
        .parent = "eth0",
        .parent_mac = "02:00:00:00:00:01",
        .link = "nmmveth0",
        .profile_uuid = UUID,
        .profile_id = "guests",
        .ip4 = {.has_address = TRUE, .metric = 100},
        .ip6 = {.metric = -1},
    };
}

static void
test_link(void)
{
    g_autoptr(NMConnection) applied = new_parent("auto", "auto");
    NmmMoveSource source = new_source(applied);
    g_autoptr(NMConnection) link = NULL;
    g_autoptr(GError) error = NULL;
    NMSettingMacvlan *macvlan;
    NMSettingConnection *base;
    NMSettingIPConfig *ip4;

    link = nmm_move_profile_build_link(&source, &error);
    g_assert_no_error(error);
    g_assert_true(nm_connection_normalize(link, NULL, NULL, &error));
    g_assert_no_error(error);

    base = nm_connection_get_setting_connection(link);
    g_assert_cmpstr(nm_connection_get_id(link), ==, "guests (eth0)");
    g_assert_cmpstr(nm_connection_get_uuid(link), !=, PARENT_UUID);
    g_assert_cmpstr(nm_connection_get_interface_name(link), ==, "nmmveth0");
    g_assert_cmpstr(nm_setting_connection_get_zone(base), ==, "work");
    g_assert_cmpint(nm_setting_connection_get_metered(base), ==, NM_METERED_YES);
    g_assert_false(nm_setting_connection_get_autoconnect(base));

    macvlan = nm_connection_get_setting_macvlan(link);
    g_assert_cmpstr(nm_setting_macvlan_get_parent(macvlan), ==, "eth0");
    g_assert_cmpint(nm_setting_macvlan_get_mode(macvlan), ==, NM_SETTING_MACVLAN_MODE_BRIDGE);
    g_assert_true(nm_setting_macvlan_get_tap(macvlan));

    ip4 = nm_connection_get_setting_ip4_config(link);
    g_assert_cmpuint(nm_setting_ip_config_get_num_addresses(ip4), ==, 1);
    g_assert_cmpuint(nm_setting_ip_config_get_num_routes(ip4), ==, 1);
    g_assert_cmpstr(nm_setting_ip_config_get_dns_search(ip4, 0), ==, "one.example");
    g_assert_cmpint(nm_setting_ip_config_get_route_metric(ip4), ==, 100);
    g_assert_cmpint(nm_setting_ip_config_get_dad_timeout(ip4), ==, 0);
    g_assert_false(nm_setting_ip_config_get_may_fail(ip4));
    g_assert_true(nm_setting_ip_config_get_may_fail(nm_connection_get_setting_ip6_config(link)));
    /* The settings of the device stay on the parent. */
    g_assert_cmpuint(nm_setting_wired_get_mtu(nm_connection_get_setting_wired(link)), ==, 0);
}

/* Other devices of the host answer for its addresses. */
static void
test_restored_is_not_checked_for_duplicates(void)
{
    g_autoptr(NMConnection) wanted = new_parent("manual", "auto");
    g_autoptr(NMConnection) restored = nmm_move_profile_build_restored(wanted);
    NMSettingIPConfig *ip4 = nm_connection_get_setting_ip4_config(wanted);

    g_assert_cmpint(nm_setting_ip_config_get_dad_timeout(ip4), ==, -1);
    g_object_set(ip4, NM_SETTING_IP_CONFIG_DAD_TIMEOUT, 0, NULL);
    g_assert_true(nm_connection_compare(wanted, restored, NM_SETTING_COMPARE_FLAG_EXACT));

    nm_connection_remove_setting(wanted, NM_TYPE_SETTING_IP4_CONFIG);
    g_clear_object(&restored);
    restored = nmm_move_profile_build_restored(wanted);
    g_assert_true(nm_connection_compare(wanted, restored, NM_SETTING_COMPARE_FLAG_EXACT));
}

/* The server gives the link the parent's address. */
static void
test_lease_is_kept(void)
{
    g_autoptr(NMConnection) applied = new_parent("auto", "auto");
    NmmMoveSource source = new_source(applied);
    g_autoptr(NMConnection) by_mac = nmm_move_profile_build_link(&source, NULL);
    g_autoptr(NMConnection) by_id = NULL;
    NMSettingIP6Config *ip6;

    g_assert_cmpstr(nm_setting_ip4_config_get_dhcp_client_id(
                        NM_SETTING_IP4_CONFIG(nm_connection_get_setting_ip4_config(by_mac))),
                    ==,
                    "01:02:00:00:00:00:01");
    ip6 = NM_SETTING_IP6_CONFIG(nm_connection_get_setting_ip6_config(by_mac));
    g_assert_null(nm_setting_ip6_config_get_token(ip6));

    source.ip4.dhcp_id = "ff:aa:bb:cc:dd:00:01";
    source.ip6.dhcp_id = "00:04:12:34:56:78";
    source.ip6.iaid = "7";
    source.ip6.token = "::1234:5678:9abc:def0";
    by_id = nmm_move_profile_build_link(&source, NULL);
    g_assert_true(nm_connection_normalize(by_id, NULL, NULL, NULL));
    g_assert_cmpstr(nm_setting_ip4_config_get_dhcp_client_id(
                        NM_SETTING_IP4_CONFIG(nm_connection_get_setting_ip4_config(by_id))),
                    ==,
                    "ff:aa:bb:cc:dd:00:01");
    ip6 = NM_SETTING_IP6_CONFIG(nm_connection_get_setting_ip6_config(by_id));
    g_assert_cmpstr(nm_setting_ip6_config_get_dhcp_duid(ip6), ==, "00:04:12:34:56:78");
    g_assert_cmpstr(nm_setting_ip_config_get_dhcp_iaid(NM_SETTING_IP_CONFIG(ip6)), ==, "7");
    g_assert_cmpstr(nm_setting_ip6_config_get_token(ip6), ==, "::1234:5678:9abc:def0");
    g_assert_cmpint(nm_setting_ip6_config_get_addr_gen_mode(ip6),
                    ==,
                    NM_SETTING_IP6_CONFIG_ADDR_GEN_MODE_EUI64);
}

/* The user's settings of the parent are not overridden. */
static void
test_own_metric(void)
{
    g_autoptr(NMConnection) applied = new_parent("manual", "ignore");
    NmmMoveSource source = new_source(applied);
    g_autoptr(NMConnection) link = NULL;
    NMSettingIPConfig *ip4 = nm_connection_get_setting_ip4_config(applied);

    g_object_set(ip4, NM_SETTING_IP_CONFIG_ROUTE_METRIC, (gint64)55, NULL);
    link = nmm_move_profile_build_link(&source, NULL);
    ip4 = nm_connection_get_setting_ip4_config(link);
    g_assert_cmpint(nm_setting_ip_config_get_route_metric(ip4), ==, 55);
    g_assert_null(nm_setting_ip4_config_get_dhcp_client_id(NM_SETTING_IP4_CONFIG(ip4)));
    g_assert_cmpstr(nm_setting_ip_config_get_method(nm_connection_get_setting_ip6_config(link)),
                    ==,
                    NM_SETTING_IP6_CONFIG_METHOD_DISABLED);
}

static void
test_refused(void)
{
    static const struct {
        const char *method4;
        const char *method6;
        const char *word;
    } cases[] = {
        {"shared", "auto", "'shared'"},
        {"disabled", "disabled", "no IP configuration"},
        {"disabled", "ignore", "no IP configuration"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(NMConnection) applied = new_parent(cases[i].method4, cases[i].method6);
        NmmMoveSource source = new_source(applied);
        g_autoptr(GError) error = NULL;

        g_assert_null(nmm_move_profile_build_link(&source, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, cases[i].word));
        g_assert_nonnull(strstr(error->message, "'eth0'"));
    }
}

static void
test_parent(void)
{
    g_autoptr(NMConnection) applied = new_parent("auto", "ignore");
    g_autoptr(NMConnection) before = nm_simple_connection_new_clone(applied);
    g_autoptr(NMConnection) bare = nmm_move_profile_build_parent(applied);

    g_assert_false(nmm_move_profile_has_no_ip(applied));
    g_assert_true(nmm_move_profile_has_no_ip(bare));
    g_assert_true(nm_connection_compare(applied, before, NM_SETTING_COMPARE_FLAG_EXACT));
    /* NM reapplies IP settings only, so nothing else may differ. */
    nm_connection_remove_setting(before, NM_TYPE_SETTING_IP4_CONFIG);
    nm_connection_remove_setting(bare, NM_TYPE_SETTING_IP4_CONFIG);
    g_assert_true(nm_connection_compare(bare, before, NM_SETTING_COMPARE_FLAG_EXACT));
}

static void
test_expects_address(void)
{
    static const struct {
        const char *method4;
        const char *method6;
        gboolean has4;
        gboolean has6;
    } cases[] = {
        {"auto", "auto", TRUE, FALSE},
        {"manual", "dhcp", TRUE, TRUE},
        {"disabled", "link-local", FALSE, FALSE},
        {"link-local", "ignore", FALSE, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(NMConnection) connection = new_parent(cases[i].method4, cases[i].method6);

        g_assert_cmpint(nmm_move_profile_expects_address(connection, AF_INET), ==, cases[i].has4);
        g_assert_cmpint(nmm_move_profile_expects_address(connection, AF_INET6), ==, cases[i].has6);
    }
}

static void
test_uuid(void)
{
    g_autofree char *one = nmm_move_profile_build_uuid(UUID, "eth0");
    g_autofree char *same = nmm_move_profile_build_uuid(UUID, "eth0");
    g_autofree char *other = nmm_move_profile_build_uuid(UUID, "eth1");

    /* A golden value: it must never change, because NetworkManager finds its lease by it. */
    g_assert_cmpstr(one, ==, "2fe87040-f0c1-5d03-81c6-e537bb6c25b9");
    g_assert_true(g_uuid_string_is_valid(one));
    g_assert_cmpstr(one, ==, same);
    g_assert_cmpstr(one, !=, other);
}

/* Golden values. One profile that is copied to several hosts gives each of them its own MAC.
 */
static void
test_mac(void)
{
    g_autoptr(NMConnection) applied = new_parent("auto", "auto");
    NmmMoveSource source = new_source(applied);
    g_autoptr(NMConnection) link = nmm_move_profile_build_link(&source, NULL);
    g_autoptr(NMConnection) other_host = NULL;

    source.parent_mac = "02:00:00:00:00:02";
    other_host = nmm_move_profile_build_link(&source, NULL);
    g_assert_cmpstr(nm_setting_wired_get_cloned_mac_address(nm_connection_get_setting_wired(link)),
                    ==,
                    "52:BA:26:E8:A2:7D");
    g_assert_cmpstr(
        nm_setting_wired_get_cloned_mac_address(nm_connection_get_setting_wired(other_host)),
        ==,
        "52:9C:6D:9E:A5:76");
}

static const char *
get_method(NMSettingIPConfig *setting)
{
    return nm_setting_ip_config_get_method(setting);
}

/* NetworkManager would wait for an IPv6 address that no router gives, and ask for an IPv4 address
 * under another MAC. */
static void
test_bare(void)
{
    g_autoptr(NMConnection) applied = new_parent("auto", "auto");
    NmmMoveSource source = new_source(applied);
    g_autoptr(NMConnection) link = nmm_move_profile_build_link(&source, NULL);
    g_autoptr(NMConnection) without6 = nmm_move_profile_build_bare(link, &source);
    g_autoptr(NMConnection) with6 = NULL;

    source.ip6.has_address = TRUE;
    with6 = nmm_move_profile_build_bare(link, &source);
    g_assert_cmpstr(get_method(nm_connection_get_setting_ip4_config(without6)), ==, "disabled");
    g_assert_cmpstr(get_method(nm_connection_get_setting_ip6_config(without6)), ==, "disabled");
    g_assert_cmpstr(get_method(nm_connection_get_setting_ip4_config(with6)), ==, "disabled");
    g_assert_cmpstr(get_method(nm_connection_get_setting_ip6_config(with6)), ==, "auto");
    g_assert_cmpstr(get_method(nm_connection_get_setting_ip4_config(link)), ==, "auto");
    g_assert_true(nm_connection_normalize(with6, NULL, NULL, NULL));
    g_assert_cmpstr(nm_connection_get_uuid(with6), ==, nm_connection_get_uuid(link));
}

static void
test_metric(void)
{
    g_autoptr(GPtrArray) routes = g_ptr_array_new_with_free_func((GDestroyNotify)nm_ip_route_unref);

    g_assert_cmpint(nmm_move_profile_find_metric(NULL), ==, -1);
    g_ptr_array_add(routes, nm_ip_route_new(AF_INET6, "fe80::", 64, NULL, 1024, NULL));
    g_assert_cmpint(nmm_move_profile_find_metric(routes), ==, -1);
    g_ptr_array_add(routes, nm_ip_route_new(AF_INET6, "fd00::", 64, NULL, 103, NULL));
    g_assert_cmpint(nmm_move_profile_find_metric(routes), ==, 103);
    g_ptr_array_add(routes, nm_ip_route_new(AF_INET6, "::", 0, "fe80::1", 20104, NULL));
    g_assert_cmpint(nmm_move_profile_find_metric(routes), ==, 104);
}

static void
test_token(void)
{
    g_autoptr(GPtrArray) addresses =
        g_ptr_array_new_with_free_func((GDestroyNotify)nm_ip_address_unref);
    NMSettingIPConfig *setting = NM_SETTING_IP_CONFIG(nm_setting_ip6_config_new());
    NMIPAddress *configured = nm_ip_address_new(AF_INET6, "fd00::20", 64, NULL);
    const char *const temporary[] = {"fd00::7:7:7:7", NULL};
    g_autofree char *token = NULL;

    nm_setting_ip_config_add_address(setting, configured);
    g_ptr_array_add(addresses, configured);
    g_ptr_array_add(addresses, nm_ip_address_new(AF_INET6, "fe80::1", 64, NULL));
    g_ptr_array_add(addresses, nm_ip_address_new(AF_INET6, "fd00::99", 128, NULL));
    g_assert_null(nmm_move_profile_find_token(NULL, NULL, temporary));
    g_ptr_array_add(addresses, nm_ip_address_new(AF_INET6, "fd00::7:7:7:7", 64, NULL));
    g_assert_null(nmm_move_profile_find_token(addresses, setting, temporary));
    g_ptr_array_add(addresses, nm_ip_address_new(AF_INET6, "fd00::a:b:c:d", 64, NULL));
    token = nmm_move_profile_find_token(addresses, setting, temporary);
    g_assert_cmpstr(token, ==, "::a:b:c:d");
    g_object_unref(setting);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/move-profile/link", test_link);
    g_test_add_func("/move-profile/restored", test_restored_is_not_checked_for_duplicates);
    g_test_add_func("/move-profile/lease", test_lease_is_kept);
    g_test_add_func("/move-profile/own-metric", test_own_metric);
    g_test_add_func("/move-profile/refused", test_refused);
    g_test_add_func("/move-profile/parent", test_parent);
    g_test_add_func("/move-profile/expects-address", test_expects_address);
    g_test_add_func("/move-profile/uuid", test_uuid);
    g_test_add_func("/move-profile/mac", test_mac);
    g_test_add_func("/move-profile/bare", test_bare);
    g_test_add_func("/move-profile/metric", test_metric);
    g_test_add_func("/move-profile/token", test_token);
    return g_test_run();
}
