/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "routing-fixture.h"

#include <string.h>

#define HOST_ADDRESSES "10.0.0.1/24 fe80::1/64 fd00::1/64 2001:db8::1/64"

const NmmRoutingNic routing_both[] = {{"web", WEB, TRUE, TRUE}, {"db", DB, TRUE, TRUE}};

static NmmCidr
parse_cidr(const char *text)
{
    NmmCidr cidr;
    GError *error = NULL;

    nmm_cidr_parse(text, &cidr, &error);
    g_assert_no_error(error);
    return cidr;
}

GArray *
routing_cidrs(const char *text)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (gsize i = 0; words[i]; i++) {
        NmmCidr cidr = parse_cidr(words[i]);

        g_array_append_val(array, cidr);
    }
    return array;
}

/* "10.0.0.1/24,secondary", "10.0.0.1/32,10.0.0.5/32": flags, and the subnet of a peer. */
static NmmRoutingAddress
parse_host_address(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    NmmRoutingAddress address = {.cidr = parse_cidr(parts[0])};

    address.subnet = address.cidr;
    for (gsize i = 1; parts[i]; i++) {
        if (strcmp(parts[i], "secondary") == 0)
            address.secondary = TRUE;
        else if (strcmp(parts[i], "deprecated") == 0)
            address.deprecated = TRUE;
        else
            address.subnet = parse_cidr(parts[i]);
    }
    return address;
}

GArray *
routing_addresses(const char *text)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(NmmRoutingAddress));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (gsize i = 0; words[i]; i++) {
        NmmRoutingAddress address = parse_host_address(words[i]);

        g_array_append_val(array, address);
    }
    return array;
}

static NmmCidr
parse_address(const char *text)
{
    NmmCidr cidr;
    GError *error = NULL;

    nmm_cidr_init_host(&cidr, text, &error);
    g_assert_no_error(error);
    return cidr;
}

static gboolean
are_equal(const GArray *before, const GArray *after)
{
    if (before->len != after->len)
        return FALSE;
    for (guint i = 0; i < before->len; i++) {
        if (!nmm_route_equal(&g_array_index(before, NmmRoute, i),
                             &g_array_index(after, NmmRoute, i)))
            return FALSE;
    }
    return TRUE;
}

/* Keeps the routes. The guests' names stay valid, so that they can be compared later. */
static gboolean
keep_routes(Fixture *f, GArray *routes)
{
    gboolean changed = !are_equal(f->routes, routes);

    g_array_unref(f->routes);
    f->routes = g_array_ref(routes);
    for (guint i = 0; i < routes->len; i++) {
        NmmRoute *route = &g_array_index(routes, NmmRoute, i);

        route->guest = g_intern_string(route->guest);
    }
    return changed;
}

/* @work: (transfer full). Returns: whether the routes changed. */
static gboolean
take(Fixture *f, NmmRoutingWork *work)
{
    gboolean changed = work->routes && keep_routes(f, work->routes);

    g_array_append_vals(f->probes, work->probes->data, work->probes->len);
    while (work->rejections->len > 0)
        g_ptr_array_add(f->rejections, g_ptr_array_steal_index(work->rejections, 0));
    f->deadline = work->deadline_ms;
    f->refused |= work->refusals_changed;
    nmm_routing_work_free(work);
    return changed;
}

gboolean
routing_set_host_config(Fixture *f, const NmmRoutingHost *host)
{
    return take(f, nmm_routing_set_host(f->routing, host));
}

static gboolean
set_host(Fixture *f, const char *addresses, const char *trusted)
{
    NmmRoutingHost host = {
        .addresses = routing_addresses(addresses),
        .own = routing_cidrs("192.168.254.1/24 10.0.0.250/8"),
        .gateways = routing_cidrs("10.0.0.254/32 fd00::254/128"),
        .servers = routing_cidrs("10.0.0.53/32 fd00::53/128"),
        .trusted = trusted ? routing_cidrs(trusted) : NULL,
    };
    gboolean changed = routing_set_host_config(f, &host);

    nmm_routing_host_clear(&host);
    return changed;
}

gboolean
routing_set_host(Fixture *f, const char *addresses)
{
    return set_host(f, addresses, NULL);
}

void
routing_trust(Fixture *f, const char *cidrs)
{
    set_host(f, HOST_ADDRESSES, cidrs);
}

gboolean
routing_set_guests(Fixture *f, const NmmRoutingNic *nics, gsize n_nics)
{
    return take(f, nmm_routing_set_guests(f->routing, nics, n_nics));
}

void
routing_setup(Fixture *f, gconstpointer data)
{
    f->routing = nmm_routing_new();
    f->now = 1000000;
    f->deadline = -1;
    f->routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    f->probes = g_array_new(FALSE, FALSE, sizeof(NmmProbe));
    f->rejections = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_rejection_free);
    routing_set_host(f, HOST_ADDRESSES);
    routing_set_guests(f, routing_both, G_N_ELEMENTS(routing_both));
}

void
routing_teardown(Fixture *f, gconstpointer data)
{
    nmm_routing_free(f->routing);
    g_array_unref(f->routes);
    g_array_unref(f->probes);
    g_ptr_array_unref(f->rejections);
}

gboolean
routing_claim_bytes(Fixture *f, const guint8 *mac, const NmmCidr *address, gboolean from_wire)
{
    return take(f, nmm_routing_claim(f->routing, mac, address, from_wire, f->now));
}

gboolean
routing_claim_from(Fixture *f, const char *mac, const char *text, gboolean from_wire)
{
    NmmCidr cidr = parse_address(text);
    guint8 bytes[NMM_MAC_BYTES];

    g_assert_true(nmm_mac_parse(mac, bytes));
    return routing_claim_bytes(f, bytes, &cidr, from_wire);
}

gboolean
routing_claim(Fixture *f, const char *mac, const char *text)
{
    return routing_claim_from(f, mac, text, FALSE);
}

void
routing_solicited(Fixture *f, const char *text)
{
    NmmCidr cidr = parse_address(text);

    g_assert_false(take(f, nmm_routing_solicited(f->routing, &cidr, f->now)));
}

gboolean
routing_pass(Fixture *f, gint64 ms)
{
    gint64 end = f->now + ms;
    gboolean changed = FALSE;

    while (f->deadline != -1 && f->deadline <= end) {
        f->now = MAX(f->now, f->deadline);
        changed |= take(f, nmm_routing_tick(f->routing, f->now));
    }
    f->now = end;
    return changed;
}

void
routing_assert_routes(Fixture *f, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < f->routes->len; i++) {
        const NmmRoute *route = &g_array_index(f->routes, NmmRoute, i);
        g_autofree char *to = nmm_cidr_to_string(&route->address);
        g_autofree char *from = nmm_cidr_to_string(&route->source);

        g_string_append_printf(
            text, "%s%s %s src %s", i ? ", " : "", to, route->guest ?: "peer", from);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GArray *
routing_take_probes(Fixture *f)
{
    GArray *probes = f->probes;

    f->probes = g_array_new(FALSE, FALSE, sizeof(NmmProbe));
    return probes;
}

void
routing_assert_probes(Fixture *f, const char *expected)
{
    g_autoptr(GArray) probes = routing_take_probes(f);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    for (guint i = 0; i < probes->len; i++) {
        const NmmProbe *probe = &g_array_index(probes, NmmProbe, i);
        g_autofree char *mac = probe->lan ? g_strdup("lan") : nmm_mac_to_string(probe->mac);
        g_autofree char *address = nmm_cidr_address_to_string(&probe->address);

        g_assert_cmpint(probe->source.family, ==, probe->address.family);
        g_ptr_array_add(lines, g_strdup_printf("%s %s", mac, address));
    }
    g_ptr_array_sort(lines, compare_text);
    g_ptr_array_add(lines, NULL);
    text = g_strjoinv(", ", (char **)lines->pdata);
    g_assert_cmpstr(text, ==, expected);
}

GPtrArray *
routing_take_rejections(Fixture *f)
{
    GPtrArray *rejections = f->rejections;

    f->rejections = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_rejection_free);
    return rejections;
}

static void
assert_list(const GPtrArray *rejections, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < rejections->len; i++) {
        const NmmRejection *r = rejections->pdata[i];

        g_string_append_printf(text,
                               "%s%s %s %s%s%s",
                               i ? ", " : "",
                               nmm_rejection_reason_to_string(r->reason),
                               r->guest ?: "peer",
                               r->address,
                               r->holder ? " " : "",
                               r->holder ? r->holder : "");
    }
    g_assert_cmpstr(text->str, ==, expected);
}

void
routing_assert_rejections(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) rejections = routing_take_rejections(f);

    assert_list(rejections, expected);
}

void
routing_assert_refusals(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) refusals = nmm_routing_list_refusals(f->routing);

    assert_list(refusals, expected);
}
