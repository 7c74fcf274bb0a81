/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is read from NetworkManager's side, through libnm: a typed profile from a connection, whose
 * it is, and the static addresses that profiles claim. Shared by service, tool and dispatcher.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-profile.h"

G_BEGIN_DECLS

/* Is it a profile of ours: type vpn, our service? */
gboolean nmm_nm_is_ours(NMConnection *connection);

/*
 * Checks what the VPN settings do not say (ipv4.method and ipv6.method must leave addressing to us:
 * auto, or disabled/ignore), then parses vpn.data. Errors: NMM_ERROR_BAD_PROFILE.
 */
NmmProfile *
nmm_nm_read_profile(NMConnection *connection, const char *const *allowed_uris, GError **error);

/* "libvirt-uris" of group [libvirt] in @path; no file is no URI. (transfer full): strv, never NULL
 * unless the file is malformed. */
char **nmm_nm_read_allowed_uris(const char *path, GError **error);

/*
 * A private profile (connection.permissions) is honoured only if every user named is root or a
 * member of @group. Errors: NMM_ERROR_DENIED, with what to do.
 */
gboolean nmm_nm_check_permissions(NMConnection *connection, const char *group, GError **error);

/* (nullable) (transfer none): the first address of @family, AF_INET or AF_INET6, that others than
 * neighbours can use. */
const char *nmm_nm_find_address(NMDevice *device, int family);
/* Nothing gives it an address: the cable is out, or a person said so. */
gboolean nmm_nm_is_off(NMDevice *device);

/* Static IPv4 and IPv6 addresses of profiles, but @except_uuid's (nullable), appended to @used
 * (element-type NmmUsedSubnet). @connections: (element-type NMConnection). */
void
nmm_nm_collect_addresses(const GPtrArray *connections, const char *except_uuid, GPtrArray *used);

G_END_DECLS
