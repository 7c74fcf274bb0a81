/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two connections of mode move, made from the parent's applied connection: the host link's with
 * the parent's IP settings, and the parent's without them. Makes no D-Bus call.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* One address family as the parent has it now. */
typedef struct {
    gboolean has_address; /* a global one: the link needs one too */
    gint64 metric;        /* of its routes, -1: unknown */
    const char *dhcp_id;  /* (nullable): client identifier or DUID in use, hex with ':' */
    const char *iaid;     /* (nullable) */
    const char *token;    /* (nullable): IPv6 only: "::" and interface identifier of its address */
} NmmMoveFamily;

typedef struct {
    NMConnection *applied; /* the parent's */
    const char *parent;
    const char *parent_mac; /* its own */
    const char *link;
    const char *profile_uuid; /* the VPN profile's */
    const char *profile_id;
    NmmMoveFamily ip4;
    NmmMoveFamily ip6;
} NmmMoveSource;

/* (transfer full): the UUID of the host link's connection. Always the same for a profile and a
 * parent, so that NetworkManager finds its lease again. */
char *nmm_move_profile_build_uuid(const char *profile_uuid, const char *parent);
/* (transfer full): NULL with NMM_ERROR_UNSUPPORTED if the settings cannot be moved. A family that
 * NetworkManager does not configure on the parent stays there, and is disabled on the link. */
NMConnection *nmm_move_profile_build_link(const NmmMoveSource *source, GError **error);
/* (transfer full): @link, a result of build_link(), without the settings that depend on the MAC
 * that it has when it asks a server, nor those of a family without an address, which it would wait
 * for.
 */
NMConnection *nmm_move_profile_build_bare(NMConnection *link, const NmmMoveSource *source);
/* (transfer full): @applied with IP disabled, and nothing else changed, because NetworkManager
 * reapplies IP settings only. */
NMConnection *nmm_move_profile_build_parent(NMConnection *applied);
/* (transfer full): @wanted for a parent, while the host still has the addresses on its link. */
NMConnection *nmm_move_profile_build_restored(NMConnection *wanted);
/* Whether NetworkManager configures neither family, as in the result of build_parent(). */
gboolean nmm_move_profile_has_no_ip(NMConnection *connection);
/* Whether its settings give the device a global address of @family (AF_INET, AF_INET6). FALSE if
 * that depends on a router. */
gboolean nmm_move_profile_expects_address(NMConnection *connection, int family);
/* The metric of the default route among @routes (element-type NMIPRoute), else of the first,
 * without NetworkManager's penalty for a device that is not online. -1: unknown. */
gint64 nmm_move_profile_find_metric(const GPtrArray *routes);
/* (transfer full) (nullable): "::" and the interface identifier of the first address that was
 * derived: global, not in the IPv6 settings @configured (nullable), not in @temporary. With
 * addr-gen-mode "stable-privacy" each prefix has its own identifier; the first one's serves for
 * all. @addresses: (nullable) (element-type NMIPAddress). */
char *nmm_move_profile_find_token(const GPtrArray *addresses,
                                  NMSettingIPConfig *configured,
                                  const char *const *temporary);

G_END_DECLS
