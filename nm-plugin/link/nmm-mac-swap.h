/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives a macvtap link the MAC of its parent, the device below it, and the parent a stand-in, and
 * undoes that. A note in the run directory has the parent's own MAC, because it may differ from the
 * hardware's; a reboot removes the note and restores the MAC. During a change, the host is always
 * reachable over one of the two.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Changes both, or none if it fails, and completes what a process that died has begun. Because the
 * kernel forgets the neighbours of a device that gets another MAC, it gives those of the parent to
 * the parent and @link afterwards.
 *
 * Until settle(), the host may have its addresses on the parent alone. @out_is_quiet: TRUE if
 * the host receives what the LAN sends to @link, so the LAN was not informed. Otherwise the kernel
 * would drop that (rp_filter), so the parent was announced with its stand-in.
 * NMM_ERROR_UNSUPPORTED if the driver does not change the MAC of a device that is up;
 * NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. */
gboolean nmm_mac_swap_begin(const char *run_dir,
                            const char *parent,
                            const char *link,
                            gboolean *out_is_quiet,
                            GError **error);
/* Call it when the host has its addresses only on @link. */
void nmm_mac_swap_settle(const char *link);
/* Gives @parent its own MAC, and a link that has it the one that nmm_identity_link_mac() derives
 * for @profile_uuid. TRUE without a change if there is no note, the parent is gone, or another
 * program gave it a third MAC. @out_changed: NetworkManager has to notice the parent's MAC; this
 * call or an earlier one, which did not come to its end, has changed it. */
gboolean nmm_mac_swap_undo(const char *run_dir,
                           const char *parent,
                           const char *profile_uuid,
                           gboolean *out_changed,
                           GError **error);
/* (transfer full) (nullable): the own MAC of @parent, which the identities of host links depend on;
 * NULL if @parent does not exist. From the kernel, because NetworkManager knows a change later. */
char *nmm_mac_swap_find_own(const char *run_dir, const char *parent);

G_END_DECLS
