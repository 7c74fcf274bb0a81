/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of mode share. One entry for each address that a guest holds or claims, or that
 * the host asked for; whoever is heard, asked or silent moves it on.
 */

#include "config.h"

#include "nm-macvtap-routing.h"

#include "nm-macvtap-routing-entries.h"
#include "nm-macvtap-routing-questions.h"
#include "nm-macvtap-routing-routes.h"

#define NEVER NM_MACVTAP_NEVER

typedef NMMacvtapMacKey MacKey;
typedef NMMacvtapStationGuest Guest;
typedef NMMacvtapStationNic Nic;
typedef NMMacvtapStationLan LanHost;
typedef NMMacvtapRoutingEntry Entry;

struct _NMMacvtapRouting {
    NMMacvtapRoutingHost host;
    NMMacvtapStations stations;
    NMMacvtapRoutingEntries entries;
    guint n_addresses; /* held and claimed */
    NMMacvtapRefusals *refusals;
    NMMacvtapRoutingQuestions questions;
};

/**
 * nm_macvtap_routing_new:
 *
 * Returns: (transfer full): knows no host and no guest, wants no route
 */
NMMacvtapRouting *
nm_macvtap_routing_new(void)
{
    static const NMMacvtapRoutingHost nothing = {NULL};
    NMMacvtapRouting *self = g_new0(NMMacvtapRouting, 1);

    nm_macvtap_routing_host_copy(&self->host, &nothing);
    nm_macvtap_stations_init(&self->stations);
    nm_macvtap_routing_entries_init(&self->entries);
    self->refusals = nm_macvtap_refusals_new();
    nm_macvtap_routing_questions_init(&self->questions);
    return self;
}

void
nm_macvtap_routing_free(NMMacvtapRouting *self)
{
    nm_macvtap_routing_host_clear(&self->host);
    nm_macvtap_routing_entries_clear(&self->entries);
    nm_macvtap_stations_clear(&self->stations);
    nm_macvtap_refusals_free(self->refusals);
    nm_macvtap_routing_questions_clear(&self->questions);
    g_free(self);
}

static Nic *
lookup_nic(NMMacvtapRouting *self, MacKey mac)
{
    return nm_macvtap_stations_find_nic(&self->stations, mac);
}

/* Entries */

static void
count(NMMacvtapRouting *self, MacKey mac, int change)
{
    Nic *nic = lookup_nic(self, mac);

    self->n_addresses += (guint)change;
    if (nic != NULL)
        nic->guest->n_addresses += (guint)change;
}

static void
drop_claimant(NMMacvtapRouting *self, Entry *entry)
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
drop_holder(NMMacvtapRouting *self, Entry *entry)
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
refuse(NMMacvtapRouting *self,
       MacKey mac,
       NMMacvtapRefusalReason reason,
       const NMMacvtapCidr *address,
       const char *holder)
{
    Nic *nic = lookup_nic(self, mac);
    g_autofree char *mac_text = nm_macvtap_mac_key_to_string(mac);
    g_autofree char *address_text = nm_macvtap_cidr_address_to_string(address);

    if (nic != NULL)
        nm_macvtap_refusals_add(
            self->refusals, reason, nic->guest->name, mac_text, address_text, holder);
}

static void
refuse_for_lan_host(NMMacvtapRouting *self, MacKey mac, const NMMacvtapCidr *address, MacKey lan)
{
    g_autofree char *holder = nm_macvtap_mac_key_to_string(lan);

    refuse(self, mac, NM_MACVTAP_REFUSAL_LAN_HOST, address, holder);
}

/* @mac: 0 asks the LAN. */
static NMMacvtapAskResult
ask(NMMacvtapRouting *self, Entry *entry, MacKey mac, gint64 now)
{
    return nm_macvtap_routing_questions_ask(&self->questions, &self->host, entry, mac, now);
}

static void
ask_all_guests(NMMacvtapRouting *self, Entry *entry, gint64 now)
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
    return deadline == NEVER ? NEVER : deadline + NM_MACVTAP_ROUTING_RETRY_MS;
}

/*
 * Whoever is thought to have the address: the guest that holds it, else somebody on the LAN.
 * Silence counts only for a question that was put.
 */
static void
ask_in_doubt(NMMacvtapRouting *self, Entry *entry, gint64 now)
{
    switch (ask(self, entry, entry->holder, now)) {
    case NM_MACVTAP_ASKED:
        break;
    case NM_MACVTAP_TOO_MANY_QUESTIONS:
        entry->decide_at = postpone(entry->decide_at);
        entry->verify_until = postpone(entry->verify_until);
        break;
    case NM_MACVTAP_CANNOT_ASK:
        entry->verify_until = NEVER;
        drop_claimant(self, entry);
        break;
    }
    entry->next_question = now + NM_MACVTAP_ROUTING_RETRY_MS;
    if (entry->next_question >= MIN(entry->decide_at, entry->verify_until) ||
        (entry->decide_at == NEVER && entry->verify_until == NEVER))
        entry->next_question = NEVER;
}

/* The LAN */

/* One question at once and one more, so that none of both need arrive, and few of a flood. */
static void
ask_lan_after_claim(NMMacvtapRouting *self, Entry *entry, gint64 now)
{
    if (entry->lan_question_at != NEVER)
        return;
    if (entry->lan_asked_at <= now - NM_MACVTAP_ROUTING_RETRY_MS)
        ask(self, entry, 0, now);
    entry->lan_question_at = now + NM_MACVTAP_ROUTING_RETRY_MS;
    nm_macvtap_routing_entries_settle(&self->entries, entry);
}

/*
 * Nobody's MAC: a LAN host's, or that of a macvtap interface that is no guest's. The link hears
 * both, the parent none but LAN hosts. The bridge's strangers change nothing.
 */
static gboolean
claim_by_lan_host(NMMacvtapRouting *self,
                  MacKey mac,
                  const NMMacvtapCidr *address,
                  gboolean from_wire,
                  gint64 now)
{
    NMMacvtapRefusalReason reason;
    Entry *entry;
    gboolean changed;

    if (nm_macvtap_routing_host_judge(&self->host, address, NULL, &reason) !=
        NM_MACVTAP_VERDICT_GOOD)
        return FALSE;
    entry = nm_macvtap_routing_entries_find(&self->entries, address);
    if (!from_wire && entry != NULL && (entry->holder != 0 || entry->claimant != 0)) {
        ask_lan_after_claim(self, entry, now);
        return FALSE;
    }
    nm_macvtap_stations_hear_lan(&self->stations, address, mac, from_wire, now);
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
    nm_macvtap_routing_entries_settle(&self->entries, entry);
    return changed;
}

/* Guests */

/*
 * The guest of @accepted has a new address: is it still the one that has the others? Asked once the
 * guest has had time to speak by itself, one check at a time for each address.
 */
static void
doubt_other_addresses(NMMacvtapRouting *self, const Entry *accepted, gint64 now)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        Entry *entry = data;

        if (entry == accepted || entry->holder != accepted->holder ||
            entry->address.family != accepted->address.family || entry->verify_until != NEVER)
            continue;
        entry->next_question = MAX(now, entry->heard_at + NM_MACVTAP_ROUTING_CONTEST_MS);
        entry->verify_until = entry->next_question + NM_MACVTAP_ROUTING_CONTEST_MS;
        nm_macvtap_routing_entries_settle(&self->entries, entry);
    }
}

static void
accept_claimant(NMMacvtapRouting *self, Entry *entry, gint64 now)
{
    MacKey mac = entry->claimant;
    g_autofree char *mac_text = nm_macvtap_mac_key_to_string(mac);
    g_autofree char *address_text = nm_macvtap_cidr_address_to_string(&entry->address);

    drop_holder(self, entry);
    drop_claimant(self, entry);
    count(self, mac, +1);
    entry->holder = mac;
    entry->since = entry->heard_at = now;
    nm_macvtap_stations_forget_lan(&self->stations, &entry->address);
    nm_macvtap_refusals_forget(
        self->refusals, lookup_nic(self, mac)->guest->name, mac_text, address_text);
    doubt_other_addresses(self, entry, now);
}

static void
confirm_holder(NMMacvtapRouting *self, Entry *entry, gint64 now)
{
    const Guest *guest = lookup_nic(self, entry->holder)->guest;

    entry->heard_at = now;
    entry->verify_until = NEVER;
    entry->next_question = NEVER;
    /* A guest with two interfaces on the parent answers on both for either: no refusal. */
    if (entry->claimant != 0 && lookup_nic(self, entry->claimant)->guest != guest)
        refuse(self, entry->claimant, NM_MACVTAP_REFUSAL_OTHER_GUEST, &entry->address, guest->name);
    drop_claimant(self, entry);
    nm_macvtap_routing_entries_settle(&self->entries, entry);
}

static gboolean
has_room(NMMacvtapRouting *self, const Nic *nic, const NMMacvtapCidr *address)
{
    if (nic->guest->n_addresses >= NM_MACVTAP_ROUTING_MAX_PER_GUEST)
        refuse(self, nic->mac, NM_MACVTAP_REFUSAL_GUEST_FULL, address, NULL);
    else if (self->n_addresses >= NM_MACVTAP_ROUTING_MAX_ADDRESSES)
        refuse(self, nic->mac, NM_MACVTAP_REFUSAL_FULL, address, NULL);
    else
        return TRUE;
    return FALSE;
}

/* A full guest makes room by what it no longer answers for. */
static void
doubt_all_addresses(NMMacvtapRouting *self, const Nic *nic, GSocketFamily family, gint64 now)
{
    const Entry nobody = {.address.family = family, .holder = nic->mac};

    if (nic->guest->doubted_at > now - NM_MACVTAP_ROUTING_CONTEST_MS)
        return;
    nic->guest->doubted_at = now;
    doubt_other_addresses(self, &nobody, now);
}

/* The LAN, or the holder, has until decide_at to say that the address is taken. */
static gboolean
start_claim(NMMacvtapRouting *self, Entry *entry, MacKey mac, gboolean contested, gint64 now)
{
    gboolean was_asked = entry->lan_asked_at >= now - NM_MACVTAP_ROUTING_REPEAT_MS;

    if (!contested && !was_asked && ask(self, entry, 0, now) != NM_MACVTAP_ASKED)
        return FALSE;
    entry->claimant = mac;
    count(self, mac, +1);
    entry->relay_at = NEVER;
    if (contested) {
        entry->decide_at = now + NM_MACVTAP_ROUTING_CONTEST_MS;
        ask_in_doubt(self, entry, now);
    } else {
        entry->decide_at = MAX(now, entry->lan_asked_at + NM_MACVTAP_ROUTING_LAN_GRACE_MS);
    }
    if (entry->decide_at <= now)
        accept_claimant(self, entry, now);
    nm_macvtap_routing_entries_settle(&self->entries, entry);
    return entry->holder == mac;
}

static gboolean
claim_by_guest(NMMacvtapRouting *self, const Nic *nic, const NMMacvtapCidr *address, gint64 now)
{
    NMMacvtapRefusalReason reason;
    const LanHost *lan;
    Entry *entry;

    switch (nm_macvtap_routing_host_judge(&self->host, address, NULL, &reason)) {
    case NM_MACVTAP_VERDICT_NO_MATTER:
        return FALSE;
    case NM_MACVTAP_VERDICT_REFUSED:
        refuse(self, nic->mac, reason, address, NULL);
        return FALSE;
    case NM_MACVTAP_VERDICT_GOOD:
        break;
    }
    entry = nm_macvtap_routing_entries_find(&self->entries, address);
    if (entry != NULL && entry->holder == nic->mac) {
        confirm_holder(self, entry, now);
        return FALSE;
    }
    if (entry != NULL && entry->claimant != 0)
        return FALSE;
    lan = nm_macvtap_stations_find_lan(&self->stations, address, now);
    if (lan != NULL && lan->mac == nic->mac)
        lan = NULL;
    if (lan != NULL && lan->on_wire && now - lan->heard_at < NM_MACVTAP_ROUTING_LAN_FRESH_MS) {
        refuse_for_lan_host(self, nic->mac, address, lan->mac);
        return FALSE;
    }
    if (!has_room(self, nic, address)) {
        doubt_all_addresses(self, nic, address->family, now);
        return FALSE;
    }
    entry = nm_macvtap_routing_entries_ensure(&self->entries, address, now);
    if (entry == NULL)
        return FALSE;
    return start_claim(self, entry, nic->mac, entry->holder != 0 || lan != NULL, now);
}

/**
 * nm_macvtap_routing_claim:
 * @mac: who claims, %NM_MACVTAP_MAC_BYTES bytes
 * @address: what, prefix 32 or 128
 * @from_wire: heard by the parent
 * @now_ms: monotonic time
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nm_macvtap_routing_claim(NMMacvtapRouting *self,
                         const guint8 *mac,
                         const NMMacvtapCidr *address,
                         gboolean from_wire,
                         gint64 now_ms)
{
    MacKey key = nm_macvtap_mac_key_from_bytes(mac);
    const Nic *nic = lookup_nic(self, key);

    if (key == 0 || !nm_macvtap_routing_is_routable(address))
        return FALSE;
    if (nic == NULL || !nic->running || from_wire)
        return claim_by_lan_host(self, key, address, from_wire, now_ms);
    if (!nic->bridge) {
        refuse(self, key, NM_MACVTAP_REFUSAL_NOT_BRIDGE, address, NULL);
        return FALSE;
    }
    return claim_by_guest(self, nic, address, now_ms);
}

/**
 * nm_macvtap_routing_asked:
 * @address: what the host asked the LAN for, prefix 32 or 128
 * @now_ms: monotonic time
 *
 * Unless the LAN answers at once the guests are asked too; each address at most once in a second.
 */
void
nm_macvtap_routing_asked(NMMacvtapRouting *self, const NMMacvtapCidr *address, gint64 now_ms)
{
    NMMacvtapRefusalReason reason;
    Entry *entry;

    if (!nm_macvtap_routing_is_routable(address) ||
        nm_macvtap_routing_host_judge(&self->host, address, NULL, &reason) !=
            NM_MACVTAP_VERDICT_GOOD)
        return;
    entry = nm_macvtap_routing_entries_ensure(&self->entries, address, now_ms);
    if (entry == NULL || entry->holder != 0 || entry->claimant != 0 ||
        entry->lan_asked_at >= now_ms - NM_MACVTAP_ROUTING_REPEAT_MS)
        return;
    entry->lan_asked_at = now_ms;
    entry->relay_at = now_ms + NM_MACVTAP_ROUTING_RELAY_MS;
    nm_macvtap_routing_entries_settle(&self->entries, entry);
}

static gboolean
entry_tick(NMMacvtapRouting *self, Entry *entry, gint64 now)
{
    gboolean changed = FALSE;

    if (entry->relay_at <= now) {
        entry->relay_at = NEVER;
        ask_all_guests(self, entry, now);
    }
    if (entry->lan_question_at <= now)
        entry->lan_question_at = ask(self, entry, 0, now) == NM_MACVTAP_TOO_MANY_QUESTIONS
                                     ? now + NM_MACVTAP_ROUTING_RETRY_MS
                                     : NEVER;
    if (entry->decide_at <= now) {
        accept_claimant(self, entry, now);
        changed = TRUE;
    } else if (entry->verify_until <= now) {
        drop_holder(self, entry);
        changed = TRUE;
    } else if (entry->next_question <= now) {
        ask_in_doubt(self, entry, now);
    }
    nm_macvtap_routing_entries_settle(&self->entries, entry);
    return changed;
}

/**
 * nm_macvtap_routing_tick:
 * @now_ms: monotonic time
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nm_macvtap_routing_tick(NMMacvtapRouting *self, gint64 now_ms)
{
    g_autoptr(GPtrArray) due = nm_macvtap_routing_entries_list_due(&self->entries, now_ms);
    gboolean changed = FALSE;

    for (guint i = 0; i < due->len; i++)
        changed |= entry_tick(self, due->pdata[i], now_ms);
    return changed;
}

/**
 * nm_macvtap_routing_get_deadline:
 *
 * Returns: monotonic time in ms of the next nm_macvtap_routing_tick(), -1 for none
 */
gint64
nm_macvtap_routing_get_deadline(NMMacvtapRouting *self)
{
    gint64 deadline = nm_macvtap_routing_entries_get_deadline(&self->entries);

    return deadline == NEVER ? -1 : deadline;
}

/* Configuration */

/* An address that is the host's, a gateway's or a DNS server's now is taken from its guest; one
 * that is off-link now may come back with the host's address, and is only not routed meanwhile. */
static void
judge_entry(NMMacvtapRouting *self, Entry *entry)
{
    NMMacvtapRefusalReason reason;

    if (nm_macvtap_routing_host_judge(&self->host, &entry->address, NULL, &reason) !=
            NM_MACVTAP_VERDICT_REFUSED ||
        reason == NM_MACVTAP_REFUSAL_OFF_LINK)
        return;
    if (entry->holder != 0)
        refuse(self, entry->holder, reason, &entry->address, NULL);
    drop_claimant(self, entry);
    drop_holder(self, entry);
    nm_macvtap_routing_entries_settle(&self->entries, entry);
}

/**
 * nm_macvtap_routing_set_host:
 * @host: what the host has now, copied
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nm_macvtap_routing_set_host(NMMacvtapRouting *self, const NMMacvtapRoutingHost *host)
{
    g_autoptr(GArray) before = nm_macvtap_routing_get_routes(self);
    g_autoptr(GArray) after = NULL;
    GHashTableIter iter;
    gpointer entry;

    nm_macvtap_routing_host_clear(&self->host);
    nm_macvtap_routing_host_copy(&self->host, host);
    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        judge_entry(self, entry);
    after = nm_macvtap_routing_get_routes(self);
    return nm_macvtap_routing_routes_differ(before, after);
}

static gboolean
can_hold(NMMacvtapRouting *self, MacKey mac)
{
    const Nic *nic = lookup_nic(self, mac);

    return nic != NULL && nic->running && nic->bridge;
}

/* The guests are others now: what they hold and claim is counted anew. */
static void
recount_entry(NMMacvtapRouting *self, Entry *entry)
{
    if (entry->claimant != 0)
        count(self, entry->claimant, +1);
    if (entry->holder != 0)
        count(self, entry->holder, +1);
    if (!can_hold(self, entry->claimant))
        drop_claimant(self, entry);
    if (!can_hold(self, entry->holder))
        drop_holder(self, entry);
    nm_macvtap_routing_entries_settle(&self->entries, entry);
}

/**
 * nm_macvtap_routing_set_guests:
 * @nics: (array length=n_nics): every macvtap interface of a selected guest on the parent
 *
 * A guest that is gone, stopped or no longer in mode bridge loses its addresses at once.
 *
 * Returns: whether the routes wanted changed
 */
gboolean
nm_macvtap_routing_set_guests(NMMacvtapRouting *self, const NMMacvtapRoutingNic *nics, gsize n_nics)
{
    g_autoptr(GArray) before = nm_macvtap_routing_get_routes(self);
    g_autoptr(GArray) after = NULL;
    GHashTableIter iter;
    gpointer entry;

    /* The names in @before are gone with this; only addresses are compared. */
    nm_macvtap_stations_set_guests(&self->stations, nics, n_nics);
    nm_macvtap_refusals_retain(self->refusals, self->stations.guests);
    self->n_addresses = 0;
    g_hash_table_iter_init(&iter, self->entries.all);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        recount_entry(self, entry);
    after = nm_macvtap_routing_get_routes(self);
    return nm_macvtap_routing_routes_differ(before, after);
}

/* Outputs */

/**
 * nm_macvtap_routing_get_routes:
 *
 * Returns: (transfer full) (element-type NMMacvtapRoute): sorted
 */
GArray *
nm_macvtap_routing_get_routes(NMMacvtapRouting *self)
{
    return nm_macvtap_routing_routes_build(&self->entries, &self->host, &self->stations);
}

/**
 * nm_macvtap_routing_take_questions:
 *
 * Returns: (transfer full) (element-type NMMacvtapQuestion): to be put on the wire, in order
 */
GArray *
nm_macvtap_routing_take_questions(NMMacvtapRouting *self)
{
    return nm_macvtap_routing_questions_take(&self->questions);
}

/**
 * nm_macvtap_routing_take_refusals:
 *
 * Returns: (transfer full) (element-type NMMacvtapRefusal): in order
 */
GPtrArray *
nm_macvtap_routing_take_refusals(NMMacvtapRouting *self)
{
    return nm_macvtap_refusals_take(self->refusals);
}
