/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replaces what NetworkManager derived from a parent's stand-in MAC (nmm_identity_standin_mac()) by
 * what it would derive from the parent's own MAC. Other text does not change.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) (nullable). @id: (nullable): a DHCP client identifier or DUID, hex with ':'. */
char *nmm_standin_replace_in_id(const char *id, const char *own_mac);
/* (transfer full) (nullable). @address: (nullable): an IPv6 address or a token. */
char *nmm_standin_replace_in_address(const char *address, const char *own_mac);

G_END_DECLS
