/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a parent without addresses from answering the LAN's ARP requests while its addresses are on
 * a host link: the kernel answers on any interface for every address of the host. What it changes
 * is in a note, so that the next process undoes it if this one dies. IPv6 needs nothing, because an
 * interface answers only for its own addresses.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The note is in @run_dir, and names @owner, a UUID. Changes nothing the second time. @link: the
 * host link. @has_addresses: the parent still has them, but the LAN sends to the link.
 * NMM_ERROR_FAILED. */
gboolean nmm_parent_arp_silence(const char *run_dir,
                                const char *owner,
                                const char *parent,
                                const char *link,
                                gboolean has_addresses,
                                GError **error);
/* Only what @owner changed, and no other program after it. NMM_ERROR_FAILED. */
gboolean
nmm_parent_arp_restore(const char *run_dir, const char *owner, const char *parent, GError **error);

G_END_DECLS
