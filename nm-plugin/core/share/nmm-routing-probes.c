/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of questions under a budget.
 */

#include "config.h"

#include "nmm-routing-probes.h"

/* Questions put on the wire in one second. */
#define MAX_QUESTIONS 4096

void
nmm_routing_probes_init(NmmRoutingProbes *self)
{
    *self = (NmmRoutingProbes){
        .waiting = g_array_new(FALSE, FALSE, sizeof(NmmProbe)),
    };
}

void
nmm_routing_probes_clear(NmmRoutingProbes *self)
{
    g_clear_pointer(&self->waiting, g_array_unref);
}

/**
 * nmm_routing_probes_ask:
 * @host: what the host has, for the question's source
 * @entry: the address asked for
 * @mac: who is asked, 0 for the LAN
 * @now_ms: monotonic time
 *
 * Returns: whether the question will be put
 */
NmmAskResult
nmm_routing_probes_ask(NmmRoutingProbes *self,
                       const NmmRoutingHost *host,
                       NmmRoutingEntry *entry,
                       NmmMacKey mac,
                       gint64 now_ms)
{
    NmmProbe question = {.lan = mac == 0, .address = entry->address};
    NmmRejectionReason reason;

    if (nmm_routing_host_judge(host, &entry->address, &question.source, &reason) !=
        NMM_VERDICT_GOOD)
        return NMM_CANNOT_ASK;
    if (now_ms - self->budget_since >= 1000) {
        self->budget_since = now_ms;
        self->budget_used = 0;
    }
    if (self->budget_used >= MAX_QUESTIONS)
        return NMM_TOO_MANY_QUESTIONS;
    self->budget_used++;
    nmm_mac_key_to_bytes(mac, question.mac);
    g_array_append_val(self->waiting, question);
    if (mac == 0)
        entry->lan_asked_at = now_ms;
    return NMM_ASKED;
}

/**
 * nmm_routing_probes_take:
 *
 * Returns: (transfer full) (element-type NmmProbe): those since the last call
 */
GArray *
nmm_routing_probes_take(NmmRoutingProbes *self)
{
    GArray *taken = self->waiting;

    self->waiting = g_array_new(FALSE, FALSE, sizeof(NmmProbe));
    return taken;
}
