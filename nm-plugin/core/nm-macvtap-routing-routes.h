/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routes that the routing decision amounts to: who holds an address, as far as the host can
 * make use of it now.
 */

#pragma once

#include "nm-macvtap-routing-entries.h"

G_BEGIN_DECLS

/* (transfer full) (element-type NMMacvtapRoute): as nm_macvtap_routing_get_routes(). */
GArray *nm_macvtap_routing_routes_build(const NMMacvtapRoutingEntries *entries,
                                        const NMMacvtapRoutingHost *host,
                                        const NMMacvtapStations *stations);
/* Guests' names are not looked at: they may be gone. */
gboolean nm_macvtap_routing_routes_differ(const GArray *before, const GArray *after);

G_END_DECLS
