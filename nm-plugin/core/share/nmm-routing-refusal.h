/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The claims that are refused now: which guest claims which address, and why it gets no route. The
 * refusal ends when the guest no longer claims the address. To find that out, the routing decision
 * probes the guest from time to time, only while the claim is refused. Private to core/share.
 */

#pragma once

#include "nmm-routing-holder.h"

G_BEGIN_DECLS

GHashTable *nmm_routing_refusals_new(void);

/* Refuses a claim of the guest with @mac, and adds a rejection to the work if it was not reported
 * before. @holder: (nullable) */
void nmm_routing_refuse(NmmRouting *self,
                        NmmMacKey mac,
                        NmmRejectionReason reason,
                        const NmmCidr *address,
                        const char *holder);
void nmm_routing_refuse_for_lan_host(NmmRouting *self,
                                     NmmMacKey mac,
                                     const NmmCidr *address,
                                     NmmMacKey lan);

/* The guest with @mac has got @address. Its other claims may be over: they are probed soon. */
void nmm_routing_refusals_accepted(NmmRouting *self, NmmMacKey mac, const NmmCidr *address);
/* The host's configuration or the guests have changed. */
void nmm_routing_refusals_judge(NmmRouting *self);
/* Their deadline may have come. */
void nmm_routing_refusals_tick(NmmRouting *self);

G_END_DECLS
