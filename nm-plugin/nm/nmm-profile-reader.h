/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads profiles through libnm: a typed profile from a connection, and the static addresses of all
 * profiles. core parses vpn.data. Changes no profile and makes no D-Bus call.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-profile.h"

G_BEGIN_DECLS

/* Whether it is of type vpn, for this project's service. */
gboolean nmm_profile_reader_is_macvtap(NMConnection *connection);

/* (transfer full): NULL with NMM_ERROR_BAD_PROFILE, which names the setting and the remedy. Checks
 * ipv4 and ipv6 too: method auto, disabled or (IPv6) ignore, no addresses. @allowed_uris:
 * (nullable): libvirt URIs besides the built-in ones. */
NmmProfile *
nmm_profile_reader_read(NMConnection *connection, const char *const *allowed_uris, GError **error);

/* Whether both mean the same to the service. */
gboolean nmm_profile_reader_is_equal(NMConnection *a, NMConnection *b);

/* (transfer full): the network of a profile that need not be valid, as written, or the default. */
char *nmm_profile_reader_read_raw_network(NMConnection *connection);

/* Appends the static IPv4 and IPv6 addresses of @connections (element-type NMConnection) to @used
 * (element-type NmmUsedSubnet), including those of profiles that are down, because they may come up
 * later. @except_uuid: (nullable): a profile to leave out. */
void nmm_profile_reader_collect_addresses(const GPtrArray *connections,
                                          const char *except_uuid,
                                          GPtrArray *used);

/* (transfer full): the machine id, "" if there is none. The ULA of address6=auto depends on it. */
char *nmm_profile_reader_read_host_id(void);

G_END_DECLS
