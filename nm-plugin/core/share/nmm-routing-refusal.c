/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-refusal.h"

#include "nmm-routing-probe.h"

#define NEVER NMM_NEVER

typedef NmmMacKey MacKey;
typedef NmmKnownNic Nic;

typedef struct {
    MacKey mac;
    NmmCidr address;
    NmmRejection *rejection;
    gint64 heard_at;
    gint64 probed_at; /* NEVER: it is not in doubt */
    gint64 due;       /* when to look at it again */
} Refusal;

static guint
hash(gconstpointer key)
{
    const Refusal *refusal = key;

    return nmm_cidr_hash_address(&refusal->address) ^ (guint)refusal->mac;
}

static gboolean
equal(gconstpointer a, gconstpointer b)
{
    const Refusal *left = a;
    const Refusal *right = b;

    return left->mac == right->mac && nmm_cidr_equal_address(&left->address, &right->address);
}

static void
free_refusal(gpointer data)
{
    Refusal *refusal = data;

    nmm_rejection_free(refusal->rejection);
    g_free(refusal);
}

/* A set of Refusal. */
GHashTable *
nmm_routing_refusals_new(void)
{
    return g_hash_table_new_full(hash, equal, free_refusal, NULL);
}

static Refusal *
find(NmmRouting *self, MacKey mac, const NmmCidr *address)
{
    const Refusal key = {.mac = mac, .address = *address};
    gpointer found = NULL;

    g_hash_table_lookup_extended(self->refusals, &key, &found, NULL);
    return found;
}

static void
set_due(NmmRouting *self, Refusal *refusal, gint64 due)
{
    refusal->due = due;
    self->refusals_due = MIN(self->refusals_due, due);
}

/* A guest that claims many addresses must not fill the table. */
static Refusal *
add(NmmRouting *self, const Nic *nic, const NmmCidr *address)
{
    Refusal *refusal;

    if (nic->guest->n_refused >= NMM_REJECTION_MAX_REPORTED)
        return NULL;
    nic->guest->n_refused++;
    refusal = g_new0(Refusal, 1);
    refusal->mac = nic->mac;
    refusal->address = *address;
    g_hash_table_add(self->refusals, refusal);
    set_due(self, refusal, self->now + NMM_ROUTING_REFUSAL_KEEP_MS);
    return refusal;
}

static gboolean
is_same(const NmmRejection *a, const NmmRejection *b)
{
    return a && a->reason == b->reason && g_strcmp0(a->guest, b->guest) == 0 &&
           g_strcmp0(a->holder, b->holder) == 0;
}

/* @rejection: (transfer full) */
static void
note(NmmRouting *self, const Nic *nic, const NmmCidr *address, NmmRejection *rejection)
{
    Refusal *refusal = find(self, nic->mac, address) ?: add(self, nic, address);

    if (!refusal || is_same(refusal->rejection, rejection)) {
        nmm_rejection_free(rejection);
    } else {
        g_clear_pointer(&refusal->rejection, nmm_rejection_free);
        refusal->rejection = rejection;
        self->work->refusals_changed = TRUE;
    }
    if (!refusal)
        return;
    refusal->heard_at = self->now;
    refusal->probed_at = NEVER;
}

void
nmm_routing_refuse(NmmRouting *self,
                   MacKey mac,
                   NmmRejectionReason reason,
                   const NmmCidr *address,
                   const char *holder)
{
    const Nic *nic = nmm_routing_find_nic(self, mac);
    g_autofree char *mac_text = nmm_mac_key_to_string(mac);
    g_autofree char *address_text = nmm_cidr_address_to_string(address);
    NmmRejection *reported;
    const char *guest;

    if (!nic)
        return;
    guest = nmm_known_guest_get_name(nic->guest);
    note(self, nic, address, nmm_rejection_new(reason, guest, mac_text, address_text, holder));
    reported = nmm_rejections_add(self->reported, reason, guest, mac_text, address_text, holder);
    if (reported)
        g_ptr_array_add(self->work->rejections, reported);
}

void
nmm_routing_refuse_for_lan_host(NmmRouting *self, MacKey mac, const NmmCidr *address, MacKey lan)
{
    g_autofree char *holder = nmm_mac_key_to_string(lan);

    nmm_routing_refuse(self, mac, NMM_REJECTION_LAN_HOST, address, holder);
}

static void
count(NmmRouting *self, const Refusal *refusal, int change)
{
    nmm_routing_find_nic(self, refusal->mac)->guest->n_refused += (guint)change;
}

/* If it is claimed again, it is a new refusal, in the journal too. */
static void
forget_report(NmmRouting *self, const Refusal *refusal)
{
    const NmmRejection *rejection = refusal->rejection;

    nmm_rejections_forget(self->reported, rejection->guest, rejection->mac, rejection->address);
    self->work->refusals_changed = TRUE;
}

static void
doubt(NmmRouting *self, Refusal *refusal)
{
    refusal->heard_at = -NEVER;
    set_due(self, refusal, self->now + NMM_ROUTING_CONTEST_MS);
}

void
nmm_routing_refusals_accepted(NmmRouting *self, MacKey mac, const NmmCidr *address)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->refusals);
    while (g_hash_table_iter_next(&iter, &data, NULL)) {
        Refusal *refusal = data;

        if (refusal->mac != mac || refusal->address.family != address->family)
            continue;
        /* The host's own address cannot be probed; a guest that still has it claims it again. */
        if (nmm_cidr_equal_address(&refusal->address, address) ||
            refusal->rejection->reason == NMM_REJECTION_HOST) {
            count(self, refusal, -1);
            forget_report(self, refusal);
            g_hash_table_iter_remove(&iter);
        } else {
            doubt(self, refusal);
        }
    }
}

/* A new configuration ends only what it was the reason of. */
static gboolean
is_still_refused(NmmRouting *self, const Refusal *refusal)
{
    const Nic *nic = nmm_routing_find_nic(self, refusal->mac);
    NmmRejectionReason reason;
    NmmVerdict verdict = nmm_routing_judge(self, nic, &refusal->address, NULL, &reason);

    if (!nic || !nic->running ||
        g_strcmp0(nmm_known_guest_get_name(nic->guest), refusal->rejection->guest) != 0 ||
        verdict == NMM_VERDICT_NO_MATTER)
        return FALSE;
    if (refusal->rejection->reason == NMM_REJECTION_NOT_BRIDGE)
        return !nic->bridge;
    return verdict == NMM_VERDICT_REJECTED || !nmm_rejection_is_by_host(refusal->rejection->reason);
}

/* Counts the refusals of every guest again. */
void
nmm_routing_refusals_judge(NmmRouting *self)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->known.guests);
    while (g_hash_table_iter_next(&iter, NULL, &data))
        ((NmmKnownGuest *)data)->n_refused = 0;
    g_hash_table_iter_init(&iter, self->refusals);
    while (g_hash_table_iter_next(&iter, &data, NULL)) {
        Refusal *refusal = data;

        if (is_still_refused(self, refusal)) {
            count(self, refusal, +1);
            continue;
        }
        forget_report(self, refusal);
        nmm_routing_probe_guest(self, &refusal->address, refusal->mac, self->now);
        g_hash_table_iter_remove(&iter);
    }
}

/* One that cannot be probed waits for another configuration, without a timer. */
static gint64
get_next_look(const NmmRouting *self, const Refusal *refusal, NmmProbeResult result)
{
    switch (result) {
    case NMM_PROBE_SENT:
        return MIN(self->now + NMM_ROUTING_RETRY_MS, refusal->probed_at + NMM_ROUTING_CONTEST_MS);
    case NMM_PROBE_OVER_BUDGET:
        return self->now + NMM_ROUTING_RETRY_MS;
    case NMM_PROBE_IMPOSSIBLE:
        return NEVER;
    }
    g_return_val_if_reached(NEVER);
}

/* Returns: whether the guest has given the address up. */
static gboolean
review(NmmRouting *self, Refusal *refusal)
{
    gint64 now = self->now;
    NmmProbeResult result;

    if (refusal->probed_at == NEVER && now - NMM_ROUTING_REFUSAL_KEEP_MS < refusal->heard_at) {
        set_due(self, refusal, refusal->heard_at + NMM_ROUTING_REFUSAL_KEEP_MS);
        return FALSE;
    }
    if (refusal->probed_at != NEVER && now - refusal->probed_at >= NMM_ROUTING_CONTEST_MS)
        return TRUE;
    result = nmm_routing_probe_guest(self, &refusal->address, refusal->mac, now);
    if (result == NMM_PROBE_SENT && refusal->probed_at == NEVER)
        refusal->probed_at = now;
    set_due(self, refusal, get_next_look(self, refusal, result));
    return FALSE;
}

void
nmm_routing_refusals_tick(NmmRouting *self)
{
    GHashTableIter iter;
    gpointer data;

    if (self->refusals_due > self->now)
        return;
    self->refusals_due = NEVER;
    g_hash_table_iter_init(&iter, self->refusals);
    while (g_hash_table_iter_next(&iter, &data, NULL)) {
        Refusal *refusal = data;

        if (refusal->due > self->now) {
            set_due(self, refusal, refusal->due);
        } else if (review(self, refusal)) {
            count(self, refusal, -1);
            forget_report(self, refusal);
            g_hash_table_iter_remove(&iter);
        }
    }
}

static int
compare(gconstpointer a, gconstpointer b)
{
    const Refusal *left = *(Refusal *const *)a;
    const Refusal *right = *(Refusal *const *)b;
    int order = nmm_cidr_compare_address(&left->address, &right->address);

    if (order == 0 && left->mac != right->mac)
        order = left->mac < right->mac ? -1 : 1;
    return order;
}

GPtrArray *
nmm_routing_list_refusals(NmmRouting *self)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->refusals);
    while (g_hash_table_iter_next(&iter, &data, NULL))
        g_ptr_array_add(list, data);
    g_ptr_array_sort(list, compare);
    for (guint i = 0; i < list->len; i++)
        list->pdata[i] = ((Refusal *)list->pdata[i])->rejection;
    return list;
}
