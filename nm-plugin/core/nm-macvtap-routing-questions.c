/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of questions under a budget.
 */

#include "config.h"

#include "nm-macvtap-routing-questions.h"

/* Questions put on the wire in one second. */
#define MAX_QUESTIONS 4096

void
nm_macvtap_routing_questions_init(NMMacvtapRoutingQuestions *self)
{
    *self = (NMMacvtapRoutingQuestions){
        .waiting = g_array_new(FALSE, FALSE, sizeof(NMMacvtapQuestion)),
    };
}

void
nm_macvtap_routing_questions_clear(NMMacvtapRoutingQuestions *self)
{
    g_clear_pointer(&self->waiting, g_array_unref);
}

/**
 * nm_macvtap_routing_questions_ask:
 * @host: what the host has, for the question's source
 * @entry: the address asked for
 * @mac: who is asked, 0 for the LAN
 * @now_ms: monotonic time
 *
 * Returns: whether the question will be put
 */
NMMacvtapAskResult
nm_macvtap_routing_questions_ask(NMMacvtapRoutingQuestions *self,
                                 const NMMacvtapRoutingHost *host,
                                 NMMacvtapRoutingEntry *entry,
                                 NMMacvtapMacKey mac,
                                 gint64 now_ms)
{
    NMMacvtapQuestion question = {.lan = mac == 0, .address = entry->address};
    NMMacvtapRefusalReason reason;

    if (nm_macvtap_routing_host_judge(host, &entry->address, &question.source, &reason) !=
        NM_MACVTAP_VERDICT_GOOD)
        return NM_MACVTAP_CANNOT_ASK;
    if (now_ms - self->budget_since >= 1000) {
        self->budget_since = now_ms;
        self->budget_used = 0;
    }
    if (self->budget_used >= MAX_QUESTIONS)
        return NM_MACVTAP_TOO_MANY_QUESTIONS;
    self->budget_used++;
    nm_macvtap_mac_key_to_bytes(mac, question.mac);
    g_array_append_val(self->waiting, question);
    if (mac == 0)
        entry->lan_asked_at = now_ms;
    return NM_MACVTAP_ASKED;
}

/**
 * nm_macvtap_routing_questions_take:
 *
 * Returns: (transfer full) (element-type NMMacvtapQuestion): those since the last call
 */
GArray *
nm_macvtap_routing_questions_take(NMMacvtapRoutingQuestions *self)
{
    GArray *taken = self->waiting;

    self->waiting = g_array_new(FALSE, FALSE, sizeof(NMMacvtapQuestion));
    return taken;
}
