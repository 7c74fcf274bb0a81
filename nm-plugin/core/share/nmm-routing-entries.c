/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-entries.h"

#include <string.h>

#define NEVER NMM_NEVER

/* Besides held and claimed addresses: those of recent requests. */
#define MAX_IDLE_ENTRIES 1024

typedef NmmRoutingEntry Entry;

void
nmm_routing_entries_init(NmmRoutingEntries *self)
{
    self->all = g_hash_table_new_full(nmm_cidr_hash_address, nmm_cidr_equal_address, NULL, g_free);
    self->pending = g_hash_table_new(NULL, NULL);
    self->deadline = NEVER;
    self->stale = FALSE;
    self->swept_at = -NEVER;
}

void
nmm_routing_entries_clear(NmmRoutingEntries *self)
{
    g_clear_pointer(&self->pending, g_hash_table_unref);
    g_clear_pointer(&self->all, g_hash_table_unref);
}

static gint64
get_deadline(const Entry *entry)
{
    return MIN(
        MIN(MIN(entry->verify_until, entry->decide_at), MIN(entry->next_probe_at, entry->relay_at)),
        entry->lan_reprobe_at);
}

void
nmm_routing_entries_settle(NmmRoutingEntries *self, Entry *entry)
{
    gint64 before = entry->deadline;

    entry->deadline = get_deadline(entry);
    if (entry->deadline != NEVER)
        g_hash_table_add(self->pending, entry);
    else
        g_hash_table_remove(self->pending, entry);
    if (entry->deadline <= self->deadline)
        self->deadline = entry->deadline;
    else if (before == self->deadline)
        self->stale = TRUE;
}

static gboolean
is_idle(const Entry *entry, gint64 now)
{
    return entry->holder == 0 && entry->claimant == 0 && entry->deadline == NEVER &&
           entry->lan_probed_at < now - NMM_ROUTING_REPEAT_MS;
}

/* Only when the table is full, so that an idle entry needs no timer, and once per ms, because a
 * flood keeps it full. */
static void
sweep(NmmRoutingEntries *self, gint64 now)
{
    GHashTableIter iter;
    gpointer entry;

    if (self->swept_at == now)
        return;
    self->swept_at = now;
    g_hash_table_iter_init(&iter, self->all);
    while (g_hash_table_iter_next(&iter, NULL, &entry)) {
        if (is_idle(entry, now))
            g_hash_table_iter_remove(&iter);
    }
}

Entry *
nmm_routing_entries_find(const NmmRoutingEntries *self, const NmmCidr *address)
{
    return g_hash_table_lookup(self->all, address);
}

Entry *
nmm_routing_entries_ensure(NmmRoutingEntries *self, const NmmCidr *address, gint64 now_ms)
{
    const guint limit = NMM_ROUTING_MAX_ADDRESSES + MAX_IDLE_ENTRIES;
    Entry *entry = nmm_routing_entries_find(self, address);

    if (entry)
        return entry;
    if (g_hash_table_size(self->all) >= limit)
        sweep(self, now_ms);
    if (g_hash_table_size(self->all) >= limit)
        return NULL;
    entry = g_new0(Entry, 1);
    entry->address = *address;
    entry->verify_until = entry->decide_at = entry->next_probe_at = entry->relay_at = NEVER;
    entry->lan_reprobe_at = entry->deadline = NEVER;
    entry->lan_probed_at = -NEVER;
    g_hash_table_insert(self->all, &entry->address, entry);
    return entry;
}

/* A flood of frames must not read the whole table for each. */
gint64
nmm_routing_entries_get_deadline(NmmRoutingEntries *self)
{
    GHashTableIter iter;
    gpointer entry;

    if (!self->stale)
        return self->deadline;
    self->deadline = NEVER;
    self->stale = FALSE;
    g_hash_table_iter_init(&iter, self->pending);
    while (g_hash_table_iter_next(&iter, &entry, NULL))
        self->deadline = MIN(self->deadline, ((Entry *)entry)->deadline);
    return self->deadline;
}

static int
compare_entries(gconstpointer a, gconstpointer b)
{
    return nmm_cidr_compare_address(&(*(Entry *const *)a)->address, &(*(Entry *const *)b)->address);
}

GPtrArray *
nmm_routing_entries_list_due(const NmmRoutingEntries *self, gint64 now_ms)
{
    GPtrArray *due = g_ptr_array_new();
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, self->pending);
    while (g_hash_table_iter_next(&iter, &entry, NULL)) {
        if (((Entry *)entry)->deadline <= now_ms)
            g_ptr_array_add(due, entry);
    }
    g_ptr_array_sort(due, compare_entries);
    return due;
}

int
nmm_route_compare(gconstpointer a, gconstpointer b)
{
    return nmm_cidr_compare_address(&((const NmmRoute *)a)->address,
                                    &((const NmmRoute *)b)->address);
}

gboolean
nmm_route_equal(const NmmRoute *a, const NmmRoute *b)
{
    return nmm_cidr_equal(&a->address, &b->address) && nmm_cidr_equal(&a->source, &b->source) &&
           memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

GArray *
nmm_routing_entries_list_routes(const NmmRoutingEntries *self,
                                const NmmRoutingHost *host,
                                const NmmKnownHosts *known)
{
    GArray *routes = g_array_new(FALSE, TRUE, sizeof(NmmRoute));
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->all);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Entry *entry = data;
        NmmRoute route = {.address = entry->address, .since_ms = entry->since};
        NmmRejectionReason reason;

        if (entry->holder == 0 ||
            nmm_routing_host_judge(host, &entry->address, &route.source, &reason) !=
                NMM_VERDICT_GOOD)
            continue;
        nmm_mac_key_to_bytes(entry->holder, route.mac);
        route.guest =
            nmm_known_guest_get_name(nmm_known_hosts_find_nic(known, entry->holder)->guest);
        g_array_append_val(routes, route);
    }
    g_array_sort(routes, nmm_route_compare);
    return routes;
}
