/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest gets the replies that it needs on the link, and no other, whatever the host's ARP
 * switches are: the kernel's with most settings, the neighbour monitor's with all. Needs root.
 */

#include "config.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor-fixture.h"
#include "netns.h"
#include "nmm-neighbour-frame.h"
#include "traffic.h"

static const guint8 web_mac[] = {0x52, 0x54, 0x00, 0x00, 0x00, 0x01};

/* Each host that claims @address to the guest has the link's MAC. Returns: how often it does. */
static guint
count_replies(Fixture *f, int fd, const char *address)
{
    g_autofree char *link_mac = netns_get_mac("nmmveth0");
    guint replies = 0;
    guint8 data[2048];
    ssize_t n;

    while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
        NmmNeighbourFrame frame;
        g_autofree char *mac = NULL;
        g_autofree char *sender = NULL;

        if (!nmm_neighbour_frame_parse(data, (gsize)n, &frame) || !frame.has_sender)
            continue;
        sender = nmm_cidr_address_to_string(&frame.sender);
        if (strcmp(sender, address) != 0)
            continue;
        mac = nmm_mac_to_string(frame.mac);
        g_assert_cmpstr(mac, ==, link_mac);
        g_assert_cmpint(memcmp(data, web_mac, sizeof(web_mac)), ==, 0);
        replies++;
    }
    return replies;
}

static void
forget_host(Fixture *f)
{
    int previous = netns_enter(f->web);

    netns_flush_neighbours("tap0");
    netns_leave(previous);
}

/* The host's switches silence the kernel (kube-proxy's strictARP, MetalLB, LVS). */
static void
test_arp_ignore(Fixture *f, gconstpointer data)
{
    netns_write_sysctl("net/ipv4/conf/all/arp_ignore", data);
    netns_write_sysctl("net/ipv4/conf/all/arp_announce", "2");
    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    for (guint i = 0; i < 2; i++) {
        forget_host(f);
        traffic_assert_tcp(f->web, f->host, "10.0.0.1");
        forget_host(f);
        traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    }
    monitor_count_host_claims(f);
    if (strcmp(data, "8") == 0)
        return; /* the LAN gets no reply at all */
    traffic_poke(f->lan, "10.0.0.1");
    traffic_run_for(300);
    g_assert_cmpuint(monitor_count_host_claims(f), >, 0);
    monitor_assert_lan_knows_eth0(f, "10.0.0.1");
}

static void
send_from_web(Fixture *f, int fd, const char *sender, const char *target)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = NMM_MAC_BYTES};
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmCidr from;
    NmmCidr address;
    gsize length;
    int previous = netns_enter(f->web);

    to.sll_ifindex = (int)if_nametoindex("tap0");
    netns_leave(previous);
    g_assert_true(nmm_cidr_init_host(&from, sender, NULL));
    g_assert_true(nmm_cidr_init_host(&address, target, NULL));
    length = nmm_neighbour_frame_build_probe(frame, web_mac, NULL, &from, &address);
    g_assert_cmpint(
        sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof(to)), ==, (ssize_t)length);
    traffic_run_for(100);
}

/* The service replies for the host's addresses on the parent, to the guest alone. */
static void
test_arp_replies(Fixture *f, gconstpointer data)
{
    int fd = monitor_open_tap(f->web);

    netns_add_veth("eth1", "eth1-peer", -1);
    netns_add_address("eth1", "10.0.9.1/24");
    netns_write_sysctl("net/ipv4/conf/all/arp_ignore", data);
    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    count_replies(f, fd, "10.0.0.1");
    send_from_web(f, fd, "10.0.0.5", "10.0.0.1");
    g_assert_cmpuint(count_replies(f, fd, "10.0.0.1"), >, 0);
    send_from_web(f, fd, "0.0.0.0", "10.0.0.1"); /* is it free? */
    g_assert_cmpuint(count_replies(f, fd, "10.0.0.1"), >, 0);
    send_from_web(f, fd, "10.0.0.5", "10.0.0.77");
    g_assert_cmpuint(count_replies(f, fd, "10.0.0.77"), ==, 0);
    /* The kernel replies for the addresses of all devices, unless it is silenced. */
    if (strcmp(data, "0") != 0 && strcmp(data, "3") != 0) {
        send_from_web(f, fd, "10.0.0.5", "10.0.9.1");
        g_assert_cmpuint(count_replies(f, fd, "10.0.9.1"), ==, 0);
    }
    monitor_count_host_claims(f);
    send_from_web(f, fd, "10.0.0.1", "10.0.0.1"); /* a guest that takes it */
    g_assert_cmpuint(count_replies(f, fd, "10.0.0.1"), ==, 0);
    close(fd);
}

/* A guest that is given the host's address notices it; one that is free it may use. */
static void
test_duplicate_address(Fixture *f, gconstpointer data)
{
    int previous;

    traffic_poke(f->web, "fd00::1");
    monitor_wait_routes(f, ROUTE6);
    previous = netns_enter(f->web);
    netns_add_checked_address("tap0", "fd00::1/64");
    netns_add_checked_address("tap0", "fd00::77/64");
    traffic_run_for(2500);
    g_assert_true(netns_is_duplicate("tap0", "fd00::1/64"));
    g_assert_false(netns_is_duplicate("tap0", "fd00::77/64"));
    netns_leave(previous);
    monitor_count_host_claims(f);
}

/* Another macvtap interface gets no reply, even after a guest was served. */
static void
test_arp_ignore_unselected(Fixture *f, gconstpointer data)
{
    g_autofree char *mac = NULL;
    int previous;

    netns_write_sysctl("net/ipv4/conf/all/arp_ignore", "1");
    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    traffic_poke(f->unselected, "10.0.0.1");
    traffic_run_for(300);
    previous = netns_enter(f->unselected);
    mac = netns_get_neighbour("tap9", "10.0.0.1");
    netns_leave(previous);
    g_assert_cmpstr(mac, ==, NULL);
}

static void
assert_web_knows(Fixture *f, const char *address, const char *expected)
{
    g_autofree char *mac = NULL;
    int previous = netns_enter(f->web);

    mac = netns_get_neighbour("tap0", address);
    netns_leave(previous);
    g_assert_cmpstr(mac, ==, expected);
}

/* A host that forwards answers for other addresses on its interfaces, but not on the link. */
static void
test_proxy_arp(Fixture *f, gconstpointer data)
{
    g_autofree char *lan_mac = NULL;
    int previous = netns_enter(f->lan);

    lan_mac = netns_get_mac("lan0");
    netns_leave(previous);
    netns_write_sysctl("net/ipv4/ip_forward", "1");
    netns_write_sysctl("net/ipv4/conf/all/proxy_arp", "1");
    netns_write_sysctl("net/ipv4/conf/all/proxy_arp_pvlan", "1");
    netns_write_sysctl("net/ipv4/conf/nmmveth0/proxy_arp", "1"); /* by conf/default */
    traffic_assert_tcp(f->web, f->host, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    traffic_poke(f->web, "10.0.0.77");
    traffic_poke(f->web, "10.0.0.20");
    traffic_run_for(1200); /* proxy_delay */
    assert_web_knows(f, "10.0.0.77", NULL);
    assert_web_knows(f, "10.0.0.20", lan_mac);
}

int
main(int argc, char **argv)
{
    static const char *const arp_ignore[] = {"0", "1", "2", "3", "8"};

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(arp_ignore); i++) {
        g_autofree char *talk = g_strconcat("/host-switches/arp-ignore/", arp_ignore[i], NULL);
        g_autofree char *replies = g_strconcat("/host-switches/arp-replies/", arp_ignore[i], NULL);

        g_test_add(talk, Fixture, arp_ignore[i], monitor_setup, test_arp_ignore, monitor_teardown);
        g_test_add(
            replies, Fixture, arp_ignore[i], monitor_setup, test_arp_replies, monitor_teardown);
    }
    MONITOR_ADD("/host-switches/arp-ignore/unselected", test_arp_ignore_unselected);
    MONITOR_ADD("/host-switches/duplicate-address", test_duplicate_address);
    MONITOR_ADD("/host-switches/proxy-arp", test_proxy_arp);
    return g_test_run();
}
