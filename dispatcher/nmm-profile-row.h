/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row per profile joins everything that the decision needs of it. Events only update the row's
 * state: they show who activated or deactivated a profile, and allow a new attempt after a failure.
 */

#pragma once

#include "nmm-decision.h"
#include "nmm-guest-use.h"
#include "nmm-mode.h"

G_BEGIN_DECLS

typedef struct {
    const char *uuid;
    const NmmHostProfile *host; /* (nullable): NULL if the profile was removed */
    const NmmProfile *profile;  /* (nullable): NULL if it is not valid */
    const NmmModeInfo *mode;    /* (nullable): of @profile */
    NmmProfileState *state;     /* kept from one decision to the next */
    const NmmGuestUse *use;     /* (nullable): NULL if its libvirt does not answer */
    gboolean asleep;            /* its libvirt is not running; the activation starts it */
    gboolean timed_out;         /* its libvirt runs, but did not answer in time */
    gboolean missing;           /* its libvirt is not installed, and the profile works without it */
    gboolean networks_unknown;  /* its libvirt's network driver is not running, or is missing */
    const NmmNetwork *network;  /* (nullable): mode isolated */
    const char *parent;         /* (nullable): the device of @profile, or of the default route */
    char **own_devices;         /* (nullable): the profile comes up with one of them */
    const char *base;           /* (nullable): the base device of an activation now */
    gboolean at_rest;           /* neither NetworkManager nor the service works on it */
    gboolean changing;          /* on its way up or down: a service that dies then emits no event */

    /* decided */
    gboolean restore;
    gboolean withdraw;
    gboolean activate;
    gboolean activate_later; /* in the next round */
    GPtrArray *unplug;       /* (nullable) (element-type NmmEdit) */
    gboolean log;            /* the logged problem of @state, which is new */
} NmmProfileRow;

typedef struct {
    const NmmDecisionInput *input;
    const NmmHostState *host;
    GPtrArray *uses; /* (element-type NmmGuestUse) (nullable): as the hypervisors of @host */
    GPtrArray *rows; /* (element-type NmmProfileRow) */
} NmmProfileRows;

/* @input outlives the rows; the states of removed profiles are dropped from @states. */
NmmProfileRows *nmm_profile_rows_new(const NmmDecisionInput *input, NmmProfileStates *states);
void nmm_profile_rows_free(NmmProfileRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmProfileRows, nmm_profile_rows_free)

/* Updates the states by @events (element-type NmmEvent), oldest first, and by the host state. */
void nmm_profile_rows_note(NmmProfileRows *self, const GPtrArray *events);
/* (nullable): NULL if that libvirt does not answer. */
const NmmGuestUse *nmm_profile_rows_find_use(const NmmProfileRows *self, const char *uri);

G_END_DECLS
