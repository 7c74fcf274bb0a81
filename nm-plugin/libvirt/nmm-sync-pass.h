/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass of the sync engine: makes a plan from what a watcher read and carries it out, on a
 * worker thread. Owns everything that it uses, so that a pass that hangs in libvirt can be left to
 * end by itself. Does not decide when to run or what its result means.
 *
 * Private to the layer.
 */

#pragma once

#include "nmm-guest-editor.h"
#include "nmm-watcher.h"

G_BEGIN_DECLS

/* Guests and networks as an activation found them, for its undoing. */
typedef struct {
    GPtrArray *guests;   /* (element-type NmmGuest) */
    GPtrArray *networks; /* (element-type NmmNetwork) */
} NmmSyncBefore;

NmmSyncBefore *nmm_sync_before_new(const NmmReading *reading);
NmmSyncBefore *nmm_sync_before_ref(NmmSyncBefore *before);
void nmm_sync_before_unref(NmmSyncBefore *before);

typedef struct _NmmSyncPass NmmSyncPass;

/* On the main context, once; may unref the pass. */
typedef void (*NmmSyncPassFunc)(NmmSyncPass *pass, gpointer user_data);

struct _NmmSyncPass {
    /* Input; set before the start. */
    NmmPurpose purpose;
    NmmHypervisor *hypervisor; /* open */
    NmmGuestEditor *editor;
    NmmProfile *profile;
    char *host_id;
    gboolean all;     /* the reading was about all guests */
    gint64 read_time; /* when it began */
    GPtrArray *guests;
    GPtrArray *networks;
    GPtrArray *used; /* (element-type NmmUsedSubnet) */
    gboolean activating;
    NmmSyncBefore *before; /* (nullable): with NMM_PURPOSE_UNDO */
    GHashTable *arrived;   /* (element-type utf8): UUIDs of guests that arrived by migration */
    GHashTable *asked; /* (element-type utf8): UUIDs of guests that are not asked again to release
                          their interface */

    /* Result; to be read in the callback. */
    gboolean lost;         /* the connection broke */
    GError *error;         /* (nullable): of the pass as a whole */
    NmmPlan *plan;         /* (nullable): reports amended by what failed */
    GHashTable *failures;  /* (element-type utf8 GError): of edits, by guest UUID */
    GHashTable *detaching; /* (element-type utf8 utf8): UUID → name, asked to release */

    /* Private. */
    NmmSyncPassFunc callback; /* (nullable) */
    gpointer user_data;
    GCancellable *cancellable;
};

/* @host_id is the machine ID, for addresses that are derived from it. */
NmmSyncPass *nmm_sync_pass_new(NmmPurpose purpose,
                               NmmHypervisor *hypervisor,
                               NmmGuestEditor *editor,
                               NmmProfile *profile,
                               const char *host_id,
                               const NmmReading *reading);
void nmm_sync_pass_unref(NmmSyncPass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmSyncPass, nmm_sync_pass_unref)

void nmm_sync_pass_run(NmmSyncPass *pass, NmmSyncPassFunc callback, gpointer user_data);
/* Edits that have not begun are left out. */
void nmm_sync_pass_cancel(NmmSyncPass *pass);
/* Cancels and unrefs: there will be no callback. */
void nmm_sync_pass_abandon(NmmSyncPass *pass);

G_END_DECLS
