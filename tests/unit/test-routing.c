/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share's routing decision: one test for each rule, and of its limits.
 */

#include "config.h"

#include <string.h>

#include "routing-fixture.h"

static void
test_claim(Fixture *f, gconstpointer data)
{
    g_assert_false(routing_claim(f, WEB, "10.0.0.5"));
    routing_assert_probes(f, "lan 10.0.0.5");
    g_assert_false(routing_pass(f, GRACE - 1));
    routing_assert_routes(f, "");
    g_assert_true(routing_pass(f, 1));
    routing_assert_routes(f, WEB_ROUTE);
    routing_assert_rejections(f, "");
    /* said again: nothing changes, nothing is asked, no timer runs */
    g_assert_false(routing_claim(f, WEB, "10.0.0.5"));
    routing_assert_probes(f, "");
    g_assert_cmpint(f->deadline, ==, -1);
}

static void
test_question(Fixture *f, gconstpointer data)
{
    routing_solicited(f, "10.0.0.5");
    routing_assert_probes(f, "");
    routing_pass(f, RELAY);
    routing_assert_probes(f, WEB " 10.0.0.5, " DB " 10.0.0.5");
    /* the LAN has been asked already by the host: its grace runs from then */
    g_assert_false(routing_claim(f, DB, "10.0.0.5"));
    routing_assert_probes(f, "");
    g_assert_true(routing_pass(f, GRACE - RELAY));
    routing_assert_routes(f, DB_ROUTE);
}

static void
test_question_answered_by_lan(Fixture *f, gconstpointer data)
{
    routing_solicited(f, "10.0.0.5");
    f->now += RELAY - 1;
    routing_claim_from(f, LAN, "10.0.0.5", TRUE);
    routing_pass(f, 10000);
    routing_assert_probes(f, "");
    routing_assert_rejections(f, "");
}

static void
test_question_rate(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < 9; i++) {
        routing_solicited(f, "10.0.0.5");
        routing_pass(f, 100);
    }
    routing_assert_probes(f, WEB " 10.0.0.5, " DB " 10.0.0.5");
    routing_pass(f, 100);
    routing_solicited(f, "10.0.0.5");
    routing_pass(f, 100);
    routing_assert_probes(f, WEB " 10.0.0.5, " DB " 10.0.0.5");
    /* an address that no guest can have is not asked for */
    routing_solicited(f, "10.0.0.254");
    routing_solicited(f, "10.1.0.1");
    routing_solicited(f, "fe80::5");
    routing_pass(f, 100);
    routing_assert_probes(f, "");
    g_assert_cmpint(f->deadline, ==, -1);
}

static void
test_question_only_reachable_guests(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic nics[] = {{"web", WEB, FALSE, TRUE}, {"db", DB, TRUE, FALSE}};

    routing_set_guests(f, nics, G_N_ELEMENTS(nics));
    routing_solicited(f, "10.0.0.5");
    routing_pass(f, 1000);
    routing_assert_probes(f, "");
}

static void
test_question_budget(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) probes = NULL;

    for (guint i = 0; i < 65536; i++) {
        g_autofree char *text = g_strdup_printf("2001:db8::%x:5", i);

        routing_solicited(f, text);
    }
    routing_pass(f, RELAY);
    probes = routing_take_probes(f);
    g_assert_cmpuint(probes->len, >, 1000);
    g_assert_cmpuint(probes->len, <=, 4096);
}

/* Addresses that are refused even if no other machine has them: address, reason. */
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
        g_assert_false(routing_claim(f, WEB, row[0]));
    g_assert_false(routing_pass(f, 10 * CONTEST));
    routing_assert_routes(f, "");
    routing_assert_probes(f, "");
    routing_assert_rejections(f, expected);
    /* another guest's is another rejection */
    routing_claim(f, DB, row[0]);
    g_free(expected);
    expected = g_strdup_printf("%s db %s", row[1], row[0]);
    routing_assert_rejections(f, expected);
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
        routing_claim(f, WEB, silent[i]);
        routing_solicited(f, silent[i]);
    }
    g_assert_false(routing_pass(f, CONTEST));
    routing_assert_routes(f, "");
    routing_assert_probes(f, "");
    routing_assert_rejections(f, "");
}

static void
test_not_bridge(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic nics[] = {{"web", WEB, TRUE, FALSE}, {"db", DB, FALSE, TRUE}};

    routing_set_guests(f, nics, G_N_ELEMENTS(nics));
    routing_claim(f, WEB, "10.0.0.5");
    routing_claim(f, DB, "10.0.0.6"); /* not running: not the holder */
    routing_pass(f, CONTEST);
    routing_assert_routes(f, "");
    routing_assert_rejections(f, "not-bridge web 10.0.0.5");
}

static void
test_moves_between_guests(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    routing_assert_probes(f, "lan 10.0.0.5");
    g_assert_false(routing_claim(f, DB, "10.0.0.5"));
    routing_assert_probes(f, WEB " 10.0.0.5"); /* the holder is asked, and is silent */
    g_assert_true(routing_pass(f, CONTEST));
    routing_assert_routes(f, DB_ROUTE);
    routing_assert_rejections(f, "");
}

static void
test_holder_answers(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    routing_claim(f, DB, "10.0.0.5");
    f->now += 5;
    routing_claim(f, WEB, "10.0.0.5");
    g_assert_false(routing_pass(f, 10 * CONTEST));
    routing_assert_routes(f, WEB_ROUTE);
    routing_assert_rejections(f, "other-guest db 10.0.0.5 web");
}

static void
test_two_nics_of_one_guest(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic nics[] = {{"web", WEB, TRUE, TRUE}, {"web", DB, TRUE, TRUE}};

    routing_set_guests(f, nics, G_N_ELEMENTS(nics));
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    routing_claim(f, DB, "10.0.0.5");
    routing_claim(f, WEB, "10.0.0.5");
    g_assert_false(routing_pass(f, CONTEST));
    routing_assert_routes(f, WEB_ROUTE);
    routing_assert_rejections(f, "");
}

static void
test_guest_gone(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic stopped[] = {{"web", WEB, FALSE, TRUE}, {"db", DB, TRUE, TRUE}};
    const NmmRoutingNic vepa[] = {{"web", WEB, TRUE, FALSE}, {"db", DB, TRUE, TRUE}};

    routing_claim(f, WEB, "10.0.0.5");
    routing_claim(f, DB, "10.0.0.6");
    routing_pass(f, GRACE);
    g_assert_false(routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both)));
    g_assert_true(routing_set_guests(f, stopped, G_N_ELEMENTS(stopped)));
    routing_assert_routes(f, "10.0.0.6/32 db src 10.0.0.1/32");
    /* started again: it must send a frame first */
    g_assert_false(routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both)));
    routing_pass(f, 1000);
    routing_claim(f, WEB, "10.0.0.5");
    g_assert_true(routing_pass(f, GRACE));
    g_assert_true(routing_set_guests(f, vepa, G_N_ELEMENTS(vepa)));
    g_assert_true(routing_set_guests(f, NULL, 0));
    routing_assert_routes(f, "");
    /* gone while it is being judged */
    routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both));
    routing_claim(f, WEB, "10.0.0.7");
    routing_set_guests(f, NULL, 0);
    g_assert_false(routing_pass(f, CONTEST));
    g_assert_cmpint(f->deadline, ==, -1);
}

static void
test_new_address(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_claim(f, WEB, "fd00::5");
    routing_pass(f, 60000);
    routing_assert_probes(f, "lan 10.0.0.5, lan fd00::5");
    routing_claim(f, WEB, "10.0.0.6");
    routing_pass(f, GRACE);
    routing_assert_routes(
        f, WEB_ROUTE ", 10.0.0.6/32 web src 10.0.0.1/32, fd00::5/128 web src fd00::1/128");
    g_assert_true(routing_pass(f, CONTEST));
    /* the old address was probed without a reply; the other family's was not probed */
    routing_assert_probes(
        f, WEB " 10.0.0.5, " WEB " 10.0.0.5, " WEB " 10.0.0.5, " WEB " 10.0.0.5, lan 10.0.0.6");
    routing_assert_routes(f, "10.0.0.6/32 web src 10.0.0.1/32, fd00::5/128 web src fd00::1/128");
    g_assert_cmpint(f->deadline, ==, -1);
}

static void
test_second_address(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, 60000);
    routing_claim(f, WEB, "10.0.0.6");
    routing_pass(f, GRACE + 1);
    routing_claim(f, WEB, "10.0.0.5"); /* answers: it has both */
    g_assert_false(routing_pass(f, 10 * CONTEST));
    routing_assert_routes(f, WEB_ROUTE ", 10.0.0.6/32 web src 10.0.0.1/32");
    g_assert_cmpint(f->deadline, ==, -1);
}

static void
test_source(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "fd00::5");
    routing_claim(f, WEB, "2001:db8::5");
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    routing_assert_routes(f,
                          WEB_ROUTE ", 2001:db8::5/128 web src 2001:db8::1/128, "
                                    "fd00::5/128 web src fd00::1/128");
    /* the host's address changes: so does the source; the families it lost are not routed */
    g_assert_true(routing_set_host(f, "10.0.0.2/24"));
    routing_assert_routes(f, "10.0.0.5/32 web src 10.0.0.2/32");
    g_assert_false(routing_set_host(f, "10.0.0.2/24"));
    g_assert_true(routing_set_host(f, "10.9.0.2/16"));
    routing_assert_routes(f, "");
    g_assert_true(routing_set_host(f, "10.0.0.1/24 fd00::1/64"));
    routing_assert_routes(f, WEB_ROUTE ", fd00::5/128 web src fd00::1/128");
    routing_assert_rejections(f, "");
}

/* Which of the host's addresses a route has as source: the one that the kernel chooses. */
static const struct {
    const char *name;
    const char *addresses;
    const char *guest;
    const char *source;
} sources[] = {
    {"host-prefix", "10.0.0.10/24 10.0.0.190/32", "10.0.0.191", "10.0.0.10"},
    {"host-prefix-first", "10.0.0.190/32 10.0.0.10/24", "10.0.0.191", "10.0.0.10"},
    {"secondary", "10.0.0.10/24 10.0.0.190/24,secondary", "10.0.0.191", "10.0.0.10"},
    {"no-lifetime", "10.0.0.10/24,deprecated 10.0.0.190/24,secondary", "10.0.0.191", "10.0.0.10"},
    {"nested-subnets", "10.0.0.190/16 10.0.0.10/24", "10.0.0.191", "10.0.0.10"},
    {"nested-subnets-other", "10.0.0.190/16 10.0.0.10/24", "10.0.1.191", "10.0.0.190"},
    {"two-subnets", "10.0.0.10/24 10.0.1.10/24", "10.0.1.5", "10.0.1.10"},
    {"three-subnets", "10.0.0.10/24 10.0.1.10/24 10.0.1.4/24,secondary", "10.0.1.5", "10.0.1.10"},
    {"peer", "10.0.0.10/24 10.0.9.9/32,10.0.1.5/32", "10.0.1.5", "10.0.9.9"},
    {"peer-subnet", "10.9.0.1/24,10.0.1.0/24", "10.0.1.5", "10.9.0.1"},
    {"ipv6-deprecated", "fd00::4/64,deprecated fd00::10/64", "fd00::5", "fd00::10"},
    {"ipv6-deprecated-prefix", "fd00::4/64,deprecated 2001:db8::1/64", "fd00::5", "2001:db8::1"},
    {"ipv6-deprecated-only", "fd00::4/64,deprecated", "fd00::5", "fd00::4"},
    {"ipv6-temporary", "fd00::4/64,secondary fd00::10/64", "fd00::5", "fd00::10"},
    {"ipv6-temporary-only", "fd00::4/64,deprecated fd00::10/64,secondary", "fd00::5", "fd00::10"},
    {"ipv6-host-prefix", "fd00::4/64 fd00::1/128", "fd00::5", "fd00::1"},
    {"ipv6-two-prefixes", "2001:db8::1/64 fd00::1/64", "fd00::5", "fd00::1"},
    {"ipv6-link-local", "fe80::1/64 fd00::1/64", "fd00::5", "fd00::1"},
};

static void
test_chosen_source(Fixture *f, gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);
    g_autofree char *expected = g_strdup_printf("%s/%d web src %s/%d",
                                                sources[i].guest,
                                                strchr(sources[i].guest, ':') ? 128 : 32,
                                                sources[i].source,
                                                strchr(sources[i].source, ':') ? 128 : 32);

    routing_set_host(f, sources[i].addresses);
    routing_claim(f, WEB, sources[i].guest);
    routing_pass(f, GRACE);
    routing_assert_routes(f, expected);
}

/* A guest in none of the host's subnets, but on-link by a route. */
static void
test_chosen_source_on_link(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) addresses =
        routing_addresses("10.0.9.190/32 10.0.0.10/24 10.0.0.2/24,secondary");
    g_autoptr(GArray) onlink = routing_cidrs("10.0.8.0/22");
    NmmRoutingHost host = {.addresses = addresses, .onlink = onlink};

    routing_set_host_config(f, &host);
    routing_claim(f, WEB, "10.0.9.191");
    routing_pass(f, GRACE);
    routing_assert_routes(f, "10.0.9.191/32 web src 10.0.0.10/32");
    g_array_set_size(addresses, 1); /* a rented server */
    routing_set_host_config(f, &host);
    routing_assert_routes(f, "10.0.9.191/32 web src 10.0.9.190/32");
}

/* keepalived moves its address here, and takes it away. */
static void
test_source_follows(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    g_assert_false(routing_set_host(f, "10.0.0.1/24 10.0.0.4/32"));
    g_assert_false(routing_set_host(f, "10.0.0.1/24 10.0.0.4/24,secondary"));
    g_assert_true(routing_set_host(f, "10.0.0.4/24")); /* promote_secondaries */
    routing_assert_routes(f, "10.0.0.5/32 web src 10.0.0.4/32");
}

static void
test_onlink_prefix(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) addresses = routing_addresses("2001:db8::1/128");
    g_autoptr(GArray) onlink = routing_cidrs("2001:db8::/64");
    NmmRoutingHost host = {.addresses = addresses, .onlink = onlink};

    routing_set_host_config(f, &host);
    routing_claim(f, WEB, "2001:db8::5");
    routing_claim(f, WEB, "10.0.0.5"); /* the host has no IPv4: no matter */
    routing_pass(f, GRACE);
    routing_assert_routes(f, "2001:db8::5/128 web src 2001:db8::1/128");
    routing_assert_rejections(f, "");
}

static void
test_becomes_reserved(Fixture *f, gconstpointer data)
{
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    g_assert_true(routing_set_host(f, "10.0.0.1/24 10.0.0.5/24"));
    routing_assert_routes(f, "");
    routing_assert_rejections(f, "host web 10.0.0.5");
    g_assert_false(routing_set_host(f, "10.0.0.1/24"));
}

static void
claim_number(Fixture *f, const char *mac, guint number)
{
    g_autofree char *text = g_strdup_printf("2001:db8::%x:5", number);

    routing_claim(f, mac, text);
}

static guint
count_routes(Fixture *f)
{
    return f->routes->len;
}

static void
test_guest_full(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i <= NMM_ROUTING_MAX_PER_GUEST; i++)
        claim_number(f, WEB, i);
    routing_pass(f, GRACE);
    g_assert_cmpuint(count_routes(f), ==, NMM_ROUTING_MAX_PER_GUEST);
    routing_assert_rejections(f, "guest-full web 2001:db8::40:5");
    claim_number(f, DB, 1000); /* another guest's share is its own */
    routing_pass(f, GRACE);
    g_assert_cmpuint(count_routes(f), ==, NMM_ROUTING_MAX_PER_GUEST + 1);
    /* what it does not answer for makes room */
    routing_pass(f, 10 * CONTEST);
    claim_number(f, WEB, NMM_ROUTING_MAX_PER_GUEST);
    routing_pass(f, 10 * CONTEST);
    claim_number(f, WEB, NMM_ROUTING_MAX_PER_GUEST);
    routing_pass(f, GRACE);
    routing_assert_routes(f,
                          "2001:db8::40:5/128 web src 2001:db8::1/128, "
                          "2001:db8::3e8:5/128 db src 2001:db8::1/128");
}

/* Time passes, and guests answer what they are asked. */
static void
pass_answering(Fixture *f, gint64 ms)
{
    for (gint64 i = 0; i < ms; i += 10) {
        g_autoptr(GArray) probes = NULL;

        routing_pass(f, 10);
        probes = routing_take_probes(f);
        for (guint j = 0; j < probes->len; j++) {
            const NmmProbe *q = &g_array_index(probes, NmmProbe, j);

            if (!q->lan)
                routing_claim_bytes(f, q->mac, &q->address, FALSE);
        }
    }
}

static void
test_full(Fixture *f, gconstpointer data)
{
    enum { GUESTS = NMM_ROUTING_MAX_ADDRESSES / NMM_ROUTING_MAX_PER_GUEST + 1 };
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    NmmRoutingNic nics[GUESTS];

    for (guint i = 0; i < GUESTS; i++) {
        nics[i] = (NmmRoutingNic){.guest = g_strdup_printf("g%u", i),
                                  .mac = g_strdup_printf("52:54:00:00:01:%02x", i),
                                  .running = TRUE,
                                  .bridge = TRUE};
        g_ptr_array_add(texts, (gpointer)nics[i].guest);
        g_ptr_array_add(texts, (gpointer)nics[i].mac);
    }
    routing_set_guests(f, nics, GUESTS);
    for (guint i = 0; i < NMM_ROUTING_MAX_ADDRESSES + 1; i++) {
        claim_number(f, nics[i / NMM_ROUTING_MAX_PER_GUEST].mac, i);
        if (i % 1000 == 999)
            pass_answering(f, 1000); /* within what may be asked in a second */
    }
    pass_answering(f, 3 * CONTEST);
    g_assert_cmpuint(count_routes(f), ==, NMM_ROUTING_MAX_ADDRESSES);
    routing_assert_rejections(f, "full g64 2001:db8::1000:5");
}

static void
test_too_many_refusals(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) rejections = NULL;
    const NmmRejection *last;

    for (guint i = 1; i < 200; i++) {
        g_autofree char *text = g_strdup_printf("10.77.0.%u", i);

        routing_claim(f, WEB, text);
    }
    rejections = routing_take_rejections(f);
    g_assert_cmpuint(rejections->len, ==, NMM_REJECTION_MAX_REPORTED);
    last = rejections->pdata[rejections->len - 1];
    g_assert_cmpint(last->reason, ==, NMM_REJECTION_TOO_MANY);
    routing_claim(f, DB, "10.77.0.1");
    routing_assert_rejections(f, "off-link db 10.77.0.1");
}

static void
test_refusal_names(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i <= NMM_REJECTION_LAST; i++) {
        NmmRejection rejection = {i, (char *)"we%1$sb", (char *)WEB, (char *)"10.0.0.5", NULL};
        g_autofree char *text = nmm_rejection_to_string(&rejection);

        g_assert_true(g_hash_table_add(names, (gpointer)nmm_rejection_reason_to_string(i)));
        g_assert_true(g_str_has_prefix(text, "guest 'we%1$sb' (" WEB ") claims '10.0.0.5', "));
        g_assert_null(strstr(text, "%4$s"));
        g_assert_false(g_str_has_suffix(text, "."));
    }
}

/* A clone with the same MAC: the one that runs is meant. */
static void
test_same_mac(Fixture *f, gconstpointer data)
{
    const NmmRoutingNic nics[] = {{"clone", WEB, FALSE, TRUE},
                                  {"web", WEB, TRUE, TRUE},
                                  {"other", WEB, FALSE, TRUE},
                                  {"bad", "nonsense", TRUE, TRUE}};

    routing_set_guests(f, nics, G_N_ELEMENTS(nics));
    routing_claim(f, WEB, "10.0.0.5");
    routing_pass(f, GRACE);
    routing_assert_routes(f, WEB_ROUTE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROUTING_ADD("/routing/claim", test_claim);
    ROUTING_ADD("/routing/question", test_question);
    ROUTING_ADD("/routing/question-answered-by-lan", test_question_answered_by_lan);
    ROUTING_ADD("/routing/question-rate", test_question_rate);
    ROUTING_ADD("/routing/question-only-reachable-guests", test_question_only_reachable_guests);
    ROUTING_ADD("/routing/question-budget", test_question_budget);
    for (gsize i = 0; i < G_N_ELEMENTS(never_routed); i++) {
        g_autofree char *path =
            g_strdup_printf("/routing/never/%s/%s", never_routed[i][1], never_routed[i][0]);

        g_test_add(
            path, Fixture, never_routed[i], routing_setup, test_never_routed, routing_teardown);
    }
    ROUTING_ADD("/routing/not-routable", test_not_routable);
    ROUTING_ADD("/routing/not-bridge", test_not_bridge);
    ROUTING_ADD("/routing/moves-between-guests", test_moves_between_guests);
    ROUTING_ADD("/routing/holder-answers", test_holder_answers);
    ROUTING_ADD("/routing/two-nics-of-one-guest", test_two_nics_of_one_guest);
    ROUTING_ADD("/routing/guest-gone", test_guest_gone);
    ROUTING_ADD("/routing/new-address", test_new_address);
    ROUTING_ADD("/routing/second-address", test_second_address);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autofree char *path = g_strconcat("/routing/source/", sources[i].name, NULL);

        g_test_add(path,
                   Fixture,
                   GUINT_TO_POINTER(i),
                   routing_setup,
                   test_chosen_source,
                   routing_teardown);
    }
    ROUTING_ADD("/routing/source/on-link", test_chosen_source_on_link);
    ROUTING_ADD("/routing/source/follows", test_source_follows);
    ROUTING_ADD("/routing/source/families", test_source);
    ROUTING_ADD("/routing/onlink-prefix", test_onlink_prefix);
    ROUTING_ADD("/routing/becomes-reserved", test_becomes_reserved);
    ROUTING_ADD("/routing/guest-full", test_guest_full);
    ROUTING_ADD("/routing/full", test_full);
    ROUTING_ADD("/routing/too-many-rejections", test_too_many_refusals);
    ROUTING_ADD("/routing/same-mac", test_same_mac);
    g_test_add_func("/routing/rejection-names", test_refusal_names);
    return g_test_run();
}
