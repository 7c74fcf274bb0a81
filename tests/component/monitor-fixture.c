/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "monitor-fixture.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-neighbour-frame.h"
#include "traffic.h"

#define UUID "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"

/* What NmmShareRouter does, without logging. */

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
    monitor_carry_out(f, nmm_routing_tick(f->routing, now_ms()));
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

void
monitor_carry_out(Fixture *f, NmmRoutingWork *work)
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

    monitor_carry_out(f, nmm_routing_claim(f->routing, mac, address, from_wire, now_ms()));
}

static void
solicited_cb(const NmmCidr *address, gpointer user_data)
{
    Fixture *f = user_data;

    f->n_solicited++;
    monitor_carry_out(f, nmm_routing_solicited(f->routing, address, now_ms()));
}

static void
set_host(Fixture *f)
{
    GError *error = NULL;
    NmmRoutingHost host = {
        .addresses = nmm_hostlink_list_addresses(f->hostlink, &error),
    };

    g_assert_no_error(error);
    monitor_carry_out(f, nmm_routing_set_host(f->routing, &host));
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
    monitor_carry_out(f, nmm_routing_set_guests(f->routing, &web, 1));
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

int
monitor_open_tap(int ns)
{
    int previous = netns_enter(ns);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, g_htons(ETH_P_ALL));

    g_assert_cmpint(fd, >=, 0);
    netns_leave(previous);
    return fd;
}

void
monitor_setup(Fixture *f, gconstpointer data)
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
    f->tap = monitor_open_tap(f->lan);
    start_share(f);
}

void
monitor_teardown(Fixture *f, gconstpointer data)
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

void
monitor_wait_routes(Fixture *f, const char *expected)
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

void
monitor_assert_routes_stay(const char *expected)
{
    g_autofree char *text = NULL;

    traffic_run_for(200);
    text = netns_describe_routes("nmmveth0");
    g_assert_cmpstr(text, ==, expected);
}

guint
monitor_count_host_claims(Fixture *f)
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

void
monitor_assert_lan_knows_eth0(Fixture *f, const char *address)
{
    g_autofree char *host_mac = netns_get_mac("eth0");
    g_autofree char *mac = NULL;
    int previous = netns_enter(f->lan);

    mac = netns_get_neighbour("lan0", address);
    netns_leave(previous);
    g_assert_cmpstr(mac, ==, host_mac);
}
