/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status that a running service publishes about its profile, and how the last activation
 * failed, which remains after the process has ended. Values only.
 */

#pragma once

#include "nmm-problem.h"

G_BEGIN_DECLS

/* Their words are on D-Bus and in JSON and never change. */
typedef enum {
    NMM_PHASE_ACTIVATING,
    NMM_PHASE_ACTIVE,
    NMM_PHASE_FAILED,
    NMM_PHASE_DEACTIVATING,
    _NMM_PHASE_NUM,
} NmmPhase;

const char *nmm_phase_to_string(NmmPhase phase); /* "active" */
/* FALSE for an unknown word. */
gboolean nmm_phase_from_string(const char *word, NmmPhase *out_phase);

typedef struct {
    char *uuid;
    char *id;
    NmmPhase phase;
    GPtrArray *problems; /* (element-type NmmProblem): sorted */
} NmmProfileStatus;

NmmProfileStatus *nmm_profile_status_new(const char *uuid, const char *id);
void nmm_profile_status_free(NmmProfileStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmProfileStatus, nmm_profile_status_free)

/* Why an activation failed, or an active profile went down by itself. */
typedef struct {
    gint64 time; /* Unix time in s */
    char *message;
} NmmFailure;

NmmFailure *nmm_failure_new(gint64 time, const char *message);
void nmm_failure_free(NmmFailure *failure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmFailure, nmm_failure_free)

G_END_DECLS
