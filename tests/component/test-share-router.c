/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The router on a real host link, including after the link was deleted. tests/sandbox/test_share.py
 * tests its routes with guests.
 */

#include "config.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-neighbour-frame.h"
#include "nmm-share-router.h"
#include "traffic.h"

#define UUID "11111111-0000-4000-8000-000000000000"

#define WEB "52:54:00:00:00:01"
#define LAN "00:11:22:33:44:55"

static const NmmHostlinkSpec spec = {
    .name = "nmmveth0",
    .parent = "eth0",
    .profile_uuid = UUID,
};

static guint n_warnings;

/* A guest without an address is rejected, which is a warning. */
static GLogWriterOutput
write_cb(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    if (level & G_LOG_LEVEL_WARNING)
        n_warnings++;
    return G_LOG_WRITER_HANDLED;
}

typedef struct {
    int previous;
    int host;
    int web; /* the namespace of a guest */
    NmmShareRouter *router;
    GError *gone; /* (nullable) */
} Fixture;

static void
gone_cb(const GError *error, gpointer user_data)
{
    Fixture *fixture = user_data;

    g_assert_null(fixture->gone);
    fixture->gone = g_error_copy(error);
}

static void
host_changed_cb(gpointer user_data)
{
}

static void
refused_cb(const GPtrArray *refusals, gpointer user_data)
{
}

static void
routed_cb(const GArray *routes, gpointer user_data)
{
}

static const NmmShareRouterCallbacks callbacks = {
    .host_changed = host_changed_cb,
    .refused = refused_cb,
    .routed = routed_cb,
    .gone = gone_cb,
};

static void
set_up(Fixture *fixture, gconstpointer data)
{
    NmmHostlink *hostlink;
    g_autoptr(GError) error = NULL;

    n_warnings = 0;
    fixture->host = netns_new();
    fixture->previous = netns_enter(fixture->host);
    netns_add_veth("eth0", "lan0", -1);
    netns_add_address("eth0", "10.0.0.2/24");
    netns_add_neighbour("eth0", "10.0.0.5", LAN);
    fixture->web = netns_new();
    netns_add_macvtap("tap0", "eth0", "bridge", WEB, fixture->web);
    hostlink = nmm_hostlink_netlink_new("/sys", &error);
    g_assert_no_error(error);
    fixture->router = nmm_share_router_new(hostlink, &callbacks, fixture);
    nmm_share_router_start(fixture->router, &spec, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->router, nmm_share_router_free);
    g_clear_error(&fixture->gone);
    netns_leave(fixture->previous);
    close(fixture->host);
    close(fixture->web);
}

/* NetworkManager reports the parent after the kernel reports the link. */
static void
test_reopened_when_gone(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    netns_delete("eth0");
    while (!fixture->gone)
        g_main_context_iteration(NULL, TRUE);
    g_assert_error(fixture->gone, NMM_ERROR, NMM_ERROR_NOT_FOUND);

    g_assert_true(nmm_share_router_reopen(fixture->router, &error));
    g_assert_no_error(error);
    nmm_share_router_set_guests(fixture->router, NULL, 0);
    nmm_share_router_stop(fixture->router);
}

static void
test_reopened(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = netns_describe_link("nmmveth0");
    g_autofree char *after = NULL;

    g_assert_nonnull(before);
    g_assert_true(nmm_share_router_reopen(fixture->router, &error));
    g_assert_no_error(error);
    after = netns_describe_link("nmmveth0");
    g_assert_cmpstr(after, ==, before);
    nmm_share_router_stop(fixture->router);
    g_clear_pointer(&after, g_free);
    after = netns_describe_link("nmmveth0");
    g_assert_cmpstr(after, !=, before);
}

/* @peers: (nullable): a prefix. @selected: whether the profile selects the guest. */
static void
set_host_and_peers(Fixture *fixture, const char *peers, gboolean selected)
{
    const NmmRoutingNic web = {"web", WEB, selected, TRUE};
    NmmRoutingHost host = {NULL};
    NmmCidr prefix;

    if (peers) {
        g_assert_true(nmm_cidr_parse(peers, &prefix, NULL));
        host.peers = g_array_append_vals(g_array_new(FALSE, FALSE, sizeof(prefix)), &prefix, 1);
    }
    nmm_share_router_set_host(fixture->router, &host);
    nmm_routing_host_clear(&host);
    nmm_share_router_set_guests(fixture->router, &web, 1);
}

static void
set_host_and_guest(Fixture *fixture)
{
    set_host_and_peers(fixture, NULL, TRUE);
}

/* The guest has @address now, and sends a request from it for @target. */
static void
speak(Fixture *fixture, const char *address, const char *target)
{
    int previous = netns_enter(fixture->web);
    g_autofree char *with_prefix = g_strconcat(address, "/24", NULL);

    netns_add_address("tap0", with_prefix);
    netns_leave(previous);
    traffic_poke_from(fixture->web, address, target);
}

static void
assert_routes(const char *expected)
{
    g_autofree char *text = NULL;

    traffic_run_for(300);
    text = netns_describe_routes("nmmveth0");
    g_assert_cmpstr(text, ==, expected);
}

#define ROUTE "10.0.0.6/32 src 10.0.0.2 at " WEB "\n"

/* Those in the kernel's table when the profile comes up count as heard on the LAN. */
static void
test_known_neighbour(Fixture *fixture, gconstpointer data)
{
    set_host_and_guest(fixture);
    speak(fixture, "10.0.0.5", "10.0.0.98");
    assert_routes("");
    speak(fixture, "10.0.0.6", "10.0.0.99");
    assert_routes(ROUTE);
}

/* Those that the kernel knows later do not count: a guest that has arrived from another host has
 * such an entry. */
static void
test_later_neighbour(Fixture *fixture, gconstpointer data)
{
    set_host_and_guest(fixture);
    netns_add_neighbour("eth0", "10.0.0.6", LAN);
    set_host_and_guest(fixture);
    speak(fixture, "10.0.0.6", "10.0.0.99");
    assert_routes(ROUTE);
    set_host_and_guest(fixture);
    assert_routes(ROUTE);
}

/* Silent guests */

static void
give_address(Fixture *fixture, const char *address)
{
    int previous = netns_enter(fixture->web);

    netns_add_address("tap0", address);
    netns_leave(previous);
}

static int
open_packet_socket(const char *device)
{
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = g_htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(device),
    };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(bind(fd, (const struct sockaddr *)&address, sizeof(address)), ==, 0);
    return fd;
}

/* From the host link, or to the guest. *@out_all: all frames. */
static guint
count_sweep_frames(int lan, guint *out_all)
{
    g_autofree char *link = netns_get_mac("nmmveth0");
    guint8 macs[2][NMM_MAC_BYTES];
    guint8 frame[2048];
    guint n = 0;

    g_assert_true(nmm_mac_parse(link, macs[0]) && nmm_mac_parse(WEB, macs[1]));
    for (*out_all = 0; recv(lan, frame, sizeof(frame), 0) > 0; (*out_all)++)
        n += memcmp(frame, macs[1], NMM_MAC_BYTES) == 0 ||
             memcmp(frame + NMM_MAC_BYTES, macs[0], NMM_MAC_BYTES) == 0;
    return n;
}

static void
wait_routes(const char *expected)
{
    g_autofree char *text = netns_describe_routes("nmmveth0");
    gint64 end = g_get_monotonic_time() + TRAFFIC_TIMEOUT_S * G_USEC_PER_SEC;

    while (strcmp(text, expected) != 0 && g_get_monotonic_time() < end) {
        traffic_run_for(10);
        g_free(text);
        text = netns_describe_routes("nmmveth0");
    }
    g_assert_cmpstr(text, ==, expected);
}

#define SILENT_ROUTE  "10.0.0.200/32 src 10.0.0.2 at " WEB "\n"
#define SILENT_ROUTE6 "fd00::200/128 src fd00::2 at " WEB "\n"

/* The LAN hears the guest alone, and is asked by the host for objections. */
static void
test_silent(Fixture *fixture, gconstpointer data)
{
    int lan;
    guint n_all;

    netns_add_address("eth0", "fd00::2/64");
    give_address(fixture, "10.0.0.200/24");
    give_address(fixture, "fd00::200/64");
    lan = open_packet_socket("lan0");
    set_host_and_guest(fixture);
    wait_routes(SILENT_ROUTE SILENT_ROUTE6);
    traffic_run_for(200);
    g_assert_cmpuint(count_sweep_frames(lan, &n_all), ==, 0);
    g_assert_cmpuint(n_all, >, 0);
    close(lan);
}

/* It knows the host from an earlier activation, and replies without a solicitation. */
static void
test_silent_knows_host(Fixture *fixture, gconstpointer data)
{
    g_autofree char *link = netns_get_mac("nmmveth0");
    int previous;

    netns_add_address("eth0", "fd00::2/64");
    give_address(fixture, "fd00::200/64");
    previous = netns_enter(fixture->web);
    netns_add_neighbour("tap0", "fd00::2", link);
    netns_leave(previous);
    set_host_and_guest(fixture);
    wait_routes(SILENT_ROUTE6);
}

/* It boots: it has no address yet when libvirt reports its start. */
static void
test_silent_later(Fixture *fixture, gconstpointer data)
{
    set_host_and_guest(fixture);
    assert_routes("");
    give_address(fixture, "10.0.0.200/24");
    wait_routes(SILENT_ROUTE);
}

/* The guests are served when the parent is up again, and the log does not fill with errors. */
static void
test_silent_parent_down(Fixture *fixture, gconstpointer data)
{
    give_address(fixture, "10.0.0.200/24");
    netns_set_up("eth0", FALSE);
    set_host_and_guest(fixture);
    assert_routes("");
    g_assert_cmpuint(n_warnings, <=, 1);
    netns_set_up("eth0", TRUE);
    wait_routes(SILENT_ROUTE);
}

static void
test_silent_stopped(Fixture *fixture, gconstpointer data)
{
    give_address(fixture, "10.0.0.200/24");
    set_host_and_guest(fixture);
    traffic_run_for(20);
    nmm_share_router_stop(fixture->router);
    traffic_run_for(200);
}

/* A silent guest has replied with its address, so it is asked for no more, and takes another one,
 * which the pass has left behind. The frame that it sends when it does so shows no address. */

#define OTHER_ROUTE  "10.0.0.100/32 src 10.0.0.2 at " WEB "\n"
#define OTHER_ROUTE6 "fd00::201/128 src fd00::2 at " WEB "\n"

static void
take_other_address(Fixture *fixture)
{
    int previous = netns_enter(fixture->web);

    netns_write_sysctl("net/ipv6/conf/tap0/disable_ipv6", "1"); /* its kernel sends nothing */
    netns_leave(previous);
    give_address(fixture, "10.0.0.200/24");
    set_host_and_guest(fixture);
    wait_routes(SILENT_ROUTE);
    previous = netns_enter(fixture->web);
    netns_remove_address("tap0", "10.0.0.200/24");
    netns_add_address("tap0", "10.0.0.100/24");
    netns_leave(previous);
    traffic_run_for(1500); /* another pass would begin in this time */
    assert_routes(SILENT_ROUTE);
}

static void
send_from_guest(Fixture *fixture, const guint8 *frame, gsize length)
{
    int previous = netns_enter(fixture->web);
    int fd = open_packet_socket("tap0");

    g_assert_cmpint(send(fd, frame, length, 0), ==, length);
    close(fd);
    netns_leave(previous);
}

static void
test_set_up_by_dhcp(Fixture *fixture, gconstpointer data)
{
    /* from UDP port 68 to 67 */
    guint8 frame[14 + 20 + 8 + 300] = {[12] = 0x08,
                                       [14] = 0x45,
                                       [16] = 1,
                                       0x48,
                                       [23] = 17,
                                       [30] = 0xff,
                                       0xff,
                                       0xff,
                                       0xff,
                                       0,
                                       68,
                                       0,
                                       67};

    memset(frame, 0xff, NMM_MAC_BYTES);
    g_assert_true(nmm_mac_parse(WEB, frame + NMM_MAC_BYTES));
    take_other_address(fixture);
    send_from_guest(fixture, frame, sizeof(frame));
    wait_routes(OTHER_ROUTE);
}

/* It asks whether the address is free, but does not announce it. */
static void
test_set_up_with_probe(Fixture *fixture, gconstpointer data)
{
    const NmmCidr nobody = {.family = G_SOCKET_FAMILY_IPV4};
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    guint8 mac[NMM_MAC_BYTES];
    NmmCidr target;

    g_assert_true(nmm_mac_parse(WEB, mac));
    g_assert_true(nmm_cidr_init_host(&target, "10.0.0.100", NULL));
    take_other_address(fixture);
    send_from_guest(
        fixture, frame, nmm_neighbour_frame_build_probe(frame, mac, NULL, &nobody, &target));
    wait_routes(OTHER_ROUTE);
}

/* The guest's kernel reports that it joins the groups of its IPv6 addresses. */
static void
test_set_up_ipv6(Fixture *fixture, gconstpointer data)
{
    int previous;

    netns_add_address("eth0", "fd00::2/64");
    give_address(fixture, "10.0.0.200/24");
    give_address(fixture, "fd00::200/64");
    set_host_and_guest(fixture);
    wait_routes(SILENT_ROUTE SILENT_ROUTE6);
    previous = netns_enter(fixture->web);
    netns_remove_address("tap0", "fd00::200/64");
    netns_add_checked_address("tap0", "fd00::201/64");
    netns_leave(previous);
    wait_routes(SILENT_ROUTE OTHER_ROUTE6);
}

/* Macvlan peers */

#define PEERS      "10.0.0.128/25"
#define PEER_MAC   "52:54:00:00:00:0a"
#define PEER_ROUTE "10.0.0.130/32 src 10.0.0.2 at " PEER_MAC "\n"

/* In its own network namespace. Returns: an fd to close(). */
static int
add_peer(const char *address)
{
    int ns = netns_new();
    int previous;

    netns_add_macvtap("peer0", "eth0", "bridge", PEER_MAC, ns);
    previous = netns_enter(ns);
    netns_add_address("peer0", address);
    netns_leave(previous);
    return ns;
}

static void
remove_peer(int ns)
{
    int previous = netns_enter(ns);

    netns_delete("peer0");
    netns_leave(previous);
    close(ns);
}

/* It sends nothing by itself. */
static void
test_peer(Fixture *fixture, gconstpointer data)
{
    int peer = add_peer("10.0.0.130/24");

    set_host_and_peers(fixture, PEERS, TRUE);
    wait_routes(PEER_ROUTE);
    remove_peer(peer);
    /* without a frame of any host */
    traffic_run_for(10500);
    wait_routes("");
}

/* It comes while the profile is up. */
static void
test_peer_later(Fixture *fixture, gconstpointer data)
{
    int peer;

    set_host_and_peers(fixture, PEERS, TRUE);
    assert_routes("");
    peer = add_peer("10.0.0.130/24");
    traffic_poke(peer, "10.0.0.99");
    wait_routes(PEER_ROUTE);
    traffic_run_for(1000);
    remove_peer(peer);
    /* a request of the host is a reason to look */
    traffic_poke(fixture->host, "10.0.0.131");
    assert_routes("");
}

/* Only its kernel sends something, without its address, and the host solicits no address. */
static void
test_peer_set_up(Fixture *fixture, gconstpointer data)
{
    int peer;

    set_host_and_peers(fixture, PEERS, TRUE);
    assert_routes("");
    peer = add_peer("10.0.0.130/24");
    wait_routes(PEER_ROUTE);
    remove_peer(peer);
}

static void
test_peer_outside(Fixture *fixture, gconstpointer data)
{
    int peer = add_peer("10.0.0.30/24");

    set_host_and_peers(fixture, PEERS, TRUE);
    traffic_poke(peer, "10.0.0.99");
    assert_routes("");
    remove_peer(peer);
}

/* Its claim arrives on the link like a peer's, but the kernel has no interface with its MAC. */
static void
test_peer_on_lan(Fixture *fixture, gconstpointer data)
{
    int lan = open_packet_socket("lan0");
    guint8 mac[NMM_MAC_BYTES];
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmCidr source, target;
    gsize length;

    g_assert_true(nmm_mac_parse(LAN, mac));
    g_assert_true(nmm_cidr_init_host(&source, "10.0.0.140", NULL));
    g_assert_true(nmm_cidr_init_host(&target, "10.0.0.2", NULL));
    length = nmm_neighbour_frame_build_probe(frame, mac, NULL, &source, &target);
    set_host_and_peers(fixture, PEERS, TRUE);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpint(send(lan, frame, length, 0), ==, length);
        assert_routes("");
    }
    close(lan);
}

/* The profile excludes it. */
static void
test_peer_is_guest(Fixture *fixture, gconstpointer data)
{
    give_address(fixture, "10.0.0.200/24");
    set_host_and_peers(fixture, PEERS, FALSE);
    traffic_poke(fixture->web, "10.0.0.99");
    assert_routes("");
    set_host_and_peers(fixture, PEERS, TRUE);
    wait_routes(SILENT_ROUTE);
}

#define ADD(name, function)                                                                        \
    g_test_add("/share-router/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(write_cb, NULL, NULL);
    ADD("reopened", test_reopened);
    ADD("reopened-when-gone", test_reopened_when_gone);
    ADD("known-neighbour", test_known_neighbour);
    ADD("later-neighbour", test_later_neighbour);
    ADD("silent", test_silent);
    ADD("silent-knows-host", test_silent_knows_host);
    ADD("silent-later", test_silent_later);
    ADD("silent-parent-down", test_silent_parent_down);
    ADD("silent-stopped", test_silent_stopped);
    ADD("set-up/dhcp", test_set_up_by_dhcp);
    ADD("set-up/probe", test_set_up_with_probe);
    ADD("set-up/ipv6", test_set_up_ipv6);
    ADD("peer", test_peer);
    ADD("peer-later", test_peer_later);
    ADD("peer-set-up", test_peer_set_up);
    ADD("peer-outside", test_peer_outside);
    ADD("peer-on-lan", test_peer_on_lan);
    ADD("peer-is-guest", test_peer_is_guest);
    return g_test_run();
}
