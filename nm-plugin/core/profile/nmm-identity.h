/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identities that are derived and not stored. The same input must give the same result in every
 * version: another result would change users' leases and lose the marks on existing interfaces.
 * UUIDs and MACs in the input may have any case.
 */

#pragma once

#include "nmm-keys.h"
#include "nmm-cidr.h"

G_BEGIN_DECLS

/* "52:…", of the interface that a guest gets on @network. */
char *nmm_identity_mac(const char *guest_uuid, const char *network);
/* The alias of these interfaces: NMM_ALIAS_PREFIX and 8 hex digits. */
char *nmm_identity_alias(const char *network);
/* Whether @alias (nullable) is the alias of any network; a longer one is the user's. */
gboolean nmm_identity_is_our_alias(const char *alias);
/* ::1/64 in a ULA /48 (RFC 4193). @host_id: the machine id. */
void nmm_identity_ula(const char *host_id, const char *network, NmmCidr *out);
/* NMM_LINK_PREFIX and @parent; in 15 bytes, a hash replaces the end of a long name. Cuts between
 * UTF-8 characters, because the name goes over D-Bus. */
char *nmm_identity_link_name(const char *parent);
/* "52:…", of a host link; hosts that share a profile differ by the MACs of their parents. */
char *nmm_identity_link_mac(const char *profile_uuid, const char *parent_mac);
/* "52:…", of a parent whose own MAC, @parent_mac, is on the host link. */
char *nmm_identity_standin_mac(const char *parent_mac);

/* The UUID of the profile that is suggested for a network or parent of the guests at @uri, and
 * whether @uuid is it. @target: (nullable) in the latter. */
char *nmm_identity_suggested_uuid(NmmMode mode, const char *target, const char *uri);
gboolean
nmm_identity_is_suggested(const char *uuid, NmmMode mode, const char *target, const char *uri);

G_END_DECLS
