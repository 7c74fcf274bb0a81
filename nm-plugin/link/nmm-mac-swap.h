/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives a macvtap link the MAC of the device below it, its parent, which has a stand-in meanwhile,
 * and gives it back. A note in the run directory has the parent's own MAC, because the hardware may
 * have another one; a reboot removes the note and restores the MAC. Every moment of a change leaves
 * the host reachable over one of the two.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Changes both, or with an error none, and completes what a process that died has begun. The kernel
 * forgets the neighbours of a device that gets another MAC, so the parent and @link have the
 * parent's afterwards.
 *
 * Until settle(), the host may have its addresses on the parent alone. @out_is_quiet: it receives
 * what the LAN sends to @link then, so the LAN need not notice; otherwise the kernel would drop
 * that (rp_filter), and the parent was announced with its stand-in.
 * NMM_ERROR_UNSUPPORTED if the driver does not change the MAC of a device that is up;
 * NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. */
gboolean nmm_mac_swap_begin(const char *run_dir,
                            const char *parent,
                            const char *link,
                            gboolean *out_is_quiet,
                            GError **error);
/* When the host has its addresses on @link alone. */
void nmm_mac_swap_settle(const char *link);
/* Gives @parent its own MAC, and a link that has it the one that nmm_identity_link_mac() derives
 * for @profile_uuid. TRUE without a change if there is no note, the parent is gone, or another
 * program gave it a third MAC. Carries out what it can, then returns the first error. */
gboolean nmm_mac_swap_undo(const char *run_dir,
                           const char *parent,
                           const char *profile_uuid,
                           gboolean *out_changed,
                           GError **error);
/* (transfer full) (nullable): the own MAC of @parent, which the identities of host links depend on;
 * NULL if @parent does not exist. From the kernel, because NetworkManager knows a change later. */
char *nmm_mac_swap_find_own(const char *run_dir, const char *parent);

G_END_DECLS
