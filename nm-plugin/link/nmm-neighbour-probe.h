/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a neighbour there? Asks the kernel to resolve an address on a device (ARP or NDP), which works
 * where a guest's own firewall drops pings.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Sends one empty UDP datagram per address to the discard port, so that the kernel resolves it,
 * then reads the neighbour table until the entry is reachable or failed, @timeout_ms at most for
 * all of them together. Blocks. @addresses: strv of IPv4 or IPv6 addresses on-link on @ifname.
 * Returns: (transfer full) (element-type utf8 utf8): address → MAC of those that answered.
 */
GHashTable *nmm_neighbour_probe(const char *ifname,
                                const char *const *addresses,
                                guint timeout_ms,
                                GError **error);

/*
 * The address that the kernel's neighbour table has for @mac on @ifname, IPv4 before IPv6 and link
 * local last; nothing is sent. Returns: (transfer full) (nullable): NULL without an error where
 * there is none.
 */
char *nmm_neighbour_lookup(const char *ifname, const char *mac, GError **error);

G_END_DECLS
