/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour discovery of mode share: hears ARP and IPv6 neighbour discovery on the host link, hears
 * what the host asks the LAN and what it is answered, puts questions on either, and answers the
 * guests' IPv6 questions for the host's addresses. Decides nothing: NmmRouting does.
 *
 * Two packet sockets on the thread-default main context, filtered in the kernel; no timer, no
 * polling. Never opens the link's /dev/tapN. It holds on to the two devices as they are: where the
 * parent's MAC changes, a new one is to be made.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

#define NMM_TYPE_NEIGHBOUR_MONITOR (nmm_neighbour_monitor_get_type())
G_DECLARE_FINAL_TYPE(NmmNeighbourMonitor, nmm_neighbour_monitor, NMM, NEIGHBOUR_MONITOR, GObject)

/*
 * Signals (G_SIGNAL_RUN_LAST, no return value); the pointers are valid during the emission only:
 *   "discovered" (pointer mac, pointer address, boolean from_wire): const guint8 *, const
 *                NmmCidr *; the arguments of nmm_routing_claim()
 *   "asked"      (pointer address): const NmmCidr *, of nmm_routing_asked()
 */

/* Both devices exist and are up. NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. Needs
 * CAP_NET_RAW. */
NmmNeighbourMonitor *
nmm_neighbour_monitor_new(const char *link, const char *parent, GError **error);

/*
 * Puts a question on the wire or to one guest. To a guest that has just got its route it is also
 * the way to tell it where the host is: a guest learns from a question as from an answer. A
 * question that cannot be sent is a warning in the log.
 */
void nmm_neighbour_monitor_ask(NmmNeighbourMonitor *self, const NmmProbe *question);

/*
 * From now on the IPv6 questions of the guests of @routes (element-type NmmRoute) for
 * @addresses (element-type NmmCidr, others than IPv6 are passed over) are answered with the
 * link's MAC, each to the asking guest alone; nobody else's ever are. In IPv4 the kernel does it.
 */
void nmm_neighbour_monitor_set_answers(NmmNeighbourMonitor *self,
                                       const GArray *addresses,
                                       const GArray *routes);

G_END_DECLS
