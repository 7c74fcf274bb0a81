/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move's insides, shared by the files that carry its steps out: nmm-move.c (the order,
 * the profile), nmm-move-wait.c (the waits), nmm-move-link.c (the host link),
 * nmm-move-applied.c (the parent's applied connection and its checkpoint),
 * nmm-move-manager.c (NetworkManager going away).
 */

#pragma once

#include "nmm-guest-warnings.h"
#include "nmm-checkpoint.h"
#include "nmm-move.h"
#include "nmm-move-steps.h"

G_BEGIN_DECLS

struct _NmmMove {
    NmmActivation parent;

    NmmMoveSteps transaction;
    GError *error; /* (nullable): the first */

    NMDevice *device;     /* the parent; NULL before start, or where there is none */
    NMConnection *saved;  /* (nullable): its connection, to be restored */
    NMConnection *bare;   /* (nullable): the same without IP */
    guint64 version;      /* of the applied connection that was saved */
    gboolean was_online;  /* the host */
    gboolean was_online4; /* the parent */
    gboolean has_address4;
    gboolean has_address6;
    char *address4;    /* (nullable): the parent's before */
    char **addresses6; /* (nullable): likewise, all that last */

    char *link_name;
    char *link_uuid;
    NMActiveConnection *link; /* (nullable) */
    gulong link_state_id;
    NmmGuestWarnings *audience; /* (nullable): while the profile is up */
    NmmCheckpoint *checkpoint;  /* (nullable) */

    guint wait_id;
    gint64 deadline;       /* of the wait, monotonic, in µs */
    gint64 inet6_deadline; /* likewise, for the parent's IPv6 addresses */
    guint stop_timeout_ms; /* 0 before stop */
    guint stop_timeout_id;
    gboolean is_stopped; /* "stopped" was emitted */
    gboolean is_lost;    /* NetworkManager has gone in this step */
};

static inline NmmProfile *
nmm_move_get_profile(NmmMove *self)
{
    return nmm_activation_get_profile(NMM_ACTIVATION(self));
}

static inline NMClient *
nmm_move_get_client(NmmMove *self)
{
    return nmm_activation_get_client(NMM_ACTIVATION(self));
}

/* @error: (transfer full) (nullable): the step's end. */
void nmm_move_end_step(NmmMove *self, GError *error);
/* The end of a call that was given a reference to @self, which is dropped. @error: (transfer full)
 * (nullable); @format: what was tried, put before the error. */
void nmm_move_end_call(NmmMove *self, GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The addresses of @device are noted as what is to be there afterwards. */
void nmm_move_note_addresses(NmmMove *self, NMDevice *device);
/* The kernel's IPv6 addresses of a device: of those of NmmInet6Flags that are in @mask just
 * @flags. (transfer full) */
char **nmm_move_list_inet6(NMDevice *device, guint mask, guint flags);

/* The LAN is told that the addresses of @device (nullable) are there now. */
void nmm_move_announce(NmmMove *self, NMDevice *device);

/* The host link: its device and its profile, where they are there. */
NMDevice *nmm_move_get_link_device(NmmMove *self);
NMRemoteConnection *nmm_move_get_link_profile(NmmMove *self);
/* While the profile is up, the end of @link ends the step. */
void nmm_move_watch_link(NmmMove *self, NMActiveConnection *link);
void nmm_move_drop_link(NmmMove *self);
void nmm_move_step_add(NmmMove *self);
void nmm_move_step_activate(NmmMove *self);
void nmm_move_step_bind(NmmMove *self);
void nmm_move_step_remove(NmmMove *self);

/* Until what the step waits for is true. */
void nmm_move_step_wait(NmmMove *self);
void nmm_move_step_wait_online(NmmMove *self);

/* NetworkManager going away, and another one coming. */
void nmm_move_watch_manager(NmmMove *self);
void nmm_move_step_wait_manager(NmmMove *self);
gboolean nmm_move_is_manager_back(NmmMove *self, GError **error);

/* The parent's applied connection. */
void nmm_move_step_checkpoint(NmmMove *self);
void nmm_move_step_release(NmmMove *self);
void nmm_move_step_reapply(NmmMove *self);
void nmm_move_step_restore(NmmMove *self);
void nmm_move_step_reactivate(NmmMove *self);

G_END_DECLS
