/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mode move knows about the parent and the host link, and the conditions that it waits for.
 * Changes nothing, and does not know which step runs.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-checkpoint.h"
#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct {
    NMClient *client;
    NmmProfile *profile;

    NMDevice *device;       /* (nullable): the parent; NULL before READ */
    NMConnection *saved;    /* (nullable): its applied connection, to be restored */
    NMConnection *stripped; /* (nullable): the same without IP */
    guint64 version;        /* of the applied connection that was saved */
    gboolean is_changed;    /* in FOLLOW: the link gets another configuration than it has */
    gboolean was_online;    /* the host */
    gboolean was_online4;   /* the parent */
    gint64 checked_at; /* monotonic, in µs: the reply to the check of the connectivity; 0: none */
    gboolean has_address4;
    gboolean has_address6;
    char *address4;    /* (nullable): the parent's before */
    char **addresses6; /* (nullable): likewise, without temporary ones */

    char *parent_mac;     /* (nullable): its own, maybe on the link */
    gboolean takes_mac;   /* the link is to have it */
    gboolean has_taken;   /* the link has it */
    gboolean has_new_mac; /* the parent: it may have asked its server under the other one */
    char *own_mac_cause;  /* (nullable): why not, although the profile wants it */

    char *link_name;
    gboolean is_name_free;      /* there was no such device before this activation */
    char *link_uuid;            /* of its profile */
    gboolean is_bare;           /* it lacks settings, which it gets when it has its MAC */
    NMActiveConnection *link;   /* (nullable) */
    NmmCheckpoint *checkpoint;  /* (nullable) */
    gboolean recovering;        /* what is being undone is another process's */
    gint64 addresses6_deadline; /* of the wait, monotonic, in µs: they may be missing then */
} NmmMoveContext;

/* Takes references. */
void nmm_move_context_init(NmmMoveContext *self, NMClient *client, NmmProfile *profile);
void nmm_move_context_clear(NmmMoveContext *self);

/* FALSE with NMM_ERROR_UNSUPPORTED if NetworkManager does not manage the link's device. */
gboolean nmm_move_context_check_managed(const NmmMoveContext *self, GError **error);

/* (transfer none) (nullable): the host link's device and profile. */
NMDevice *nmm_move_context_get_link_device(const NmmMoveContext *self);
NMRemoteConnection *nmm_move_context_get_link_profile(const NmmMoveContext *self);

/* Takes @wanted as the parent's applied connection, to be restored. */
void nmm_move_context_save(NmmMoveContext *self, NMConnection *wanted);
/* Notes the addresses of @device as those that must be there afterwards. */
void nmm_move_context_note_addresses(NmmMoveContext *self, NMDevice *device);
/* FALSE if @applied (nullable: only addresses) is another configuration than that of the link, and
 * the parent lacks an address that it will get: then it is too early for follow(). */
gboolean nmm_move_context_can_follow(const NmmMoveContext *self, NMConnection *applied);
/* FALSE with NMM_ERROR_CONFLICT if the link has the parent's MAC and must not have it with @applied
 * (nullable). */
gboolean
nmm_move_context_check_follow(const NmmMoveContext *self, NMConnection *applied, GError **error);
/* The parent has the IP configuration @applied (nullable: only addresses) again, of @version, which
 * moves to the link. */
void nmm_move_context_follow(NmmMoveContext *self, NMConnection *applied, guint64 version);
/* Sends the addresses of @device (nullable) to the LAN. @family: as for nmm_announce(). */
void nmm_move_context_announce(const NmmMoveContext *self, NMDevice *device, int family);

/* Whether the wait is over; FALSE with an error if it cannot succeed. */
gboolean nmm_move_context_is_link_made(NmmMoveContext *self, GError **error);
gboolean nmm_move_context_is_link_ready(NmmMoveContext *self, GError **error);
gboolean nmm_move_context_is_followed(NmmMoveContext *self, GError **error);
gboolean nmm_move_context_is_online(NmmMoveContext *self, GError **error);
/* A new NetworkManager has started, with new objects for the devices. */
gboolean nmm_move_context_is_manager_back(NmmMoveContext *self, GError **error);
gboolean nmm_move_context_is_restored(NmmMoveContext *self, GError **error);

G_END_DECLS
