/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the decision wants to know of guests and networks, out of what core reads of them.
 */

#pragma once

#include "nm-macvtap-guest.h"
#include "nm-macvtap-network.h"
#include "nm-macvtap-scene.h"

G_BEGIN_DECLS

/* The one whose guests and networks are offered as profiles: what a profile uses by default. */
const char *nm_macvtap_scene_get_default_uri(void);

/* @guests: (element-type NMMacvtapGuest); @networks: (element-type NMMacvtapNetwork). */
void nm_macvtap_scene_take_in(NMMacvtapScene *scene,
                              const char *uri,
                              GPtrArray *guests,
                              GPtrArray *networks);

G_END_DECLS
