/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds this project's checkpoint among NetworkManager's, even if the process that created it died.
 * NetworkManager does not report who created a checkpoint, and keeps it until its timeout; no other
 * checkpoint of the same device can be created meanwhile. So a process writes a note about its
 * checkpoint, and holds a lock while it lives. If a note is not locked, its process has died.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* In seconds: longer than it takes mode move to go up, and back down from there. No other program
 * uses this number, so it identifies a checkpoint whose path was never noted. */
#define NMM_CHECKPOINT_TIMEOUT_S 91

/* The note of one device, held by this process. */
typedef struct _NmmCheckpoint NmmCheckpoint;

/* What identifies a checkpoint. */
typedef struct {
    const char *path; /* D-Bus path */
    gint64 created;   /* in ms, CLOCK_BOOTTIME, as NetworkManager has it */
    guint timeout_s;
    const char *device; /* (nullable): its name, if the checkpoint is of one device only */
} NmmCheckpointView;

/* Call it before NetworkManager is asked for a checkpoint. @now: in ms, CLOCK_BOOTTIME. NULL with
 * NMM_ERROR_CONFLICT if another process has one of @device, or NMM_ERROR_FAILED. */
NmmCheckpoint *
nmm_checkpoint_begin(const char *run_dir, const char *device, gint64 now, GError **error);
/* Call it when the checkpoint exists. */
void nmm_checkpoint_note(NmmCheckpoint *self, const char *path, gint64 created);
/* (nullable): NULL before nmm_checkpoint_note(). */
const char *nmm_checkpoint_get_path(const NmmCheckpoint *self);
/* Leaves the note, as a process that dies does. */
void nmm_checkpoint_free(NmmCheckpoint *self);
/* Frees @self and removes the note, because the checkpoint is gone. */
void nmm_checkpoint_end(NmmCheckpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmCheckpoint, nmm_checkpoint_free)

/* Whether a process that died created it, or asked for it. NetworkManager uses a path again after a
 * restart, so the time must match as well. If the process died before it knew the path, it is the
 * checkpoint of only @device, with our timeout, created when the process asked. */
gboolean
nmm_checkpoint_is_left(const char *run_dir, const char *device, const NmmCheckpointView *view);
/* (transfer full) (nullable): the D-Bus path of such a checkpoint. */
char *nmm_checkpoint_find_left(NMClient *client, const char *run_dir, const char *device);

G_END_DECLS
