/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-holder.h"

#define NEVER NMM_NEVER

typedef NmmMacKey MacKey;
typedef NmmKnownNic Nic;
typedef NmmRoutingEntry Entry;

Nic *
nmm_routing_find_nic(NmmRouting *self, MacKey mac)
{
    return nmm_known_hosts_find_nic(&self->known, mac);
}

gboolean
nmm_routing_can_hold(const Nic *nic)
{
    return nic && nic->running && nic->bridge;
}

NmmVerdict
nmm_routing_judge(const NmmRouting *self,
                  const Nic *nic,
                  const NmmCidr *address,
                  NmmCidr *out_source,
                  NmmRejectionReason *out_reason)
{
    if (nic && nic->guest->is_peer)
        return nmm_routing_host_judge_peer(&self->host, address, out_source, out_reason);
    return nmm_routing_host_judge(&self->host, address, out_source, out_reason);
}

void
nmm_routing_count(NmmRouting *self, MacKey mac, int change)
{
    Nic *nic = nmm_routing_find_nic(self, mac);

    self->n_addresses += (guint)change;
    if (nic)
        nic->guest->n_addresses += (guint)change;
}

void
nmm_routing_drop_claimant(NmmRouting *self, Entry *entry)
{
    if (entry->claimant == 0)
        return;
    nmm_routing_count(self, entry->claimant, -1);
    entry->claimant = 0;
    entry->decide_at = NEVER;
    if (entry->verify_until == NEVER)
        entry->next_probe_at = NEVER;
}

void
nmm_routing_drop_holder(NmmRouting *self, Entry *entry)
{
    if (entry->holder == 0)
        return;
    nmm_routing_count(self, entry->holder, -1);
    entry->holder = 0;
    entry->verify_until = NEVER;
    if (entry->claimant == 0)
        entry->next_probe_at = NEVER;
}
