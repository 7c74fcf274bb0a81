/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-claim.h"

#include "nmm-routing-probe.h"
#include "nmm-routing-refusal.h"

#define NEVER NMM_NEVER

typedef NmmMacKey MacKey;
typedef NmmKnownGuest Guest;
typedef NmmKnownNic Nic;
typedef NmmLanHost LanHost;
typedef NmmRoutingEntry Entry;

/* The LAN */

/* One probe at once and another one later, because either may be lost; a flood of claims causes no
 * more. */
static void
reprobe_lan(NmmRouting *self, Entry *entry, gint64 now)
{
    if (entry->lan_reprobe_at != NEVER)
        return;
    if (entry->lan_probed_at <= now - NMM_ROUTING_RETRY_MS)
        nmm_routing_probe(self, entry, 0, now);
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
        nmm_routing_refuse_for_lan_host(self, entry->holder, address, mac);
    if (entry->claimant != 0)
        nmm_routing_refuse_for_lan_host(self, entry->claimant, address, mac);
    nmm_routing_drop_claimant(self, entry);
    nmm_routing_drop_holder(self, entry);
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

void
nmm_routing_accept_claimant(NmmRouting *self, Entry *entry, gint64 now)
{
    MacKey mac = entry->claimant;

    nmm_routing_drop_holder(self, entry);
    nmm_routing_drop_claimant(self, entry);
    nmm_routing_count(self, mac, +1);
    entry->holder = mac;
    entry->since = entry->heard_at = now;
    nmm_known_hosts_forget_lan(&self->known, &entry->address);
    nmm_routing_refusals_accepted(self, mac, &entry->address);
    doubt_other_addresses(self, entry, now);
}

static void
confirm_holder(NmmRouting *self, Entry *entry, gint64 now)
{
    const Guest *guest = nmm_routing_find_nic(self, entry->holder)->guest;

    entry->heard_at = now;
    entry->verify_until = NEVER;
    entry->next_probe_at = NEVER;
    /* A guest with two interfaces on the parent replies on both for either: no rejection. */
    if (entry->claimant != 0 && nmm_routing_find_nic(self, entry->claimant)->guest != guest)
        nmm_routing_refuse(
            self, entry->claimant, NMM_REJECTION_OTHER_GUEST, &entry->address, guest->name);
    nmm_routing_drop_claimant(self, entry);
    nmm_routing_entries_settle(&self->entries, entry);
}

static gboolean
has_room(NmmRouting *self, const Nic *nic, const NmmCidr *address)
{
    if (nic->guest->n_addresses >= NMM_ROUTING_MAX_PER_GUEST)
        nmm_routing_refuse(self, nic->mac, NMM_REJECTION_GUEST_FULL, address, NULL);
    else if (self->n_addresses >= NMM_ROUTING_MAX_ADDRESSES)
        nmm_routing_refuse(self, nic->mac, NMM_REJECTION_FULL, address, NULL);
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

    if (!contested && !was_probed && nmm_routing_probe(self, entry, 0, now) != NMM_PROBE_SENT)
        return FALSE;
    entry->claimant = mac;
    nmm_routing_count(self, mac, +1);
    entry->relay_at = NEVER;
    if (contested) {
        entry->decide_at = now + NMM_ROUTING_CONTEST_MS;
        nmm_routing_probe_in_doubt(self, entry, now);
    } else {
        entry->decide_at = MAX(now, entry->lan_probed_at + NMM_ROUTING_LAN_GRACE_MS);
    }
    if (entry->decide_at <= now)
        nmm_routing_accept_claimant(self, entry, now);
    nmm_routing_entries_settle(&self->entries, entry);
    return entry->holder == mac;
}

static gboolean
claim_by_guest(NmmRouting *self, const Nic *nic, const NmmCidr *address, gint64 now)
{
    NmmRejectionReason reason;
    const LanHost *lan;
    Entry *entry;

    switch (nmm_routing_judge(self, nic, address, NULL, &reason)) {
    case NMM_VERDICT_NO_MATTER:
        return FALSE;
    case NMM_VERDICT_REJECTED:
        nmm_routing_refuse(self, nic->mac, reason, address, NULL);
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
        nmm_routing_refuse_for_lan_host(self, nic->mac, address, lan->mac);
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

/* Otherwise the claim is one of a LAN host. */
static gboolean
is_served(const NmmRouting *self, const Nic *nic, const NmmCidr *address)
{
    return nic && nic->running &&
           (!nic->guest->is_peer || nmm_routing_host_has_peers_at(&self->host, address));
}

gboolean
nmm_routing_handle_claim(NmmRouting *self,
                         MacKey mac,
                         const NmmCidr *address,
                         gboolean from_wire,
                         gint64 now)
{
    const Nic *nic = nmm_routing_find_nic(self, mac);

    if (mac == 0 || !nmm_routing_is_routable(address))
        return FALSE;
    if (!is_served(self, nic, address) || from_wire)
        return claim_by_lan_host(self, mac, address, from_wire, now);
    if (!nic->bridge) {
        nmm_routing_refuse(self, mac, NMM_REJECTION_NOT_BRIDGE, address, NULL);
        return FALSE;
    }
    return claim_by_guest(self, nic, address, now);
}
