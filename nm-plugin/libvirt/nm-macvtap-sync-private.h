/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's state, shared by its two halves: keeping things in sync (nm-macvtap-sync.c) and
 * undoing them (nm-macvtap-sync-stop.c). Touched on the main thread only.
 */

#pragma once

#include "nm-macvtap-backoff.h"
#include "nm-macvtap-debounce.h"
#include "nm-macvtap-sync.h"
#include "nm-macvtap-sync-ledger.h"
#include "nm-macvtap-sync-pass.h"

G_BEGIN_DECLS

/* All in milliseconds. */
typedef struct {
    guint settle;        /* quiet time after an event before a pass */
    guint settle_max;    /* events may put a pass off for so long */
    guint absent;        /* how long the network may be away (restarted by hand) */
    guint reconnect;     /* wait before the first try; doubled for each further one … */
    guint reconnect_max; /* … up to here */
    guint retry[4];      /* waits before further tries of a guest, ended by 0 */
} NMMacvtapSyncTiming;

typedef enum {
    NM_MACVTAP_SYNC_STATE_NEW,
    NM_MACVTAP_SYNC_STATE_STARTING, /* the first pass runs */
    NM_MACVTAP_SYNC_STATE_UP,
    NM_MACVTAP_SYNC_STATE_LOST, /* no connection; a timer or a pass tries to get one */
    NM_MACVTAP_SYNC_STATE_FAILED,
    NM_MACVTAP_SYNC_STATE_STOPPING,
    NM_MACVTAP_SYNC_STATE_STOPPED,
} NMMacvtapSyncState;

struct _NMMacvtapSync {
    GObject parent;

    NMMacvtapHypervisor *hypervisor;
    NMMacvtapProfile *profile;
    char *host_id;
    NMMacvtapUsedSubnetsFunc used_subnets;
    gpointer user_data;
    const NMMacvtapSyncTiming *timing;

    NMMacvtapSyncState state;
    NMMacvtapSyncLedger *ledger; /* (nullable): until started */
    NMMacvtapSyncPass *pass;     /* (nullable): the one that runs */
    gboolean connected;          /* as far as is known here */
    gboolean was_connected;      /* ever */
    GHashTable *asked;           /* (element-type utf8): UUIDs of guests asked to let go */
    GHashTable *told;            /* (element-type utf8): notes of plans that were logged */
    char *unmatched;             /* (nullable): what was logged last of what is not there */
    gboolean absent;             /* the network was away in the last pass */

    /* What events have asked for since the last pass began. */
    GHashTable *dirty; /* (element-type utf8): UUIDs */
    gboolean dirty_all;

    NMMacvtapDebounce settle;
    NMMacvtapBackoff reconnect;
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
void nm_macvtap_sync_set_timing(NMMacvtapSync *self, const NMMacvtapSyncTiming *timing);

/* nm-macvtap-sync.c */
void nm_macvtap_sync_begin_pass(NMMacvtapSync *self,
                                NMMacvtapSyncPassKind kind,
                                char **uuids,
                                GPtrArray *used);
void nm_macvtap_sync_suspend(NMMacvtapSync *self);
void nm_macvtap_sync_cut_off(NMMacvtapSync *self);
void nm_macvtap_sync_emit_stopped(NMMacvtapSync *self);

/* nm-macvtap-sync-log.c */
void nm_macvtap_sync_log_guest(NMMacvtapSync *self,
                               const char *uuid,
                               const char *name,
                               const GError *failure);
void nm_macvtap_sync_log_notes(NMMacvtapSync *self, const NMMacvtapPlan *plan);
void nm_macvtap_sync_log_unmatched(NMMacvtapSync *self);

/* nm-macvtap-sync-stop.c: what goes on while stopping is told here. */
void nm_macvtap_sync_stop_pass_done(NMMacvtapSync *self, NMMacvtapSyncPass *pass);
void nm_macvtap_sync_stop_guest_changed(NMMacvtapSync *self, const char *uuid);
void nm_macvtap_sync_stop_closed(NMMacvtapSync *self);

G_END_DECLS
