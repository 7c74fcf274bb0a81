/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses silent guests are asked for, in which order, how many at once, and until when.
 */

#include "config.h"

#include "nmm-sweep.h"

#include <string.h>

#include "routing-fixture.h"

#define MAC_PREFIX "52:54:00:00:01:"

typedef struct {
    NmmSweep *sweep;
    gint64 now;
    GPtrArray *asked; /* "MAC ADDRESS", since take() */
} Sweep;

static const NmmRoutingNic web = {"web", WEB, TRUE, TRUE};

static void
set_host(Sweep *s, const char *addresses)
{
    NmmRoutingHost host = {
        .addresses = routing_addresses(addresses),
        .gateways = routing_cidrs("10.0.0.6/32"),
        .servers = routing_cidrs("10.0.0.4/32"),
    };

    nmm_sweep_set_host(s->sweep, &host);
    nmm_routing_host_clear(&host);
}

static void
setup(Sweep *s, gconstpointer addresses)
{
    s->sweep = nmm_sweep_new();
    s->now = 1000000;
    s->asked = g_ptr_array_new_with_free_func(g_free);
    set_host(s, addresses);
    nmm_sweep_set_guests(s->sweep, &web, 1);
}

static void
teardown(Sweep *s, gconstpointer data)
{
    nmm_sweep_free(s->sweep);
    g_ptr_array_unref(s->asked);
}

static void
hear(Sweep *s, const char *mac, const char *address, gboolean from_wire)
{
    guint8 bytes[NMM_MAC_BYTES];
    NmmCidr cidr;

    g_assert_true(nmm_mac_parse(mac, bytes));
    g_assert_true(nmm_cidr_init_host(&cidr, address, NULL));
    nmm_sweep_hear(s->sweep, bytes, &cidr, from_wire);
}

/* Returns: how many probes there were. */
static guint
tick(Sweep *s)
{
    g_autoptr(GArray) probes = nmm_sweep_tick(s->sweep, s->now);

    for (guint i = 0; i < probes->len; i++) {
        const NmmProbe *probe = &g_array_index(probes, NmmProbe, i);
        g_autofree char *mac = nmm_mac_to_string(probe->mac);
        g_autofree char *address = nmm_cidr_address_to_string(&probe->address);
        g_autofree char *source = nmm_cidr_address_to_string(&probe->source);

        g_assert_false(probe->lan);
        g_ptr_array_add(s->asked,
                        strcmp(address, "ff02::1") == 0
                            ? g_strdup_printf("%s %s from %s", mac, address, source)
                            : g_strdup_printf("%s %s", mac, address));
    }
    return probes->len;
}

/* The deadlines of @ms pass. */
static void
pass(Sweep *s, gint64 ms)
{
    gint64 end = s->now + ms;
    gint64 deadline;

    while ((deadline = nmm_sweep_get_deadline(s->sweep)) != -1 && deadline <= end) {
        s->now = MAX(s->now, deadline);
        tick(s);
    }
    s->now = end;
}

#define PASS_MS 500      /* of a /22 */
#define LONG_MS 10000000 /* the whole sweep */

/* (transfer full): since the last call, in order, separated by ", ". */
static char *
take(Sweep *s)
{
    char *text;

    g_ptr_array_add(s->asked, NULL);
    text = g_strjoinv(", ", (char **)s->asked->pdata);
    g_ptr_array_set_size(s->asked, 0);
    return text;
}

static void
forget_asked(Sweep *s)
{
    g_ptr_array_set_size(s->asked, 0);
}

static void
assert_asked(Sweep *s, const char *expected)
{
    g_autofree char *text = take(s);

    g_assert_cmpstr(text, ==, expected);
}

static guint
count_asked(Sweep *s, const char *text)
{
    guint n = 0;

    for (guint i = 0; i < s->asked->len; i++)
        n += strcmp(s->asked->pdata[i], text) == 0;
    return n;
}

#define SMALL          "10.0.0.1/29"
#define SMALL_ASKED    WEB " 10.0.0.2, " WEB " 10.0.0.3, " WEB " 10.0.0.5"
#define ECHO(mac, src) mac " ff02::1 from " src

/* Neither the host's own address, nor gateway, DNS server, network and broadcast address. */
static void
test_addresses(Sweep *s, gconstpointer data)
{
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, 0);
    pass(s, PASS_MS);
    assert_asked(s, SMALL_ASKED);
}

static void
test_known_first(Sweep *s, gconstpointer data)
{
    nmm_sweep_set_guests(s->sweep, NULL, 0);
    hear(s, WEB, "10.0.0.3", TRUE); /* before it migrated to this host */
    hear(s, WEB, "10.0.0.5", FALSE);
    hear(s, WEB, "10.0.0.6", FALSE); /* the gateway's */
    hear(s, WEB, "10.0.1.5", FALSE); /* off-link */
    nmm_sweep_set_guests(s->sweep, &web, 1);
    pass(s, PASS_MS);
    assert_asked(s, WEB " 10.0.0.5, " WEB " 10.0.0.3, " SMALL_ASKED);
}

static void
test_reply(Sweep *s, gconstpointer data)
{
    g_assert_cmpuint(tick(s), ==, 3);
    hear(s, WEB, "10.0.0.3", FALSE);
    pass(s, LONG_MS);
    assert_asked(s, SMALL_ASKED);
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
}

/* All passes of a sweep that goes on for @pause after the first one. */
static void
assert_passes(Sweep *s, gint64 pause)
{
    for (; pause <= NMM_SWEEP_MAX_PAUSE_MS; pause *= 2) {
        tick(s);
        assert_asked(s, SMALL_ASKED);
        pass(s, pause - 1);
        assert_asked(s, "");
        s->now++;
    }
    tick(s);
    assert_asked(s, SMALL_ASKED);
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
}

/* It boots, or has no address of that family. */
static void
test_no_reply(Sweep *s, gconstpointer data)
{
    assert_passes(s, NMM_SWEEP_PAUSE_MS);
}

static void
test_late_reply(Sweep *s, gconstpointer data)
{
    pass(s, NMM_SWEEP_PAUSE_MS + PASS_MS);
    assert_asked(s, SMALL_ASKED ", " SMALL_ASKED);
    hear(s, WEB, "10.0.0.3", FALSE);
    pass(s, LONG_MS);
    assert_asked(s, "");
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
}

/* Neither a LAN host with the guest's MAC, nor a claim that no guest may make, is a reply. */
static void
test_no_real_reply(Sweep *s, gconstpointer data)
{
    tick(s);
    hear(s, WEB, "10.0.0.6", FALSE);
    hear(s, WEB, "169.254.3.4", FALSE);
    hear(s, DB, "10.0.0.5", FALSE);
    hear(s, WEB, "10.0.0.5", TRUE);
    forget_asked(s);
    pass(s, NMM_SWEEP_PAUSE_MS + PASS_MS);
    assert_asked(s, WEB " 10.0.0.5, " SMALL_ASKED);
}

static void
test_rate(Sweep *s, gconstpointer data)
{
    g_assert_cmpuint(tick(s), ==, NMM_SWEEP_PER_TICK);
    g_assert_cmpuint(tick(s), ==, 0);
    s->now += NMM_SWEEP_TICK_MS - 1;
    g_assert_cmpuint(tick(s), ==, 0);
    s->now++;
    g_assert_cmpuint(tick(s), ==, NMM_SWEEP_PER_TICK);
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, s->now + NMM_SWEEP_TICK_MS);
    pass(s, PASS_MS);
    /* without the host, gateway, DNS server, network and broadcast address */
    g_assert_cmpuint(s->asked->len, ==, 1024 - 5);
    g_assert_cmpuint(count_asked(s, WEB " 10.0.3.254"), ==, 1);
}

static void
test_too_large(Sweep *s, gconstpointer data)
{
    pass(s, LONG_MS);
    assert_asked(s, "");
    nmm_sweep_set_guests(s->sweep, NULL, 0);
    hear(s, WEB, "10.0.7.7", FALSE);
    nmm_sweep_set_guests(s->sweep, &web, 1);
    pass(s, LONG_MS);
    assert_asked(s, WEB " 10.0.7.7");
}

/* Signs that the guest sets up its interface */

static void
expect(Sweep *s, const char *mac)
{
    guint8 bytes[NMM_MAC_BYTES];

    g_assert_true(nmm_mac_parse(mac, bytes));
    nmm_sweep_expect(s->sweep, bytes, s->now);
}

/* It gets its address after the sign: at once, or after a few seconds. */
static void
test_sign(Sweep *s, gconstpointer data)
{
    pass(s, 4 * NMM_SWEEP_PAUSE_MS);
    forget_asked(s);
    expect(s, WEB);
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, s->now + NMM_SWEEP_SIGN_MS);
    pass(s, NMM_SWEEP_SIGN_MS - 1);
    assert_asked(s, "");
    s->now++;
    assert_passes(s, NMM_SWEEP_SIGN_MS);
}

/* It had an address, and may get another one. */
static void
test_sign_after_reply(Sweep *s, gconstpointer data)
{
    tick(s);
    hear(s, WEB, "10.0.0.3", FALSE);
    pass(s, LONG_MS);
    forget_asked(s);
    expect(s, WEB);
    pass(s, NMM_SWEEP_SIGN_MS);
    assert_asked(s, WEB " 10.0.0.3, " SMALL_ASKED);
    hear(s, WEB, "10.0.0.5", FALSE);
    pass(s, LONG_MS);
    assert_asked(s, "");
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
}

/* The pass begins again, with the addresses of before. */
static void
test_sign_during_pass(Sweep *s, gconstpointer data)
{
    tick(s);
    g_assert_cmpuint(count_asked(s, WEB " 10.0.0.2"), ==, 1);
    s->now += NMM_SWEEP_TICK_MS;
    expect(s, WEB);
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, s->now + NMM_SWEEP_SIGN_MS);
    pass(s, NMM_SWEEP_SIGN_MS);
    g_assert_cmpuint(count_asked(s, WEB " 10.0.0.2"), ==, 2);
}

/* A guest sends several frames at once, and the pass for the first one serves them all. */
static void
test_signs_together(Sweep *s, gconstpointer data)
{
    pass(s, LONG_MS);
    forget_asked(s);
    for (guint i = 0; i < NMM_SWEEP_SIGN_MS; i++) {
        expect(s, WEB);
        s->now++;
    }
    assert_passes(s, NMM_SWEEP_SIGN_MS);
}

/* No others than guests that are served. */
static void
test_sign_of_others(Sweep *s, gconstpointer data)
{
    pass(s, LONG_MS);
    expect(s, DB);
    hear(s, DB, "10.0.0.5", FALSE);
    expect(s, DB);
    nmm_sweep_set_guests(s->sweep, NULL, 0);
    expect(s, WEB);
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
}

/* Returns: how many passes begin in @ms if the guest sends a sign each ms. */
static guint
count_passes(Sweep *s, gint64 ms)
{
    gint64 end = s->now + ms;

    forget_asked(s);
    for (; s->now < end; s->now++) {
        gint64 deadline = nmm_sweep_get_deadline(s->sweep);

        expect(s, WEB);
        if (deadline != -1 && deadline <= s->now)
            tick(s);
    }
    return count_asked(s, WEB " 10.0.0.2");
}

/* First each sign counts, then one in each price. */
static void
test_sign_flood(Sweep *s, gconstpointer data)
{
    pass(s, LONG_MS);
    g_assert_cmpuint(
        count_passes(s, NMM_SWEEP_MAX_SIGNS * (NMM_SWEEP_SIGN_MS + 1)), ==, NMM_SWEEP_MAX_SIGNS);
    count_passes(s, NMM_SWEEP_SIGN_PRICE_MS);
    /* 0.25, 0.5, 1, 2, 4, 8 s after each sign that counts */
    g_assert_cmpuint(count_passes(s, 10 * NMM_SWEEP_SIGN_PRICE_MS), <=, 11 * 6);
    /* A guest that was quiet for a while has it all again. */
    pass(s, LONG_MS);
    g_assert_cmpuint(
        count_passes(s, NMM_SWEEP_MAX_SIGNS * (NMM_SWEEP_SIGN_MS + 1)), ==, NMM_SWEEP_MAX_SIGNS);
}

/* A guest that replies for every address (proxy ARP) gets only so many. */
static void
test_proxy(Sweep *s, gconstpointer data)
{
    while (nmm_sweep_get_deadline(s->sweep) != -1) {
        guint begin = s->asked->len;

        s->now += NMM_SWEEP_TICK_MS;
        tick(s);
        for (guint i = begin; i < s->asked->len; i++)
            hear(s, WEB, strchr(s->asked->pdata[i], ' ') + 1, FALSE);
    }
    g_assert_cmpuint(s->asked->len, ==, NMM_SWEEP_PER_TICK);
}

#define DUAL  "10.0.0.1/29 fe80::1/64 fd00::1/64 2001:db8::1/64 2001:db8::2/64,secondary"
#define ECHOS ECHO(WEB, "fd00::1") ", " ECHO(WEB, "2001:db8::1")

static void
test_dual(Sweep *s, gconstpointer data)
{
    tick(s);
    assert_asked(s, ECHOS ", " SMALL_ASKED);
    hear(s, WEB, "10.0.0.3", FALSE);
    hear(s, WEB, "fd00::5", FALSE);
    pass(s, LONG_MS);
    assert_asked(s, "");
}

/* The next passes ask for the missing family alone. */
static void
test_one_family(Sweep *s, gconstpointer data)
{
    gboolean ipv4 = GPOINTER_TO_INT(data);

    set_host(s, DUAL);
    tick(s);
    hear(s, WEB, ipv4 ? "10.0.0.3" : "fd00::5", FALSE);
    forget_asked(s);
    pass(s, NMM_SWEEP_PAUSE_MS + PASS_MS);
    assert_asked(s, ipv4 ? ECHOS : SMALL_ASKED);
}

static void
setup_one_family(Sweep *s, gconstpointer data)
{
    setup(s, SMALL);
}

static void
test_gone(Sweep *s, gconstpointer data)
{
    const NmmRoutingNic unreachable[] = {{"web", WEB, TRUE, FALSE}, {"db", DB, FALSE, TRUE}};

    tick(s);
    forget_asked(s);
    nmm_sweep_set_guests(s->sweep, unreachable, G_N_ELEMENTS(unreachable));
    pass(s, LONG_MS);
    assert_asked(s, "");
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
    nmm_sweep_set_guests(s->sweep, &web, 1);
    g_assert_cmpuint(tick(s), ==, NMM_SWEEP_PER_TICK);
}

/* The others are not asked again. */
static void
test_added(Sweep *s, gconstpointer data)
{
    tick(s);
    nmm_sweep_set_guests(s->sweep, routing_both, G_N_ELEMENTS(routing_both));
    s->now += NMM_SWEEP_TICK_MS;
    g_assert_cmpuint(tick(s), ==, NMM_SWEEP_PER_TICK);
    g_assert_cmpuint(count_asked(s, DB " 10.0.0.2"), ==, 1);
    pass(s, PASS_MS);
    g_assert_cmpuint(s->asked->len, ==, 2 * (256 - 5));
    g_assert_cmpuint(count_asked(s, WEB " 10.0.0.2"), ==, 1);
    g_assert_cmpuint(count_asked(s, WEB " 10.0.0.254"), ==, 1);
    g_assert_cmpuint(count_asked(s, DB " 10.0.0.254"), ==, 1);
}

static void
test_subnet_changes(Sweep *s, gconstpointer data)
{
    tick(s);
    hear(s, WEB, "10.0.0.3", FALSE);
    forget_asked(s);
    set_host(s, "10.0.0.5/29"); /* another address of the same subnet */
    pass(s, LONG_MS);
    assert_asked(s, "");
    set_host(s, "10.9.0.1/30");
    pass(s, PASS_MS);
    assert_asked(s, WEB " 10.9.0.2");
    set_host(s, "10.9.0.1/30 fd00::1/64");
    pass(s, PASS_MS);
    assert_asked(s, ECHO(WEB, "fd00::1") ", " WEB " 10.9.0.2");
    set_host(s, "");
    pass(s, LONG_MS);
    assert_asked(s, "");
    g_assert_cmpint(nmm_sweep_get_deadline(s->sweep), ==, -1);
}

static void
test_two_subnets(Sweep *s, gconstpointer data)
{
    pass(s, PASS_MS);
    assert_asked(s, SMALL_ASKED ", " WEB " 10.9.0.2");
}

/* Only in the prefixes, and only the families, in which peers are served. */
static void
test_peer(Sweep *s, gconstpointer data)
{
    const NmmRoutingNic peer = {NULL, DB, TRUE, TRUE};
    NmmRoutingHost host = {
        .addresses = routing_addresses("10.0.0.1/24 fd00::1/64"),
        .peers = routing_cidrs("10.0.0.252/30 10.0.0.9/32"),
    };

    nmm_sweep_set_host(s->sweep, &host);
    nmm_sweep_set_guests(s->sweep, &peer, 1);
    pass(s, PASS_MS);
    assert_asked(s, DB " 10.0.0.9, " DB " 10.0.0.252, " DB " 10.0.0.253, " DB " 10.0.0.254");
    hear(s, DB, "10.0.0.9", FALSE);
    pass(s, LONG_MS);
    assert_asked(s, "");
    g_array_append_vals(host.peers, &g_array_index(host.addresses, NmmRoutingAddress, 1).cidr, 1);
    nmm_sweep_set_host(s->sweep, &host);
    nmm_sweep_set_guests(s->sweep, NULL, 0);
    nmm_sweep_set_guests(s->sweep, &peer, 1);
    tick(s);
    g_assert_cmpuint(count_asked(s, ECHO(DB, "fd00::1")), ==, 1);
    nmm_routing_host_clear(&host);
}

#define MANY (2 * NMM_SWEEP_PER_TICK)

/* Those that have replied wait for those that have not. */
static void
test_many(Sweep *s, gconstpointer data)
{
    g_autoptr(GPtrArray) macs = g_ptr_array_new_with_free_func(g_free);
    NmmRoutingNic nics[MANY];

    for (guint i = 0; i < MANY; i++) {
        g_ptr_array_add(macs, g_strdup_printf(MAC_PREFIX "%02x", i));
        nics[i] = (NmmRoutingNic){macs->pdata[i], macs->pdata[i], TRUE, TRUE};
    }
    nmm_sweep_set_guests(s->sweep, nics, MANY);
    for (guint round = 0; round < 3; round++) {
        guint first = round == 0 ? 0 : NMM_SWEEP_PER_TICK;

        s->now += NMM_SWEEP_TICK_MS;
        tick(s);
        g_assert_cmpuint(s->asked->len, ==, NMM_SWEEP_PER_TICK);
        for (guint i = 0; i < NMM_SWEEP_PER_TICK; i++)
            g_assert_true(g_str_has_prefix(s->asked->pdata[i], macs->pdata[first + i]));
        for (guint i = 0; round == 0 && i < NMM_SWEEP_PER_TICK; i++)
            hear(s, macs->pdata[i], "10.0.0.3", FALSE);
        g_ptr_array_set_size(s->asked, 0);
    }
}

/* A flood of MACs is forgotten, guests are not. */
static void
test_flood(Sweep *s, gconstpointer data)
{
    tick(s);
    hear(s, WEB, "10.0.0.3", FALSE);
    for (guint i = 0; i < 20000; i++) {
        g_autofree char *mac =
            g_strdup_printf("02:00:00:%02x:%02x:%02x", i >> 16, i >> 8 & 0xff, i & 0xff);

        hear(s, mac, "10.0.0.5", i % 2 == 0);
    }
    set_host(s, "10.9.0.1/30");
    set_host(s, SMALL);
    forget_asked(s);
    pass(s, PASS_MS);
    assert_asked(s, WEB " 10.0.0.3, " SMALL_ASKED);
}

#define ADD(name, addresses, function)                                                             \
    g_test_add("/sweep/" name, Sweep, addresses, setup, function, teardown)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("addresses", SMALL, test_addresses);
    ADD("known-first", SMALL, test_known_first);
    ADD("reply", SMALL, test_reply);
    ADD("no-reply", SMALL, test_no_reply);
    ADD("late-reply", SMALL, test_late_reply);
    ADD("no-real-reply", SMALL, test_no_real_reply);
    ADD("rate", "10.0.0.1/22", test_rate);
    ADD("too-large", "10.0.0.1/21", test_too_large);
    ADD("sign", SMALL, test_sign);
    ADD("sign-after-reply", SMALL, test_sign_after_reply);
    ADD("sign-during-pass", "10.0.0.1/22", test_sign_during_pass);
    ADD("signs-together", SMALL, test_signs_together);
    ADD("sign-of-others", SMALL, test_sign_of_others);
    ADD("sign-flood", SMALL, test_sign_flood);
    ADD("proxy", "10.0.0.1/22", test_proxy);
    ADD("dual", DUAL, test_dual);
    g_test_add("/sweep/only-ipv4",
               Sweep,
               GINT_TO_POINTER(TRUE),
               setup_one_family,
               test_one_family,
               teardown);
    g_test_add("/sweep/only-ipv6",
               Sweep,
               GINT_TO_POINTER(FALSE),
               setup_one_family,
               test_one_family,
               teardown);
    ADD("gone", "10.0.0.1/24", test_gone);
    ADD("added", "10.0.0.1/24", test_added);
    ADD("subnet-changes", SMALL, test_subnet_changes);
    ADD("two-subnets", SMALL " 10.9.0.1/30", test_two_subnets);
    ADD("peer", SMALL, test_peer);
    ADD("many", "10.0.0.1/24", test_many);
    ADD("flood", SMALL, test_flood);
    return g_test_run();
}
