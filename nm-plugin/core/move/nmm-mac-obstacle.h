/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the host link of mode move can have the parent's MAC. Reads nothing.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of the parent. */
typedef struct {
    const char *name;
    gboolean is_ethernet;   /* an Ethernet device itself, not one that is made of others */
    gboolean has_8021x;     /* its connection authenticates it */
    const char *cloned_mac; /* (nullable): of its connection */
    const char *vlan;       /* (nullable): a VLAN device over it */
} NmmMacFacts;

/* (transfer full) (nullable): the cloned-mac-address of connections that have none. @config:
 * (nullable): NetworkManager's configuration as one keyfile. Any section counts, because which one
 * matches a device is not known here. */
char *nmm_mac_obstacle_find_default(const char *config);

/* (transfer full) (nullable): why not; NULL if it can. */
char *nmm_mac_obstacle_find(const NmmMacFacts *facts);

G_END_DECLS
