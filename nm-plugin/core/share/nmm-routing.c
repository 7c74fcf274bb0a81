/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of mode share. One entry for each address that a guest holds or claims, or that
 * the host asked for; whoever is heard, asked or silent moves it on.
 */

#include "config.h"

#include "nmm-routing.h"

#include "nmm-routing-entries.h"
#include "nmm-routing-probes.h"
#include "nmm-routing-routes.h"

#define NEVER NMM_NEVER

typedef NmmMacKey MacKey;
typedef NmmKnownGuest Guest;
typedef NmmKnownNic Nic;
typedef NmmLanHost LanHost;
typedef NmmRoutingEntry Entry;

struct _NmmRouting {
    NmmRoutingHost host;
    NmmKnownHosts stations;
    NmmRoutingEntries entries;
    guint n_addresses; /* held and claimed */
    NmmRejections *refusals;
    NmmRoutingProbes questions;
};

/**
 * nmm_routing_new:
 *
 * Returns: (transfer full): knows no host and no guest, wants no route
 */
NmmRouting *
nmm_routing_new(void)
{
    static const NmmRoutingHost nothing = {NULL};
    NmmRouting *self = g_new0(NmmRouting, 1);

    nmm_routing_host_copy(&self->host, &nothing);
    nmm_known_hosts_init(&self->stations);
    nmm_routing_entries_init(&self->entries);
    self->refusals = nmm_rejections_new();
    nmm_routing_probes_init(&self->questions);
    return self;
}

void
nmm_routing_free(NmmRouting *self)
{
    nmm_routing_host_clear(&self->host);
    nmm_routing_entries_clear(&self->entries);
    nmm_known_hosts_clear(&self->stations);
    nmm_rejections_free(self->refusals);
    nmm_routing_probes_clear(&self->questions);
    g_free(self);
}

static Nic *
lookup_nic(NmmRouting *self, MacKey mac)
{
    return nmm_known_hosts_find_nic(&self->stations, mac);
}

/* Entries */

static void
count(NmmRouting *self, MacKey mac, int change)
{
    Nic *nic = lookup_nic(self, mac);

    self->n_addresses += (guint)change;
    if (nic != NULL)
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
        entry->next_question = NEVER;
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
        entry->next_question = NEVER;
}

/* Refusals and questions */

static void
refuse(NmmRouting *self,
       MacKey mac,
       NmmRejectionReason reason,
       const NmmCidr *address,
       const char *holder)
{
    Nic *nic = lookup_nic(self, mac);
    g_autofree char *mac_text = nmm_mac_key_to_string(mac);
    g_autofree char *address_text = nmm_cidr_address_to_string(address);

    if (nic != NULL)
        nmm_rejections_add(
            self->refusals, reason, nic->guest->name, mac_text, address_text, holder);
}

static void
refuse_for_lan_host(NmmRouting *self, MacKey mac, const NmmCidr *address, MacKey lan)
{
    g_autofree char *holder = nmm_mac_key_to_string(lan);

    refuse(self, mac, NMM_REJECTION_LAN_HOST, address, holder);
}

/* @mac: 0 asks the LAN. */
static NmmAskResult
ask(NmmRouting *self, Entry *entry, MacKey mac, gint64 now)
{
    return nmm_routing_probes_ask(&self->questions, &self->host, entry, mac, now);
}

static void
ask_all_guests(NmmRouting *self, Entry *entry, gint64 now)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->stations.nics);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Nic *nic = data;

        if (nic->running && nic->bridge)
            ask(self, entry, nic->mac, now);
    }
}

static gint64
postpone(gint64 deadline)
{
    return deadline == NEVER ? NEVER : deadline + NMM_ROUTING_RETRY_MS;
}

/*
 * Whoever is thought to have the address: the guest that holds it, else somebody on the LAN.
 * Silence counts only for a question that was put.
 */
static void
ask_in_doubt(NmmRouting *self, Entry *entry, gint64 now)
{
    switch (ask(self, entry, entry->holder, now)) {
    case NMM_ASKED:
        break;
    case NMM_TOO_MANY_QUESTIONS:
        entry->decide_at = postpone(entry->decide_at);
        entry->verify_until = postpone(entry->verify_until);
        break;
    case NMM_CANNOT_ASK:
        entry->verify_until = NEVER;
        drop_claimant(self, entry);
        break;
    }
    entry->next_question = now + NMM_ROUTING_RETRY_MS;
    if (entry->next_question >= MIN(entry->decide_at, entry->verify_until) ||
        (entry->decide_at == NEVER && entry->verify_until == NEVER))
        entry->next_question = NEVER;
}

/* The LAN */

/* One question at once and one more, so that none of both need arrive, and few of a flood. */
static void
ask_lan_after_claim(NmmRouting *self, Entry *entry, gint64 now)
{
    if (entry->lan_question_at != NEVER)
        return;
    if (entry->lan_asked_at <= now - NMM_ROUTING_RETRY_MS)
        ask(self, entry, 0, now);
    entry->lan_question_at = now + NMM_ROUTING_RETRY_MS;
    nmm_routing_entries_settle(&self->entries, entry);
}

/*
 * Nobody's MAC: a LAN host's, or that of a macvtap interface that is no guest's. The link hears
 * both, the parent none but LAN hosts. The bridge's strangers change nothing.
 */
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
    if (!from_wire && entry != NULL && (entry->holder != 0 || entry->claimant != 0)) {
        ask_lan_after_claim(self, entry, now);
        return FALSE;
    }
    nmm_known_hosts_hear_lan(&self->stations, address, mac, from_wire, now);
    if (entry == NULL)
        return FALSE;
    changed = entry->holder != 0;
    if (changed)
        refuse_for_lan_host(self, entry->holder, address, mac);
    if (entry->claimant != 0)
        refuse_for_lan_host(self, entry->claimant, address, mac);
    drop_claimant(self, entry);
    drop_holder(self, entry);
    entry->relay_at = entry->lan_question_at = NEVER;
    nmm_routing_entries_settle(&self->entries, entry);
    return changed;
}

/* Guests */

/*
 * The guest of @accepted has a new address: is it still the one that has the others? Asked once the
 * guest has had time to speak by itself, one check at a time for each address.
 */
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
        entry->next_question = MAX(now, entry->heard_at + NMM_ROUTING_CONTEST_MS);
        entry->verify_until = entry->next_question + NMM_ROUTING_CONTEST_MS;
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
    nmm_known_hosts_forget_lan(&self->stations, &entry->address);
    nmm_rejections_forget(
        self->refusals, lookup_nic(self, mac)->guest->name, mac_text, address_text);
    doubt_other_addresses(self, entry, now);
}

static void
confirm_holder(NmmRouting *self, Entry *entry, gint64 now)
{
    const Guest *guest = lookup_nic(self, entry->holder)->guest;

    entry->heard_at = now;
    entry->verify_until = NEVER;
    entry->next_question = NEVER;
    /* A guest with two interfaces on the parent answers on both for either: no refusal. */
    if (entry->claimant != 0 && lookup_nic(self, entry->claimant)->guest != guest)
        refuse(self, entry->claimant, NMM_REJECTION_OTHER_GUEST, &entry->address, guest->name);
    drop_claimant(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
}

static gboolean
has_room(NmmRouting *self, const Nic *nic, const NmmCidr *address)
{
    if (nic->guest->n_addresses >= NMM_ROUTING_MAX_PER_GUEST)
        refuse(self, nic->mac, NMM_REJECTION_GUEST_FULL, address, NULL);
    else if (self->n_addresses >= NMM_ROUTING_MAX_ADDRESSES)
        refuse(self, nic->mac, NMM_REJECTION_FULL, address, NULL);
    else
        return TRUE;
    return FALSE;
}

/* A full guest makes room by what it no longer answers for. */
static void
doubt_all_addresses(NmmRouting *self, const Nic *nic, GSocketFamily family, gint64 now)
{
    const Entry nobody = {.address.family = family, .holder = nic->mac};

    if (nic->guest->doubted_at > now - NMM_ROUTING_CONTEST_MS)
        return;
    nic->guest->doubted_at = now;
    doubt_other_addresses(self, &nobody, now);
}

/* The LAN, or the holder, has until decide_at to say that the address is taken. */
static gboolean
start_claim(NmmRouting *self, Entry *entry, MacKey mac, gboolean contested, gint64 now)
{
    gboolean was_asked = entry->lan_asked_at >= now - NMM_ROUTING_REPEAT_MS;

    if (!contested && !was_asked && ask(self, entry, 0, now) != NMM_ASKED)
        return FALSE;
    entry->claimant = mac;
    count(self, mac, +1);
    entry->relay_at = NEVER;
    if (contested) {
        entry->decide_at = now + NMM_ROUTING_CONTEST_MS;
        ask_in_doubt(self, entry, now);
    } else {
        entry->decide_at = MAX(now, entry->lan_asked_at + NMM_ROUTING_LAN_GRACE_MS);
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
    case NMM_VERDICT_REFUSED:
        refuse(self, nic->mac, reason, address, NULL);
        return FALSE;
    case NMM_VERDICT_GOOD:
        break;
    }
    entry = nmm_routing_entries_find(&self->entries, address);
    if (entry != NULL && entry->holder == nic->mac) {
        confirm_holder(self, entry, now);
        return FALSE;
    }
    if (entry != NULL && entry->claimant != 0)
        return FALSE;
    lan = nmm_known_hosts_find_lan(&self->stations, address, now);
    if (lan != NULL && lan->mac == nic->mac)
        lan = NULL;
    if (lan != NULL && lan->on_wire && now - lan->heard_at < NMM_ROUTING_LAN_FRESH_MS) {
        refuse_for_lan_host(self, nic->mac, address, lan->mac);
        return FALSE;
    }
    if (!has_room(self, nic, address)) {
        doubt_all_addresses(self, nic, address->family, now);
        return FALSE;
    }
    entry = nmm_routing_entries_ensure(&self->entries, address, now);
    if (entry == NULL)
        return FALSE;
    return start_claim(self, entry, nic->mac, entry->holder != 0 || lan != NULL, now);
}

/**
 * nmm_routing_claim:
 * @mac: who claims, %NMM_MAC_BYTES bytes
 * @address: what, prefix 32 or 128
 * @from_wire: heard by the parent
 * @now_ms: monotonic time
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nmm_routing_claim(NmmRouting *self,
                  const guint8 *mac,
                  const NmmCidr *address,
                  gboolean from_wire,
                  gint64 now_ms)
{
    MacKey key = nmm_mac_key_from_bytes(mac);
    const Nic *nic = lookup_nic(self, key);

    if (key == 0 || !nmm_routing_is_routable(address))
        return FALSE;
    if (nic == NULL || !nic->running || from_wire)
        return claim_by_lan_host(self, key, address, from_wire, now_ms);
    if (!nic->bridge) {
        refuse(self, key, NMM_REJECTION_NOT_BRIDGE, address, NULL);
        return FALSE;
    }
    return claim_by_guest(self, nic, address, now_ms);
}

/**
 * nmm_routing_asked:
 * @address: what the host asked the LAN for, prefix 32 or 128
 * @now_ms: monotonic time
 *
 * Unless the LAN answers at once the guests are asked too; each address at most once in a second.
 */
void
nmm_routing_asked(NmmRouting *self, const NmmCidr *address, gint64 now_ms)
{
    NmmRejectionReason reason;
    Entry *entry;

    if (!nmm_routing_is_routable(address) ||
        nmm_routing_host_judge(&self->host, address, NULL, &reason) != NMM_VERDICT_GOOD)
        return;
    entry = nmm_routing_entries_ensure(&self->entries, address, now_ms);
    if (entry == NULL || entry->holder != 0 || entry->claimant != 0 ||
        entry->lan_asked_at >= now_ms - NMM_ROUTING_REPEAT_MS)
        return;
    entry->lan_asked_at = now_ms;
    entry->relay_at = now_ms + NMM_ROUTING_RELAY_MS;
    nmm_routing_entries_settle(&self->entries, entry);
}

static gboolean
entry_tick(NmmRouting *self, Entry *entry, gint64 now)
{
    gboolean changed = FALSE;

    if (entry->relay_at <= now) {
        entry->relay_at = NEVER;
        ask_all_guests(self, entry, now);
    }
    if (entry->lan_question_at <= now)
        entry->lan_question_at =
            ask(self, entry, 0, now) == NMM_TOO_MANY_QUESTIONS ? now + NMM_ROUTING_RETRY_MS : NEVER;
    if (entry->decide_at <= now) {
        accept_claimant(self, entry, now);
        changed = TRUE;
    } else if (entry->verify_until <= now) {
        drop_holder(self, entry);
        changed = TRUE;
    } else if (entry->next_question <= now) {
        ask_in_doubt(self, entry, now);
    }
    nmm_routing_entries_settle(&self->entries, entry);
    return changed;
}

/**
 * nmm_routing_tick:
 * @now_ms: monotonic time
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nmm_routing_tick(NmmRouting *self, gint64 now_ms)
{
    g_autoptr(GPtrArray) due = nmm_routing_entries_list_due(&self->entries, now_ms);
    gboolean changed = FALSE;

    for (guint i = 0; i < due->len; i++)
        changed |= entry_tick(self, due->pdata[i], now_ms);
    return changed;
}

/**
 * nmm_routing_get_deadline:
 *
 * Returns: monotonic time in ms of the next nmm_routing_tick(), -1 for none
 */
gint64
nmm_routing_get_deadline(NmmRouting *self)
{
    gint64 deadline = nmm_routing_entries_get_deadline(&self->entries);

    return deadline == NEVER ? -1 : deadline;
}

/* Configuration */

/* An address that is the host's, a gateway's or a DNS server's now is taken from its guest; one
 * that is off-link now may come back with the host's address, and is only not routed meanwhile. */
static void
judge_entry(NmmRouting *self, Entry *entry)
{
    NmmRejectionReason reason;

    if (nmm_routing_host_judge(&self->host, &entry->address, NULL, &reason) !=
            NMM_VERDICT_REFUSED ||
        reason == NMM_REJECTION_OFF_LINK)
        return;
    if (entry->holder != 0)
        refuse(self, entry->holder, reason, &entry->address, NULL);
    drop_claimant(self, entry);
    drop_holder(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
}

/**
 * nmm_routing_set_host:
 * @host: what the host has now, copied
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nmm_routing_set_host(NmmRouting *self, const NmmRoutingHost *host)
{
    g_autoptr(GArray) before = nmm_routing_get_routes(self);
    g_autoptr(GArray) after = NULL;
    GHashTableIter iter;
    gpointer entry;

    nmm_routing_host_clear(&self->host);
    nmm_routing_host_copy(&self->host, host);
    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        judge_entry(self, entry);
    after = nmm_routing_get_routes(self);
    return nmm_routing_routes_differ(before, after);
}

static gboolean
can_hold(NmmRouting *self, MacKey mac)
{
    const Nic *nic = lookup_nic(self, mac);

    return nic != NULL && nic->running && nic->bridge;
}

/* The guests are others now: what they hold and claim is counted anew. */
static void
recount_entry(NmmRouting *self, Entry *entry)
{
    if (entry->claimant != 0)
        count(self, entry->claimant, +1);
    if (entry->holder != 0)
        count(self, entry->holder, +1);
    if (!can_hold(self, entry->claimant))
        drop_claimant(self, entry);
    if (!can_hold(self, entry->holder))
        drop_holder(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
}

/**
 * nmm_routing_set_guests:
 * @nics: (array length=n_nics): every macvtap interface of a selected guest on the parent
 *
 * A guest that is gone, stopped or no longer in mode bridge loses its addresses at once.
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nmm_routing_set_guests(NmmRouting *self, const NmmRoutingNic *nics, gsize n_nics)
{
    g_autoptr(GArray) before = nmm_routing_get_routes(self);
    g_autoptr(GArray) after = NULL;
    GHashTableIter iter;
    gpointer entry;

    /* The names in @before are gone with this; only addresses are compared. */
    nmm_known_hosts_set_guests(&self->stations, nics, n_nics);
    nmm_rejections_retain(self->refusals, self->stations.guests);
    self->n_addresses = 0;
    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        recount_entry(self, entry);
    after = nmm_routing_get_routes(self);
    return nmm_routing_routes_differ(before, after);
}

/* Outputs */

/**
 * nmm_routing_get_routes:
 *
 * Returns: (transfer full) (element-type NmmRoute): sorted
 */
GArray *
nmm_routing_get_routes(NmmRouting *self)
{
    return nmm_routing_routes_build(&self->entries, &self->host, &self->stations);
}

/**
 * nmm_routing_take_questions:
 *
 * Returns: (transfer full) (element-type NmmProbe): to be put on the wire, in order
 */
GArray *
nmm_routing_take_questions(NmmRouting *self)
{
    return nmm_routing_probes_take(&self->questions);
}

/**
 * nmm_routing_take_refusals:
 *
 * Returns: (transfer full) (element-type NmmRejection): in order
 */
GPtrArray *
nmm_routing_take_refusals(NmmRouting *self)
{
    return nmm_rejections_take(self->refusals);
}
