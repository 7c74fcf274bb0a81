/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-probe.h"

#define NEVER NMM_NEVER

/* In one second. */
#define MAX_PROBES 4096

typedef NmmMacKey MacKey;
typedef NmmKnownNic Nic;
typedef NmmRoutingEntry Entry;

/* @probe: without its MAC. */
static NmmProbeResult
send_probe(NmmRouting *self, NmmProbe *probe, MacKey mac, gint64 now)
{
    if (now - self->budget_since >= 1000) {
        self->budget_since = now;
        self->budget_used = 0;
    }
    if (self->budget_used >= MAX_PROBES)
        return NMM_PROBE_OVER_BUDGET;
    self->budget_used++;
    nmm_mac_key_to_bytes(mac, probe->mac);
    g_array_append_val(self->work->probes, *probe);
    return NMM_PROBE_SENT;
}

NmmProbeResult
nmm_routing_probe(NmmRouting *self, Entry *entry, MacKey mac, gint64 now)
{
    NmmProbe probe = {.lan = mac == 0, .address = entry->address};
    NmmRejectionReason reason;
    NmmProbeResult result;

    if (nmm_routing_host_judge(&self->host, &entry->address, &probe.source, &reason) !=
        NMM_VERDICT_GOOD)
        return NMM_PROBE_IMPOSSIBLE;
    result = send_probe(self, &probe, mac, now);
    if (result == NMM_PROBE_SENT && mac == 0)
        entry->lan_probed_at = now;
    return result;
}

NmmProbeResult
nmm_routing_probe_guest(NmmRouting *self, const NmmCidr *address, MacKey mac, gint64 now)
{
    NmmProbe probe = {.address = *address};
    const Nic *nic = nmm_routing_find_nic(self, mac);
    NmmRejectionReason reason;
    NmmVerdict verdict = nmm_routing_judge(self, nic, address, &probe.source, &reason);

    if (verdict == NMM_VERDICT_NO_MATTER || !nmm_routing_can_hold(nic) ||
        (verdict == NMM_VERDICT_REJECTED && reason == NMM_REJECTION_HOST))
        return NMM_PROBE_IMPOSSIBLE;
    return send_probe(self, &probe, mac, now);
}

void
nmm_routing_probe_all_guests(NmmRouting *self, Entry *entry, gint64 now)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, self->known.nics);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Nic *nic = data;
        NmmRejectionReason reason;

        if (nmm_routing_can_hold(nic) &&
            nmm_routing_judge(self, nic, &entry->address, NULL, &reason) == NMM_VERDICT_GOOD)
            nmm_routing_probe(self, entry, nic->mac, now);
    }
}

static gint64
postpone(gint64 deadline)
{
    return deadline == NEVER ? NEVER : deadline + NMM_ROUTING_RETRY_MS;
}

void
nmm_routing_probe_in_doubt(NmmRouting *self, Entry *entry, gint64 now)
{
    switch (nmm_routing_probe(self, entry, entry->holder, now)) {
    case NMM_PROBE_SENT:
        break;
    case NMM_PROBE_OVER_BUDGET:
        entry->decide_at = postpone(entry->decide_at);
        entry->verify_until = postpone(entry->verify_until);
        break;
    case NMM_PROBE_IMPOSSIBLE:
        entry->verify_until = NEVER;
        nmm_routing_drop_claimant(self, entry);
        break;
    }
    entry->next_probe_at = now + NMM_ROUTING_RETRY_MS;
    if (entry->next_probe_at >= MIN(entry->decide_at, entry->verify_until) ||
        (entry->decide_at == NEVER && entry->verify_until == NEVER))
        entry->next_probe_at = NEVER;
}
