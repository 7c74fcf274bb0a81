/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One reading of guests and networks by the watcher, on a worker thread. Owns everything that it
 * uses, so that a reading that hangs can be left to end by itself.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

typedef struct {
    char **uuids;        /* (nullable): the guests that were read; NULL: all */
    GPtrArray *guests;   /* (element-type NmmGuest): those found */
    GPtrArray *networks; /* (element-type NmmNetwork): all */
    GPtrArray *gone;     /* (element-type utf8): UUIDs of guests that do not exist any more */
    GHashTable *unread;  /* (element-type utf8 GError): UUIDs of guests that cannot be read */
    gint64 begun;        /* monotonic, in microseconds: before anything was read */
} NmmReading;

/* Private to the watcher. */
typedef struct {
    gpointer watcher; /* (nullable): NULL if it is gone; main thread only */
    NmmHypervisor *hypervisor;
    GCancellable *cancellable;
    gboolean open; /* connect first */
    gboolean opened;
    NmmReading reading; /* networks are read unless they are set */
} NmmReadingJob;

NmmReadingJob *nmm_reading_job_new(NmmHypervisor *hypervisor);
void nmm_reading_job_free(gpointer job);
/* Reads, and returns TRUE or an error in @task; @job: an NmmReadingJob. */
void
nmm_reading_job_thread_cb(GTask *task, gpointer source, gpointer job, GCancellable *cancellable);

G_END_DECLS
