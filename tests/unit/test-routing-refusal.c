/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share's routing decision: which claims are refused now, and which addresses are trusted.
 */

#include "config.h"

#include "routing-fixture.h"

#define GATEWAY "10.0.0.254"
#define SERVER  "10.0.0.53"

static void
accept(Fixture *f, const char *mac, const char *address)
{
    g_assert_false(routing_claim(f, mac, address));
    g_assert_true(routing_pass(f, CONTEST));
}

static void
test_refused(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, GATEWAY);
    g_assert_true(f->refused);
    routing_claim(f, DB, SERVER);
    routing_claim(f, DB, "198.51.100.7");
    routing_claim(f, WEB, "fd00::53");
    routing_assert_refusals(f,
                            "dns-server db 10.0.0.53, gateway web 10.0.0.254, "
                            "off-link db 198.51.100.7, dns-server web fd00::53");
    f->refused = FALSE;
    routing_claim(f, WEB, GATEWAY);
    g_assert_false(f->refused);
}

static void
test_two_guests(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, GATEWAY);
    routing_claim(f, DB, GATEWAY);
    routing_assert_refusals(f, "gateway web 10.0.0.254, gateway db 10.0.0.254");
}

/* The guest is asked, and does not answer. */
static void
test_withdrawn(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, GATEWAY);
    routing_pass(f, KEEP - 1);
    routing_assert_probes(f, "");
    routing_pass(f, 1);
    routing_assert_probes(f, WEB " " GATEWAY);
    routing_assert_refusals(f, "gateway web 10.0.0.254");
    f->refused = FALSE;
    routing_pass(f, CONTEST);
    routing_assert_refusals(f, "");
    g_assert_true(f->refused);
    g_assert_cmpint(f->deadline, ==, -1);
    /* once more: a new refusal, which is logged */
    routing_assert_rejections(f, "gateway web 10.0.0.254");
    routing_claim(f, WEB, GATEWAY);
    routing_assert_rejections(f, "gateway web 10.0.0.254");
}

static void
test_kept(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, GATEWAY);
    f->refused = FALSE;
    for (guint i = 0; i < 5; i++) {
        routing_pass(f, KEEP);
        routing_assert_probes(f, WEB " " GATEWAY);
        routing_claim(f, WEB, GATEWAY);
    }
    routing_assert_refusals(f, "gateway web 10.0.0.254");
    g_assert_false(f->refused);
    routing_assert_rejections(f, "gateway web 10.0.0.254");
}

static void
test_other_address(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, GATEWAY);
    routing_claim(f, WEB, "10.0.0.1");
    routing_claim(f, WEB, "fd00::254");
    accept(f, WEB, "10.0.0.5");
    routing_assert_refusals(f, "gateway web 10.0.0.254, gateway web fd00::254");
    routing_pass(f, 2 * CONTEST);
    routing_assert_refusals(f, "gateway web fd00::254");
}

static void
test_guest_stops(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic stopped[] = {{"web", WEB, FALSE, TRUE}, {"db", DB, TRUE, TRUE}};

    routing_claim(f, WEB, GATEWAY);
    routing_claim(f, DB, GATEWAY);
    routing_set_guests(f, stopped, G_N_ELEMENTS(stopped));
    routing_assert_refusals(f, "gateway db 10.0.0.254");
    routing_set_guests(f, NULL, 0);
    routing_assert_refusals(f, "");
}

static void
test_mode_becomes_bridge(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic vepa[] = {{"web", WEB, TRUE, FALSE}};

    routing_set_guests(f, vepa, G_N_ELEMENTS(vepa));
    routing_claim(f, WEB, "10.0.0.5");
    routing_assert_refusals(f, "not-bridge web 10.0.0.5");
    /* it cannot be probed, so no timer runs */
    routing_pass(f, 2 * KEEP);
    g_assert_cmpint(f->deadline, ==, -1);
    routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both));
    routing_assert_refusals(f, "");
}

static void
test_lan_host(Fixture *f, gconstpointer data)
{
    routing_claim_from(f, LAN, "10.0.0.5", TRUE);
    routing_claim(f, WEB, "10.0.0.5");
    routing_assert_refusals(f, "lan-host web 10.0.0.5 " LAN);
    f->now += FRESH;
    accept(f, WEB, "10.0.0.5");
    routing_assert_refusals(f, "");
}

/* Each guest has its own limit, even after the guests were read again. */
static void
test_limit(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) refusals = NULL;

    for (guint i = 0; i < 2 * NMM_REJECTION_MAX_REPORTED; i++) {
        g_autofree char *address = g_strdup_printf("198.51.100.%u", i);

        routing_claim(f, WEB, address);
        routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both));
    }
    routing_claim(f, DB, GATEWAY);
    refusals = nmm_routing_list_refusals(f->routing);
    g_assert_cmpuint(refusals->len, ==, NMM_REJECTION_MAX_REPORTED + 1);
}

/* Trusted addresses */

static void
test_trusted(Fixture *f, gconstpointer data)
{
    routing_trust(f, "10.0.0.254/32 10.0.0.53/32 198.51.100.0/24 fd00::53/128 2001:db8:1::/48");
    accept(f, WEB, GATEWAY);
    accept(f, DB, SERVER);
    accept(f, DB, "198.51.100.7");
    routing_claim(f, DB, SERVER);
    accept(f, DB, "fd00::53");
    accept(f, WEB, "2001:db8:1::5");
    routing_assert_routes(f,
                          "10.0.0.53/32 db src 10.0.0.1/32, 10.0.0.254/32 web src 10.0.0.1/32, "
                          "198.51.100.7/32 db src 10.0.0.1/32, "
                          "2001:db8:1::5/128 web src 2001:db8::1/128, "
                          "fd00::53/128 db src fd00::1/128");
    routing_assert_refusals(f, "");
    routing_claim(f, WEB, "fd00::254");
    routing_claim(f, WEB, "203.0.113.1");
    routing_assert_refusals(f, "off-link web 203.0.113.1, gateway web fd00::254");
}

/* Outside the host's subnets, if they are few; on-link, the host asks. */
static void
test_trusted_asked(Fixture *f, gconstpointer data)
{
    static const NmmRoutingNic web[] = {{"web", WEB, TRUE, TRUE}};

    routing_set_guests(f, web, G_N_ELEMENTS(web));
    routing_trust(f, "198.51.100.6/31 203.0.113.0/25 10.0.0.53/32 fd99::7/128");
    routing_pass(f, 0);
    routing_assert_probes(f, WEB " 198.51.100.6, " WEB " 198.51.100.7, " WEB " fd99::7");
    accept(f, WEB, "198.51.100.7");
    g_array_unref(routing_take_probes(f));
    routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both));
    routing_pass(f, 0);
    routing_assert_probes(
        f, WEB " 198.51.100.6, " WEB " fd99::7, " DB " 198.51.100.6, " DB " fd99::7");
    routing_pass(f, KEEP);
    routing_assert_probes(f, "");
    g_assert_cmpint(f->deadline, ==, -1);
}

/* A trusted prefix never lifts the host's own addresses, and what no host can have. */
static void
test_trusted_host(Fixture *f, gconstpointer data)
{
    routing_trust(f, "10.0.0.0/8 10.0.0.0/24 10.0.0.1/32 192.168.254.0/24 fd00::/16");
    routing_claim(f, WEB, "10.0.0.1");
    routing_claim(f, WEB, "192.168.254.1");
    routing_claim(f, WEB, "10.0.0.250");
    routing_claim(f, WEB, "10.0.0.255");
    routing_claim(f, WEB, "fd00::1");
    routing_pass(f, CONTEST);
    routing_assert_routes(f, "");
    routing_assert_refusals(f,
                            "host web 10.0.0.1, host web 10.0.0.250, not-a-host web 10.0.0.255, "
                            "host web 192.168.254.1, host web fd00::1");
}

/* The real router answers. */
static void
test_trusted_lan_objects(Fixture *f, gconstpointer data)
{
    routing_trust(f, GATEWAY "/32");
    routing_claim(f, WEB, GATEWAY);
    routing_claim_from(f, LAN, GATEWAY, TRUE);
    routing_pass(f, CONTEST);
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "lan-host web 10.0.0.254 " LAN);
}

/* A guest of another profile. */
static void
test_trusted_not_selected(Fixture *f, gconstpointer data)
{
    routing_trust(f, GATEWAY "/32");
    routing_claim(f, "52:54:00:00:00:09", GATEWAY);
    routing_pass(f, CONTEST);
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "");
}

static void
test_trusted_two_guests(Fixture *f, gconstpointer data)
{
    routing_trust(f, GATEWAY "/32");
    accept(f, WEB, GATEWAY);
    routing_claim(f, DB, GATEWAY);
    routing_pass(f, RETRY);
    routing_claim(f, WEB, GATEWAY);
    routing_pass(f, 2 * CONTEST);
    routing_assert_routes(f, "10.0.0.254/32 web src 10.0.0.1/32");
    routing_assert_refusals(f, "other-guest db 10.0.0.254 web");
}

/* The guest is asked at once, so it need not send a frame first. */
static void
test_trusted_later(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, GATEWAY);
    routing_trust(f, GATEWAY "/32");
    routing_assert_probes(f, WEB " " GATEWAY);
    routing_assert_refusals(f, "");
    accept(f, WEB, GATEWAY);
}

/* NetworkManager gets a DNS server by DHCP that is a guest. */
static void
set_server(Fixture *f, const char *trusted)
{
    NmmRoutingHost host = {
        .addresses = routing_addresses("10.0.0.1/24"),
        .servers = routing_cidrs("10.0.0.5/32"),
        .trusted = trusted ? routing_cidrs(trusted) : NULL,
    };

    routing_set_host_config(f, &host);
    nmm_routing_host_clear(&host);
}

static void
test_server_later(Fixture *f, gconstpointer data)
{
    accept(f, WEB, "10.0.0.5");
    set_server(f, "10.0.0.5/32");
    routing_assert_routes(f, WEB_ROUTE);
    set_server(f, NULL);
    routing_assert_routes(f, "");
    routing_assert_refusals(f, "dns-server web 10.0.0.5");
}

/* A rented server: nothing is on-link but by a route to the gateway. */
static void
test_single_host(Fixture *f, gconstpointer data)
{
    NmmRoutingHost host = {
        .addresses = routing_addresses("192.0.2.10/32"),
        .gateways = routing_cidrs("192.0.2.1/32"),
        .trusted = routing_cidrs("198.51.100.16/28"),
    };

    routing_set_host_config(f, &host);
    nmm_routing_host_clear(&host);
    accept(f, WEB, "198.51.100.17");
    routing_assert_routes(f, "198.51.100.17/32 web src 192.0.2.10/32");
    routing_claim(f, DB, "198.51.100.33");
    routing_assert_refusals(f, "off-link db 198.51.100.33");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROUTING_ADD("/routing/refusal/refused", test_refused);
    ROUTING_ADD("/routing/refusal/two-guests", test_two_guests);
    ROUTING_ADD("/routing/refusal/withdrawn", test_withdrawn);
    ROUTING_ADD("/routing/refusal/kept", test_kept);
    ROUTING_ADD("/routing/refusal/other-address", test_other_address);
    ROUTING_ADD("/routing/refusal/guest-stops", test_guest_stops);
    ROUTING_ADD("/routing/refusal/mode-becomes-bridge", test_mode_becomes_bridge);
    ROUTING_ADD("/routing/refusal/lan-host", test_lan_host);
    ROUTING_ADD("/routing/refusal/limit", test_limit);
    ROUTING_ADD("/routing/trusted/routes", test_trusted);
    ROUTING_ADD("/routing/trusted/asked", test_trusted_asked);
    ROUTING_ADD("/routing/trusted/host", test_trusted_host);
    ROUTING_ADD("/routing/trusted/lan-objects", test_trusted_lan_objects);
    ROUTING_ADD("/routing/trusted/not-selected", test_trusted_not_selected);
    ROUTING_ADD("/routing/trusted/two-guests", test_trusted_two_guests);
    ROUTING_ADD("/routing/trusted/later", test_trusted_later);
    ROUTING_ADD("/routing/trusted/server-later", test_server_later);
    ROUTING_ADD("/routing/trusted/single-host", test_single_host);
    return g_test_run();
}
