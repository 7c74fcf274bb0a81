/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sync engine: keeps the network and the guests of a hypervisor as a profile of mode isolated
 * needs them. When its watcher has read them, runs a pass, which makes a plan and carries it out,
 * and decides what the result means. Does not use NetworkManager.
 *
 * Life: new → start → up() → kept() … → stop → stopped(). After failed(), which may come at any
 * time before stopped(), the engine does nothing more; stop it to undo changes.
 */

#pragma once

#include "nmm-problem.h"
#include "nmm-watcher.h"

G_BEGIN_DECLS

/* On the main context; may stop or free the engine. */
typedef struct {
    /* The network is there and the guests are served. */
    void (*up)(const NmmPlan *plan, gpointer user_data);
    /* A further pass over all guests, or only over those of @plan. After one over @all guests the
     * network may have been stopped and started, and libvirtd restarted. */
    void (*kept)(const NmmPlan *plan, gboolean all, gpointer user_data);
    /* (nullable): a guest does not exist any more. */
    void (*gone)(const char *uuid, gpointer user_data);
    void (*failed)(const GError *error, gpointer user_data);
    /* Nothing of the engine runs any more, except what hangs in libvirt. */
    void (*stopped)(gpointer user_data);

    /* (transfer full) (element-type NmmUsedSubnet): subnets in use outside libvirt (kernel routes,
     * NM profiles); called right before the first plan. */
    GPtrArray *(*collect_subnets)(gpointer user_data);
} NmmSyncClient;

typedef struct {
    NmmWatcherTiming watcher;
    guint absent;    /* how long the network may be away, because a user restarts it; in ms */
    guint link_down; /* how long the link of a guest that arrived by migration is down; in ms */
    guint hold;      /* a guest that takes longer to edit delays no other; in ms */
    guint retry[4];  /* waits before further tries of a guest, in ms, ended by 0; the last one is
                        repeated for a guest that another operation holds */
} NmmSyncTiming;

typedef struct _NmmSync NmmSync;

/* @hypervisor is not open; @host_id is the machine ID; @client and @timing (nullable) are static.
 */
NmmSync *nmm_sync_new(NmmHypervisor *hypervisor,
                      NmmProfile *profile,
                      const char *host_id,
                      const NmmSyncClient *client,
                      const NmmSyncTiming *timing,
                      gpointer user_data);
void nmm_sync_free(NmmSync *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmSync, nmm_sync_free)

/* If libvirt cannot be reached now, failed(); if the connection breaks later, the engine reconnects
 * and reads everything again. */
void nmm_sync_start(NmmSync *self);

/*
 * Does what on-disconnect requests, closes the hypervisor, then calls stopped(): never before this
 * function returns, and at most @timeout_ms later even if libvirt hangs. Logs what was not undone.
 * With a @timeout_ms of 0, undoes nothing. A second call has no effect.
 */
void nmm_sync_stop(NmmSync *self, guint timeout_ms);

/* (transfer full) (element-type NmmProblem): of guests, as of the last pass. */
GPtrArray *nmm_sync_list_problems(const NmmSync *self);

/* For tests: nothing is in progress and no event waits for a pass. */
gboolean nmm_sync_is_settled(const NmmSync *self);

G_END_DECLS
