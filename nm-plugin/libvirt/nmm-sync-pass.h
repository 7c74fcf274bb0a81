/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass of the sync engine: look, plan, carry out. Runs on a worker thread from beginning to
 * end; owns whatever it touches, so that a pass stuck in a libvirt that hangs can be left behind.
 * It decides nothing about when to run or what its result means.
 *
 * Private to the layer.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

typedef enum {
    NMM_SYNC_PASS_UP,   /* the profile comes up: the network may be defined and started */
    NMM_SYNC_PASS_KEEP, /* it is up: the network must be there and active */
    NMM_SYNC_PASS_DOWN, /* it goes down */
    NMM_SYNC_PASS_LOOK, /* only sees which of the guests hold an interface of ours, live */
} NmmSyncPassKind;

/* How far a pass came: where its error is from. */
typedef enum {
    NMM_SYNC_STAGE_OPEN,
    NMM_SYNC_STAGE_OBSERVE,
    NMM_SYNC_STAGE_ABSENT, /* KEEP: the network is not there, or not active */
    NMM_SYNC_STAGE_PLAN,
    NMM_SYNC_STAGE_NETWORK, /* its edits */
    NMM_SYNC_STAGE_DONE,
} NmmSyncStage;

typedef struct {
    /* What to do; set before the start. */
    NmmSyncPassKind kind;
    NmmHypervisor *hypervisor;
    NmmProfile *profile;
    char *host_id;
    GPtrArray *used;   /* (element-type NmmUsedSubnet) */
    gboolean open;     /* connect first */
    char **uuids;      /* (nullable): only these guests; NULL is all */
    GHashTable *asked; /* (element-type utf8): UUIDs of guests not to be asked again to let go */
    GCancellable *cancellable;

    /* What came of it; to be read once the pass is finished. */
    gboolean opened;
    NmmSyncStage stage;
    GError *error;         /* (nullable): of the pass as a whole */
    NmmPlan *plan;         /* (nullable): reports amended by what failed */
    guint n_applied;       /* edits carried out */
    GHashTable *failures;  /* (element-type utf8 GError): of edits, by guest UUID */
    GPtrArray *gone;       /* (element-type utf8): of uuids, those that are no more */
    GHashTable *unread;    /* (element-type utf8 GError): of uuids, those that cannot be read */
    GHashTable *detaching; /* (element-type utf8 utf8): UUID → name, asked to let go, or (LOOK)
                              still holding */

    gint lost; /* atomic: the connection broke */

    GMutex mutex;       /* guards what edits of several guests write */
    GHashTable *undone; /* (element-type utf8 utf8): UUID → name of guests with edits still owed */
} NmmSyncPass;

NmmSyncPass *nmm_sync_pass_new(NmmSyncPassKind kind,
                               NmmHypervisor *hypervisor,
                               NmmProfile *profile,
                               const char *host_id);
NmmSyncPass *nmm_sync_pass_ref(NmmSyncPass *pass);
void nmm_sync_pass_unref(NmmSyncPass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmSyncPass, nmm_sync_pass_unref)

/* @callback is called on the main context that is the thread's default now. */
void nmm_sync_pass_run_async(NmmSyncPass *pass, GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) */
NmmSyncPass *nmm_sync_pass_run_finish(GAsyncResult *result);

/* (transfer full): names of guests whose edits are still owed; may be called while it runs. */
char **nmm_sync_pass_list_undone(NmmSyncPass *pass);

G_END_DECLS
