/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What profiles that no longer exist have left behind. Finding is pure; each kind of leftover has
 * its row in a table with how it is found and how it is removed.
 */

#pragma once

#include "nmm-world.h"

G_BEGIN_DECLS

typedef struct {
    const char *kind; /* "interface", "network", "link", "bridge"; stable */
    char *uri;        /* (nullable): of the libvirt it is at */
    char *guest;      /* (nullable) */
    char *guest_uuid; /* (nullable) */
    char *network;    /* (nullable) */
    char *device;     /* (nullable): of the kernel's: "link", "bridge" */
    char *owner_uuid; /* (nullable): of the profile that made a "link" */
    gboolean removed;
    char *problem; /* (nullable): why it could not be removed */
} NmmOrphan;

void nmm_orphan_free(NmmOrphan *leftover);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmOrphan, nmm_orphan_free)

/* (transfer full) (element-type NmmOrphan): in the order in which they are to be removed.
 * @world must hold every profile: what it does not show counts as gone. */
GPtrArray *nmm_orphans_find(const NmmWorld *world);
/* A bridge that has the name of @network's, which is not active, stands in its way: nobody's any
 * more, or somebody else's. (nullable) (transfer none). @network: of any libvirt. */
const NmmLink *nmm_orphans_find_bridge(const NmmWorld *world, const NmmNetwork *network);
/* It is libvirt's own of an earlier life of @network, and nothing is on it. */
gboolean nmm_orphans_is_bridge_left(const NmmWorld *world, const NmmNetwork *network);
/* Removes one, sets @removed or @problem; blocks. The libvirts must be open for writing. */
void nmm_orphan_remove(NmmWorld *world, NmmOrphan *leftover);

G_END_DECLS
