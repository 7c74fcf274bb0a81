/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the LAN where the host's addresses are now. NetworkManager announces IPv4 addresses that it
 * adds; an address that was on two devices and stays on one, and IPv6 addresses, it does not.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every usable address of @device, once. NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. Needs
 * CAP_NET_RAW. */
gboolean nmm_announce(const char *device, GError **error);

G_END_DECLS
