/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share's routing decision: one test for each rule, then invariants over random events.
 */

#include "config.h"

#include "nm-macvtap-routing.h"

#include <string.h>

#define GRACE   NM_MACVTAP_ROUTING_LAN_GRACE_MS
#define CONTEST NM_MACVTAP_ROUTING_CONTEST_MS
#define RELAY   NM_MACVTAP_ROUTING_RELAY_MS
#define RETRY   NM_MACVTAP_ROUTING_RETRY_MS
#define FRESH   NM_MACVTAP_ROUTING_LAN_FRESH_MS

#define WEB "52:54:00:00:00:01"
#define DB  "52:54:00:00:00:02"
#define LAN "00:11:22:33:44:55"

static const NMMacvtapRoutingNic both[] = {{"web", WEB, TRUE, TRUE}, {"db", DB, TRUE, TRUE}};

typedef struct {
    NMMacvtapRouting *routing;
    gint64 now;
} Fixture;

static GArray *
cidrs(const char *text)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(NMMacvtapCidr));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        NMMacvtapCidr cidr;
        GError *error = NULL;

        nm_macvtap_cidr_parse(words[i], &cidr, &error);
        g_assert_no_error(error);
        g_array_append_val(array, cidr);
    }
    return array;
}

static NMMacvtapCidr
address(const char *text)
{
    NMMacvtapCidr cidr;
    GError *error = NULL;

    nm_macvtap_cidr_init(&cidr, text, strchr(text, ':') ? 128 : 32, &error);
    g_assert_no_error(error);
    return cidr;
}

static gboolean
set_host(Fixture *f, const char *addresses)
{
    NMMacvtapRoutingHost host = {
        .addresses = cidrs(addresses),
        .own = cidrs("192.168.254.1/24 10.0.0.250/8"),
        .gateways = cidrs("10.0.0.254/32 fd00::254/128"),
        .servers = cidrs("10.0.0.53/32 fd00::53/128"),
    };
    gboolean changed = nm_macvtap_routing_set_host(f->routing, &host);

    nm_macvtap_routing_host_clear(&host);
    return changed;
}

static void
setup(Fixture *f, gconstpointer data)
{
    f->routing = nm_macvtap_routing_new();
    f->now = 1000000;
    set_host(f, "10.0.0.1/24 fe80::1/64 fd00::1/64 2001:db8::1/64");
    nm_macvtap_routing_set_guests(f->routing, both, G_N_ELEMENTS(both));
}

static void
teardown(Fixture *f, gconstpointer data)
{
    nm_macvtap_routing_free(f->routing);
}

static gboolean
claim_from(Fixture *f, const char *mac, const char *text, gboolean from_wire)
{
    NMMacvtapCidr cidr = address(text);
    guint8 bytes[NM_MACVTAP_MAC_BYTES];

    g_assert_true(nm_macvtap_mac_parse(mac, bytes));
    return nm_macvtap_routing_claim(f->routing, bytes, &cidr, from_wire, f->now);
}

static gboolean
claim(Fixture *f, const char *mac, const char *text)
{
    return claim_from(f, mac, text, FALSE);
}

static void
asked(Fixture *f, const char *text)
{
    NMMacvtapCidr cidr = address(text);

    nm_macvtap_routing_asked(f->routing, &cidr, f->now);
}

/* Time passes, with a tick whenever one is due. */
static gboolean
pass(Fixture *f, gint64 ms)
{
    gint64 end = f->now + ms;
    gboolean changed = FALSE;
    gint64 deadline;

    while ((deadline = nm_macvtap_routing_get_deadline(f->routing)) != -1 && deadline <= end) {
        f->now = MAX(f->now, deadline);
        changed |= nm_macvtap_routing_tick(f->routing, f->now);
    }
    f->now = end;
    return changed;
}

/* "10.0.0.5/32 web src 10.0.0.1/32", one after the other. */
static void
assert_routes(Fixture *f, const char *expected)
{
    g_autoptr(GArray) routes = nm_macvtap_routing_get_routes(f->routing);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < routes->len; i++) {
        const NMMacvtapRoute *route = &g_array_index(routes, NMMacvtapRoute, i);
        g_autofree char *to = nm_macvtap_cidr_to_string(&route->address);
        g_autofree char *from = nm_macvtap_cidr_to_string(&route->source);

        g_string_append_printf(text, "%s%s %s src %s", i ? ", " : "", to, route->guest, from);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

/* "lan 10.0.0.5", "52:… 10.0.0.5", one after the other; the order among guests is free. */
static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
assert_questions(Fixture *f, const char *expected)
{
    g_autoptr(GArray) questions = nm_macvtap_routing_take_questions(f->routing);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    for (guint i = 0; i < questions->len; i++) {
        const NMMacvtapQuestion *q = &g_array_index(questions, NMMacvtapQuestion, i);
        g_autofree char *mac = q->lan ? g_strdup("lan") : nm_macvtap_mac_to_string(q->mac);
        g_autofree char *what = nm_macvtap_cidr_address_to_string(&q->address);

        g_assert_cmpint(q->source.family, ==, q->address.family);
        g_ptr_array_add(lines, g_strdup_printf("%s %s", mac, what));
    }
    g_ptr_array_sort(lines, compare_text);
    g_ptr_array_add(lines, NULL);
    text = g_strjoinv(", ", (char **)lines->pdata);
    g_assert_cmpstr(text, ==, expected);
}

/* "gateway web 10.0.0.254 [holder]", one after the other. */
static void
assert_refusals(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) refusals = nm_macvtap_routing_take_refusals(f->routing);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < refusals->len; i++) {
        const NMMacvtapRefusal *r = refusals->pdata[i];

        g_string_append_printf(text,
                               "%s%s %s %s%s%s",
                               i ? ", " : "",
                               nm_macvtap_refusal_reason_to_string(r->reason),
                               r->guest,
                               r->address,
                               r->holder ? " " : "",
                               r->holder ? r->holder : "");
    }
    g_assert_cmpstr(text->str, ==, expected);
}

#define WEB_ROUTE "10.0.0.5/32 web src 10.0.0.1/32"
#define DB_ROUTE  "10.0.0.5/32 db src 10.0.0.1/32"

static void
test_claim(Fixture *f, gconstpointer data)
{
    g_assert_false(claim(f, WEB, "10.0.0.5"));
    assert_questions(f, "lan 10.0.0.5");
    g_assert_false(pass(f, GRACE - 1));
    assert_routes(f, "");
    g_assert_true(pass(f, 1));
    assert_routes(f, WEB_ROUTE);
    assert_refusals(f, "");
    /* said again: nothing changes, nothing is asked, no timer runs */
    g_assert_false(claim(f, WEB, "10.0.0.5"));
    assert_questions(f, "");
    g_assert_cmpint(nm_macvtap_routing_get_deadline(f->routing), ==, -1);
}

static void
test_question(Fixture *f, gconstpointer data)
{
    asked(f, "10.0.0.5");
    assert_questions(f, "");
    pass(f, RELAY);
    assert_questions(f, WEB " 10.0.0.5, " DB " 10.0.0.5");
    /* the LAN has been asked already by the host: its grace runs from then */
    g_assert_false(claim(f, DB, "10.0.0.5"));
    assert_questions(f, "");
    g_assert_true(pass(f, GRACE - RELAY));
    assert_routes(f, DB_ROUTE);
}

static void
test_question_answered_by_lan(Fixture *f, gconstpointer data)
{
    asked(f, "10.0.0.5");
    f->now += RELAY - 1;
    claim_from(f, LAN, "10.0.0.5", TRUE);
    pass(f, 10000);
    assert_questions(f, "");
    assert_refusals(f, "");
}

static void
test_question_rate(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < 9; i++) {
        asked(f, "10.0.0.5");
        pass(f, 100);
    }
    assert_questions(f, WEB " 10.0.0.5, " DB " 10.0.0.5");
    pass(f, 100);
    asked(f, "10.0.0.5");
    pass(f, 100);
    assert_questions(f, WEB " 10.0.0.5, " DB " 10.0.0.5");
    /* an address that no guest can have is not asked for */
    asked(f, "10.0.0.254");
    asked(f, "10.1.0.1");
    asked(f, "fe80::5");
    pass(f, 100);
    assert_questions(f, "");
    g_assert_cmpint(nm_macvtap_routing_get_deadline(f->routing), ==, -1);
}

static void
test_question_only_reachable_guests(Fixture *f, gconstpointer data)
{
    const NMMacvtapRoutingNic nics[] = {{"web", WEB, FALSE, TRUE}, {"db", DB, TRUE, FALSE}};

    nm_macvtap_routing_set_guests(f->routing, nics, G_N_ELEMENTS(nics));
    asked(f, "10.0.0.5");
    pass(f, 1000);
    assert_questions(f, "");
}

static void
test_question_budget(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) questions = NULL;

    for (guint i = 0; i < 65536; i++) {
        g_autofree char *text = g_strdup_printf("2001:db8::%x:5", i);

        asked(f, text);
    }
    pass(f, RELAY);
    questions = nm_macvtap_routing_take_questions(f->routing);
    g_assert_cmpuint(questions->len, >, 1000);
    g_assert_cmpuint(questions->len, <=, 4096);
}

/* Rules by which an address is refused whoever else has it: address, reason. */
static const char *const never_routed[][2] = {
    {"10.0.0.1", "host"},
    {"10.0.0.250", "host"},
    {"fd00::1", "host"},
    {"10.0.0.254", "gateway"},
    {"fd00::254", "gateway"},
    {"10.0.0.53", "dns-server"},
    {"fd00::53", "dns-server"},
    {"10.0.1.5", "off-link"},
    {"8.8.8.8", "off-link"},
    {"fd00:0:0:1::5", "off-link"},
    {"10.0.0.255", "not-a-host"},
    {"10.0.0.0", "not-a-host"},
    {"fd00::", "not-a-host"},
};

static void
test_never_routed(Fixture *f, gconstpointer data)
{
    const char *const *row = data;
    g_autofree char *expected = g_strdup_printf("%s web %s", row[1], row[0]);

    for (guint i = 0; i < 3; i++)
        g_assert_false(claim(f, WEB, row[0]));
    g_assert_false(pass(f, 10 * CONTEST));
    assert_routes(f, "");
    assert_questions(f, "");
    assert_refusals(f, expected);
    /* another guest's is another refusal */
    claim(f, DB, row[0]);
    g_free(expected);
    expected = g_strdup_printf("%s db %s", row[1], row[0]);
    assert_refusals(f, expected);
}

static void
test_not_routable(Fixture *f, gconstpointer data)
{
    static const char *const silent[] = {"0.0.0.0",
                                         "127.0.0.1",
                                         "169.254.3.4",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "::ffff:10.0.0.5",
                                         "fe80::5",
                                         "febf::5",
                                         "ff02::1"};

    for (gsize i = 0; i < G_N_ELEMENTS(silent); i++) {
        claim(f, WEB, silent[i]);
        asked(f, silent[i]);
    }
    g_assert_false(pass(f, CONTEST));
    assert_routes(f, "");
    assert_questions(f, "");
    assert_refusals(f, "");
}

static void
test_unknown_mac(Fixture *f, gconstpointer data)
{
    claim(f, "52:54:00:00:00:99", "10.0.0.5");
    claim(f, "00:00:00:00:00:00", "10.0.0.6");
    g_assert_false(pass(f, CONTEST));
    assert_routes(f, "");
    assert_questions(f, "");
    assert_refusals(f, "");
}

static void
test_not_bridge(Fixture *f, gconstpointer data)
{
    const NMMacvtapRoutingNic nics[] = {{"web", WEB, TRUE, FALSE}, {"db", DB, FALSE, TRUE}};

    nm_macvtap_routing_set_guests(f->routing, nics, G_N_ELEMENTS(nics));
    claim(f, WEB, "10.0.0.5");
    claim(f, DB, "10.0.0.6"); /* does not run: cannot be it */
    pass(f, CONTEST);
    assert_routes(f, "");
    assert_refusals(f, "not-bridge web 10.0.0.5");
}

static void
test_lan_answers(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    f->now += 1;
    g_assert_false(claim_from(f, LAN, "10.0.0.5", TRUE));
    g_assert_false(pass(f, CONTEST));
    claim(f, WEB, "10.0.0.5"); /* fresh: not even asked again */
    assert_questions(f, "lan 10.0.0.5");
    assert_routes(f, "");
    assert_refusals(f, "lan-host web 10.0.0.5 " LAN);
}

static void
test_lan_heard_before(Fixture *f, gconstpointer data)
{
    claim(f, LAN, "10.0.0.5"); /* any broadcast of a LAN host reaches the link */
    pass(f, FRESH);
    g_assert_false(claim(f, WEB, "10.0.0.5"));
    assert_questions(f, "lan 10.0.0.5");
    g_assert_false(pass(f, CONTEST - 1)); /* a sleepy LAN host has time to answer */
    assert_questions(f, "lan 10.0.0.5, lan 10.0.0.5, lan 10.0.0.5");
    assert_routes(f, "");
    g_assert_true(pass(f, 1)); /* silent: it has moved */
    assert_routes(f, WEB_ROUTE);
    assert_refusals(f, "");
}

static void
test_lan_claims_later(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    g_assert_true(claim(f, LAN, "10.0.0.5"));
    assert_routes(f, "");
    assert_refusals(f, "lan-host web 10.0.0.5 " LAN);
    /* it was a mistake: the guest has it back, and a new conflict is a new refusal */
    pass(f, FRESH);
    claim(f, WEB, "10.0.0.5");
    g_assert_true(pass(f, CONTEST));
    assert_routes(f, WEB_ROUTE);
    g_assert_true(claim(f, LAN, "10.0.0.5"));
    assert_refusals(f, "lan-host web 10.0.0.5 " LAN);
}

static void
test_guest_mac_on_wire(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    g_assert_true(claim_from(f, WEB, "10.0.0.5", TRUE));
    assert_routes(f, "");
    pass(f, 1000);
    /* migrated here again: heard on the bridge, it is the same one */
    claim(f, WEB, "10.0.0.5");
    g_assert_true(pass(f, GRACE));
    assert_routes(f, WEB_ROUTE);
}

static void
test_moves_between_guests(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    assert_questions(f, "lan 10.0.0.5");
    g_assert_false(claim(f, DB, "10.0.0.5"));
    assert_questions(f, WEB " 10.0.0.5"); /* the holder is asked, and is silent */
    g_assert_true(pass(f, CONTEST));
    assert_routes(f, DB_ROUTE);
    assert_refusals(f, "");
}

static void
test_holder_answers(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    claim(f, DB, "10.0.0.5");
    f->now += 5;
    claim(f, WEB, "10.0.0.5");
    g_assert_false(pass(f, 10 * CONTEST));
    assert_routes(f, WEB_ROUTE);
    assert_refusals(f, "other-guest db 10.0.0.5 web");
}

static void
test_two_nics_of_one_guest(Fixture *f, gconstpointer data)
{
    const NMMacvtapRoutingNic nics[] = {{"web", WEB, TRUE, TRUE}, {"web", DB, TRUE, TRUE}};

    nm_macvtap_routing_set_guests(f->routing, nics, G_N_ELEMENTS(nics));
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    claim(f, DB, "10.0.0.5");
    claim(f, WEB, "10.0.0.5");
    g_assert_false(pass(f, CONTEST));
    assert_routes(f, WEB_ROUTE);
    assert_refusals(f, "");
}

static void
test_guest_gone(Fixture *f, gconstpointer data)
{
    const NMMacvtapRoutingNic stopped[] = {{"web", WEB, FALSE, TRUE}, {"db", DB, TRUE, TRUE}};
    const NMMacvtapRoutingNic vepa[] = {{"web", WEB, TRUE, FALSE}, {"db", DB, TRUE, TRUE}};

    claim(f, WEB, "10.0.0.5");
    claim(f, DB, "10.0.0.6");
    pass(f, GRACE);
    g_assert_false(nm_macvtap_routing_set_guests(f->routing, both, G_N_ELEMENTS(both)));
    g_assert_true(nm_macvtap_routing_set_guests(f->routing, stopped, G_N_ELEMENTS(stopped)));
    assert_routes(f, "10.0.0.6/32 db src 10.0.0.1/32");
    /* started again: it has to speak */
    g_assert_false(nm_macvtap_routing_set_guests(f->routing, both, G_N_ELEMENTS(both)));
    pass(f, 1000);
    claim(f, WEB, "10.0.0.5");
    g_assert_true(pass(f, GRACE));
    g_assert_true(nm_macvtap_routing_set_guests(f->routing, vepa, G_N_ELEMENTS(vepa)));
    g_assert_true(nm_macvtap_routing_set_guests(f->routing, NULL, 0));
    assert_routes(f, "");
    /* gone while it is being judged */
    nm_macvtap_routing_set_guests(f->routing, both, G_N_ELEMENTS(both));
    claim(f, WEB, "10.0.0.7");
    nm_macvtap_routing_set_guests(f->routing, NULL, 0);
    g_assert_false(pass(f, CONTEST));
    g_assert_cmpint(nm_macvtap_routing_get_deadline(f->routing), ==, -1);
}

static void
test_new_address(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    claim(f, WEB, "fd00::5");
    pass(f, 60000);
    assert_questions(f, "lan 10.0.0.5, lan fd00::5");
    claim(f, WEB, "10.0.0.6");
    pass(f, GRACE);
    assert_routes(f,
                  WEB_ROUTE ", 10.0.0.6/32 web src 10.0.0.1/32, fd00::5/128 web src fd00::1/128");
    g_assert_true(pass(f, CONTEST));
    /* the old one was asked for in vain; the other family's was not */
    assert_questions(
        f, WEB " 10.0.0.5, " WEB " 10.0.0.5, " WEB " 10.0.0.5, " WEB " 10.0.0.5, lan 10.0.0.6");
    assert_routes(f, "10.0.0.6/32 web src 10.0.0.1/32, fd00::5/128 web src fd00::1/128");
    g_assert_cmpint(nm_macvtap_routing_get_deadline(f->routing), ==, -1);
}

static void
test_second_address(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    pass(f, 60000);
    claim(f, WEB, "10.0.0.6");
    pass(f, GRACE + 1);
    claim(f, WEB, "10.0.0.5"); /* answers: it has both */
    g_assert_false(pass(f, 10 * CONTEST));
    assert_routes(f, WEB_ROUTE ", 10.0.0.6/32 web src 10.0.0.1/32");
    g_assert_cmpint(nm_macvtap_routing_get_deadline(f->routing), ==, -1);
}

static void
test_source(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "fd00::5");
    claim(f, WEB, "2001:db8::5");
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    assert_routes(f,
                  WEB_ROUTE ", 2001:db8::5/128 web src 2001:db8::1/128, "
                            "fd00::5/128 web src fd00::1/128");
    /* the host's address changes: so does the source; the families it lost are not routed */
    g_assert_true(set_host(f, "10.0.0.2/24"));
    assert_routes(f, "10.0.0.5/32 web src 10.0.0.2/32");
    g_assert_false(set_host(f, "10.0.0.2/24"));
    g_assert_true(set_host(f, "10.9.0.2/16"));
    assert_routes(f, "");
    g_assert_true(set_host(f, "10.0.0.1/24 fd00::1/64"));
    assert_routes(f, WEB_ROUTE ", fd00::5/128 web src fd00::1/128");
    assert_refusals(f, "");
}

static void
test_onlink_prefix(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) addresses = cidrs("2001:db8::1/128");
    g_autoptr(GArray) onlink = cidrs("2001:db8::/64");
    NMMacvtapRoutingHost host = {.addresses = addresses, .onlink = onlink};

    nm_macvtap_routing_set_host(f->routing, &host);
    claim(f, WEB, "2001:db8::5");
    claim(f, WEB, "10.0.0.5"); /* the host has no IPv4: no matter */
    pass(f, GRACE);
    assert_routes(f, "2001:db8::5/128 web src 2001:db8::1/128");
    assert_refusals(f, "");
}

static void
test_becomes_reserved(Fixture *f, gconstpointer data)
{
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    g_assert_true(set_host(f, "10.0.0.1/24 10.0.0.5/24"));
    assert_routes(f, "");
    assert_refusals(f, "host web 10.0.0.5");
    g_assert_false(set_host(f, "10.0.0.1/24"));
}

static void
claim_number(Fixture *f, const char *mac, guint number)
{
    g_autofree char *text = g_strdup_printf("2001:db8::%x:5", number);

    claim(f, mac, text);
}

static guint
count_routes(Fixture *f)
{
    g_autoptr(GArray) routes = nm_macvtap_routing_get_routes(f->routing);

    return routes->len;
}

static void
test_guest_full(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i <= NM_MACVTAP_ROUTING_MAX_PER_GUEST; i++)
        claim_number(f, WEB, i);
    pass(f, GRACE);
    g_assert_cmpuint(count_routes(f), ==, NM_MACVTAP_ROUTING_MAX_PER_GUEST);
    assert_refusals(f, "guest-full web 2001:db8::40:5");
    claim_number(f, DB, 1000); /* another guest's share is its own */
    pass(f, GRACE);
    g_assert_cmpuint(count_routes(f), ==, NM_MACVTAP_ROUTING_MAX_PER_GUEST + 1);
    /* what it does not answer for makes room */
    pass(f, 10 * CONTEST);
    claim_number(f, WEB, NM_MACVTAP_ROUTING_MAX_PER_GUEST);
    pass(f, 10 * CONTEST);
    claim_number(f, WEB, NM_MACVTAP_ROUTING_MAX_PER_GUEST);
    pass(f, GRACE);
    assert_routes(f,
                  "2001:db8::40:5/128 web src 2001:db8::1/128, "
                  "2001:db8::3e8:5/128 db src 2001:db8::1/128");
}

/* Time passes, and guests answer what they are asked. */
static void
pass_answering(Fixture *f, gint64 ms)
{
    for (gint64 i = 0; i < ms; i += 10) {
        g_autoptr(GArray) questions = NULL;

        pass(f, 10);
        questions = nm_macvtap_routing_take_questions(f->routing);
        for (guint j = 0; j < questions->len; j++) {
            const NMMacvtapQuestion *q = &g_array_index(questions, NMMacvtapQuestion, j);

            if (!q->lan)
                nm_macvtap_routing_claim(f->routing, q->mac, &q->address, FALSE, f->now);
        }
    }
}

static void
test_full(Fixture *f, gconstpointer data)
{
    enum { GUESTS = NM_MACVTAP_ROUTING_MAX_ADDRESSES / NM_MACVTAP_ROUTING_MAX_PER_GUEST + 1 };
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    NMMacvtapRoutingNic nics[GUESTS];

    for (guint i = 0; i < GUESTS; i++) {
        nics[i] = (NMMacvtapRoutingNic){.guest = g_strdup_printf("g%u", i),
                                        .mac = g_strdup_printf("52:54:00:00:01:%02x", i),
                                        .running = TRUE,
                                        .bridge = TRUE};
        g_ptr_array_add(texts, (gpointer)nics[i].guest);
        g_ptr_array_add(texts, (gpointer)nics[i].mac);
    }
    nm_macvtap_routing_set_guests(f->routing, nics, GUESTS);
    for (guint i = 0; i < NM_MACVTAP_ROUTING_MAX_ADDRESSES + 1; i++) {
        claim_number(f, nics[i / NM_MACVTAP_ROUTING_MAX_PER_GUEST].mac, i);
        if (i % 1000 == 999)
            pass_answering(f, 1000); /* within what may be asked in a second */
    }
    pass_answering(f, 3 * CONTEST);
    g_assert_cmpuint(count_routes(f), ==, NM_MACVTAP_ROUTING_MAX_ADDRESSES);
    assert_refusals(f, "full g64 2001:db8::1000:5");
}

static void
test_too_many_refusals(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) refusals = NULL;
    const NMMacvtapRefusal *last;

    for (guint i = 1; i < 200; i++) {
        g_autofree char *text = g_strdup_printf("10.77.0.%u", i);

        claim(f, WEB, text);
    }
    refusals = nm_macvtap_routing_take_refusals(f->routing);
    g_assert_cmpuint(refusals->len, ==, NM_MACVTAP_REFUSAL_MAX_REPORTED);
    last = refusals->pdata[refusals->len - 1];
    g_assert_cmpint(last->reason, ==, NM_MACVTAP_REFUSAL_TOO_MANY);
    claim(f, DB, "10.77.0.1");
    assert_refusals(f, "off-link db 10.77.0.1");
}

static void
test_refusal_names(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i <= NM_MACVTAP_REFUSAL_LAST; i++) {
        NMMacvtapRefusal refusal = {i, (char *)"we%1$sb", (char *)WEB, (char *)"10.0.0.5", NULL};
        g_autofree char *text = nm_macvtap_refusal_to_string(&refusal);

        g_assert_true(g_hash_table_add(names, (gpointer)nm_macvtap_refusal_reason_to_string(i)));
        g_assert_true(g_str_has_prefix(text, "guest 'we%1$sb' (" WEB ") claims '10.0.0.5', "));
        g_assert_null(strstr(text, "%4$s"));
        g_assert_false(g_str_has_suffix(text, "."));
    }
}

/* A clone with the same MAC: the one that runs is meant. */
static void
test_same_mac(Fixture *f, gconstpointer data)
{
    const NMMacvtapRoutingNic nics[] = {{"clone", WEB, FALSE, TRUE},
                                        {"web", WEB, TRUE, TRUE},
                                        {"other", WEB, FALSE, TRUE},
                                        {"bad", "nonsense", TRUE, TRUE}};

    nm_macvtap_routing_set_guests(f->routing, nics, G_N_ELEMENTS(nics));
    claim(f, WEB, "10.0.0.5");
    pass(f, GRACE);
    assert_routes(f, WEB_ROUTE);
}

static const char *const macs[] = {WEB, DB, "52:54:00:00:00:03", LAN, "00:11:22:33:44:66"};
static const char *const pool[] = {"10.0.0.5",
                                   "10.0.0.6",
                                   "10.0.0.7",
                                   "10.0.0.1",
                                   "10.0.0.2",
                                   "10.0.0.53",
                                   "10.0.0.254",
                                   "10.0.0.255",
                                   "10.0.1.5",
                                   "169.254.1.1",
                                   "fd00::5",
                                   "fd00::6",
                                   "fd00::254",
                                   "fe80::5",
                                   "ff02::1",
                                   "2001:db8::5"};
static const char *const hosts[] = {"10.0.0.1/24 fe80::1/64 fd00::1/64 2001:db8::1/64",
                                    "10.0.0.2/24",
                                    "10.0.0.1/24 fd00::1/64",
                                    "fe80::1/64",
                                    "10.0.1.1/24"};

typedef struct {
    NMMacvtapRoutingNic nics[3];
    gsize n_nics;
    const char *host;
} World;

static void
random_event(Fixture *f, World *world)
{
    static const char *const names[] = {"web", "db", "extra"};
    const char *mac = macs[g_test_rand_int_range(0, G_N_ELEMENTS(macs))];
    const char *what = pool[g_test_rand_int_range(0, G_N_ELEMENTS(pool))];

    switch (g_test_rand_int_range(0, 20)) {
    case 0:
        world->n_nics = (gsize)g_test_rand_int_range(0, 4);
        for (gsize i = 0; i < world->n_nics; i++)
            world->nics[i] = (NMMacvtapRoutingNic){
                names[i], macs[i], g_test_rand_bit(), g_test_rand_int_range(0, 4) > 0};
        nm_macvtap_routing_set_guests(f->routing, world->nics, world->n_nics);
        break;
    case 1:
        world->host = hosts[g_test_rand_int_range(0, G_N_ELEMENTS(hosts))];
        set_host(f, world->host);
        break;
    case 2:
    case 3:
    case 4:
        asked(f, what);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        pass(f, g_test_rand_int_range(0, 2500));
        break;
    case 9:
        claim_from(f, mac, what, TRUE);
        break;
    default:
        claim(f, mac, what);
    }
}

static const NMMacvtapRoutingNic *
find_nic(const World *world, const guint8 *mac)
{
    g_autofree char *text = nm_macvtap_mac_to_string(mac);

    for (gsize i = 0; i < world->n_nics; i++) {
        if (g_strcmp0(world->nics[i].mac, text) == 0)
            return &world->nics[i];
    }
    return NULL;
}

static void
check_route(const World *world, const NMMacvtapRoute *route)
{
    static const char *const reserved[] = {"10.0.0.53", "10.0.0.254", "10.0.0.255", "fd00::254"};
    g_autofree char *text = nm_macvtap_cidr_address_to_string(&route->address);
    const NMMacvtapRoutingNic *nic = find_nic(world, route->mac);
    g_autoptr(GArray) addresses = cidrs(world->host);
    gboolean onlink = FALSE;
    gboolean source = FALSE;

    g_assert_nonnull(nic);
    g_assert_true(nic->running && nic->bridge);
    g_assert_cmpstr(nic->guest, ==, route->guest);
    g_assert_cmpuint(
        route->address.prefix, ==, route->address.family == G_SOCKET_FAMILY_IPV4 ? 32 : 128);
    for (gsize i = 0; i < G_N_ELEMENTS(reserved); i++)
        g_assert_cmpstr(text, !=, reserved[i]);
    for (guint i = 0; i < addresses->len; i++) {
        const NMMacvtapCidr *mine = &g_array_index(addresses, NMMacvtapCidr, i);
        g_autofree char *mine_text = nm_macvtap_cidr_address_to_string(mine);
        g_autofree char *source_text = nm_macvtap_cidr_address_to_string(&route->source);

        g_assert_cmpstr(text, !=, mine_text);
        onlink |= nm_macvtap_cidr_overlaps(mine, &route->address);
        source |= strcmp(mine_text, source_text) == 0;
    }
    g_assert_true(onlink && source);
}

/* Whatever happens: routes keep every rule, are sorted and unique, agree with what the calls said
 * of them, and silence ends in no timer. */
static void
test_random(void)
{
    for (guint round = 0; round < 300; round++) {
        Fixture f;
        World world = {{{0}}, 0, hosts[0]};

        setup(&f, NULL);
        nm_macvtap_routing_set_guests(f.routing, NULL, 0);
        for (guint step = 0; step < 200; step++) {
            g_autoptr(GArray) routes = NULL;
            g_autoptr(GArray) questions = NULL;
            g_autoptr(GPtrArray) refusals = NULL;
            gint64 deadline;

            random_event(&f, &world);
            routes = nm_macvtap_routing_get_routes(f.routing);
            questions = nm_macvtap_routing_take_questions(f.routing);
            refusals = nm_macvtap_routing_take_refusals(f.routing);
            for (guint i = 0; i < routes->len; i++) {
                const NMMacvtapRoute *route = &g_array_index(routes, NMMacvtapRoute, i);

                check_route(&world, route);
                if (i > 0 && route[-1].address.family == route->address.family)
                    g_assert_cmpint(
                        memcmp(route[-1].address.bytes, route->address.bytes, 16), <, 0);
            }
            for (guint i = 0; i < questions->len; i++) {
                const NMMacvtapQuestion *q = &g_array_index(questions, NMMacvtapQuestion, i);

                g_assert_true(nm_macvtap_routing_is_routable(&q->address));
                g_assert_true(q->lan || q->mac[0] == 0x52);
            }
            deadline = nm_macvtap_routing_get_deadline(f.routing);
            if (deadline != -1)
                g_assert_cmpint(deadline, <=, f.now + 2 * CONTEST + RETRY);
        }
        pass(&f, 10 * CONTEST);
        g_assert_cmpint(nm_macvtap_routing_get_deadline(f.routing), ==, -1);
        teardown(&f, NULL);
    }
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, setup, function, teardown)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/routing/claim", test_claim);
    ADD("/routing/question", test_question);
    ADD("/routing/question-answered-by-lan", test_question_answered_by_lan);
    ADD("/routing/question-rate", test_question_rate);
    ADD("/routing/question-only-reachable-guests", test_question_only_reachable_guests);
    ADD("/routing/question-budget", test_question_budget);
    for (gsize i = 0; i < G_N_ELEMENTS(never_routed); i++) {
        g_autofree char *path =
            g_strdup_printf("/routing/never/%s/%s", never_routed[i][1], never_routed[i][0]);

        g_test_add(path, Fixture, never_routed[i], setup, test_never_routed, teardown);
    }
    ADD("/routing/not-routable", test_not_routable);
    ADD("/routing/unknown-mac", test_unknown_mac);
    ADD("/routing/not-bridge", test_not_bridge);
    ADD("/routing/lan-answers", test_lan_answers);
    ADD("/routing/lan-heard-before", test_lan_heard_before);
    ADD("/routing/lan-claims-later", test_lan_claims_later);
    ADD("/routing/guest-mac-on-wire", test_guest_mac_on_wire);
    ADD("/routing/moves-between-guests", test_moves_between_guests);
    ADD("/routing/holder-answers", test_holder_answers);
    ADD("/routing/two-nics-of-one-guest", test_two_nics_of_one_guest);
    ADD("/routing/guest-gone", test_guest_gone);
    ADD("/routing/new-address", test_new_address);
    ADD("/routing/second-address", test_second_address);
    ADD("/routing/source", test_source);
    ADD("/routing/onlink-prefix", test_onlink_prefix);
    ADD("/routing/becomes-reserved", test_becomes_reserved);
    ADD("/routing/guest-full", test_guest_full);
    ADD("/routing/full", test_full);
    ADD("/routing/too-many-refusals", test_too_many_refusals);
    ADD("/routing/same-mac", test_same_mac);
    g_test_add_func("/routing/refusal-names", test_refusal_names);
    g_test_add_func("/routing/random", test_random);
    return g_test_run();
}
