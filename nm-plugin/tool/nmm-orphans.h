/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What profiles that no longer exist left behind; in a retired host state, what any profile left
 * behind. A table has a row for each kind of orphan, with how it is found (pure) and how it is
 * removed.
 */

#pragma once

#include "nmm-host-state.h"

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

void nmm_orphan_free(NmmOrphan *orphan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmOrphan, nmm_orphan_free)

/* (transfer full) (element-type NmmOrphan): in the order of removal. @state must hold the profiles
 * of all users: what belongs to a missing one is an orphan. */
GPtrArray *nmm_orphans_find(const NmmHostState *state);
/* (transfer full) (nullable): "the managed save image of guest 'web1'": why a network of this
 * project, which nothing else needs, stays. Translated. */
char *nmm_orphans_describe_keeper(const NmmHostState *state,
                                  const NmmHostHypervisor *hypervisor,
                                  const NmmNetwork *network);
/* Of a network that is not active: an interface that has the name of its bridge, so that it cannot
 * start. (nullable) (transfer none) */
const NmmLink *nmm_orphans_find_bridge(const NmmHostState *state, const NmmNetwork *network);
/* libvirt made that interface, as its MAC shows, and nothing is on it: it can be removed. */
gboolean nmm_orphans_is_bridge_left(const NmmHostState *state, const NmmNetwork *network);
/* Sets @removed or @problem. Blocks, up to 10 s for a running guest. Updates @state. */
void nmm_orphan_remove(NmmHostState *state, NmmOrphan *orphan);

G_END_DECLS
