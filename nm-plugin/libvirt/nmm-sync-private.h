/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's state, shared by its two halves: keeping things in sync (nmm-sync.c) and
 * undoing them (nmm-sync-stop.c). Touched on the main thread only.
 */

#pragma once

#include "nmm-backoff.h"
#include "nmm-debounce.h"
#include "nmm-sync.h"
#include "nmm-guest-status-table.h"
#include "nmm-sync-pass.h"

G_BEGIN_DECLS

/* All in milliseconds. */
typedef struct {
    guint settle;        /* quiet time after an event before a pass */
    guint settle_max;    /* events may put a pass off for so long */
    guint absent;        /* how long the network may be away (restarted by hand) */
    guint reconnect;     /* wait before the first try; doubled for each further one … */
    guint reconnect_max; /* … up to here */
    guint retry[4];      /* waits before further tries of a guest, ended by 0 */
} NmmSyncTiming;

typedef enum {
    NMM_SYNC_STATE_NEW,
    NMM_SYNC_STATE_STARTING, /* the first pass runs */
    NMM_SYNC_STATE_UP,
    NMM_SYNC_STATE_LOST, /* no connection; a timer or a pass tries to get one */
    NMM_SYNC_STATE_FAILED,
    NMM_SYNC_STATE_STOPPING,
    NMM_SYNC_STATE_STOPPED,
} NmmSyncState;

struct _NmmSync {
    GObject parent;

    NmmHypervisor *hypervisor;
    NmmProfile *profile;
    char *host_id;
    NmmUsedSubnetsFunc used_subnets;
    gpointer user_data;
    const NmmSyncTiming *timing;

    NmmSyncState state;
    NmmGuestStatusTable *ledger; /* (nullable): until started */
    NmmSyncPass *pass;           /* (nullable): the one that runs */
    gboolean connected;          /* as far as is known here */
    gboolean was_connected;      /* ever */
    GHashTable *asked;           /* (element-type utf8): UUIDs of guests asked to let go */
    GHashTable *told;            /* (element-type utf8): notes of plans that were logged */
    char *unmatched;             /* (nullable): what was logged last of what is not there */
    gboolean absent;             /* the network was away in the last pass */

    /* What events have asked for since the last pass began. */
    GHashTable *dirty; /* (element-type utf8): UUIDs */
    gboolean dirty_all;

    NmmDebounce settle;
    NmmBackoff reconnect;
    guint retry_source;

    /* Stopping. */
    gboolean undo;
    gboolean overdue;     /* no more waiting for guests to let go */
    GHashTable *awaiting; /* (element-type utf8 utf8): UUID → name of guests that were asked */
    guint stop_timeout_ms;
    gint64 stop_deadline; /* monotonic, in microseconds */
    guint deadline_source;
    guint overdue_source;
    guint finish_source;
};

/* For tests: before the start; @timing is borrowed for good. */
void nmm_sync_set_timing(NmmSync *self, const NmmSyncTiming *timing);

/* nmm-sync.c */
void nmm_sync_begin_pass(NmmSync *self, NmmSyncPassKind kind, char **uuids, GPtrArray *used);
void nmm_sync_suspend(NmmSync *self);
void nmm_sync_cut_off(NmmSync *self);
void nmm_sync_emit_stopped(NmmSync *self);

/* nmm-sync-log.c */
void nmm_sync_log_guest(NmmSync *self, const char *uuid, const char *name, const GError *failure);
void nmm_sync_log_notes(NmmSync *self, const NmmPlan *plan);
void nmm_sync_log_unmatched(NmmSync *self);

/* nmm-sync-stop.c: what goes on while stopping is told here. */
void nmm_sync_stop_pass_done(NmmSync *self, NmmSyncPass *pass);
void nmm_sync_stop_guest_changed(NmmSync *self, const char *uuid);
void nmm_sync_stop_closed(NmmSync *self);

G_END_DECLS
