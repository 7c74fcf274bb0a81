/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two connections of mode move, made from the parent's applied connection: the host link's with
 * the parent's IP settings, and the parent's without them. Values in, values out; no bus.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* One address family as the parent has it now. */
typedef struct {
    gboolean has_address; /* a global one: the link is not up before it has one too */
    gint64 metric;        /* of its routes, -1: not known */
    const char *dhcp_id;  /* (nullable): client identifier or DUID in use, hex with ':' */
    const char *iaid;     /* (nullable) */
    const char *token;    /* (nullable): IPv6 only: "::" and interface identifier of its address */
} NmmMoveFamily;

typedef struct {
    NMConnection *applied; /* the parent's */
    const char *parent;
    const char *parent_mac;
    const char *link;
    const char *profile_uuid; /* the VPN profile's */
    const char *profile_id;
    NmmMoveFamily ip4;
    NmmMoveFamily ip6;
} NmmMoveSource;

/* The UUID of the host link's connection: always the same for a profile and a parent, so that
 * NetworkManager finds its lease again. */
char *nmm_move_profile_build_uuid(const char *profile_uuid, const char *parent);
/* Errors: NMM_ERROR_UNSUPPORTED where the settings cannot be moved, with the reason. */
NMConnection *nmm_move_profile_build_link(const NmmMoveSource *source, GError **error);
/* A copy of @applied with IP disabled. */
NMConnection *nmm_move_profile_build_parent(NMConnection *applied);
/* Is there no IP configuration in it, as in what build_parent() makes? */
gboolean nmm_move_profile_is_bare(NMConnection *connection);
/* Will the device have an address of @family (AF_INET, AF_INET6), whatever routers say? */
gboolean nmm_move_profile_expects_address(NMConnection *connection, int family);
/* The metric of the default route among @routes (element-type NMIPRoute), else of the first;
 * without what NetworkManager adds for a device that is not online. -1: not known. */
gint64 nmm_move_profile_find_metric(const GPtrArray *routes);
/* "::" and the low 64 bits of the first global IPv6 address that is neither one of @configured's
 * nor
 * @temporary, NULL where there is none. @addresses: (element-type NMIPAddress). */
char *nmm_move_profile_find_token(const GPtrArray *addresses,
                                  NMSettingIPConfig *configured,
                                  const char *const *temporary);

G_END_DECLS
