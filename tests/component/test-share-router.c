/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The router on a real host link, including after the link was deleted. tests/sandbox/test_share.py
 * tests its routes with guests.
 */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
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

typedef struct {
    int previous;
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
    int ns = netns_new();

    fixture->previous = netns_enter(ns);
    close(ns);
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

static void
set_host_and_guest(Fixture *fixture)
{
    const NmmRoutingNic web = {"web", WEB, TRUE, TRUE};
    NmmRoutingHost host = {NULL};

    nmm_share_router_set_host(fixture->router, &host);
    nmm_routing_host_clear(&host);
    nmm_share_router_set_guests(fixture->router, &web, 1);
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

/* A guest without an address is rejected, which is a warning. */
static GLogWriterOutput
write_cb(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    return G_LOG_WRITER_HANDLED;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(write_cb, NULL, NULL);
    g_test_add("/share-router/reopened", Fixture, NULL, set_up, test_reopened, tear_down);
    g_test_add("/share-router/reopened-when-gone",
               Fixture,
               NULL,
               set_up,
               test_reopened_when_gone,
               tear_down);
    g_test_add(
        "/share-router/known-neighbour", Fixture, NULL, set_up, test_known_neighbour, tear_down);
    g_test_add(
        "/share-router/later-neighbour", Fixture, NULL, set_up, test_later_neighbour, tear_down);
    return g_test_run();
}
