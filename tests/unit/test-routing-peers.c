/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share's routing decision about macvlan peers: they are served like guests, but only in the
 * prefixes of the profile, and no address is trusted for them.
 */

#include "config.h"

#include "routing-fixture.h"

#define PEER  "52:54:00:00:00:0a"
#define OTHER "52:54:00:00:00:0b"

#define PEER_ROUTE "10.0.0.130/32 peer src 10.0.0.1/32"

static const NmmRoutingNic with_peer[] = {{"web", WEB, TRUE, TRUE}, {NULL, PEER, TRUE, TRUE}};
static const NmmRoutingNic two_peers[] = {{NULL, OTHER, TRUE, TRUE}, {NULL, PEER, TRUE, TRUE}};

static void
set_host(Fixture *f, const char *peers)
{
    NmmRoutingHost host = {
        .addresses = routing_addresses("10.0.0.1/24 fd00::1/64"),
        .gateways = routing_cidrs("10.0.0.254/32"),
        .servers = routing_cidrs("10.0.0.153/32"),
        .trusted = routing_cidrs("10.0.0.254/32 10.0.0.153/32 198.51.100.0/24"),
        .peers = routing_cidrs(peers),
    };

    routing_set_host_config(f, &host);
    nmm_routing_host_clear(&host);
}

static void
setup(Fixture *f, gconstpointer data)
{
    routing_setup(f, data);
    set_host(f, "10.0.0.128/25 198.51.100.0/24 fd00::/64");
    routing_set_guests(f, with_peer, G_N_ELEMENTS(with_peer));
    routing_pass(f, GRACE + RELAY);
    g_array_unref(routing_take_probes(f));
}

static void
test_claim(Fixture *f, gconstpointer data)
{
    g_assert_false(routing_claim(f, PEER, "10.0.0.130"));
    routing_assert_probes(f, "lan 10.0.0.130");
    g_assert_true(routing_pass(f, GRACE));
    routing_assert_routes(f, PEER_ROUTE);
    routing_claim(f, PEER, "fd00::130");
    routing_pass(f, GRACE);
    routing_assert_routes(f, PEER_ROUTE ", fd00::130/128 peer src fd00::1/128");
    routing_assert_rejections(f, "");
}

static void
test_solicited(Fixture *f, gconstpointer data)
{
    routing_solicited(f, "10.0.0.130");
    routing_pass(f, RELAY);
    routing_assert_probes(f, WEB " 10.0.0.130, " PEER " 10.0.0.130");
    /* outside the prefixes only guests are asked */
    routing_solicited(f, "10.0.0.30");
    routing_pass(f, RELAY);
    routing_assert_probes(f, WEB " 10.0.0.30");
}

/* As a LAN host's claim that was heard on the link alone: neither a route nor a refusal. */
static void
test_outside(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.30");
    routing_claim(f, PEER, "203.0.113.7");
    g_assert_false(routing_pass(f, CONTEST));
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "");
}

/* trusted-addresses is for guests. */
static void
test_never_trusted(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.254");
    routing_claim(f, PEER, "10.0.0.153");
    routing_claim(f, PEER, "198.51.100.7");
    routing_claim(f, WEB, "10.0.0.254");
    routing_pass(f, GRACE);
    routing_assert_routes(f, "10.0.0.254/32 web src 10.0.0.1/32");
    routing_assert_refusals(f,
                            "dns-server peer 10.0.0.153, gateway peer 10.0.0.254, "
                            "off-link peer 198.51.100.7");
}

/* It had the address before. */
static void
test_becomes_gateway(Fixture *f, gconstpointer data)
{
    NmmRoutingHost host = {
        .addresses = routing_addresses("10.0.0.1/24"),
        .gateways = routing_cidrs("10.0.0.130/32"),
        .trusted = routing_cidrs("10.0.0.130/32"),
        .peers = routing_cidrs("10.0.0.128/25"),
    };

    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, GRACE);
    routing_set_host_config(f, &host);
    nmm_routing_host_clear(&host);
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "gateway peer 10.0.0.130");
}

static void
test_lan_objects(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.130");
    routing_claim_from(f, LAN, "10.0.0.130", TRUE);
    g_assert_false(routing_pass(f, CONTEST));
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "lan-host peer 10.0.0.130 " LAN);
}

/* The parent hears the same MAC: it is a LAN host now, whatever the kernel's list had. */
static void
test_moves_to_lan(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, GRACE);
    g_assert_true(routing_claim_from(f, PEER, "10.0.0.130", TRUE));
    routing_assert_routes(f, "");
}

static void
test_gone(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.130");
    routing_claim(f, PEER, "10.0.0.254");
    routing_pass(f, GRACE);
    routing_assert_refusals(f, "gateway peer 10.0.0.254");
    g_assert_true(routing_set_guests(f, with_peer, 1));
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "");
    /* a frame of it that was under way */
    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, CONTEST);
    routing_assert_routes(f, "");
}

/* A container that was started again has another MAC and the same address. */
static void
test_new_mac(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, GRACE);
    routing_set_guests(f, two_peers, 1);
    routing_claim(f, OTHER, "10.0.0.130");
    routing_pass(f, GRACE);
    routing_assert_routes(f, PEER_ROUTE);
}

static void
test_new_address(Fixture *f, gconstpointer data)
{
    routing_claim(f, PEER, "10.0.0.131");
    routing_pass(f, GRACE);
    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, 3 * CONTEST);
    routing_assert_routes(f, PEER_ROUTE);
}

/* A guest and a peer, or two peers, with the same address: who replies keeps it. */
static void
test_contest(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.130");
    routing_pass(f, GRACE);
    routing_claim(f, PEER, "10.0.0.130");
    routing_claim(f, WEB, "10.0.0.130");
    routing_pass(f, CONTEST);
    routing_assert_routes(f, "10.0.0.130/32 web src 10.0.0.1/32");
    routing_assert_refusals(f, "other-guest peer 10.0.0.130 web");
    routing_set_guests(f, two_peers, G_N_ELEMENTS(two_peers));
    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, GRACE);
    routing_claim(f, OTHER, "10.0.0.130");
    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, CONTEST);
    routing_assert_refusals(f, "other-guest peer 10.0.0.130 " PEER);
}

/* libvirt reports the guest after its first frame. */
static void
test_becomes_guest(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic guest = {"late", PEER, TRUE, TRUE};
    const NmmRoutingNic excluded = {"late", PEER, FALSE, TRUE};

    routing_claim(f, PEER, "10.0.0.130");
    routing_pass(f, GRACE);
    routing_set_guests(f, &guest, 1);
    routing_claim(f, PEER, "10.0.0.30");
    routing_pass(f, GRACE);
    routing_assert_routes(f,
                          "10.0.0.30/32 late src 10.0.0.1/32, 10.0.0.130/32 late src 10.0.0.1/32");
    g_assert_true(routing_set_guests(f, &excluded, 1));
    routing_assert_routes(f, "");
}

static void
test_sentence(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) rejections = NULL;
    g_autofree char *text = NULL;

    routing_claim(f, PEER, "10.0.0.254");
    rejections = routing_take_rejections(f);
    g_assert_cmpuint(rejections->len, ==, 1);
    text = nmm_rejection_to_string(rejections->pdata[0]);
    g_assert_cmpstr(
        text, ==, "macvlan peer '" PEER "' claims '10.0.0.254', which is a gateway in use");
}

#define ADD(name, function)                                                                        \
    g_test_add("/routing/peers/" name, Fixture, NULL, setup, function, routing_teardown)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("claim", test_claim);
    ADD("solicited", test_solicited);
    ADD("outside", test_outside);
    ADD("never-trusted", test_never_trusted);
    ADD("becomes-gateway", test_becomes_gateway);
    ADD("lan-objects", test_lan_objects);
    ADD("moves-to-lan", test_moves_to_lan);
    ADD("gone", test_gone);
    ADD("new-mac", test_new_mac);
    ADD("new-address", test_new_address);
    ADD("contest", test_contest);
    ADD("becomes-guest", test_becomes_guest);
    ADD("sentence", test_sentence);
    return g_test_run();
}
