/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The neighbour monitor on the real kernel, with host link and routing decision: which routes come
 * and go, and what the LAN hears. Needs root.
 */

#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor-fixture.h"
#include "netns.h"
#include "nmm-neighbour-frame.h"
#include "traffic.h"

/* Tests */

static void
test_guest_sends(Fixture *f, gconstpointer data)
{
    monitor_assert_routes_stay("");
    traffic_poke(f->web, "10.0.0.99"); /* any address */
    monitor_wait_routes(f, ROUTE4);
    traffic_poke(f->web, "fd00::1"); /* in IPv6 the link hears only solicitations for the host */
    monitor_wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpstr(f->rejections->str, ==, "");
}

/* Advertisements and ARP replies for the host, which arrived on @tap. */
static guint
count_replies(int tap)
{
    guint8 data[2048];
    guint replies = 0;
    ssize_t n;

    while ((n = recv(tap, data, sizeof(data), 0)) > 0) {
        NmmNeighbourFrame frame;
        g_autofree char *sender = NULL;

        if (!nmm_neighbour_frame_parse(data, (gsize)n, &frame) || !frame.has_sender ||
            frame.has_target)
            continue;
        sender = nmm_cidr_address_to_string(&frame.sender);
        replies += strcmp(sender, "fd00::1") == 0 || strcmp(sender, "10.0.0.1") == 0;
    }
    return replies;
}

/* The guest is known by its other address. It learns the host's MAC when its route is there, not
 * before, or the host's first reply would be lost on the parent. */
static void
test_no_early_reply(Fixture *f, gconstpointer data)
{
    int tap = monitor_open_tap(f->web);

    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    g_assert_cmpuint(count_replies(tap), ==, 0);
    traffic_poke(f->web, "fd00::1");
    monitor_wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpuint(count_replies(tap), ==, 0);
    close(tap);
}

static void
test_host_solicits(Fixture *f, gconstpointer data)
{
    traffic_poke(f->host, "10.0.0.5");
    monitor_wait_routes(f, ROUTE4);
    traffic_poke(f->host, "fd00::5");
    monitor_wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpuint(f->n_solicited, >=, 2);
}

static void
test_no_reply(Fixture *f, gconstpointer data)
{
    traffic_poke(f->host, "10.0.0.77");
    traffic_poke(f->host, "fd00::77");
    traffic_poke(f->host, "10.0.0.20"); /* the LAN replies */
    traffic_run_for(1500);
    monitor_assert_routes_stay("");
    g_assert_cmpuint(f->n_solicited, >=, 3);
    g_assert_cmpint(f->deadline, ==, -1);
}

static void
test_tcp(Fixture *f, gconstpointer data)
{
    const gboolean *guest_first = data;

    for (guint i = 0; i < 2; i++) {
        gboolean from_guest = (i == 0) == *guest_first;
        int client = from_guest ? f->web : f->host;
        int server = from_guest ? f->host : f->web;

        traffic_assert_tcp(client, server, from_guest ? "10.0.0.1" : "10.0.0.5");
        traffic_assert_tcp(client, server, from_guest ? "fd00::1" : "fd00::5");
    }
    monitor_wait_routes(f, ROUTE4 ROUTE6);
    /* LAN and guest reach each other without the host link */
    traffic_assert_tcp(f->lan, f->web, "10.0.0.5");
    traffic_assert_tcp(f->web, f->lan, "fd00::20");
    traffic_assert_tcp(f->host, f->lan, "10.0.0.20");
    monitor_count_host_claims(f);
}

static void
test_one_mac_on_lan(Fixture *f, gconstpointer data)
{
    static const char *const addresses[] = {"10.0.0.1", "fd00::1"};

    /* A strict rp_filter alone would prevent replies on the link; hosts may have none. */
    netns_write_sysctl("net/ipv4/conf/all/rp_filter", "0");
    traffic_poke(f->web, "10.0.0.1");
    traffic_poke(f->web, "fd00::1");
    monitor_wait_routes(f, ROUTE4 ROUTE6);
    traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    traffic_assert_tcp(f->host, f->web, "fd00::5");
    monitor_count_host_claims(f);
    for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
        traffic_poke(f->lan, addresses[i]);
        traffic_run_for(1200); /* a delayed second reply would come within a second */
        g_assert_cmpuint(monitor_count_host_claims(f), >, 0);
        monitor_assert_lan_knows_eth0(f, addresses[i]);
    }
    /* the guest's entry expires and is resolved again, still without a frame on the LAN */
    netns_flush_neighbours("eth0");
    traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    traffic_assert_tcp(f->web, f->host, "10.0.0.1");
    traffic_assert_tcp(f->web, f->host, "fd00::1");
    monitor_count_host_claims(f);
    monitor_assert_lan_knows_eth0(f, "10.0.0.1");
    monitor_assert_lan_knows_eth0(f, "fd00::1");
}

static void
test_unselected(Fixture *f, gconstpointer data)
{
    traffic_poke(f->unselected, "10.0.0.1");
    traffic_poke(f->unselected, "fd00::1");
    traffic_poke(f->host, "10.0.0.9");
    traffic_run_for(300);
    monitor_assert_routes_stay("");
    g_assert_cmpstr(f->rejections->str, ==, "");
}

static void
steal(Fixture *f, const char *address)
{
    int previous = netns_enter(f->web);

    netns_add_address("tap0", address);
    netns_leave(previous);
}

static void
test_hijack(Fixture *f, gconstpointer data)
{
    steal(f, "10.0.0.20/24"); /* of the LAN host */
    steal(f, "10.0.7.7/24");  /* off-link */
    traffic_poke_from(f->web, "10.0.0.20", "10.0.0.99");
    traffic_poke_from(f->web, "10.0.7.7", "10.0.7.1");
    traffic_run_for(300);
    traffic_poke_from(f->web, "10.0.0.20", "10.0.0.98");
    traffic_poke_from(f->web, "10.0.7.7", "10.0.7.2");
    traffic_run_for(300);
    monitor_assert_routes_stay("");
    g_assert_cmpstr(f->rejections->str, ==, "off-link 10.0.7.7\nlan-host 10.0.0.20\n");
    traffic_assert_tcp(f->host, f->lan, "10.0.0.20");
}

static void
test_guest_changes_address(Fixture *f, gconstpointer data)
{
    int previous;

    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    previous = netns_enter(f->web);
    netns_remove_address("tap0", "10.0.0.5/24");
    netns_add_address("tap0", "10.0.0.6/24");
    netns_leave(previous);
    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, "10.0.0.6/32 src 10.0.0.1 at " WEB_MAC "\n");
    traffic_assert_tcp(f->host, f->web, "10.0.0.6");
}

static void
test_guest_stops(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic web = {"web", WEB_MAC, FALSE, TRUE};

    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
    monitor_carry_out(f, nmm_routing_set_guests(f->routing, &web, 1));
    monitor_wait_routes(f, "");
}

static gboolean
set_true_cb(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static void
test_flood(Fixture *f, gconstpointer data)
{
    int fd = traffic_open_socket(f->unselected, "10.0.0.1", SOCK_DGRAM);
    gboolean dispatched = FALSE;

    /* requests for hundreds of addresses at once do not block the main loop */
    for (guint i = 1; i < 255; i++) {
        g_autofree char *address = g_strdup_printf("10.0.0.%u", i);
        struct sockaddr_storage to;

        traffic_make_address(&to, address);
        sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
    }
    g_idle_add(set_true_cb, &dispatched);
    for (guint i = 0; !dispatched && i < 20; i++)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(dispatched);
    close(fd);
    traffic_poke(f->web, "10.0.0.1");
    monitor_wait_routes(f, ROUTE4);
}

static void
probe_guest(Fixture *f, const char *mac, const char *address)
{
    NmmProbe probe = {.lan = FALSE};

    g_assert_true(nmm_mac_parse(mac, probe.mac));
    g_assert_true(nmm_cidr_parse("10.0.0.1/24", &probe.source, NULL));
    g_assert_true(nmm_cidr_parse(address, &probe.address, NULL));
    nmm_neighbour_monitor_probe(f->monitor, &probe);
}

/* A guest that boots or is paused leaves the frames in its macvtap's queue. */
static void
test_guest_does_not_read(Fixture *f, gconstpointer data)
{
    int fd = netns_open_macvtap(f->unselected, "tap9");

    for (guint i = 0; i < 2000; i++)
        probe_guest(f, UNSELECTED_MAC, "10.0.0.9/24");
    probe_guest(f, WEB_MAC, "10.0.0.5/24");
    monitor_wait_routes(f, ROUTE4);
    close(fd);
}

static void
test_no_such_interface(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_neighbour_monitor_new("nmmvnothing", "lo", NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "'nmmvnothing'"));
}

int
main(int argc, char **argv)
{
    static const gboolean yes = TRUE;
    static const gboolean no = FALSE;

    g_test_init(&argc, &argv, NULL);
    MONITOR_ADD("/neighbour-monitor/guest-sends", test_guest_sends);
    MONITOR_ADD("/neighbour-monitor/no-early-reply", test_no_early_reply);
    MONITOR_ADD("/neighbour-monitor/host-solicits", test_host_solicits);
    MONITOR_ADD("/neighbour-monitor/no-reply", test_no_reply);
    g_test_add("/neighbour-monitor/tcp/guest-first",
               Fixture,
               &yes,
               monitor_setup,
               test_tcp,
               monitor_teardown);
    g_test_add("/neighbour-monitor/tcp/host-first",
               Fixture,
               &no,
               monitor_setup,
               test_tcp,
               monitor_teardown);
    MONITOR_ADD("/neighbour-monitor/one-mac-on-lan", test_one_mac_on_lan);
    MONITOR_ADD("/neighbour-monitor/unselected", test_unselected);
    MONITOR_ADD("/neighbour-monitor/hijack", test_hijack);
    MONITOR_ADD("/neighbour-monitor/guest-changes-address", test_guest_changes_address);
    MONITOR_ADD("/neighbour-monitor/guest-stops", test_guest_stops);
    MONITOR_ADD("/neighbour-monitor/flood", test_flood);
    MONITOR_ADD("/neighbour-monitor/guest-does-not-read", test_guest_does_not_read);
    g_test_add_func("/neighbour-monitor/no-such-interface", test_no_such_interface);
    return g_test_run();
}
