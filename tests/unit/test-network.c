/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks from the output of `virsh net-dumpxml`, and the definition that the service writes: read
 * back, and checked against libvirt's schema if it is installed.
 */

#include "config.h"

#include <string.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include "nmm-error.h"
#include "nmm-network-definition.h"

#define SCHEMA "/usr/share/libvirt/schemas/network.rng"
#define UUID   "8a7c1a0e-2b7f-4f0e-9f7e-0a4a6f1f2d11"

static NmmNetwork *
network_from(const char *xml)
{
    g_autoptr(GError) error = NULL;
    NmmNetwork *network = nmm_network_new_from_xml(xml, TRUE, FALSE, TRUE, &error);

    g_assert_no_error(error);
    return network;
}

static NmmNetwork *
read_network(const char *name)
{
    g_autofree char *path = g_build_filename(TEST_DATA_DIR, "networks", name, NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return network_from(text);
}

static NmmNetwork *
network_with(const char *content)
{
    g_autofree char *xml = g_strdup_printf("<network><name>n</name>%s</network>", content);

    return network_from(xml);
}

static void
assert_cidrs(const GArray *cidrs, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < cidrs->len; i++) {
        g_autofree char *cidr = nmm_cidr_to_string(&g_array_index(cidrs, NmmCidr, i));

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", cidr);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
assert_ranges(const GArray *ranges, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < ranges->len; i++) {
        const NmmRange *range = &g_array_index(ranges, NmmRange, i);
        g_autofree char *first = nmm_range_first_to_string(range);
        g_autofree char *last = nmm_range_last_to_string(range);

        g_string_append_printf(text, "%s%s-%s", i > 0 ? " " : "", first, last);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
assert_lower(const NmmNetwork *network, const char *expected)
{
    g_autofree char *text = g_strjoinv(" ", network->lower);

    g_assert_cmpstr(text, ==, expected);
}

static void
test_isolated(void)
{
    static const char *const files[] = {"isolated.xml", "wiki.xml"};

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(NmmNetwork) network = read_network(files[i]);

        g_assert_cmpstr(network->name, ==, "isolated");
        g_assert_null(network->forward_mode);
        g_assert_null(network->zone);
        g_assert_null(network->owner_uuid);
        g_assert_false(network->macvtap);
        assert_lower(network, "");
        assert_cidrs(network->addresses, "192.168.254.1/24");
        assert_cidrs(network->routes, "");
        assert_ranges(network->ranges, "192.168.254.2-192.168.254.254");
        g_assert_true(network->active);
        g_assert_false(network->autostart);
        g_assert_true(network->persistent);
    }
}

static void
test_dumped(void)
{
    g_autoptr(NmmNetwork) isolated = read_network("isolated.xml");
    g_autoptr(NmmNetwork) wiki = read_network("wiki.xml");
    g_autoptr(NmmNetwork) nat = read_network("nat.xml");
    g_autoptr(NmmNetwork) macvtap = read_network("macvtap.xml");
    g_autoptr(NmmNetwork) own = read_network("own.xml");

    g_assert_cmpstr(isolated->bridge, ==, "virbr1");
    g_assert_cmpstr(isolated->uuid, ==, "5077cb5e-1514-4c05-a2c4-b2565d278ba4");
    g_assert_null(wiki->bridge);
    g_assert_null(wiki->uuid);
    g_assert_cmpstr(isolated->mac, ==, "52:54:00:85:0f:6e");
    g_assert_null(wiki->mac);

    g_assert_cmpstr(nat->forward_mode, ==, "nat");
    g_assert_false(nat->macvtap);

    g_assert_cmpstr(macvtap->forward_mode, ==, "bridge");
    g_assert_true(macvtap->macvtap);
    assert_lower(macvtap, "eth0");

    g_assert_cmpstr(own->owner_uuid, ==, UUID);
    assert_cidrs(own->addresses, "192.168.253.1/24 fd12:3456:789a::1/64");
}

static void
test_forward(void)
{
    static const struct {
        const char *xml;
        const char *mode;
        gboolean macvtap;
        const char *lower;
    } cases[] = {
        {"", NULL, FALSE, ""},
        {"<forward mode='none'/>", NULL, FALSE, ""},
        {"<forward/>", "nat", FALSE, ""},
        {"<forward dev='eth0'/>", "nat", FALSE, "eth0"},
        {"<forward mode='route'/><bridge name='virbr3'/>", "route", FALSE, ""},
        {"<forward mode='open'/>", "open", FALSE, ""},
        {"<forward mode='hostdev'><pf dev='eth3'/></forward>", "hostdev", FALSE, "eth3"},
        {"<forward mode='bridge'/><bridge name='br0'/>", "bridge", FALSE, ""},
        {"<forward mode='bridge'/><bridge zone='z'/>", "bridge", TRUE, ""},
        {"<forward mode='vepa'><interface dev='eth0'/><interface dev='eth1'/></forward>",
         "vepa",
         TRUE,
         "eth0 eth1"},
        {"<forward mode='private' dev='eth0'><interface dev='eth0'/></forward>",
         "private",
         TRUE,
         "eth0"},
        {"<forward mode='passthrough'><pf dev='eth3'/></forward>", "passthrough", TRUE, "eth3"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(NmmNetwork) network = network_with(cases[i].xml);

        g_assert_cmpstr(network->forward_mode, ==, cases[i].mode);
        g_assert_cmpint(network->macvtap, ==, cases[i].macvtap);
        assert_lower(network, cases[i].lower);
    }
}

static void
test_addresses(void)
{
    static const struct {
        const char *xml;
        const char *addresses;
        const char *routes;
        const char *ranges;
    } cases[] = {
        {"<ip address='10.1.2.3'/>", "10.1.2.3/8", "", ""},
        {"<ip address='172.16.0.1'/>", "172.16.0.1/16", "", ""},
        {"<ip address='192.0.2.1'/>", "192.0.2.1/24", "", ""},
        {"<ip family='ipv6' address='fd00::1'/>", "fd00::1/64", "", ""},
        {"<ip address='10.1.2.3' prefix='30'/>", "10.1.2.3/30", "", ""},
        {"<ip address='10.1.2.3' netmask='255.255.255.255'/>", "10.1.2.3/32", "", ""},
        {"<ip address='10.1.2.3' netmask='255.255.254.0'/>", "10.1.2.3/23", "", ""},
        {"<route address='10.9.0.0' prefix='16' gateway='10.1.2.4'/>", "", "10.9.0.0/16", ""},
        {"<route address='0.0.0.0' gateway='10.1.2.4'/>", "", "0.0.0.0/0", ""},
        {"<route family='ipv6' address='::' gateway='fd00::2'/>", "", "::/0", ""},
        {"<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.9'/>"
         "<range start='10.0.0.20' end='10.0.0.29'><lease expiry='24' unit='hours'/></range>"
         "<host mac='52:54:00:00:00:01' ip='10.0.0.50'/></dhcp></ip>",
         "10.0.0.1/24",
         "",
         "10.0.0.2-10.0.0.9 10.0.0.20-10.0.0.29"},
        {"<ip family='ipv6' address='fd00::1' prefix='64'><dhcp>"
         "<range start='fd00::100' end='fd00::1ff'/></dhcp></ip>",
         "fd00::1/64",
         "",
         ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(NmmNetwork) network = network_with(cases[i].xml);

        assert_cidrs(network->addresses, cases[i].addresses);
        assert_cidrs(network->routes, cases[i].routes);
        assert_ranges(network->ranges, cases[i].ranges);
    }
}

static void
test_bad(void)
{
    static const char *const bad[] = {
        "<ip/>",
        "<ip address=''/>",
        "<ip address='10.0.0.256'/>",
        "<ip address='10.0.0.1' prefix='33'/>",
        "<ip address='10.0.0.1' prefix='-1'/>",
        "<ip address='10.0.0.1' prefix='x'/>",
        "<ip address='10.0.0.1' netmask='255.0.255.0'/>",
        "<ip address='10.0.0.1' netmask='0.0.0.255'/>",
        "<ip address='10.0.0.1' netmask='ffff::'/>",
        "<ip address='10.0.0.1' netmask=''/>",
        "<ip address='10.0.0.1'><dhcp><range/></dhcp></ip>",
        "<ip address='10.0.0.1'><dhcp><range start='10.0.0.9' end='10.0.0.2'/></dhcp></ip>",
        "<route gateway='10.0.0.1'/>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *xml = g_strdup_printf("<network><name>n</name>%s</network>", bad[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(nmm_network_new_from_xml(xml, TRUE, TRUE, TRUE, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_XML);
        g_assert_true(g_str_has_prefix(error->message, "network 'n': "));
    }
}

static void
test_not_a_network(void)
{
    static const char *const bad[] = {"<network/>", "<network><name/></network>", "<domain/>", "x"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(nmm_network_new_from_xml(bad[i], TRUE, TRUE, TRUE, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_XML);
    }
}

static void
test_owner(void)
{
    g_autoptr(NmmNetwork) foreign =
        network_with("<metadata><p:profile xmlns:p='urn:other' uuid='1'/><profile uuid='2'/>"
                     "</metadata>");
    g_autoptr(NmmNetwork) beside =
        network_with("<metadata><p:profile xmlns:p='urn:other' uuid='1'/>"
                     "<q:profile xmlns:q='urn:nm-macvtap:network:1' uuid='3'/></metadata>");

    g_assert_null(foreign->owner_uuid);
    g_assert_cmpstr(beside->owner_uuid, ==, "3");
}

static void
test_look_ups(void)
{
    g_autoptr(GPtrArray) networks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    g_autoptr(NmmNetwork) bare = network_with("");
    NmmNetwork *own = read_network("own.xml");

    g_ptr_array_add(networks, read_network("nat.xml"));
    g_ptr_array_add(networks, own);
    g_assert_true(nmm_network_find(networks, "own") == own);
    g_assert_null(nmm_network_find(networks, "Own"));

    g_assert_cmpuint(nmm_network_get_address(own, G_SOCKET_FAMILY_IPV4)->prefix, ==, 24);
    g_assert_cmpuint(nmm_network_get_address(own, G_SOCKET_FAMILY_IPV6)->prefix, ==, 64);
    g_assert_null(nmm_network_get_address(bare, G_SOCKET_FAMILY_IPV4));
}

static NmmProfile *
profile_new(const char *network, const char *zone, const char *dhcp_range)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    NmmProfile *profile;

    if (network)
        g_hash_table_insert(data, (char *)NMM_KEY_NETWORK, (char *)network);
    if (dhcp_range)
        g_hash_table_insert(data, (char *)NMM_KEY_DHCP_RANGE, (char *)dhcp_range);
    /* Ends in characters that XML cannot hold. */
    profile = nmm_profile_parse("guests & 'ü' \"x\"\x19\uffff", UUID, zone, data, NULL, &error);
    g_assert_no_error(error);
    return profile;
}

static char *
build(const char *network,
      const char *zone,
      const char *dhcp,
      const char *address,
      const char *address6)
{
    g_autoptr(NmmProfile) profile = profile_new(network, zone, dhcp);
    NmmCidr host;
    NmmCidr host6;

    g_assert_true(nmm_cidr_parse(address, &host, NULL));
    if (address6)
        g_assert_true(nmm_cidr_parse(address6, &host6, NULL));
    return nmm_network_build_xml(profile, &host, address6 ? &host6 : NULL);
}

static void
test_build(void)
{
    g_autofree char *xml = build("a & <b> 'ü'", "trusted", NULL, "192.168.254.1/24", "fd00::1/64");
    g_autoptr(NmmNetwork) network = network_from(xml);

    g_assert_cmpstr(network->name, ==, "a & <b> 'ü'");
    g_assert_cmpstr(network->owner_uuid, ==, UUID);
    g_assert_cmpstr(network->zone, ==, "trusted");
    g_assert_null(network->bridge);
    g_assert_null(network->forward_mode);
    assert_cidrs(network->addresses, "192.168.254.1/24 fd00::1/64");
    assert_ranges(network->ranges, "192.168.254.2-192.168.254.254");
    g_assert_nonnull(strstr(xml, "<dns enable=\"no\"/>"));
    g_assert_nonnull(strstr(xml, " &quot;x&quot;\"/>"));
}

static void
test_build_dhcp(void)
{
    static const struct {
        const char *key;
        const char *address;
        const char *ranges;
    } cases[] = {
        {NULL, "10.0.0.1/30", "10.0.0.2-10.0.0.2"},
        {NULL, "10.0.0.1/32", ""},
        {"none", "10.0.0.1/24", ""},
        {"10.0.0.7-10.0.0.8", "10.0.0.1/24", "10.0.0.7-10.0.0.8"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *xml = build(NULL, NULL, cases[i].key, cases[i].address, NULL);
        g_autoptr(NmmNetwork) network = network_from(xml);

        assert_cidrs(network->addresses, cases[i].address);
        assert_ranges(network->ranges, cases[i].ranges);
        g_assert_null(network->zone);
        g_assert_nonnull(strstr(xml, "<bridge stp=\"off\" delay=\"0\"/>"));
        g_assert_null(strstr(xml, "<forward"));
    }
}

/* Registered only if libvirt's schema is installed, as in the sandbox. */
static void
test_schema(void)
{
    char *const documents[] = {
        build("net", "public", NULL, "192.168.254.1/24", "fd00::1/64"),
        build("ü & co", NULL, "none", "10.0.0.1/30", NULL),
        build("net", NULL, "10.0.0.7-10.0.0.8", "10.0.0.1/24", NULL),
    };
    xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewParserCtxt(SCHEMA);
    xmlRelaxNGPtr schema = xmlRelaxNGParse(parser);
    xmlRelaxNGValidCtxtPtr validator = xmlRelaxNGNewValidCtxt(schema);

    g_assert_nonnull(schema);
    for (guint i = 0; i < G_N_ELEMENTS(documents); i++) {
        xmlDocPtr doc = xmlReadMemory(documents[i], (int)strlen(documents[i]), NULL, NULL, 0);

        g_assert_cmpint(xmlRelaxNGValidateDoc(validator, doc), ==, 0);
        xmlFreeDoc(doc);
        g_free(documents[i]);
    }
    xmlRelaxNGFreeValidCtxt(validator);
    xmlRelaxNGFree(schema);
    xmlRelaxNGFreeParserCtxt(parser);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/isolated", test_isolated);
    g_test_add_func("/network/dumped", test_dumped);
    g_test_add_func("/network/forward", test_forward);
    g_test_add_func("/network/addresses", test_addresses);
    g_test_add_func("/network/bad", test_bad);
    g_test_add_func("/network/not-a-network", test_not_a_network);
    g_test_add_func("/network/owner", test_owner);
    g_test_add_func("/network/look-ups", test_look_ups);
    g_test_add_func("/network/build", test_build);
    g_test_add_func("/network/build-dhcp", test_build_dhcp);
    if (g_file_test(SCHEMA, G_FILE_TEST_EXISTS))
        g_test_add_func("/network/schema", test_schema);
    return g_test_run();
}
