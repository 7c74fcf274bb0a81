/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a parent without addresses from answering the LAN's ARP requests while its addresses are on
 * a host link, because the kernel answers on any interface for every address of the host. A note
 * in a file records the changes, so that another process can undo them if this one dies. IPv6 needs
 * nothing, because there an interface answers only for its own addresses.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @run_dir: directory of the note. @owner: UUID of the profile. @link: the host link.
 * @has_addresses: the parent still has addresses, but must not answer for them. A second call
 * changes nothing. NMM_ERROR_FAILED. */
gboolean nmm_parent_arp_silence(const char *run_dir,
                                const char *owner,
                                const char *parent,
                                const char *link,
                                gboolean has_addresses,
                                GError **error);
/* Restores only what @owner changed and no other program has changed since. NMM_ERROR_FAILED. */
gboolean
nmm_parent_arp_restore(const char *run_dir, const char *owner, const char *parent, GError **error);

G_END_DECLS
