/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows a hypervisor: opens the connection, restores it after a loss, and decides from the events
 * which guests are read and when. Reads on a worker thread, one reading at a time. Changes nothing
 * in libvirt and does not use profiles.
 *
 * All callbacks run on the main context and may free the watcher. If libvirt cannot be reached
 * later, nothing is delivered until it is back: the guests continue to run.
 */

#pragma once

#include "nmm-reading.h"

G_BEGIN_DECLS

typedef struct {
    /* The watcher remembers all guests, every reading delivers all of them, and the client does
     * not call nmm_watcher_resume(). A libvirt without network driver has no networks; for other
     * clients that is an error. */
    gboolean remember_guests;
    /* Every reading reads the networks again, and an event of a network makes all guests due.
     * Otherwise networks are read again together with the next guest. */
    gboolean follow_networks;

    /* The first reading and each further one. What changed meanwhile is read after
     * nmm_watcher_resume(). */
    void (*read)(const NmmReading *reading, gpointer user_data);
    /* The first reading failed; the watcher has ended. */
    void (*failed)(const GError *error, gpointer user_data);

    /* (nullable): the connection broke, is there again; logged if there is no callback. */
    void (*lost)(const char *reason, gpointer user_data);
    void (*back)(gpointer user_data);
    /* (nullable): the client decides what an event of a guest means, not the watcher. */
    void (*guest_changed)(const char *uuid, gpointer user_data);
    /* (nullable): a guest arrived by migration and runs; it is read next. */
    void (*guest_arrived)(const char *uuid, gpointer user_data);
    /* (nullable): see nmm_watcher_hand_over(). */
    void (*ready)(gpointer user_data);
} NmmWatcherClient;

/* In milliseconds. */
typedef struct {
    guint settle;        /* quiet time after an event before a reading */
    guint settle_max;    /* events may delay a reading for so long */
    guint reconnect;     /* wait before the first try; doubled for each further one … */
    guint reconnect_max; /* … up to this */
} NmmWatcherTiming;

typedef struct _NmmWatcher NmmWatcher;

/* @hypervisor is not open, and only the watcher uses it; @client and @timing (nullable) are
 * static. */
NmmWatcher *nmm_watcher_new(NmmHypervisor *hypervisor,
                            const NmmWatcherClient *client,
                            const NmmWatcherTiming *timing,
                            gpointer user_data);
/* Closes the hypervisor. A reading that hangs continues, and ends by itself. */
void nmm_watcher_free(NmmWatcher *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmWatcher, nmm_watcher_free)

void nmm_watcher_start(NmmWatcher *self);

/* After read(). @lost (nullable): why the client found the connection broken. */
void nmm_watcher_resume(NmmWatcher *self, const char *lost);
/* Reads the guests of @uuids (a set of utf8), NULL for all, as soon as nothing else is read, and
 * connects first if necessary. */
void nmm_watcher_read_now(NmmWatcher *self, GHashTable *uuids);
/* With remember_guests: the host's device @name (nullable: any) changed, so its running guest is
 * due as after an event. */
void nmm_watcher_note_device(NmmWatcher *self, const char *name);
/* Reads all guests after @ms; call it in read(). */
void nmm_watcher_read_later(NmmWatcher *self, guint ms);

/*
 * Replaces the client. A reading in progress is cancelled and its result dropped; nothing is read
 * unless the new client asks for it. The new client's ready() is called when that reading has ended
 * and, if the old client is still at work (@held), nmm_watcher_resume() was called. From then on a
 * connection that cannot be made is failed(), as at the start.
 */
void nmm_watcher_hand_over(NmmWatcher *self,
                           const NmmWatcherClient *client,
                           gboolean held,
                           gpointer user_data);

/* A reading is in progress, or the client is at work until nmm_watcher_resume(). */
gboolean nmm_watcher_is_busy(const NmmWatcher *self);
gboolean nmm_watcher_was_connected(const NmmWatcher *self);
/* For tests: not busy and no timer runs. */
gboolean nmm_watcher_is_settled(const NmmWatcher *self);

G_END_DECLS
