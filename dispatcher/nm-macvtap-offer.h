/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings provider's decision: which profiles libvirt's networks and guests give reason to
 * offer. An offered profile is known by its UUID, which follows from what it is for.
 */

#pragma once

#include "nm-macvtap-scene.h"

G_BEGIN_DECLS

typedef struct {
    char *uuid;
    char *id;
    NMMacvtapMode mode; /* isolated or share */
    char *target;       /* the network, or the parent */
} NMMacvtapOffer;

NMMacvtapOffer *nm_macvtap_offer_new(NMMacvtapMode mode, const char *target);
void nm_macvtap_offer_free(NMMacvtapOffer *offer);

/* (nullable) (transfer none): the libvirt whose guests and networks are offered, if it answers. */
const NMMacvtapSceneLibvirt *nm_macvtap_offer_find_libvirt(const NMMacvtapScene *scene);

/* What is to be offered on this host, user's profiles considered. Returns: (transfer full)
 * (element-type NMMacvtapOffer). */
GPtrArray *nm_macvtap_offer_list(const NMMacvtapScene *scene);

/* Whether a profile is one that we offered and that nobody has saved. */
gboolean nm_macvtap_offer_is_ours(const NMMacvtapSceneProfile *profile);
/* Whether the network or lower device that an offered profile is for still gives reason for it. */
gboolean
nm_macvtap_offer_has_cause(const NMMacvtapScene *scene, const NMMacvtapSceneProfile *profile);

G_END_DECLS
