/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry for each address that a guest holds or claims, or that the host solicited; the frames
 * heard, the probes sent, and silence change its state.
 */

#include "config.h"

#include "nmm-routing.h"

#include "nmm-routing-entries.h"

#define NEVER NMM_NEVER

/* In one second. */
#define MAX_PROBES 4096

typedef NmmMacKey MacKey;
typedef NmmKnownGuest Guest;
typedef NmmKnownNic Nic;
typedef NmmLanHost LanHost;
typedef NmmRoutingEntry Entry;

struct _NmmRouting {
    NmmRoutingHost host;
    NmmKnownHosts known;
    NmmRoutingEntries entries;
    guint n_addresses; /* held and claimed */
    NmmRejections *reported;
    gint64 budget_since;  /* in ms: when the second began … */
    guint budget_used;    /* … and the probes in it */
    NmmRoutingWork *work; /* of the input in progress */
};

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
    gint64 deadline = nmm_routing_entries_get_deadline(&self->entries);

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
    nmm_routing_work_free(self->work);
    g_free(self);
}

static Nic *
lookup_nic(NmmRouting *self, MacKey mac)
{
    return nmm_known_hosts_find_nic(&self->known, mac);
}

static gboolean
can_hold(const Nic *nic)
{
    return nic && nic->running && nic->bridge;
}

/* Entries */

static void
count(NmmRouting *self, MacKey mac, int change)
{
    Nic *nic = lookup_nic(self, mac);

    self->n_addresses += (guint)change;
    if (nic)
        nic->guest->n_addresses += (guint)change;
}

static void
drop_claimant(NmmRouting *self, Entry *entry)
{
    if (entry->claimant == 0)
        return;
    count(self, entry->claimant, -1);
    entry->claimant = 0;
    entry->decide_at = NEVER;
    if (entry->verify_until == NEVER)
        entry->next_probe_at = NEVER;
}

static void
drop_holder(NmmRouting *self, Entry *entry)
{
    if (entry->holder == 0)
        return;
    count(self, entry->holder, -1);
    entry->holder = 0;
    entry->verify_until = NEVER;
    if (entry->claimant == 0)
        entry->next_probe_at = NEVER;
}

/* Rejections and probes */

static void
reject(NmmRouting *self,
       MacKey mac,
       NmmRejectionReason reason,
       const NmmCidr *address,
       const char *holder)
{
    const Nic *nic = lookup_nic(self, mac);
    g_autofree char *mac_text = nmm_mac_key_to_string(mac);
    g_autofree char *address_text = nmm_cidr_address_to_string(address);
    NmmRejection *rejection = NULL;

    if (nic)
        rejection = nmm_rejections_add(
            self->reported, reason, nic->guest->name, mac_text, address_text, holder);
    if (rejection)
        g_ptr_array_add(self->work->rejections, rejection);
}

static void
reject_for_lan_host(NmmRouting *self, MacKey mac, const NmmCidr *address, MacKey lan)
{
    g_autofree char *holder = nmm_mac_key_to_string(lan);

    reject(self, mac, NMM_REJECTION_LAN_HOST, address, holder);
}

typedef enum {
    PROBE_SENT,
    PROBE_OVER_BUDGET, /* too many in this second */
    PROBE_IMPOSSIBLE,  /* the host has no use for the address now */
} ProbeResult;

/* @mac: 0 probes the LAN. */
static ProbeResult
probe(NmmRouting *self, Entry *entry, MacKey mac, gint64 now)
{
    NmmProbe wanted = {.lan = mac == 0, .address = entry->address};
    NmmRejectionReason reason;

    if (nmm_routing_host_judge(&self->host, &entry->address, &wanted.source, &reason) !=
        NMM_VERDICT_GOOD)
        return PROBE_IMPOSSIBLE;
    if (now - self->budget_since >= 1000) {
        self->budget_since = now;
        self->budget_used = 0;
    }
    if (self->budget_used >= MAX_PROBES)
        return PROBE_OVER_BUDGET;
    self->budget_used++;
    nmm_mac_key_to_bytes(mac, wanted.mac);
    g_array_append_val(self->work->probes, wanted);
    if (mac == 0)
        entry->lan_probed_at = now;
    return PROBE_SENT;
}

static void
probe_all_guests(NmmRouting *self, Entry *entry, gint64 now)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->known.nics);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Nic *nic = data;

        if (can_hold(nic))
            probe(self, entry, nic->mac, now);
    }
}

static gint64
postpone(gint64 deadline)
{
    return deadline == NEVER ? NEVER : deadline + NMM_ROUTING_RETRY_MS;
}

/* Probes the guest that holds the address, otherwise the LAN. Silence counts only after a probe
 * that was sent. */
static void
probe_in_doubt(NmmRouting *self, Entry *entry, gint64 now)
{
    switch (probe(self, entry, entry->holder, now)) {
    case PROBE_SENT:
        break;
    case PROBE_OVER_BUDGET:
        entry->decide_at = postpone(entry->decide_at);
        entry->verify_until = postpone(entry->verify_until);
        break;
    case PROBE_IMPOSSIBLE:
        entry->verify_until = NEVER;
        drop_claimant(self, entry);
        break;
    }
    entry->next_probe_at = now + NMM_ROUTING_RETRY_MS;
    if (entry->next_probe_at >= MIN(entry->decide_at, entry->verify_until) ||
        (entry->decide_at == NEVER && entry->verify_until == NEVER))
        entry->next_probe_at = NEVER;
}

/* The LAN */

/* One probe at once and another one later, because either may be lost; a flood of claims causes no
 * more. */
static void
reprobe_lan(NmmRouting *self, Entry *entry, gint64 now)
{
    if (entry->lan_reprobe_at != NEVER)
        return;
    if (entry->lan_probed_at <= now - NMM_ROUTING_RETRY_MS)
        probe(self, entry, 0, now);
    entry->lan_reprobe_at = now + NMM_ROUTING_RETRY_MS;
    nmm_routing_entries_settle(&self->entries, entry);
}

/* The MAC belongs to a LAN host, or to a macvtap interface of no selected guest. The link hears
 * both, the parent only LAN hosts. */
static gboolean
claim_by_lan_host(NmmRouting *self,
                  MacKey mac,
                  const NmmCidr *address,
                  gboolean from_wire,
                  gint64 now)
{
    NmmRejectionReason reason;
    Entry *entry;
    gboolean changed;

    if (nmm_routing_host_judge(&self->host, address, NULL, &reason) != NMM_VERDICT_GOOD)
        return FALSE;
    entry = nmm_routing_entries_find(&self->entries, address);
    if (!from_wire && entry && (entry->holder != 0 || entry->claimant != 0)) {
        reprobe_lan(self, entry, now);
        return FALSE;
    }
    nmm_known_hosts_hear_lan(&self->known, address, mac, from_wire, now);
    if (!entry)
        return FALSE;
    changed = entry->holder != 0;
    if (changed)
        reject_for_lan_host(self, entry->holder, address, mac);
    if (entry->claimant != 0)
        reject_for_lan_host(self, entry->claimant, address, mac);
    drop_claimant(self, entry);
    drop_holder(self, entry);
    entry->relay_at = entry->lan_reprobe_at = NEVER;
    nmm_routing_entries_settle(&self->entries, entry);
    return changed;
}

/* Guests */

/* The guest of @accepted has a new address and may have given up the others. Probes them after the
 * guest has had time to send by itself, one check at a time for each address. */
static void
doubt_other_addresses(NmmRouting *self, const Entry *accepted, gint64 now)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        Entry *entry = data;

        if (entry == accepted || entry->holder != accepted->holder ||
            entry->address.family != accepted->address.family || entry->verify_until != NEVER)
            continue;
        entry->next_probe_at = MAX(now, entry->heard_at + NMM_ROUTING_CONTEST_MS);
        entry->verify_until = entry->next_probe_at + NMM_ROUTING_CONTEST_MS;
        nmm_routing_entries_settle(&self->entries, entry);
    }
}

static void
accept_claimant(NmmRouting *self, Entry *entry, gint64 now)
{
    MacKey mac = entry->claimant;
    g_autofree char *mac_text = nmm_mac_key_to_string(mac);
    g_autofree char *address_text = nmm_cidr_address_to_string(&entry->address);

    drop_holder(self, entry);
    drop_claimant(self, entry);
    count(self, mac, +1);
    entry->holder = mac;
    entry->since = entry->heard_at = now;
    nmm_known_hosts_forget_lan(&self->known, &entry->address);
    nmm_rejections_forget(
        self->reported, lookup_nic(self, mac)->guest->name, mac_text, address_text);
    doubt_other_addresses(self, entry, now);
}

static void
confirm_holder(NmmRouting *self, Entry *entry, gint64 now)
{
    const Guest *guest = lookup_nic(self, entry->holder)->guest;

    entry->heard_at = now;
    entry->verify_until = NEVER;
    entry->next_probe_at = NEVER;
    /* A guest with two interfaces on the parent replies on both for either: no rejection. */
    if (entry->claimant != 0 && lookup_nic(self, entry->claimant)->guest != guest)
        reject(self, entry->claimant, NMM_REJECTION_OTHER_GUEST, &entry->address, guest->name);
    drop_claimant(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
}

static gboolean
has_room(NmmRouting *self, const Nic *nic, const NmmCidr *address)
{
    if (nic->guest->n_addresses >= NMM_ROUTING_MAX_PER_GUEST)
        reject(self, nic->mac, NMM_REJECTION_GUEST_FULL, address, NULL);
    else if (self->n_addresses >= NMM_ROUTING_MAX_ADDRESSES)
        reject(self, nic->mac, NMM_REJECTION_FULL, address, NULL);
    else
        return TRUE;
    return FALSE;
}

/* Makes room by the addresses that the guest no longer replies for. */
static void
doubt_all_addresses(NmmRouting *self, const Nic *nic, GSocketFamily family, gint64 now)
{
    const Entry none = {.address.family = family, .holder = nic->mac};

    if (nic->guest->doubted_at > now - NMM_ROUTING_CONTEST_MS)
        return;
    nic->guest->doubted_at = now;
    doubt_other_addresses(self, &none, now);
}

/* The LAN or the holder has until decide_at to reply. */
static gboolean
start_claim(NmmRouting *self, Entry *entry, MacKey mac, gboolean contested, gint64 now)
{
    gboolean was_probed = entry->lan_probed_at >= now - NMM_ROUTING_REPEAT_MS;

    if (!contested && !was_probed && probe(self, entry, 0, now) != PROBE_SENT)
        return FALSE;
    entry->claimant = mac;
    count(self, mac, +1);
    entry->relay_at = NEVER;
    if (contested) {
        entry->decide_at = now + NMM_ROUTING_CONTEST_MS;
        probe_in_doubt(self, entry, now);
    } else {
        entry->decide_at = MAX(now, entry->lan_probed_at + NMM_ROUTING_LAN_GRACE_MS);
    }
    if (entry->decide_at <= now)
        accept_claimant(self, entry, now);
    nmm_routing_entries_settle(&self->entries, entry);
    return entry->holder == mac;
}

static gboolean
claim_by_guest(NmmRouting *self, const Nic *nic, const NmmCidr *address, gint64 now)
{
    NmmRejectionReason reason;
    const LanHost *lan;
    Entry *entry;

    switch (nmm_routing_host_judge(&self->host, address, NULL, &reason)) {
    case NMM_VERDICT_NO_MATTER:
        return FALSE;
    case NMM_VERDICT_REJECTED:
        reject(self, nic->mac, reason, address, NULL);
        return FALSE;
    case NMM_VERDICT_GOOD:
        break;
    }
    entry = nmm_routing_entries_find(&self->entries, address);
    if (entry && entry->holder == nic->mac) {
        confirm_holder(self, entry, now);
        return FALSE;
    }
    if (entry && entry->claimant != 0)
        return FALSE;
    lan = nmm_known_hosts_find_lan(&self->known, address, now);
    if (lan && lan->mac == nic->mac)
        lan = NULL;
    if (lan && lan->on_wire && now - lan->heard_at < NMM_ROUTING_LAN_FRESH_MS) {
        reject_for_lan_host(self, nic->mac, address, lan->mac);
        return FALSE;
    }
    if (!has_room(self, nic, address)) {
        doubt_all_addresses(self, nic, address->family, now);
        return FALSE;
    }
    entry = nmm_routing_entries_ensure(&self->entries, address, now);
    if (!entry)
        return FALSE;
    return start_claim(self, entry, nic->mac, entry->holder != 0 || lan != NULL, now);
}

static gboolean
handle_claim(NmmRouting *self, MacKey mac, const NmmCidr *address, gboolean from_wire, gint64 now)
{
    const Nic *nic = lookup_nic(self, mac);

    if (mac == 0 || !nmm_routing_is_routable(address))
        return FALSE;
    if (!nic || !nic->running || from_wire)
        return claim_by_lan_host(self, mac, address, from_wire, now);
    if (!nic->bridge) {
        reject(self, mac, NMM_REJECTION_NOT_BRIDGE, address, NULL);
        return FALSE;
    }
    return claim_by_guest(self, nic, address, now);
}

NmmRoutingWork *
nmm_routing_claim(NmmRouting *self,
                  const guint8 *mac,
                  const NmmCidr *address,
                  gboolean from_wire,
                  gint64 now_ms)
{
    MacKey key = nmm_mac_key_from_bytes(mac);

    return finish(self, handle_claim(self, key, address, from_wire, now_ms));
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
    schedule_relay(self, address, now_ms);
    return finish(self, FALSE);
}

static gboolean
entry_tick(NmmRouting *self, Entry *entry, gint64 now)
{
    gboolean changed = FALSE;

    if (entry->relay_at <= now) {
        entry->relay_at = NEVER;
        probe_all_guests(self, entry, now);
    }
    if (entry->lan_reprobe_at <= now)
        entry->lan_reprobe_at =
            probe(self, entry, 0, now) == PROBE_OVER_BUDGET ? now + NMM_ROUTING_RETRY_MS : NEVER;
    if (entry->decide_at <= now) {
        accept_claimant(self, entry, now);
        changed = TRUE;
    } else if (entry->verify_until <= now) {
        drop_holder(self, entry);
        changed = TRUE;
    } else if (entry->next_probe_at <= now) {
        probe_in_doubt(self, entry, now);
    }
    nmm_routing_entries_settle(&self->entries, entry);
    return changed;
}

NmmRoutingWork *
nmm_routing_tick(NmmRouting *self, gint64 now_ms)
{
    g_autoptr(GPtrArray) due = nmm_routing_entries_list_due(&self->entries, now_ms);
    gboolean changed = FALSE;

    for (guint i = 0; i < due->len; i++)
        changed |= entry_tick(self, due->pdata[i], now_ms);
    return finish(self, changed);
}

/* Configuration */

/* A guest loses an address that is now the host's, a gateway's or a DNS server's. It keeps one that
 * is off-link now, unrouted, because the host's address may come back. */
static void
judge_entry(NmmRouting *self, Entry *entry)
{
    NmmRejectionReason reason;

    if (nmm_routing_host_judge(&self->host, &entry->address, NULL, &reason) !=
            NMM_VERDICT_REJECTED ||
        reason == NMM_REJECTION_OFF_LINK)
        return;
    if (entry->holder != 0)
        reject(self, entry->holder, reason, &entry->address, NULL);
    drop_claimant(self, entry);
    drop_holder(self, entry);
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
    return finish(self, TRUE);
}

/* Counts the addresses of every guest again. Returns: whether a holder lost this one. */
static gboolean
recount_entry(NmmRouting *self, Entry *entry)
{
    gboolean lost = entry->holder != 0 && !can_hold(lookup_nic(self, entry->holder));

    if (entry->claimant != 0)
        count(self, entry->claimant, +1);
    if (entry->holder != 0)
        count(self, entry->holder, +1);
    if (!can_hold(lookup_nic(self, entry->claimant)))
        drop_claimant(self, entry);
    if (lost)
        drop_holder(self, entry);
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
    return finish(self, changed);
}
