/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads profiles through libnm: a typed profile from a connection, whether its owner may use it,
 * and the static addresses of all profiles. core parses vpn.data. Changes no profile and makes no
 * D-Bus call.
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

/* (transfer full): the network of a profile that need not be valid, as written, or the default. */
char *nmm_profile_reader_read_raw_network(NMConnection *connection);

/* (transfer full): "libvirt-uris" of group [libvirt] in the configuration file @path, an empty list
 * without file or key. NULL with NMM_ERROR_FAILED if the file cannot be read. */
char **nmm_profile_reader_read_allowed_uris(const char *path, GError **error);

/* NetworkManager lets only users who may change the system make a profile for all users. Any user
 * can make a private one (connection.permissions), and root carries it out: each user it names must
 * be root or a member of @group. FALSE with NMM_ERROR_DENIED, which names the remedy. */
gboolean
nmm_profile_reader_check_permissions(NMConnection *connection, const char *group, GError **error);

/* (transfer full) (element-type uid_t) (nullable): the users who may see the profile besides root;
 * NULL: everybody. A user who does not exist is left out. */
GArray *nmm_profile_reader_list_users(NMConnection *connection);

/* Appends the static IPv4 and IPv6 addresses of @connections (element-type NMConnection) to @used
 * (element-type NmmUsedSubnet), also of profiles that are down, because they may come up later.
 * @except_uuid: (nullable): a profile to leave out. */
void nmm_profile_reader_collect_addresses(const GPtrArray *connections,
                                          const char *except_uuid,
                                          GPtrArray *used);

/* (transfer full): the machine id, "" if there is none. The ULA of address6=auto depends on it. */
char *nmm_profile_reader_read_host_id(void);

G_END_DECLS
