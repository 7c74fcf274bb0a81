/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routes that the routing decision amounts to: who holds an address, as far as the host can
 * make use of it now.
 */

#pragma once

#include "nmm-routing-entries.h"

G_BEGIN_DECLS

/* (transfer full) (element-type NmmRoute): as nmm_routing_get_routes(). */
GArray *nmm_routing_routes_build(const NmmRoutingEntries *entries,
                                 const NmmRoutingHost *host,
                                 const NmmKnownHosts *stations);
/* Guests' names are not looked at: they may be gone. */
gboolean nmm_routing_routes_differ(const GArray *before, const GArray *after);

G_END_DECLS
