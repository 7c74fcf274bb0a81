/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a sync engine. Takes over its watcher. Runs a pass over all guests that does what
 * on-disconnect requests, or undoes an activation that failed. Waits for guests that are held and
 * for guests that release an interface, then does the rest. Logs what is left. Ends in time even if
 * libvirt hangs.
 *
 * Private to the layer.
 */

#pragma once

#include "nmm-sync-pass.h"

G_BEGIN_DECLS

typedef struct _NmmTeardown NmmTeardown;

/* Everything but @served is borrowed until the teardown is freed. */
typedef struct {
    NmmHypervisor *hypervisor;
    NmmGuestEditor *editor;
    NmmProfile *profile;
    const char *host_id;
    NmmWatcher *watcher;
    gboolean held;         /* the engine is at work and calls nmm_watcher_resume() */
    gboolean undo;         /* otherwise it only waits for that */
    NmmSyncBefore *before; /* (nullable): undo an activation, in place of on-disconnect */
    guint timeout_ms;
    char **served; /* (transfer full): names of the guests that the engine serves */

    /* On the main context, never before nmm_teardown_new() returns; may free the teardown. */
    void (*done)(gpointer user_data);
    gpointer user_data;
} NmmTeardownSpec;

NmmTeardown *nmm_teardown_new(const NmmTeardownSpec *spec);
/* A pass that is running continues, and ends by itself. */
void nmm_teardown_free(NmmTeardown *self);

G_END_DECLS
