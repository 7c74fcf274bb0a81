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

void
nmm_routing_reject(NmmRouting *self,
                   MacKey mac,
                   NmmRejectionReason reason,
                   const NmmCidr *address,
                   const char *holder)
{
    const Nic *nic = nmm_routing_find_nic(self, mac);
    g_autofree char *mac_text = nmm_mac_key_to_string(mac);
    g_autofree char *address_text = nmm_cidr_address_to_string(address);
    NmmRejection *rejection = NULL;

    if (nic)
        rejection = nmm_rejections_add(
            self->reported, reason, nic->guest->name, mac_text, address_text, holder);
    if (rejection)
        g_ptr_array_add(self->work->rejections, rejection);
}

void
nmm_routing_reject_for_lan_host(NmmRouting *self, MacKey mac, const NmmCidr *address, MacKey lan)
{
    g_autofree char *holder = nmm_mac_key_to_string(lan);

    nmm_routing_reject(self, mac, NMM_REJECTION_LAN_HOST, address, holder);
}
