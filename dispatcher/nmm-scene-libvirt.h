/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the decision wants to know of guests and networks, out of what core reads of them.
 */

#pragma once

#include "nmm-guest.h"
#include "nmm-network.h"
#include "nmm-scene.h"

G_BEGIN_DECLS

/* The one whose guests and networks are offered as profiles: what a profile uses by default. */
const char *nmm_scene_get_default_uri(void);

/* @guests: (element-type NmmGuest); @networks: (element-type NmmNetwork). */
void nmm_scene_take_in(NmmScene *scene, const char *uri, GPtrArray *guests, GPtrArray *networks);

G_END_DECLS
