/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-profile-status.h"

static const char *const phases[] = {
    [NMM_PHASE_ACTIVATING] = "activating",
    [NMM_PHASE_ACTIVE] = "active",
    [NMM_PHASE_FAILED] = "failed",
    [NMM_PHASE_DEACTIVATING] = "deactivating",
};
G_STATIC_ASSERT(G_N_ELEMENTS(phases) == _NMM_PHASE_NUM);

const char *
nmm_phase_to_string(NmmPhase phase)
{
    g_return_val_if_fail((gsize)phase < G_N_ELEMENTS(phases), NULL);
    return phases[phase];
}

gboolean
nmm_phase_from_string(const char *word, NmmPhase *out_phase)
{
    for (gsize i = 0; i < G_N_ELEMENTS(phases); i++) {
        if (g_strcmp0(word, phases[i]) != 0)
            continue;
        *out_phase = (NmmPhase)i;
        return TRUE;
    }
    return FALSE;
}

NmmProfileStatus *
nmm_profile_status_new(const char *uuid, const char *id)
{
    NmmProfileStatus *status = g_new0(NmmProfileStatus, 1);

    status->uuid = g_strdup(uuid);
    status->id = g_strdup(id);
    status->problems = nmm_problems_new();
    return status;
}

void
nmm_profile_status_free(NmmProfileStatus *status)
{
    g_free(status->uuid);
    g_free(status->id);
    g_ptr_array_unref(status->problems);
    g_free(status);
}

NmmFailure *
nmm_failure_new(gint64 time, const char *message)
{
    NmmFailure *failure = g_new(NmmFailure, 1);

    *failure = (NmmFailure){.time = time, .message = g_strdup(message)};
    return failure;
}

void
nmm_failure_free(NmmFailure *failure)
{
    g_free(failure->message);
    g_free(failure);
}
