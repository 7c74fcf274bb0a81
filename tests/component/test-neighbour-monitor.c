/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host link, discovery and routing decision together on the real kernel: a host, a LAN and guests,
 * each a network namespace, joined as a macvtap host is. Every packet is the kernel's own. Needs
 * root.
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

#define WEB_MAC      "52:54:00:00:00:01"
#define STRANGER_MAC "52:54:00:00:00:09"

/* host .1, web .5, a macvtap that is no guest .9, LAN .20; the same in fd00::/64 */
typedef struct {
    int host;
    int lan;
    int web;
    int stranger;
    int previous;
    NmmHostlink *hostlink;
    NmmNeighbourMonitor *discovery;
    NmmRouting *routing;
    guint timer;
    GString *refusals; /* "reason address" lines */
    guint n_asked;
    int witness; /* a packet socket on the LAN */
} Fixture;

/* What the service will do, in small. */

static void settle(Fixture *f, gboolean changed);

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
    settle(f, nmm_routing_tick(f->routing, now_ms()));
    return G_SOURCE_REMOVE;
}

/* A guest that has got its route is told where the host is. */
static void
tell_guest(Fixture *f, const NmmRoute *route)
{
    NmmProbe question = {.source = route->source, .address = route->address};

    memcpy(question.mac, route->mac, sizeof(question.mac));
    nmm_neighbour_monitor_ask(f->discovery, &question);
}

static void
apply_routes(Fixture *f)
{
    g_autoptr(GArray) routes = nmm_routing_get_routes(f->routing);
    g_autoptr(GArray) addresses = NULL;
    GError *error = NULL;

    addresses = nmm_hostlink_list_addresses(f->hostlink, &error);
    g_assert_no_error(error);
    nmm_hostlink_set_routes(f->hostlink, routes, &error);
    g_assert_no_error(error);
    nmm_neighbour_monitor_set_answers(f->discovery, addresses, routes);
    for (guint i = 0; i < routes->len; i++)
        tell_guest(f, &g_array_index(routes, NmmRoute, i));
}

static void
settle(Fixture *f, gboolean changed)
{
    g_autoptr(GArray) questions = nmm_routing_take_questions(f->routing);
    g_autoptr(GPtrArray) refusals = nmm_routing_take_refusals(f->routing);
    gint64 deadline;

    for (guint i = 0; i < questions->len; i++)
        nmm_neighbour_monitor_ask(f->discovery, &g_array_index(questions, NmmProbe, i));
    for (guint i = 0; i < refusals->len; i++) {
        const NmmRejection *refusal = refusals->pdata[i];

        g_string_append_printf(f->refusals,
                               "%s %s\n",
                               nmm_rejection_reason_to_string(refusal->reason),
                               refusal->address);
    }
    if (changed)
        apply_routes(f);
    g_clear_handle_id(&f->timer, g_source_remove);
    deadline = nmm_routing_get_deadline(f->routing);
    if (deadline != -1)
        f->timer = g_timeout_add((guint)MAX(deadline - now_ms(), 0), tick_cb, f);
}

static void
discovered_cb(NmmNeighbourMonitor *discovery,
              const guint8 *mac,
              const NmmCidr *address,
              gboolean from_wire,
              Fixture *f)
{
    settle(f, nmm_routing_claim(f->routing, mac, address, from_wire, now_ms()));
}

static void
asked_cb(NmmNeighbourMonitor *discovery, const NmmCidr *address, Fixture *f)
{
    f->n_asked++;
    nmm_routing_asked(f->routing, address, now_ms());
    settle(f, FALSE);
}

static void
set_host(Fixture *f)
{
    GError *error = NULL;
    NmmRoutingHost host = {
        .addresses = nmm_hostlink_list_addresses(f->hostlink, &error),
    };

    g_assert_no_error(error);
    settle(f, nmm_routing_set_host(f->routing, &host));
    g_array_unref(host.addresses);
}

static void
start_share(Fixture *f)
{
    const NmmHostlinkSpec spec = {"nmmveth0", "eth0", UUID};
    const NmmRoutingNic web = {"web", WEB_MAC, TRUE, TRUE};
    GError *error = NULL;

    f->routing = nmm_routing_new();
    f->hostlink = nmm_hostlink_netlink_new("/nonexistent", &error);
    g_assert_no_error(error);
    nmm_hostlink_create(f->hostlink, &spec, &error);
    g_assert_no_error(error);
    f->discovery = nmm_neighbour_monitor_new("nmmveth0", "eth0", &error);
    g_assert_no_error(error);
    g_signal_connect(f->discovery, "discovered", G_CALLBACK(discovered_cb), f);
    g_signal_connect(f->discovery, "asked", G_CALLBACK(asked_cb), f);
    set_host(f);
    nmm_routing_set_guests(f->routing, &web, 1);
    apply_routes(f);
}

/* The world */

static void
add_station(int ns, const char *name, const char *address4, const char *address6)
{
    int previous = netns_enter(ns);

    netns_add_address(name, address4);
    netns_add_address(name, address6);
    netns_leave(previous);
}

static int
open_witness(int ns)
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
    f->stranger = netns_new();
    f->host = netns_new();
    f->previous = netns_enter(f->host);
    netns_write_sysctl("net/ipv4/conf/all/rp_filter", "1"); /* strict */
    netns_add_veth("eth0", "lan0", f->lan);
    netns_add_macvtap("tap0", "eth0", "bridge", WEB_MAC, f->web);
    netns_add_macvtap("tap9", "eth0", "bridge", STRANGER_MAC, f->stranger);
    add_station(f->host, "eth0", "10.0.0.1/24", "fd00::1/64");
    add_station(f->lan, "lan0", "10.0.0.20/24", "fd00::20/64");
    add_station(f->web, "tap0", "10.0.0.5/24", "fd00::5/64");
    add_station(f->stranger, "tap9", "10.0.0.9/24", "fd00::9/64");
    f->refusals = g_string_new(NULL);
    f->witness = open_witness(f->lan);
    start_share(f);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    g_clear_handle_id(&f->timer, g_source_remove);
    g_object_unref(f->discovery);
    nmm_hostlink_remove(f->hostlink, NULL);
    g_object_unref(f->hostlink);
    nmm_routing_free(f->routing);
    g_string_free(f->refusals, TRUE);
    close(f->witness);
    netns_leave(f->previous);
    close(f->host);
    close(f->lan);
    close(f->web);
    close(f->stranger);
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
    guint timer = g_timeout_add_seconds(TRAFFIC_PATIENCE_S, set_true_cb, &over);
    g_autofree char *text = netns_describe_routes("nmmveth0");

    while (!over && strcmp(text, expected) != 0) {
        g_main_context_iteration(NULL, TRUE);
        g_free(text);
        text = netns_describe_routes("nmmveth0");
    }
    g_assert_cmpstr(text, ==, expected);
    g_source_remove(timer);
}

/* Runs for a moment and expects the routes to be these all the time. */
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

/* The LAN's witness: nobody but eth0 ever said that it has one of the host's addresses. Returns:
 * how often eth0 said so. */
static guint
count_host_claims(Fixture *f)
{
    g_autofree char *host_mac = netns_get_mac("eth0");
    guint claims = 0;
    guint8 data[2048];
    ssize_t n;

    while ((n = recv(f->witness, data, sizeof(data), 0)) > 0) {
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
test_guest_speaks(Fixture *f, gconstpointer data)
{
    assert_routes_stay("");
    traffic_poke(f->web, "10.0.0.99"); /* whoever it is that it asks for */
    wait_routes(f, ROUTE4);
    traffic_poke(f->web, "fd00::1"); /* in IPv6 only questions for the host are heard */
    wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpstr(f->refusals->str, ==, "");
}

static void
test_host_asks(Fixture *f, gconstpointer data)
{
    traffic_poke(f->host, "10.0.0.5");
    wait_routes(f, ROUTE4);
    traffic_poke(f->host, "fd00::5");
    wait_routes(f, ROUTE4 ROUTE6);
    g_assert_cmpuint(f->n_asked, >=, 2);
}

static void
test_nobody_there(Fixture *f, gconstpointer data)
{
    traffic_poke(f->host, "10.0.0.77");
    traffic_poke(f->host, "fd00::77");
    traffic_poke(f->host, "10.0.0.20"); /* the LAN answers */
    traffic_run_for(1500);
    assert_routes_stay("");
    g_assert_cmpuint(f->n_asked, >=, 3);
    g_assert_cmpint(nmm_routing_get_deadline(f->routing), ==, -1);
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
    /* what LAN and guest say to each other is none of ours */
    traffic_assert_tcp(f->lan, f->web, "10.0.0.5");
    traffic_assert_tcp(f->web, f->lan, "fd00::20");
    traffic_assert_tcp(f->host, f->lan, "10.0.0.20");
    count_host_claims(f);
}

static void
test_one_mac_on_lan(Fixture *f, gconstpointer data)
{
    static const char *const addresses[] = {"10.0.0.1", "fd00::1"};

    /* A strict rp_filter alone would keep the link from answering the LAN; hosts may have none. */
    netns_write_sysctl("net/ipv4/conf/all/rp_filter", "0");
    traffic_poke(f->web, "10.0.0.1");
    traffic_poke(f->web, "fd00::1");
    wait_routes(f, ROUTE4 ROUTE6);
    traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    traffic_assert_tcp(f->host, f->web, "fd00::5");
    count_host_claims(f);
    for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
        traffic_poke(f->lan, addresses[i]);
        traffic_run_for(1200); /* a delayed second answer would come within a second */
        g_assert_cmpuint(count_host_claims(f), >, 0);
        assert_lan_knows_eth0(f, addresses[i]);
    }
    /* the guest's entry runs out and is asked for again: still nothing on the LAN */
    netns_flush_neighbours("eth0");
    traffic_assert_tcp(f->host, f->web, "10.0.0.5");
    traffic_assert_tcp(f->web, f->host, "10.0.0.1");
    traffic_assert_tcp(f->web, f->host, "fd00::1");
    count_host_claims(f);
    assert_lan_knows_eth0(f, "10.0.0.1");
    assert_lan_knows_eth0(f, "fd00::1");
}

static void
test_stranger(Fixture *f, gconstpointer data)
{
    traffic_poke(f->stranger, "10.0.0.1");
    traffic_poke(f->stranger, "fd00::1");
    traffic_poke(f->host, "10.0.0.9");
    traffic_run_for(300);
    assert_routes_stay("");
    g_assert_cmpstr(f->refusals->str, ==, "");
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
    steal(f, "10.0.0.20/24"); /* the LAN host's */
    steal(f, "10.0.7.7/24");  /* off-link */
    traffic_poke_from(f->web, "10.0.0.20", "10.0.0.99");
    traffic_poke_from(f->web, "10.0.7.7", "10.0.7.1");
    traffic_run_for(300);
    traffic_poke_from(f->web, "10.0.0.20", "10.0.0.98");
    traffic_poke_from(f->web, "10.0.7.7", "10.0.7.2");
    traffic_run_for(300);
    assert_routes_stay("");
    g_assert_cmpstr(f->refusals->str, ==, "off-link 10.0.7.7\nlan-host 10.0.0.20\n");
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
    settle(f, nmm_routing_set_guests(f->routing, &web, 1));
    wait_routes(f, "");
}

static void
test_flood(Fixture *f, gconstpointer data)
{
    int fd = traffic_open_socket(f->stranger, "10.0.0.1", SOCK_DGRAM);
    gboolean answered = FALSE;

    /* questions for hundreds of addresses at once do not keep the main loop from its work */
    for (guint i = 1; i < 255; i++) {
        g_autofree char *address = g_strdup_printf("10.0.0.%u", i);
        struct sockaddr_storage to;

        traffic_make_address(&to, address);
        sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
    }
    g_idle_add(set_true_cb, &answered);
    for (guint i = 0; !answered && i < 20; i++)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(answered);
    close(fd);
    traffic_poke(f->web, "10.0.0.1");
    wait_routes(f, ROUTE4);
}

static void
test_no_such_interface(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_neighbour_monitor_new("nmmvnothing", "lo", &error));
    g_assert_nonnull(strstr(error->message, "'nmmvnothing'"));
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, setup, function, teardown)

int
main(int argc, char **argv)
{
    static const gboolean yes = TRUE;
    static const gboolean no = FALSE;

    g_test_init(&argc, &argv, NULL);
    ADD("/discovery/guest-speaks", test_guest_speaks);
    ADD("/discovery/host-asks", test_host_asks);
    ADD("/discovery/nobody-there", test_nobody_there);
    g_test_add("/discovery/tcp/guest-first", Fixture, &yes, setup, test_tcp, teardown);
    g_test_add("/discovery/tcp/host-first", Fixture, &no, setup, test_tcp, teardown);
    ADD("/discovery/one-mac-on-lan", test_one_mac_on_lan);
    ADD("/discovery/stranger", test_stranger);
    ADD("/discovery/hijack", test_hijack);
    ADD("/discovery/guest-changes-address", test_guest_changes_address);
    ADD("/discovery/guest-stops", test_guest_stops);
    ADD("/discovery/flood", test_flood);
    g_test_add_func("/discovery/no-such-interface", test_no_such_interface);
    return g_test_run();
}
