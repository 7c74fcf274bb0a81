/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of the NetworkManager that is installed here. Needs no privilege.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether NetworkManager may manage a host link that it creates itself. TRUE if the configuration
 * cannot be read. Waits for a process, a few milliseconds. NMM_ERROR_UNSUPPORTED, with the remedy.
 * @link_name: (nullable): as in vpn.data; NULL: a derived one. */
gboolean nmm_manager_config_check_link(const char *link, const char *link_name, GError **error);
/* (transfer full) (nullable): as one keyfile; NULL if it cannot be read. Waits likewise. */
char *nmm_manager_config_read(void);

G_END_DECLS
