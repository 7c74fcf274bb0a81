/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profiles to suggest: one for each libvirt network or lower device that macvtap guests give a
 * reason for. The UUID of a suggested profile follows from its target.
 */

#pragma once

#include "nmm-guest-use.h"

G_BEGIN_DECLS

typedef struct {
    char *uuid;
    char *id;
    NmmMode mode;
    char *target; /* name of the network or of the parent */
    char *uri;    /* of the libvirt */
} NmmSuggestedProfile;

NmmSuggestedProfile *nmm_suggested_profile_new(NmmMode mode, const char *target, const char *uri);
/* @suggested: (nullable) */
void nmm_suggested_profile_free(NmmSuggestedProfile *suggested);

/* All that there is a reason for, without regard to the profiles that exist. (transfer full)
 * (element-type NmmSuggestedProfile) */
GPtrArray *nmm_suggested_profile_list(const NmmHostHypervisor *hypervisor, const NmmGuestUse *use);

/* It could be activated: its parent, if it has one, can carry a host link now, or is not known. */
gboolean
nmm_suggested_profile_can_work(const NmmSuggestedProfile *suggested, const NmmHostState *host);
/* A profile of a user does the same. */
gboolean
nmm_suggested_profile_is_taken(const NmmSuggestedProfile *suggested, const NmmHostState *host);
/* @profile is a suggested profile that no user saved. */
gboolean nmm_suggested_profile_is_unsaved(const NmmHostProfile *profile);

G_END_DECLS
