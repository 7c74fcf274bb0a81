/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host and its guests for the routing decision.
 */

#include "config.h"

#include "routing-fixture.h"

#include <string.h>

const NmmRoutingNic routing_both[] = {{"web", WEB, TRUE, TRUE}, {"db", DB, TRUE, TRUE}};

GArray *
routing_cidrs(const char *text)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        NmmCidr cidr;
        GError *error = NULL;

        nmm_cidr_parse(words[i], &cidr, &error);
        g_assert_no_error(error);
        g_array_append_val(array, cidr);
    }
    return array;
}

static NmmCidr
parse_address(const char *text)
{
    NmmCidr cidr;
    GError *error = NULL;

    nmm_cidr_init(&cidr, text, strchr(text, ':') ? 128 : 32, &error);
    g_assert_no_error(error);
    return cidr;
}

gboolean
routing_set_host(Fixture *f, const char *addresses)
{
    NmmRoutingHost host = {
        .addresses = routing_cidrs(addresses),
        .own = routing_cidrs("192.168.254.1/24 10.0.0.250/8"),
        .gateways = routing_cidrs("10.0.0.254/32 fd00::254/128"),
        .servers = routing_cidrs("10.0.0.53/32 fd00::53/128"),
    };
    gboolean changed = nmm_routing_set_host(f->routing, &host);

    nmm_routing_host_clear(&host);
    return changed;
}

void
routing_setup(Fixture *f, gconstpointer data)
{
    f->routing = nmm_routing_new();
    f->now = 1000000;
    routing_set_host(f, "10.0.0.1/24 fe80::1/64 fd00::1/64 2001:db8::1/64");
    nmm_routing_set_guests(f->routing, routing_both, G_N_ELEMENTS(routing_both));
}

void
routing_teardown(Fixture *f, gconstpointer data)
{
    nmm_routing_free(f->routing);
}

gboolean
routing_claim_from(Fixture *f, const char *mac, const char *text, gboolean from_wire)
{
    NmmCidr cidr = parse_address(text);
    guint8 bytes[NMM_MAC_BYTES];

    g_assert_true(nmm_mac_parse(mac, bytes));
    return nmm_routing_claim(f->routing, bytes, &cidr, from_wire, f->now);
}

gboolean
routing_claim(Fixture *f, const char *mac, const char *text)
{
    return routing_claim_from(f, mac, text, FALSE);
}

void
routing_asked(Fixture *f, const char *text)
{
    NmmCidr cidr = parse_address(text);

    nmm_routing_asked(f->routing, &cidr, f->now);
}

gboolean
routing_pass(Fixture *f, gint64 ms)
{
    gint64 end = f->now + ms;
    gboolean changed = FALSE;
    gint64 deadline;

    while ((deadline = nmm_routing_get_deadline(f->routing)) != -1 && deadline <= end) {
        f->now = MAX(f->now, deadline);
        changed |= nmm_routing_tick(f->routing, f->now);
    }
    f->now = end;
    return changed;
}

void
routing_assert_routes(Fixture *f, const char *expected)
{
    g_autoptr(GArray) routes = nmm_routing_get_routes(f->routing);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);
        g_autofree char *to = nmm_cidr_to_string(&route->address);
        g_autofree char *from = nmm_cidr_to_string(&route->source);

        g_string_append_printf(text, "%s%s %s src %s", i ? ", " : "", to, route->guest, from);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
routing_assert_questions(Fixture *f, const char *expected)
{
    g_autoptr(GArray) questions = nmm_routing_take_questions(f->routing);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    for (guint i = 0; i < questions->len; i++) {
        const NmmProbe *q = &g_array_index(questions, NmmProbe, i);
        g_autofree char *mac = q->lan ? g_strdup("lan") : nmm_mac_to_string(q->mac);
        g_autofree char *what = nmm_cidr_address_to_string(&q->address);

        g_assert_cmpint(q->source.family, ==, q->address.family);
        g_ptr_array_add(lines, g_strdup_printf("%s %s", mac, what));
    }
    g_ptr_array_sort(lines, compare_text);
    g_ptr_array_add(lines, NULL);
    text = g_strjoinv(", ", (char **)lines->pdata);
    g_assert_cmpstr(text, ==, expected);
}

void
routing_assert_refusals(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) refusals = nmm_routing_take_refusals(f->routing);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < refusals->len; i++) {
        const NmmRejection *r = refusals->pdata[i];

        g_string_append_printf(text,
                               "%s%s %s %s%s%s",
                               i ? ", " : "",
                               nmm_rejection_reason_to_string(r->reason),
                               r->guest,
                               r->address,
                               r->holder ? " " : "",
                               r->holder ? r->holder : "");
    }
    g_assert_cmpstr(text->str, ==, expected);
}
