/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry for each address that a guest holds or claims, or that the host solicited; the frames
 * heard, the probes sent, and silence change its state.
 */

#include "config.h"

#include "nmm-routing.h"

#include "nmm-routing-claim.h"
#include "nmm-routing-probe.h"
#include "nmm-routing-refusal.h"

#define NEVER NMM_NEVER

typedef NmmMacKey MacKey;
typedef NmmRoutingEntry Entry;

/* Work */

static NmmRoutingWork *
new_work(void)
{
    NmmRoutingWork *work = g_new0(NmmRoutingWork, 1);

    work->probes = g_array_new(FALSE, FALSE, sizeof(NmmProbe));
    work->rejections = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_rejection_free);
    return work;
}

void
nmm_routing_work_free(NmmRoutingWork *work)
{
    g_array_unref(work->probes);
    g_ptr_array_unref(work->rejections);
    g_clear_pointer(&work->routes, g_array_unref);
    g_free(work);
}

static GArray *
list_routes(NmmRouting *self)
{
    return nmm_routing_entries_list_routes(&self->entries, &self->host, &self->known);
}

/* @changed: the routes. */
static NmmRoutingWork *
finish(NmmRouting *self, gboolean changed)
{
    NmmRoutingWork *work = self->work;
    gint64 deadline = MIN(nmm_routing_entries_get_deadline(&self->entries),
                          g_hash_table_size(self->refusals) > 0 ? self->refusals_due : NEVER);

    self->work = new_work();
    work->routes = changed ? list_routes(self) : NULL;
    work->deadline_ms = deadline == NEVER ? -1 : deadline;
    return work;
}

NmmRouting *
nmm_routing_new(void)
{
    static const NmmRoutingHost nothing = {NULL};
    NmmRouting *self = g_new0(NmmRouting, 1);

    nmm_routing_host_copy(&self->host, &nothing);
    nmm_known_hosts_init(&self->known);
    nmm_routing_entries_init(&self->entries);
    self->reported = nmm_rejections_new();
    self->refusals = nmm_routing_refusals_new();
    self->refusals_due = NEVER;
    self->work = new_work();
    return self;
}

void
nmm_routing_free(NmmRouting *self)
{
    nmm_routing_host_clear(&self->host);
    nmm_routing_entries_clear(&self->entries);
    nmm_known_hosts_clear(&self->known);
    nmm_rejections_free(self->reported);
    g_hash_table_unref(self->refusals);
    nmm_routing_work_free(self->work);
    g_free(self);
}

NmmRoutingWork *
nmm_routing_claim(NmmRouting *self,
                  const guint8 *mac,
                  const NmmCidr *address,
                  gboolean from_wire,
                  gint64 now_ms)
{
    MacKey key = nmm_mac_key_from_bytes(mac);

    self->now = now_ms;
    return finish(self, nmm_routing_handle_claim(self, key, address, from_wire, now_ms));
}

static void
schedule_relay(NmmRouting *self, const NmmCidr *address, gint64 now)
{
    NmmRejectionReason reason;
    Entry *entry;

    if (!nmm_routing_is_routable(address) ||
        nmm_routing_host_judge(&self->host, address, NULL, &reason) != NMM_VERDICT_GOOD)
        return;
    entry = nmm_routing_entries_ensure(&self->entries, address, now);
    if (!entry || entry->holder != 0 || entry->claimant != 0 ||
        entry->lan_probed_at >= now - NMM_ROUTING_REPEAT_MS)
        return;
    entry->lan_probed_at = now;
    entry->relay_at = now + NMM_ROUTING_RELAY_MS;
    nmm_routing_entries_settle(&self->entries, entry);
}

NmmRoutingWork *
nmm_routing_solicited(NmmRouting *self, const NmmCidr *address, gint64 now_ms)
{
    self->now = now_ms;
    schedule_relay(self, address, now_ms);
    return finish(self, FALSE);
}

static gboolean
entry_tick(NmmRouting *self, Entry *entry, gint64 now)
{
    gboolean changed = FALSE;

    if (entry->relay_at <= now) {
        entry->relay_at = NEVER;
        nmm_routing_probe_all_guests(self, entry, now);
    }
    if (entry->lan_reprobe_at <= now)
        entry->lan_reprobe_at = nmm_routing_probe(self, entry, 0, now) == NMM_PROBE_OVER_BUDGET
                                    ? now + NMM_ROUTING_RETRY_MS
                                    : NEVER;
    if (entry->decide_at <= now) {
        nmm_routing_accept_claimant(self, entry, now);
        changed = TRUE;
    } else if (entry->verify_until <= now) {
        nmm_routing_drop_holder(self, entry);
        changed = TRUE;
    } else if (entry->next_probe_at <= now) {
        nmm_routing_probe_in_doubt(self, entry, now);
    }
    nmm_routing_entries_settle(&self->entries, entry);
    return changed;
}

NmmRoutingWork *
nmm_routing_tick(NmmRouting *self, gint64 now_ms)
{
    g_autoptr(GPtrArray) due = nmm_routing_entries_list_due(&self->entries, now_ms);
    gboolean changed = FALSE;

    self->now = now_ms;
    nmm_routing_refusals_tick(self);
    for (guint i = 0; i < due->len; i++)
        changed |= entry_tick(self, due->pdata[i], now_ms);
    return finish(self, changed);
}

/* Configuration */

/* Not already known, and the host never solicits it. */
static void
ask_for_address(NmmRouting *self, const NmmCidr *address)
{
    NmmRejectionReason reason;
    Entry *entry;

    if (!nmm_routing_is_routable(address) || nmm_routing_host_is_onlink(&self->host, address) ||
        nmm_routing_host_judge(&self->host, address, NULL, &reason) != NMM_VERDICT_GOOD)
        return;
    entry = nmm_routing_entries_ensure(&self->entries, address, self->now);
    if (!entry || entry->holder != 0 || entry->claimant != 0)
        return;
    entry->relay_at = self->now;
    nmm_routing_entries_settle(&self->entries, entry);
}

/* In prefixes of at most 64 addresses, which differ in the last byte. */
#define MAX_ASKED_BITS 6

static void
ask_for_prefix(NmmRouting *self, const NmmCidr *prefix)
{
    guint bits = nmm_cidr_get_max_prefix(prefix) - prefix->prefix;
    guint last = nmm_cidr_get_max_prefix(prefix) / 8 - 1;
    NmmCidr address;

    if (bits > MAX_ASKED_BITS)
        return;
    nmm_cidr_set_address(&address, prefix->family, prefix->bytes);
    for (guint i = 0; i < 1u << bits; i++) {
        address.bytes[last] = (guint8)((prefix->bytes[last] >> bits << bits) | i);
        ask_for_address(self, &address);
    }
}

/* A trusted address outside the parent's subnets would only be found when its guest sends ARP. */
static void
ask_for_trusted(NmmRouting *self)
{
    for (guint i = 0; i < self->host.trusted->len; i++)
        ask_for_prefix(self, &g_array_index(self->host.trusted, NmmCidr, i));
}

/* A guest loses an address that is now the host's, a gateway's or a DNS server's. It keeps one that
 * is off-link now, unrouted, because the host's address may come back. */
static void
judge_entry(NmmRouting *self, Entry *entry)
{
    NmmRejectionReason reason;

    if (nmm_routing_judge(self,
                          nmm_routing_find_nic(self, entry->holder ?: entry->claimant),
                          &entry->address,
                          NULL,
                          &reason) != NMM_VERDICT_REJECTED ||
        reason == NMM_REJECTION_OFF_LINK)
        return;
    if (entry->holder != 0)
        nmm_routing_refuse(self, entry->holder, reason, &entry->address, NULL);
    nmm_routing_drop_claimant(self, entry);
    nmm_routing_drop_holder(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
}

NmmRoutingWork *
nmm_routing_set_host(NmmRouting *self, const NmmRoutingHost *host)
{
    GHashTableIter iter;
    gpointer entry;

    nmm_routing_host_clear(&self->host);
    nmm_routing_host_copy(&self->host, host);
    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        judge_entry(self, entry);
    nmm_routing_refusals_judge(self);
    ask_for_trusted(self);
    return finish(self, TRUE);
}

/* Counts the addresses of every guest again. Returns: whether a holder lost this one. */
static gboolean
recount_entry(NmmRouting *self, Entry *entry)
{
    gboolean lost =
        entry->holder != 0 && !nmm_routing_can_hold(nmm_routing_find_nic(self, entry->holder));

    if (entry->claimant != 0)
        nmm_routing_count(self, entry->claimant, +1);
    if (entry->holder != 0)
        nmm_routing_count(self, entry->holder, +1);
    if (!nmm_routing_can_hold(nmm_routing_find_nic(self, entry->claimant)))
        nmm_routing_drop_claimant(self, entry);
    if (lost)
        nmm_routing_drop_holder(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
    return lost;
}

NmmRoutingWork *
nmm_routing_set_guests(NmmRouting *self, const NmmRoutingNic *nics, gsize n_nics)
{
    gboolean changed = FALSE;
    GHashTableIter iter;
    gpointer entry;

    nmm_known_hosts_set_guests(&self->known, nics, n_nics);
    nmm_rejections_retain(self->reported, self->known.guests);
    self->n_addresses = 0;
    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        changed |= recount_entry(self, entry);
    nmm_routing_refusals_judge(self);
    ask_for_trusted(self);
    return finish(self, changed);
}
