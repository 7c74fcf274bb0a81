/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP and IPv6 neighbour discovery of mode share, and for the names of guests: listens on the host
 * link, and on the parent to the host's requests and the LAN's replies; sends probes on either;
 * replies to the guests' requests for the host's addresses. NmmRouting decides.
 *
 * Two packet sockets on the thread-default main context, filtered in the kernel; no timer, no
 * polling. Never opens the link's /dev/tapN. It is bound to the two devices as they are: if the
 * parent's MAC changes, create a new monitor.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

/* The pointers are valid during the call. The handlers must not free the monitor. */
typedef struct {
    /* The arguments of nmm_routing_claim(). */
    void (*claimed)(const guint8 *mac,
                    const NmmCidr *address,
                    gboolean from_wire,
                    gpointer user_data);
    /* (nullable): the host asked the LAN who has @address. */
    void (*solicited)(const NmmCidr *address, gpointer user_data);
    /* (nullable): @mac, on the link or the LAN, sets up an interface, so it soon has an address:
     * nmm-setup-frame.h, or it asks whether an address is free. */
    void (*set_up)(const guint8 *mac, gpointer user_data);
} NmmNeighbourCallbacks;

typedef struct _NmmNeighbourMonitor NmmNeighbourMonitor;

/* Both devices exist and are up. @parent: (nullable): for a monitor that only listens on the link,
 * and sends probes to guests. @callbacks: static. Needs CAP_NET_RAW. NMM_ERROR_NOT_FOUND,
 * NMM_ERROR_FAILED. */
NmmNeighbourMonitor *nmm_neighbour_monitor_new(const char *link,
                                               const char *parent,
                                               const NmmNeighbourCallbacks *callbacks,
                                               gpointer user_data,
                                               GError **error);
void nmm_neighbour_monitor_free(NmmNeighbourMonitor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmNeighbourMonitor, nmm_neighbour_monitor_free)

/* Sends a probe to the LAN or to one guest. A guest that has just got its route learns from it
 * which MAC the host has, because a host learns from a request as from a reply. Logs a failure. */
void nmm_neighbour_monitor_probe(NmmNeighbourMonitor *self, const NmmProbe *probe);

/*
 * From now on replies to ARP requests and IPv6 solicitations of the guests of @routes (element-type
 * NmmRoute) for @addresses (element-type NmmRoutingAddress) with the link's MAC, only to the guest.
 * No other request gets a reply, nor does one from an address that has no route. For IPv4 the
 * kernel replies too, by the same rules and with the same MAC, unless
 * net.ipv4.conf.all.arp_ignore is set.
 */
void nmm_neighbour_monitor_set_replies(NmmNeighbourMonitor *self,
                                       const GArray *addresses,
                                       const GArray *routes);

G_END_DECLS
