/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move's insides, shared by the files that carry its steps out: nm-macvtap-move.c (the order,
 * the profile), nm-macvtap-move-wait.c (the waits), nm-macvtap-move-link.c (the host link),
 * nm-macvtap-move-applied.c (the parent's applied connection and its checkpoint),
 * nm-macvtap-move-manager.c (NetworkManager going away).
 */

#pragma once

#include "nm-macvtap-audience.h"
#include "nm-macvtap-checkpoint.h"
#include "nm-macvtap-move.h"
#include "nm-macvtap-transaction.h"

G_BEGIN_DECLS

struct _NMMacvtapMove {
    NMMacvtapActivation parent;

    NMMacvtapTransaction transaction;
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
    NMMacvtapAudience *audience;     /* (nullable): while the profile is up */
    NMMacvtapCheckpoint *checkpoint; /* (nullable) */

    guint wait_id;
    gint64 deadline;       /* of the wait, monotonic, in µs */
    gint64 inet6_deadline; /* likewise, for the parent's IPv6 addresses */
    guint stop_timeout_ms; /* 0 before stop */
    guint stop_timeout_id;
    gboolean is_stopped; /* "stopped" was emitted */
    gboolean is_lost;    /* NetworkManager has gone in this step */
};

static inline NMMacvtapProfile *
nm_macvtap_move_get_profile(NMMacvtapMove *self)
{
    return nm_macvtap_activation_get_profile(NM_MACVTAP_ACTIVATION(self));
}

static inline NMClient *
nm_macvtap_move_get_client(NMMacvtapMove *self)
{
    return nm_macvtap_activation_get_client(NM_MACVTAP_ACTIVATION(self));
}

/* @error: (transfer full) (nullable): the step's end. */
void nm_macvtap_move_end_step(NMMacvtapMove *self, GError *error);
/* The end of a call that was given a reference to @self, which is dropped. @error: (transfer full)
 * (nullable); @format: what was tried, put before the error. */
void nm_macvtap_move_end_call(NMMacvtapMove *self, GError *error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The addresses of @device are noted as what is to be there afterwards. */
void nm_macvtap_move_note_addresses(NMMacvtapMove *self, NMDevice *device);
/* The kernel's IPv6 addresses of a device: of those of NMMacvtapInet6Flags that are in @mask just
 * @flags. (transfer full) */
char **nm_macvtap_move_list_inet6(NMDevice *device, guint mask, guint flags);

/* The LAN is told that the addresses of @device (nullable) are there now. */
void nm_macvtap_move_announce(NMMacvtapMove *self, NMDevice *device);

/* The host link: its device and its profile, where they are there. */
NMDevice *nm_macvtap_move_get_link_device(NMMacvtapMove *self);
NMRemoteConnection *nm_macvtap_move_get_link_profile(NMMacvtapMove *self);
/* While the profile is up, the end of @link ends the step. */
void nm_macvtap_move_watch_link(NMMacvtapMove *self, NMActiveConnection *link);
void nm_macvtap_move_drop_link(NMMacvtapMove *self);
void nm_macvtap_move_step_add(NMMacvtapMove *self);
void nm_macvtap_move_step_activate(NMMacvtapMove *self);
void nm_macvtap_move_step_bind(NMMacvtapMove *self);
void nm_macvtap_move_step_remove(NMMacvtapMove *self);

/* Until what the step waits for is true. */
void nm_macvtap_move_step_wait(NMMacvtapMove *self);
void nm_macvtap_move_step_wait_online(NMMacvtapMove *self);

/* NetworkManager going away, and another one coming. */
void nm_macvtap_move_watch_manager(NMMacvtapMove *self);
void nm_macvtap_move_step_wait_manager(NMMacvtapMove *self);
gboolean nm_macvtap_move_is_manager_back(NMMacvtapMove *self, GError **error);

/* The parent's applied connection. */
void nm_macvtap_move_step_checkpoint(NMMacvtapMove *self);
void nm_macvtap_move_step_release(NMMacvtapMove *self);
void nm_macvtap_move_step_reapply(NMMacvtapMove *self);
void nm_macvtap_move_step_restore(NMMacvtapMove *self);
void nm_macvtap_move_step_reactivate(NMMacvtapMove *self);

G_END_DECLS
