/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour discovery of mode share: hears ARP and IPv6 neighbour discovery on the host link, hears
 * what the host asks the LAN and what it is answered, puts questions on either, and answers the
 * guests' IPv6 questions for the host's addresses. Decides nothing: NMMacvtapRouting does.
 *
 * Two packet sockets on the thread-default main context, filtered in the kernel; no timer, no
 * polling. Never opens the link's /dev/tapN. It holds on to the two devices as they are: where the
 * parent's MAC changes, a new one is to be made.
 */

#pragma once

#include "nm-macvtap-routing.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_DISCOVERY (nm_macvtap_discovery_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapDiscovery, nm_macvtap_discovery, NM_MACVTAP, DISCOVERY, GObject)

/*
 * Signals (G_SIGNAL_RUN_LAST, no return value); the pointers are valid during the emission only:
 *   "discovered" (pointer mac, pointer address, boolean from_wire): const guint8 *, const
 *                NMMacvtapCidr *; the arguments of nm_macvtap_routing_claim()
 *   "asked"      (pointer address): const NMMacvtapCidr *, of nm_macvtap_routing_asked()
 */

/* Both devices exist and are up. NM_MACVTAP_ERROR_NOT_FOUND, NM_MACVTAP_ERROR_FAILED. Needs
 * CAP_NET_RAW. */
NMMacvtapDiscovery *nm_macvtap_discovery_new(const char *link, const char *parent, GError **error);

/*
 * Puts a question on the wire or to one guest. To a guest that has just got its route it is also
 * the way to tell it where the host is: a guest learns from a question as from an answer. A
 * question that cannot be sent is a warning in the log.
 */
void nm_macvtap_discovery_ask(NMMacvtapDiscovery *self, const NMMacvtapQuestion *question);

/*
 * From now on the IPv6 questions of the guests of @routes (element-type NMMacvtapRoute) for
 * @addresses (element-type NMMacvtapCidr, others than IPv6 are passed over) are answered with the
 * link's MAC, each to the asking guest alone; nobody else's ever are. In IPv4 the kernel does it.
 */
void nm_macvtap_discovery_set_answers(NMMacvtapDiscovery *self,
                                      const GArray *addresses,
                                      const GArray *routes);

G_END_DECLS
