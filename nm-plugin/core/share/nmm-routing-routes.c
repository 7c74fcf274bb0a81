/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One route for each address that is held and that the host has a source for.
 */

#include "config.h"

#include "nmm-routing-routes.h"

#include <string.h>

/**
 * nmm_route_compare:
 * @a: an NmmRoute
 * @b: another
 *
 * Returns: as strcmp()
 */
int
nmm_route_compare(gconstpointer a, gconstpointer b)
{
    return nmm_address_compare(&((const NmmRoute *)a)->address, &((const NmmRoute *)b)->address);
}

/**
 * nmm_routing_routes_build:
 * @entries: the addresses that the decision has before it
 * @host: what the host has
 * @stations: who is there; has every holder
 *
 * Returns: (transfer full) (element-type NmmRoute): sorted; guests' names are those of
 *   @stations
 */
GArray *
nmm_routing_routes_build(const NmmRoutingEntries *entries,
                         const NmmRoutingHost *host,
                         const NmmKnownHosts *stations)
{
    GArray *routes = g_array_new(FALSE, TRUE, sizeof(NmmRoute));
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, entries->all);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const NmmRoutingEntry *entry = data;
        NmmRoute route = {.address = entry->address, .since_ms = entry->since};
        NmmRejectionReason reason;

        if (entry->holder == 0 ||
            nmm_routing_host_judge(host, &entry->address, &route.source, &reason) !=
                NMM_VERDICT_GOOD)
            continue;
        nmm_mac_key_to_bytes(entry->holder, route.mac);
        route.guest = nmm_known_hosts_find_nic(stations, entry->holder)->guest->name;
        g_array_append_val(routes, route);
    }
    g_array_sort(routes, nmm_route_compare);
    return routes;
}

/**
 * nmm_routing_routes_differ:
 * @before: (element-type NmmRoute): sorted
 * @after: (element-type NmmRoute): likewise
 *
 * Returns: whether the kernel's table is another with these than with those
 */
gboolean
nmm_routing_routes_differ(const GArray *before, const GArray *after)
{
    if (before->len != after->len)
        return TRUE;
    for (guint i = 0; i < before->len; i++) {
        const NmmRoute *a = &g_array_index(before, NmmRoute, i);
        const NmmRoute *b = &g_array_index(after, NmmRoute, i);

        if (!nmm_address_equal(&a->address, &b->address) ||
            !nmm_address_equal(&a->source, &b->source) ||
            memcmp(a->mac, b->mac, sizeof(a->mac)) != 0)
            return TRUE;
    }
    return FALSE;
}
