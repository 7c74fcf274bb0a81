/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is derived and never stored: the MAC and alias of a guest's interface, the ULA prefix, the
 * name of a host link, the UUID of an offered profile. The same input gives the same output for
 * good: changing any of these changes every user's leases.
 */

#pragma once

#include "nmm-keys.h"
#include "nmm-cidr.h"

G_BEGIN_DECLS

/* "52:…" (locally administered, unicast), 40 bits of a hash of guest UUID and network name. */
char *nmm_identity_mac(const char *guest_uuid, const char *network);
/* NMM_ALIAS_PREFIX and 8 hex digits of a hash of the network's name. */
char *nmm_identity_alias(const char *network);
/* Whether @alias (nullable) is one of ours, for whatever network. */
gboolean nmm_identity_is_our_alias(const char *alias);
/* Host address ::1/64 in a ULA /48 that hashes @host_id (a machine id) and the network's name. */
void nmm_identity_ula(const char *host_id, const char *network, NmmCidr *out);
/* NMM_LINK_PREFIX and @parent; where that is longer than 15 bytes, a hash for the tail. */
char *nmm_identity_link_name(const char *parent);
/* "52:…", of a host link; hosts that share a profile differ by the MACs of their parents. */
char *nmm_identity_link_mac(const char *profile_uuid, const char *parent_mac);

/* The UUID (RFC 4122, version 5) of the profile that is offered for a network (mode isolated) or a
 * lower device; and whether @uuid is that. @target: (nullable) in the latter. */
char *nmm_identity_suggested_uuid(NmmMode mode, const char *target);
gboolean nmm_identity_is_suggested(const char *uuid, NmmMode mode, const char *target);

G_END_DECLS
