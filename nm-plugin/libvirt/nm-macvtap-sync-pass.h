/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass of the sync engine: look, plan, carry out. Runs on a worker thread from beginning to
 * end; owns whatever it touches, so that a pass stuck in a libvirt that hangs can be left behind.
 * It decides nothing about when to run or what its result means.
 *
 * Private to the layer.
 */

#pragma once

#include "nm-macvtap-hypervisor.h"

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_SYNC_PASS_UP,   /* the profile comes up: the network may be defined and started */
    NM_MACVTAP_SYNC_PASS_KEEP, /* it is up: the network must be there and active */
    NM_MACVTAP_SYNC_PASS_DOWN, /* it goes down */
    NM_MACVTAP_SYNC_PASS_LOOK, /* only sees which of the guests hold an interface of ours, live */
} NMMacvtapSyncPassKind;

/* How far a pass came: where its error is from. */
typedef enum {
    NM_MACVTAP_SYNC_STAGE_OPEN,
    NM_MACVTAP_SYNC_STAGE_OBSERVE,
    NM_MACVTAP_SYNC_STAGE_ABSENT, /* KEEP: the network is not there, or not active */
    NM_MACVTAP_SYNC_STAGE_PLAN,
    NM_MACVTAP_SYNC_STAGE_NETWORK, /* its edits */
    NM_MACVTAP_SYNC_STAGE_DONE,
} NMMacvtapSyncStage;

typedef struct {
    /* What to do; set before the start. */
    NMMacvtapSyncPassKind kind;
    NMMacvtapHypervisor *hypervisor;
    NMMacvtapProfile *profile;
    char *host_id;
    GPtrArray *used;   /* (element-type NMMacvtapUsedSubnet) */
    gboolean open;     /* connect first */
    char **uuids;      /* (nullable): only these guests; NULL is all */
    GHashTable *asked; /* (element-type utf8): UUIDs of guests not to be asked again to let go */
    GCancellable *cancellable;

    /* What came of it; to be read once the pass is finished. */
    gboolean opened;
    NMMacvtapSyncStage stage;
    GError *error;         /* (nullable): of the pass as a whole */
    NMMacvtapPlan *plan;   /* (nullable): reports amended by what failed */
    guint n_applied;       /* edits carried out */
    GHashTable *failures;  /* (element-type utf8 GError): of edits, by guest UUID */
    GPtrArray *gone;       /* (element-type utf8): of uuids, those that are no more */
    GHashTable *unread;    /* (element-type utf8 GError): of uuids, those that cannot be read */
    GHashTable *detaching; /* (element-type utf8 utf8): UUID → name, asked to let go, or (LOOK)
                              still holding */

    gint lost; /* atomic: the connection broke */

    GMutex mutex;       /* guards what edits of several guests write */
    GHashTable *undone; /* (element-type utf8 utf8): UUID → name of guests with edits still owed */
} NMMacvtapSyncPass;

NMMacvtapSyncPass *nm_macvtap_sync_pass_new(NMMacvtapSyncPassKind kind,
                                            NMMacvtapHypervisor *hypervisor,
                                            NMMacvtapProfile *profile,
                                            const char *host_id);
NMMacvtapSyncPass *nm_macvtap_sync_pass_ref(NMMacvtapSyncPass *pass);
void nm_macvtap_sync_pass_unref(NMMacvtapSyncPass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapSyncPass, nm_macvtap_sync_pass_unref)

/* @callback is called on the main context that is the thread's default now. */
void nm_macvtap_sync_pass_run_async(NMMacvtapSyncPass *pass,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
/* (transfer full) */
NMMacvtapSyncPass *nm_macvtap_sync_pass_run_finish(GAsyncResult *result);

/* (transfer full): names of guests whose edits are still owed; may be called while it runs. */
char **nm_macvtap_sync_pass_list_undone(NMMacvtapSyncPass *pass);

G_END_DECLS
