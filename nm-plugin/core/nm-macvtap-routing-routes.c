/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One route for each address that is held and that the host has a source for.
 */

#include "config.h"

#include "nm-macvtap-routing-routes.h"

#include <string.h>

/**
 * nm_macvtap_route_compare:
 * @a: an NMMacvtapRoute
 * @b: another
 *
 * Returns: as strcmp()
 */
int
nm_macvtap_route_compare(gconstpointer a, gconstpointer b)
{
    return nm_macvtap_address_compare(&((const NMMacvtapRoute *)a)->address,
                                      &((const NMMacvtapRoute *)b)->address);
}

/**
 * nm_macvtap_routing_routes_build:
 * @entries: the addresses that the decision has before it
 * @host: what the host has
 * @stations: who is there; has every holder
 *
 * Returns: (transfer full) (element-type NMMacvtapRoute): sorted; guests' names are those of
 *   @stations
 */
GArray *
nm_macvtap_routing_routes_build(const NMMacvtapRoutingEntries *entries,
                                const NMMacvtapRoutingHost *host,
                                const NMMacvtapStations *stations)
{
    GArray *routes = g_array_new(FALSE, TRUE, sizeof(NMMacvtapRoute));
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, entries->all);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const NMMacvtapRoutingEntry *entry = data;
        NMMacvtapRoute route = {.address = entry->address, .since_ms = entry->since};
        NMMacvtapRefusalReason reason;

        if (entry->holder == 0 ||
            nm_macvtap_routing_host_judge(host, &entry->address, &route.source, &reason) !=
                NM_MACVTAP_VERDICT_GOOD)
            continue;
        nm_macvtap_mac_key_to_bytes(entry->holder, route.mac);
        route.guest = nm_macvtap_stations_find_nic(stations, entry->holder)->guest->name;
        g_array_append_val(routes, route);
    }
    g_array_sort(routes, nm_macvtap_route_compare);
    return routes;
}

/**
 * nm_macvtap_routing_routes_differ:
 * @before: (element-type NMMacvtapRoute): sorted
 * @after: (element-type NMMacvtapRoute): likewise
 *
 * Returns: whether the kernel's table is another with these than with those
 */
gboolean
nm_macvtap_routing_routes_differ(const GArray *before, const GArray *after)
{
    if (before->len != after->len)
        return TRUE;
    for (guint i = 0; i < before->len; i++) {
        const NMMacvtapRoute *a = &g_array_index(before, NMMacvtapRoute, i);
        const NMMacvtapRoute *b = &g_array_index(after, NMMacvtapRoute, i);

        if (!nm_macvtap_address_equal(&a->address, &b->address) ||
            !nm_macvtap_address_equal(&a->source, &b->source) ||
            memcmp(a->mac, b->mac, sizeof(a->mac)) != 0)
            return TRUE;
    }
    return FALSE;
}
