/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share's routing decision: which claims count that do not come from guests, but from LAN
 * hosts and from unknown senders on the bridge.
 */

#include "config.h"

#include "routing-fixture.h"

#define STRANGER "52:54:00:99:99:99"

static void
test_unknown_mac(Fixture *f, gconstpointer data)
{
    routing_claim(f, "52:54:00:00:00:99", "10.0.0.5");
    routing_claim(f, "00:00:00:00:00:00", "10.0.0.6");
    g_assert_false(routing_pass(f, CONTEST));
    routing_assert_routes(f, "");
    routing_assert_probes(f, "");
    routing_assert_rejections(f, "");
}

static void
test_lan_answers(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    f->now += 1;
    g_assert_false(routing_claim_from(f, LAN, "10.0.0.5", TRUE));
    g_assert_false(routing_pass(f, CONTEST));
    routing_claim(f, WEB, "10.0.0.5"); /* fresh: not even asked again */
    routing_assert_probes(f, "lan 10.0.0.5");
    routing_assert_routes(f, "");
    routing_assert_rejections(f, "lan-host web 10.0.0.5 " LAN);
}

static void
test_lan_heard_before(Fixture *f, gconstpointer data)
{
    routing_claim(f, LAN, "10.0.0.5"); /* any broadcast of a LAN host reaches the link */
    routing_pass(f, FRESH);
    g_assert_false(routing_claim(f, WEB, "10.0.0.5"));
    routing_assert_probes(f, "lan 10.0.0.5");
    g_assert_false(routing_pass(f, CONTEST - 1)); /* a sleepy LAN host has time to answer */
    routing_assert_probes(f, "lan 10.0.0.5, lan 10.0.0.5, lan 10.0.0.5");
    routing_assert_routes(f, "");
    g_assert_true(routing_pass(f, 1)); /* silent: it has moved */
    routing_assert_routes(f, WEB_ROUTE);
    routing_assert_rejections(f, "");
}

static void
test_lan_claims_later(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    routing_assert_probes(f, "lan 10.0.0.5");
    routing_pass(f, RETRY);
    g_assert_false(routing_claim(f, LAN, "10.0.0.5")); /* heard by the link: on which side of it? */
    routing_assert_probes(f, "lan 10.0.0.5");
    routing_assert_routes(f, WEB_ROUTE);
    f->now += 1;
    g_assert_true(routing_claim_from(f, LAN, "10.0.0.5", TRUE));
    routing_assert_routes(f, "");
    routing_assert_rejections(f, "lan-host web 10.0.0.5 " LAN);
    /* it was a mistake: the guest has it back, and a new conflict is a new rejection */
    routing_pass(f, FRESH);
    routing_claim(f, WEB, "10.0.0.5");
    g_assert_true(routing_pass(f, CONTEST));
    routing_assert_routes(f, WEB_ROUTE);
    g_assert_true(routing_claim_from(f, LAN, "10.0.0.5", TRUE));
    routing_assert_rejections(f, "lan-host web 10.0.0.5 " LAN);
}

/* A macvtap interface that is no guest's claims what a guest has, and goes on claiming. */
static void
test_stranger_on_the_bridge(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) probes = NULL;

    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    for (guint i = 0; i < 100; i++) {
        g_assert_false(routing_claim(f, STRANGER, "10.0.0.5"));
        g_assert_false(routing_pass(f, 10));
    }
    probes = routing_take_probes(f);
    g_assert_cmpuint(probes->len, >=, 2);
    g_assert_cmpuint(probes->len, <=, 6);
    g_assert_false(routing_pass(f, CONTEST));
    g_assert_cmpint(f->deadline, ==, -1);
    routing_assert_routes(f, WEB_ROUTE);
    routing_assert_rejections(f, "");
}

/* It had the address first and sends a frame in the middle: the guest waits, nothing else. */
static void
test_stranger_before_the_guest(Fixture *f, gconstpointer data)
{
    routing_claim(f, STRANGER, "10.0.0.5");
    routing_pass(f, 1);
    g_assert_false(routing_claim(f, WEB, "10.0.0.5"));
    g_assert_false(routing_pass(f, CONTEST / 2));
    g_assert_false(routing_claim(f, STRANGER, "10.0.0.5"));
    g_assert_true(routing_pass(f, CONTEST / 2));
    routing_assert_routes(f, WEB_ROUTE);
    routing_assert_rejections(f, "");
}

/* The question or its answer may be lost, once. */
static void
test_lan_is_asked_twice(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, FRESH);
    routing_assert_probes(f, "lan 10.0.0.5");
    routing_claim(f, LAN, "10.0.0.5");
    routing_assert_probes(f, "lan 10.0.0.5");
    routing_pass(f, RETRY);
    routing_assert_probes(f, "lan 10.0.0.5");
    g_assert_true(routing_claim_from(f, LAN, "10.0.0.5", TRUE));
    routing_assert_routes(f, "");
}

static void
test_guest_mac_on_wire(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    g_assert_true(routing_claim_from(f, WEB, "10.0.0.5", TRUE));
    routing_assert_routes(f, "");
    routing_pass(f, 1000);
    /* migrated here again: heard on the bridge, it is the same one */
    routing_claim(f, WEB, "10.0.0.5");
    g_assert_true(routing_pass(f, GRACE));
    routing_assert_routes(f, WEB_ROUTE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROUTING_ADD("/routing/unknown-mac", test_unknown_mac);
    ROUTING_ADD("/routing/lan-answers", test_lan_answers);
    ROUTING_ADD("/routing/lan-heard-before", test_lan_heard_before);
    ROUTING_ADD("/routing/lan-claims-later", test_lan_claims_later);
    ROUTING_ADD("/routing/stranger-on-the-bridge", test_stranger_on_the_bridge);
    ROUTING_ADD("/routing/stranger-before-the-guest", test_stranger_before_the_guest);
    ROUTING_ADD("/routing/lan-is-asked-twice", test_lan_is_asked_twice);
    ROUTING_ADD("/routing/guest-mac-on-wire", test_guest_mac_on_wire);
    return g_test_run();
}
