/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of addresses, and the set of those that wait for something.
 */

#include "config.h"

#include "nmm-routing-entries.h"

#define NEVER NMM_NEVER

/* What may stand idle beside held and claimed addresses: questions that were just answered. */
#define MAX_IDLE_ENTRIES 1024

typedef NmmRoutingEntry Entry;

void
nmm_routing_entries_init(NmmRoutingEntries *self)
{
    self->all = g_hash_table_new_full(nmm_address_hash, nmm_address_equal, NULL, g_free);
    self->pending = g_hash_table_new(NULL, NULL);
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
        MIN(MIN(entry->verify_until, entry->decide_at), MIN(entry->next_question, entry->relay_at)),
        entry->lan_question_at);
}

/**
 * nmm_routing_entries_settle:
 * @entry: one of @self's, whose deadlines changed
 */
void
nmm_routing_entries_settle(NmmRoutingEntries *self, Entry *entry)
{
    if (get_deadline(entry) != NEVER)
        g_hash_table_add(self->pending, entry);
    else
        g_hash_table_remove(self->pending, entry);
}

static gboolean
is_idle(const Entry *entry, gint64 now)
{
    return entry->holder == 0 && entry->claimant == 0 && get_deadline(entry) == NEVER &&
           entry->lan_asked_at < now - NMM_ROUTING_REPEAT_MS;
}

/* Makes room lazily, so that an entry that has served needs no timer to go. */
static void
sweep(NmmRoutingEntries *self, gint64 now)
{
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, self->all);
    while (g_hash_table_iter_next(&iter, NULL, &entry)) {
        if (is_idle(entry, now))
            g_hash_table_iter_remove(&iter);
    }
}

/**
 * nmm_routing_entries_find:
 *
 * Returns: (transfer none) (nullable): the entry of @address
 */
Entry *
nmm_routing_entries_find(const NmmRoutingEntries *self, const NmmCidr *address)
{
    return g_hash_table_lookup(self->all, address);
}

/**
 * nmm_routing_entries_ensure:
 * @now_ms: monotonic time
 *
 * Returns: (transfer none) (nullable): the entry of @address, made if need be; %NULL where there
 *   are too many
 */
Entry *
nmm_routing_entries_ensure(NmmRoutingEntries *self, const NmmCidr *address, gint64 now_ms)
{
    const guint limit = NMM_ROUTING_MAX_ADDRESSES + MAX_IDLE_ENTRIES;
    Entry *entry = nmm_routing_entries_find(self, address);

    if (entry != NULL)
        return entry;
    if (g_hash_table_size(self->all) >= limit)
        sweep(self, now_ms);
    if (g_hash_table_size(self->all) >= limit)
        return NULL;
    entry = g_new0(Entry, 1);
    entry->address = *address;
    entry->verify_until = entry->decide_at = entry->next_question = entry->relay_at = NEVER;
    entry->lan_question_at = NEVER;
    entry->lan_asked_at = -NEVER;
    g_hash_table_insert(self->all, &entry->address, entry);
    return entry;
}

/**
 * nmm_routing_entries_get_deadline:
 *
 * Returns: monotonic time in ms of the first deadline, %NMM_NEVER for none
 */
gint64
nmm_routing_entries_get_deadline(const NmmRoutingEntries *self)
{
    GHashTableIter iter;
    gpointer entry;
    gint64 deadline = NEVER;

    g_hash_table_iter_init(&iter, self->pending);
    while (g_hash_table_iter_next(&iter, &entry, NULL))
        deadline = MIN(deadline, get_deadline(entry));
    return deadline;
}

static int
compare_entries(gconstpointer a, gconstpointer b)
{
    return nmm_address_compare(&(*(Entry *const *)a)->address, &(*(Entry *const *)b)->address);
}

/**
 * nmm_routing_entries_list_due:
 * @now_ms: monotonic time
 *
 * Returns: (transfer container) (element-type NmmRoutingEntry): those whose deadline has
 *   come, by address
 */
GPtrArray *
nmm_routing_entries_list_due(const NmmRoutingEntries *self, gint64 now_ms)
{
    GPtrArray *due = g_ptr_array_new();
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, self->pending);
    while (g_hash_table_iter_next(&iter, &entry, NULL)) {
        if (get_deadline(entry) <= now_ms)
            g_ptr_array_add(due, entry);
    }
    g_ptr_array_sort(due, compare_entries);
    return due;
}
