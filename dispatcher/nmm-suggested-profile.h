/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings provider's decision: which profiles libvirt's networks and guests give reason to
 * offer. An offered profile is known by its UUID, which follows from what it is for.
 */

#pragma once

#include "nmm-scene.h"

G_BEGIN_DECLS

typedef struct {
    char *uuid;
    char *id;
    NmmMode mode; /* isolated or share */
    char *target; /* the network, or the parent */
} NmmSuggestedProfile;

NmmSuggestedProfile *nmm_suggested_profile_new(NmmMode mode, const char *target);
void nmm_suggested_profile_free(NmmSuggestedProfile *offer);

/* (nullable) (transfer none): the libvirt whose guests and networks are offered, if it answers. */
const NmmSceneLibvirt *nmm_suggested_profile_find_libvirt(const NmmScene *scene);

/* What is to be offered on this host, user's profiles considered. Returns: (transfer full)
 * (element-type NmmSuggestedProfile). */
GPtrArray *nmm_suggested_profile_list(const NmmScene *scene);

/* Whether a profile is one that we offered and that nobody has saved. */
gboolean nmm_suggested_profile_is_ours(const NmmSceneProfile *profile);
/* Whether the network or lower device that an offered profile is for still gives reason for it. */
gboolean nmm_suggested_profile_has_cause(const NmmScene *scene, const NmmSceneProfile *profile);

G_END_DECLS
