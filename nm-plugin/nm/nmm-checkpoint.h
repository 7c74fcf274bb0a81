/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of NetworkManager's checkpoints is ours, also for the process that comes after one that
 * died. NetworkManager does not say who has made a checkpoint, and keeps it until its time is over;
 * meanwhile nobody can make another of the same device.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* In seconds: longer than mode move's way up, and back down from there. Nobody else has just this
 * number, which tells a checkpoint of ours where its path was never noted. */
#define NMM_CHECKPOINT_TIMEOUT_S 91

/* A device's note, held by this process; for others it is a note only when this one has died. */
typedef struct _NmmCheckpoint NmmCheckpoint;

/* What a checkpoint is known by. */
typedef struct {
    const char *path; /* D-Bus path */
    gint64 created;   /* in ms, CLOCK_BOOTTIME, as NetworkManager has it */
    guint timeout_s;
    const char *device; /* (nullable): where it is of one device alone, that one's name */
} NmmCheckpointView;

/* Before NetworkManager is asked for one of @device. @now: in ms, CLOCK_BOOTTIME. */
NmmCheckpoint *
nmm_checkpoint_begin(const char *run_dir, const char *device, gint64 now, GError **error);
/* When it is there. */
void nmm_checkpoint_note(NmmCheckpoint *self, const char *path, gint64 created);
const char *nmm_checkpoint_get_path(const NmmCheckpoint *self);
/* The note stays, as it does where this process dies. */
void nmm_checkpoint_free(NmmCheckpoint *self);
/* The same when the checkpoint is gone, and with it the note. */
void nmm_checkpoint_end(NmmCheckpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmCheckpoint, nmm_checkpoint_free)

/* Is it the one that a process that died has made, or asked for? */
gboolean
nmm_checkpoint_is_left(const char *run_dir, const char *device, const NmmCheckpointView *view);
/* (transfer full) (nullable): the path of that one among NetworkManager's. */
char *nmm_checkpoint_find_left(NMClient *client, const char *run_dir, const char *device);

G_END_DECLS
