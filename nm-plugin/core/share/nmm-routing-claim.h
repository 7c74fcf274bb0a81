/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a claim of an address, by a guest or by a LAN host, does to the entry of that address.
 * Private to core/share.
 */

#pragma once

#include "nmm-routing-holder.h"

G_BEGIN_DECLS

/* As nmm_routing_claim(). Returns: whether the routes changed. */
gboolean nmm_routing_handle_claim(NmmRouting *self,
                                  NmmMacKey mac,
                                  const NmmCidr *address,
                                  gboolean from_wire,
                                  gint64 now);
/* The claimant of @entry becomes its holder. */
void nmm_routing_accept_claimant(NmmRouting *self, NmmRoutingEntry *entry, gint64 now);

G_END_DECLS
