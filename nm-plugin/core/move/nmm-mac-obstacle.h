/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the host link of mode move can have the parent's MAC. Reads nothing.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether NetworkManager gives a device an IPv4 link-local address. */
typedef enum {
    NMM_LINK_LOCAL_DEFAULT, /* as in its configuration */
    NMM_LINK_LOCAL_NO,
    NMM_LINK_LOCAL_YES,
} NmmLinkLocal;

/* Of the parent. */
typedef struct {
    const char *name;
    gboolean is_ethernet;   /* an Ethernet device itself, not one that is made of others */
    gboolean has_8021x;     /* its connection authenticates it */
    const char *cloned_mac; /* (nullable): of its connection */
    NmmLinkLocal link_local;
    const char *vlan;   /* (nullable): a VLAN device over it */
    const char *config; /* (nullable): NetworkManager's as one keyfile, for what its connection does
                           not set. Any section counts, because which one matches a device is not
                           known here. */
} NmmMacFacts;

/* (transfer full) (nullable): why not; NULL if it can. */
char *nmm_mac_obstacle_find(const NmmMacFacts *facts);

G_END_DECLS
