/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host link, neighbour monitor and routing decision together on the real kernel: a host, a LAN and
 * guests, each a network namespace, connected as on a host with macvtap guests. The kernel sends
 * every packet. Needs root.
 */

#include "config.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-neighbour-monitor.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-neighbour-frame.h"
#include "traffic.h"

#define UUID "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"

#define WEB_MAC        "52:54:00:00:00:01"
#define UNSELECTED_MAC "52:54:00:00:00:09"

/* host .1, web .5, a macvtap of no selected guest .9, LAN .20; the same in fd00::/64 */
typedef struct {
    int host;
    int lan;
    int web;
    int unselected;
    int previous;
    NmmHostlink *hostlink;
    NmmNeighbourMonitor *monitor;
    NmmRouting *routing;
    guint timer;
    GString *rejections; /* "reason address" lines */
    guint n_solicited;
    gint64 deadline;
    int tap; /* a packet socket on the LAN */
} Fixture;

/* What NmmShareRouter does, without logging. */

static void carry_out(Fixture *f, NmmRoutingWork *work);

static gint64
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

static gboolean
tick_cb(gpointer data)
{
    Fixture *f = data;

    f->timer = 0;
    carry_out(f, nmm_routing_tick(f->routing, now_ms()));
    return G_SOURCE_REMOVE;
}

/* A guest learns the host's MAC from a probe. */
static void
inform_guest(Fixture *f, const NmmRoute *route)
{
    NmmProbe probe = {.source = route->source, .address = route->address};

    memcpy(probe.mac, route->mac, sizeof(probe.mac));
    nmm_neighbour_monitor_probe(f->monitor, &probe);
}

static void
apply_routes(Fixture *f, const GArray *routes)
{
    g_autoptr(GArray) addresses = NULL;
    GError *error = NULL;

    addresses = nmm_hostlink_list_addresses(f->hostlink, &error);
    g_assert_no_error(error);
    nmm_hostlink_set_routes(f->hostlink, routes, &error);
    g_assert_no_error(error);
    nmm_neighbour_monitor_set_replies(f->monitor, addresses, routes);
    for (guint i = 0; i < routes->len; i++)
        inform_guest(f, &g_array_index(routes, NmmRoute, i));
}

/* @work: (transfer full) */
static void
carry_out(Fixture *f, NmmRoutingWork *work)
{
    for (guint i = 0; i < work->probes->len; i++)
        nmm_neighbour_monitor_probe(f->monitor, &g_array_index(work->probes, NmmProbe, i));
    for (guint i = 0; i < work->rejections->len; i++) {
        const NmmRejection *rejection = work->rejections->pdata[i];

        g_string_append_printf(f->rejections,
                               "%s %s\n",
                               nmm_rejection_reason_to_string(rejection->reason),
                               rejection->address);
    }
    if (work->routes)
        apply_routes(f, work->routes);
    g_clear_handle_id(&f->timer, g_source_remove);
    f->deadline = work->deadline_ms;
    if (f->deadline != -1)
        f->timer = g_timeout_add((guint)MAX(f->deadline - now_ms(), 0), tick_cb, f);
    nmm_routing_work_free(work);
}

static void
claimed_cb(const guint8 *mac, const NmmCidr *address, gboolean from_wire, gpointer user_data)
{
    Fixture *f = user_data;

    carry_out(f, nmm_routing_claim(f->routing, mac, address, from_wire, now_ms()));
}

static void
solicited_cb(const NmmCidr *address, gpointer user_data)
{
    Fixture *f = user_data;

    f->n_solicited++;
    carry_out(f, nmm_routing_solicited(f->routing, address, now_ms()));
}

static void
set_host(Fixture *f)
{
    GError *error = NULL;
    NmmRoutingHost host = {
        .addresses = nmm_hostlink_list_addresses(f->hostlink, &error),
    };

    g_assert_no_error(error);
    carry_out(f, nmm_routing_set_host(f->routing, &host));
    g_array_unref(host.addresses);
}

static void
start_share(Fixture *f)
{
    static const NmmNeighbourCallbacks callbacks = {claimed_cb, solicited_cb};
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    const NmmRoutingNic web = {"web", WEB_MAC, TRUE, TRUE};
    GError *error = NULL;

    f->routing = nmm_routing_new();
    f->hostlink = nmm_hostlink_netlink_new("/nonexistent", &error);
    g_assert_no_error(error);
    nmm_hostlink_create(f->hostlink, &spec, &error);
    g_assert_no_error(error);
    f->monitor = nmm_neighbour_monitor_new("nmmveth0", "eth0", &callbacks, f, &error);
    g_assert_no_error(error);
    set_host(f);
    carry_out(f, nmm_routing_set_guests(f->routing, &web, 1));
}

/* The network */

static void
add_host(int ns, const char *name, const char *address4, const char *address6)
{
    int previous = netns_enter(ns);

    netns_add_address(name, address4);
    netns_add_address(name, address6);
    netns_leave(previous);
}

static int
open_tap(int ns)
{
    int previous = netns_enter(ns);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, g_htons(ETH_P_ALL));

    g_assert_cmpint(fd, >=, 0);
    netns_leave(previous);
    return fd;
}

static void
setup(Fixture *f, gconstpointer data)
{
    f->lan = netns_new();
    f->web = netns_new();
    f->unselected = netns_new();
    f->host = netns_new();
    f->previous = netns_enter(f->host);
    netns_write_sysctl("net/ipv4/conf/all/rp_filter", "1"); /* strict */
    netns_add_veth("eth0", "lan0", f->lan);
    netns_add_macvtap("tap0", "eth0", "bridge", WEB_MAC, f->web);
    netns_add_macvtap("tap9", "eth0", "bridge", UNSELECTED_MAC, f->unselected);
    add_host(f->host, "eth0", "10.0.0.1/24", "fd00::1/64");
    add_host(f->lan, "lan0", "10.0.0.20/24", "fd00::20/64");
    add_host(f->web, "tap0", "10.0.0.5/24", "fd00::5/64");
    add_host(f->unselected, "tap9", "10.0.0.9/24", "fd00::9/64");
    f->rejections = g_string_new(NULL);
    f->tap = open_tap(f->lan);
    start_share(f);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    g_clear_handle_id(&f->timer, g_source_remove);
    nmm_neighbour_monitor_free(f->monitor);
    nmm_hostlink_remove(f->hostlink, NULL);
    nmm_hostlink_free(f->hostlink);
    nmm_routing_free(f->routing);
    g_string_free(f->rejections, TRUE);
    close(f->tap);
    netns_leave(f->previous);
    close(f->host);
    close(f->lan);
    close(f->web);
    close(f->unselected);
}

static gboolean
set_true_cb(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static void
wait_routes(Fixture *f, const char *expected)
{
    gboolean over = FALSE;
    guint timer = g_timeout_add_seconds(TRAFFIC_TIMEOUT_S, set_true_cb, &over);
    g_autofree char *text = netns_describe_routes("nmmveth0");

    while (!over && strcmp(text, expected) != 0) {
        g_main_context_iteration(NULL, TRUE);
        g_free(text);
        text = netns_describe_routes("nmmveth0");
    }
    g_assert_cmpstr(text, ==, expected);
    g_source_remove(timer);
}

/* Expects these routes after a moment. */
static void
assert_routes_stay(const char *expected)
{
    g_autofree char *text = NULL;

    traffic_run_for(200);
    text = netns_describe_routes("nmmveth0");
    g_assert_cmpstr(text, ==, expected);
}

#define ROUTE4 "10.0.0.5/32 src 10.0.0.1 at " WEB_MAC "\n"
#define ROUTE6 "fd00::5/128 src fd00::1 at " WEB_MAC "\n"

/* Only eth0 has claimed the host's addresses on the LAN. Returns: how often it did. */
static guint
count_host_claims(Fixture *f)
{
    g_autofree char *host_mac = netns_get_mac("eth0");
    guint claims = 0;
    guint8 data[2048];
    ssize_t n;

    while ((n = recv(f->tap, data, sizeof(data), 0)) > 0) {
        NmmNeighbourFrame frame;
        g_autofree char *mac = NULL;
        g_autofree char *sender = NULL;

        if (!nmm_neighbour_frame_parse(data, (gsize)n, &frame) || !frame.has_sender)
            continue;
        sender = nmm_cidr_address_to_string(&frame.sender);
        if (strcmp(sender, "10.0.0.1") != 0 && strcmp(sender, "fd00::1") != 0)
            continue;
        mac = nmm_mac_to_string(frame.mac);
        g_assert_cmpstr(mac, ==, host_mac);
        claims++;
    }
    return claims;
}

static void
assert_lan_knows_eth0(Fixture *f, const char *address)
{
    g_autofree char *host_mac = netns_get_mac("eth0");
    g_autofree char *mac = NULL;
    int previous = netns_enter(f->lan);

    mac = netns_get_neighbour("lan0", address);
    netns_leave(previous);
    g_assert_cmpstr(mac, ==, host_mac);
}

/* Tests */

static void
test_guest_sends(Fixture *f, gconstpointer data)
{
    assert_routes_stay("");
    traffic_poke(f->web, "10.0.0.99"); /* any address */
    wait_routes(f, ROUTE4);
    traffic_poke(f->web, "fd00::1"); /* in IPv6 the link hears only solicitations for the host */
    wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpstr(f->rejections->str, ==, "");
}

static void
test_host_solicits(Fixture *f, gconstpointer data)
{
    traffic_poke(f->host, "10.0.0.5");
    wait_routes(f, ROUTE4);
    traffic_poke(f->host, "fd00::5");
    wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpuint(f->n_solicited, >=, 2);
}

static void
test_no_reply(Fixture *f, gconstpointer data)
{
    traffic_poke(f->host, "10.0.0.77");
    traffic_poke(f->host, "fd00::77");
    traffic_poke(f->host, "10.0.0.20"); /* the LAN replies */
    traffic_run_for(1500);
    assert_routes_stay("");
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
    wait_routes(f, ROUTE4 ROUTE6);
    /* LAN and guest reach each other without the host link */
    traffic_assert_tcp(f->lan, f->web, "10.0.0.5");
    traffic_assert_tcp(f->web, f->lan, "fd00::20");
    traffic_assert_tcp(f->host, f->lan, "10.0.0.20");
    count_host_claims(f);
}

static void
test_one_mac_on_lan(Fixture *f, gconstpointer data)
{
    static const char *const addresses[] = {"10.0.0.1", "fd00::1"};

    /* A strict rp_filter alone would prevent replies on the link; hosts may have none. */
    netns_write_sysctl("net/ipv4/conf/all/rp_filter", "0");
    traffic_poke(f->web, "10.0.0.1");
    traffic_poke(f->web, "fd00::1");
    wait_routes(f, ROUTE4 ROUTE6);
    traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    traffic_assert_tcp(f->host, f->web, "fd00::5");
    count_host_claims(f);
    for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
        traffic_poke(f->lan, addresses[i]);
        traffic_run_for(1200); /* a delayed second reply would come within a second */
        g_assert_cmpuint(count_host_claims(f), >, 0);
        assert_lan_knows_eth0(f, addresses[i]);
    }
    /* the guest's entry expires and is resolved again, still without a frame on the LAN */
    netns_flush_neighbours("eth0");
    traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    traffic_assert_tcp(f->web, f->host, "10.0.0.1");
    traffic_assert_tcp(f->web, f->host, "fd00::1");
    count_host_claims(f);
    assert_lan_knows_eth0(f, "10.0.0.1");
    assert_lan_knows_eth0(f, "fd00::1");
}

static void
test_unselected(Fixture *f, gconstpointer data)
{
    traffic_poke(f->unselected, "10.0.0.1");
    traffic_poke(f->unselected, "fd00::1");
    traffic_poke(f->host, "10.0.0.9");
    traffic_run_for(300);
    assert_routes_stay("");
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
    assert_routes_stay("");
    g_assert_cmpstr(f->rejections->str, ==, "off-link 10.0.7.7\nlan-host 10.0.0.20\n");
    traffic_assert_tcp(f->host, f->lan, "10.0.0.20");
}

static void
test_guest_changes_address(Fixture *f, gconstpointer data)
{
    int previous;

    traffic_poke(f->web, "10.0.0.1");
    wait_routes(f, ROUTE4);
    previous = netns_enter(f->web);
    netns_remove_address("tap0", "10.0.0.5/24");
    netns_add_address("tap0", "10.0.0.6/24");
    netns_leave(previous);
    traffic_poke(f->web, "10.0.0.1");
    wait_routes(f, "10.0.0.6/32 src 10.0.0.1 at " WEB_MAC "\n");
    traffic_assert_tcp(f->host, f->web, "10.0.0.6");
}

static void
test_guest_stops(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic web = {"web", WEB_MAC, FALSE, TRUE};

    traffic_poke(f->web, "10.0.0.1");
    wait_routes(f, ROUTE4);
    carry_out(f, nmm_routing_set_guests(f->routing, &web, 1));
    wait_routes(f, "");
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
    wait_routes(f, ROUTE4);
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
    traffic_assert_tcp(f->web, f->host, "10.0.0.1");
    wait_routes(f, ROUTE4);
    traffic_poke(f->web, "10.0.0.77");
    traffic_poke(f->web, "10.0.0.20");
    traffic_run_for(1200); /* proxy_delay */
    assert_web_knows(f, "10.0.0.77", NULL);
    assert_web_knows(f, "10.0.0.20", lan_mac);
}

static void
test_no_such_interface(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_neighbour_monitor_new("nmmvnothing", "lo", NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "'nmmvnothing'"));
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, setup, function, teardown)

int
main(int argc, char **argv)
{
    static const gboolean yes = TRUE;
    static const gboolean no = FALSE;

    g_test_init(&argc, &argv, NULL);
    ADD("/neighbour-monitor/guest-sends", test_guest_sends);
    ADD("/neighbour-monitor/host-solicits", test_host_solicits);
    ADD("/neighbour-monitor/no-reply", test_no_reply);
    g_test_add("/neighbour-monitor/tcp/guest-first", Fixture, &yes, setup, test_tcp, teardown);
    g_test_add("/neighbour-monitor/tcp/host-first", Fixture, &no, setup, test_tcp, teardown);
    ADD("/neighbour-monitor/one-mac-on-lan", test_one_mac_on_lan);
    ADD("/neighbour-monitor/unselected", test_unselected);
    ADD("/neighbour-monitor/hijack", test_hijack);
    ADD("/neighbour-monitor/guest-changes-address", test_guest_changes_address);
    ADD("/neighbour-monitor/guest-stops", test_guest_stops);
    ADD("/neighbour-monitor/flood", test_flood);
    ADD("/neighbour-monitor/proxy-arp", test_proxy_arp);
    g_test_add_func("/neighbour-monitor/no-such-interface", test_no_such_interface);
    return g_test_run();
}
