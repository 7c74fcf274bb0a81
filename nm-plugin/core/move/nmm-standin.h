/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What NetworkManager derives from a parent's MAC, if it does so while the parent has its stand-in
 * (nmm_identity_standin_mac()), as it would be with the parent's own. Other text does not change.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) (nullable). @id: (nullable): a DHCP client identifier or DUID, hex with ':'. */
char *nmm_standin_replace_in_id(const char *id, const char *own_mac);
/* (transfer full) (nullable). @address: (nullable): an IPv6 address or a token. */
char *nmm_standin_replace_in_address(const char *address, const char *own_mac);

G_END_DECLS
