/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a neighbour replies: lets the kernel resolve an address on a device (ARP or NDP), which
 * works if the firewall of a guest drops pings. The caller decides what a reply means.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Sends one empty UDP datagram per address to the discard port, so that the kernel resolves it, and
 * reads the neighbour table until each entry is reachable or failed (after 3 s), at most
 * @timeout_ms for all together. A neighbour that refuses the datagram replied too. Blocks.
 * @addresses: IPv4 and IPv6, on-link on @ifname. Returns: (transfer full) (element-type utf8 utf8):
 * address → MAC of those that replied. NMM_ERROR_NOT_FOUND (no such device), NMM_ERROR_FAILED.
 */
GHashTable *nmm_neighbour_probe(const char *ifname,
                                const char *const *addresses,
                                guint timeout_ms,
                                GError **error);

/*
 * The address of @mac (in either case) in the kernel's neighbour table, for a neighbour without a
 * lease: IPv4 before IPv6, link-local last. Sends nothing. Returns: (transfer full) (nullable):
 * NULL without an error if there is none; NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED.
 */
char *nmm_neighbour_lookup(const char *ifname, const char *mac, GError **error);

G_END_DECLS
