/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An update of the project's interface changes the link state or the isolation and nothing else,
 * whatever the user tuned there: every element that libvirt's schema (domaincommon.rng) allows in
 * an interface of type network.
 */

#include "config.h"

#include "hypervisor-fixture.h"

#include <string.h>

/* One element or a group that belongs together; inserted into the interface. */
static const struct {
    const char *name;
    const char *xml;
} elements[] = {
    {"none", ""},
    {"bandwidth",
     "<bandwidth><inbound average='1000' peak='2000' burst='512'/>"
     "<outbound average='900'/></bandwidth>"},
    {"driver-queues", "<driver name='vhost' queues='2' rx_queue_size='512' tx_queue_size='256'/>"},
    {"driver-qemu", "<driver name='qemu' txmode='iothread' ioeventfd='on' event_idx='off'/>"},
    {"driver-virtio", "<driver iommu='off' ats='off' packed='off' page_per_vq='on'/>"},
    {"offloads",
     "<driver><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off' "
     "mrg_rxbuf='off'/><guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>"
     "</driver>"},
    {"backend", "<backend tap='/dev/net/tun' vhost='/dev/vhost-net'/>"},
    {"address", "<address type='pci' domain='0x0000' bus='0x00' slot='0x12' function='0x0'/>"},
    {"boot", "<boot order='3'/>"},
    {"boot-loadparm", "<boot order='2'/><rom bar='on'/>"},
    {"rom-off", "<rom enabled='no'/>"},
    {"rom-bar", "<rom bar='off'/>"},
    {"guest-dev", "<guest dev='myeth'/>"},
    {"target", "<target dev='mytap0'/>"},
    {"link-up", "<link state='up'/>"},
    {"mtu", "<mtu size='1400'/>"},
    {"coalesce", "<coalesce><rx><frames max='7'/></rx></coalesce>"},
    {"filterref",
     "<filterref filter='no-spoof'><parameter name='IP' value='192.168.254.7'/>"
     "</filterref>"},
    {"port-isolated", "<port isolated='yes'/>"},
    {"port-not-isolated", "<port isolated='no'/>"},
    {"sndbuf", "<tune><sndbuf>1600</sndbuf></tune>"},
    {"teaming", "<teaming type='persistent'/>"},
    {"acpi", "<acpi index='9'/>"},
};

/* libvirt accepts them in a definition, but does not start the guest on a network without
 * forwarding. */
static const struct {
    const char *name;
    const char *xml;
} unstartable[] = {
    {"vlan", "<vlan><tag id='42'/></vlan>"},
    {"vlan-trunk", "<vlan trunk='yes'><tag id='42' nativeMode='untagged'/><tag id='47'/></vlan>"},
    {"virtualport-openvswitch",
     "<virtualport type='openvswitch'><parameters profileid='guests' "
     "interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>"},
    {"virtualport-8021qbh",
     "<virtualport type='802.1Qbh'><parameters profileid='guests'/></virtualport>"},
    {"virtualport-8021qbg",
     "<virtualport type='802.1Qbg'><parameters managerid='11' typeid='1193047' "
     "typeidversion='2' instanceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>"},
    {"teaming-transient", "<teaming type='transient' persistent='ua-macvtap'/>"},
};

/* The attributes of the interface and of its source and MAC. */
static const struct {
    const char *name;
    const char *interface;
    const char *source;
    const char *mac;
} attributes[] = {
    {"trust", " trustGuestRxFilters='yes'", "", ""},
    {"portgroup", "", " portgroup='slow'", ""},
    {"mac-type", "", "", " type='static'"},
};

#define PORTGROUP                                                                                  \
    "<portgroup name='slow'><bandwidth><inbound average='500'/></bandwidth></portgroup></network>"

static char *
network_with_portgroup(void)
{
    GString *xml = g_string_new(contract_network_xml);

    g_string_replace(xml, "</network>", PORTGROUP, 1);
    return g_string_free(xml, FALSE);
}

static char *
tuned_guest_xml(const char *interface, const char *source, const char *mac, const char *element)
{
    g_autofree char *nic =
        g_strdup_printf("<interface type='network'%s><mac address='" MAC "'%s/>"
                        "<source network='" NETWORK "'%s/><model type='virtio'/>%s"
                        "<alias name='" ALIAS "'/></interface><memballoon",
                        interface,
                        mac,
                        source,
                        element);
    g_autofree char *plain = contract_guest_xml("web1", WEB_UUID);
    GString *xml = g_string_new(plain);

    g_string_replace(xml, "<memballoon", nic, 1);
    return g_string_free(xml, FALSE);
}

/* (transfer full): the text of the interface without its link element, its indentation, and the id
 * of its port, which libvirt 11 replaces. */
static char *
strip_link(const NmmNic *nic)
{
    g_autoptr(GRegex) link = g_regex_new("<link state=[^>]*>|\\n\\s*| portid=[^ ]*", 0, 0, NULL);

    g_assert_nonnull(nic->xml);
    return g_regex_replace_literal(link, nic->xml, -1, 0, "", 0, NULL);
}

static NmmGuest *
pull_plug_and_read(Fixture *f, NmmScope scope, const NmmNic *nic, gboolean link_down)
{
    contract_update_nic(f, scope, WEB_UUID, nic, nic->isolated, link_down);
    return contract_read_guest(f, WEB_UUID, -1);
}

static const NmmNic *
nic_of(const NmmGuest *guest, NmmScope scope)
{
    const NmmGuestState *state = scope == NMM_SCOPE_LIVE ? guest->live : guest->config;
    const NmmNic *nic = contract_find_nic(state, ALIAS);

    g_assert_nonnull(nic);
    return nic;
}

static void
assert_only_link_changes(Fixture *f, NmmScope scope)
{
    g_autoptr(NmmGuest) before = contract_read_guest(f, WEB_UUID, -1);
    g_autofree char *expected = strip_link(nic_of(before, scope));
    g_autoptr(NmmGuest) down = pull_plug_and_read(f, scope, nic_of(before, scope), TRUE);
    g_autofree char *while_down = strip_link(nic_of(down, scope));
    g_autoptr(NmmGuest) up = pull_plug_and_read(f, scope, nic_of(down, scope), FALSE);
    g_autofree char *after = strip_link(nic_of(up, scope));

    g_assert_true(nic_of(down, scope)->link_down);
    g_assert_false(nic_of(up, scope)->link_down);
    g_assert_cmpstr(while_down, ==, expected);
    g_assert_cmpstr(after, ==, expected);
}

static void
check_tuned(Fixture *f, const char *interface, const char *source, const char *mac, const char *xml)
{
    g_autofree char *guest = tuned_guest_xml(interface, source, mac, xml);

    f->host->define_guest(f->host->data, guest);
    f->host->start_guest(f->host->data, "web1");
    assert_only_link_changes(f, NMM_SCOPE_CONFIG);
    assert_only_link_changes(f, NMM_SCOPE_LIVE);
    f->host->stop_guest(f->host->data, "web1");
    f->host->undefine_guest(f->host->data, "web1");
}

static void
prepare(Fixture *f)
{
    g_autofree char *network = network_with_portgroup();

    f->host->define_network(f->host->data, network);
    f->host->start_network(f->host->data, NETWORK);
    f->host->define_filter(
        f->host->data,
        "<filter name='no-spoof'>"
        "<uuid>5fb06bd0-0bb0-4a6b-9c3d-000000000001</uuid><rule action='drop' direction='out'>"
        "<mac match='no' srcmacaddr='$MAC'/></rule></filter>");
}

static void
test_elements(Fixture *f, gconstpointer user_data)
{
    prepare(f);
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++) {
        g_test_message("%s", elements[i].name);
        check_tuned(f, "", "", "", elements[i].xml);
    }
}

static void
test_unstartable(Fixture *f, gconstpointer user_data)
{
    prepare(f);
    for (gsize i = 0; i < G_N_ELEMENTS(unstartable); i++) {
        g_autofree char *xml = tuned_guest_xml("", "", "", unstartable[i].xml);

        g_test_message("%s", unstartable[i].name);
        f->host->define_guest(f->host->data, xml);
        assert_only_link_changes(f, NMM_SCOPE_CONFIG);
        f->host->undefine_guest(f->host->data, "web1");
    }
}

static void
test_attributes(Fixture *f, gconstpointer user_data)
{
    prepare(f);
    for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++) {
        g_test_message("%s", attributes[i].name);
        check_tuned(f, attributes[i].interface, attributes[i].source, attributes[i].mac, "");
    }
}

/* Isolation is the other change that a running guest takes. */
static void
test_isolation(Fixture *f, gconstpointer user_data)
{
    static const char tuned[] = "<mtu size='1400'/><driver rx_queue_size='512'/>";
    g_autofree char *xml = tuned_guest_xml("", "", "", tuned);

    prepare(f);
    f->host->define_guest(f->host->data, xml);
    f->host->start_guest(f->host->data, "web1");
    for (guint i = 0; i < 2; i++) {
        g_autoptr(NmmGuest) before = contract_read_guest(f, WEB_UUID, -1);
        const NmmNic *nic = nic_of(before, NMM_SCOPE_LIVE);
        g_autoptr(NmmGuest) after = NULL;

        contract_update_nic(f, NMM_SCOPE_LIVE, WEB_UUID, nic, !nic->isolated, FALSE);
        after = contract_read_guest(f, WEB_UUID, -1);
        g_assert_cmpint(nic_of(after, NMM_SCOPE_LIVE)->isolated, ==, !nic->isolated);
        g_assert_nonnull(strstr(nic_of(after, NMM_SCOPE_LIVE)->xml, "<mtu size"));
        g_assert_nonnull(strstr(nic_of(after, NMM_SCOPE_LIVE)->xml, "rx_queue_size"));
    }
}

void
contract_add_update_tests(const HypervisorHost *host)
{
    g_test_add("/hypervisor/nics/update/elements",
               Fixture,
               host,
               contract_set_up,
               test_elements,
               contract_tear_down);
    g_test_add("/hypervisor/nics/update/unstartable",
               Fixture,
               host,
               contract_set_up,
               test_unstartable,
               contract_tear_down);
    g_test_add("/hypervisor/nics/update/attributes",
               Fixture,
               host,
               contract_set_up,
               test_attributes,
               contract_tear_down);
    g_test_add("/hypervisor/nics/update/isolation",
               Fixture,
               host,
               contract_set_up,
               test_isolation,
               contract_tear_down);
}
