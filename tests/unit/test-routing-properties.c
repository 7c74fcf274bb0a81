/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share's routing decision under random events: what holds whatever happens. `--seed` repeats
 * a run.
 */

#include "config.h"

#include <string.h>

#include "routing-fixture.h"

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
    NmmRoutingNic nics[3];
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
            world->nics[i] = (NmmRoutingNic){
                names[i], macs[i], g_test_rand_bit(), g_test_rand_int_range(0, 4) > 0};
        routing_set_guests(f, world->nics, world->n_nics);
        break;
    case 1:
        world->host = hosts[g_test_rand_int_range(0, G_N_ELEMENTS(hosts))];
        routing_set_host(f, world->host);
        break;
    case 2:
    case 3:
    case 4:
        routing_solicited(f, what);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        routing_pass(f, g_test_rand_int_range(0, 2500));
        break;
    case 9:
        routing_claim_from(f, mac, what, TRUE);
        break;
    default:
        routing_claim(f, mac, what);
    }
}

static const NmmRoutingNic *
find_nic(const World *world, const guint8 *mac)
{
    g_autofree char *text = nmm_mac_to_string(mac);

    for (gsize i = 0; i < world->n_nics; i++) {
        if (g_strcmp0(world->nics[i].mac, text) == 0)
            return &world->nics[i];
    }
    return NULL;
}

static void
check_route(const World *world, const NmmRoute *route)
{
    static const char *const reserved[] = {"10.0.0.53", "10.0.0.254", "10.0.0.255", "fd00::254"};
    g_autofree char *text = nmm_cidr_address_to_string(&route->address);
    const NmmRoutingNic *nic = find_nic(world, route->mac);
    g_autoptr(GArray) addresses = routing_addresses(world->host);
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
        const NmmCidr *mine = &g_array_index(addresses, NmmRoutingAddress, i).cidr;
        g_autofree char *mine_text = nmm_cidr_address_to_string(mine);
        g_autofree char *source_text = nmm_cidr_address_to_string(&route->source);

        g_assert_cmpstr(text, !=, mine_text);
        onlink |= nmm_cidr_overlaps(mine, &route->address);
        source |= strcmp(mine_text, source_text) == 0;
    }
    g_assert_true(onlink && source);
}

static gboolean
has_refusals(Fixture *f)
{
    g_autoptr(GPtrArray) refusals = nmm_routing_list_refusals(f->routing);

    return refusals->len > 0;
}

/* What is routed is not refused. */
static void
check_refusals(Fixture *f, const GArray *routes)
{
    g_autoptr(GPtrArray) refusals = nmm_routing_list_refusals(f->routing);

    for (guint i = 0; i < refusals->len; i++) {
        const NmmRejection *refusal = refusals->pdata[i];

        for (guint j = 0; j < routes->len; j++) {
            const NmmRoute *route = &g_array_index(routes, NmmRoute, j);
            g_autofree char *address = nmm_cidr_address_to_string(&route->address);
            g_autofree char *mac = nmm_mac_to_string(route->mac);

            g_assert_false(strcmp(refusal->address, address) == 0 &&
                           strcmp(refusal->mac, mac) == 0);
        }
    }
}

/* Whatever happens: routes keep every rule, are sorted and unique, agree with what the calls said
 * of them, and silence ends in no timer. */
static void
test_random(void)
{
    for (guint round = 0; round < 300; round++) {
        Fixture f;
        World world = {{{0}}, 0, hosts[0]};

        routing_setup(&f, NULL);
        routing_set_guests(&f, NULL, 0);
        for (guint step = 0; step < 200; step++) {
            g_autoptr(GArray) routes = NULL;
            g_autoptr(GArray) probes = NULL;
            g_autoptr(GPtrArray) rejections = NULL;
            gint64 deadline;

            random_event(&f, &world);
            routes = g_array_ref(f.routes);
            check_refusals(&f, routes);
            probes = routing_take_probes(&f);
            rejections = routing_take_rejections(&f);
            for (guint i = 0; i < routes->len; i++) {
                const NmmRoute *route = &g_array_index(routes, NmmRoute, i);

                check_route(&world, route);
                if (i > 0 && route[-1].address.family == route->address.family)
                    g_assert_cmpint(
                        memcmp(route[-1].address.bytes, route->address.bytes, 16), <, 0);
            }
            for (guint i = 0; i < probes->len; i++) {
                const NmmProbe *q = &g_array_index(probes, NmmProbe, i);

                g_assert_true(nmm_routing_is_routable(&q->address));
                g_assert_true(q->lan || q->mac[0] == 0x52);
            }
            deadline = f.deadline;
            if (deadline != -1)
                g_assert_cmpint(
                    deadline, <=, f.now + (has_refusals(&f) ? KEEP : 2 * CONTEST + RETRY));
        }
        routing_pass(&f, KEEP + 10 * CONTEST);
        g_assert_cmpint(f.deadline, ==, -1);
        routing_teardown(&f, NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/routing/random", test_random);
    return g_test_run();
}
