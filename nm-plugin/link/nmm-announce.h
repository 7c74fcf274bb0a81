/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Announces the host's addresses on the LAN. NetworkManager announces IPv4 addresses that it adds,
 * but neither IPv6 addresses nor an address that was on two devices and remains on one.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A gratuitous ARP request or unsolicited advertisement for every usable address of @device, except
 * IPv6 link-local ones. @family: AF_INET, AF_INET6, or AF_UNSPEC for both. Needs CAP_NET_RAW.
 * NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. */
gboolean nmm_announce(const char *device, int family, GError **error);

G_END_DECLS
