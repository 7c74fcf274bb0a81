/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile that is up and serves nobody has to say so: which of the guests that it names, or the
 * lower device that it names, match nothing.
 */

#pragma once

#include "nmm-profile.h"

G_BEGIN_DECLS

/* (transfer full): those of the profile's guests= that are none of @guests, in order. @guests:
 * (element-type utf8 utf8): UUID → name of the selected guests with a macvtap interface on the
 * parent. */
char **nmm_unmatched_list(const NmmProfile *profile, GHashTable *guests);
/* (transfer full) (nullable): the same for the user, with the remedy; NULL where nothing is amiss.
 * @parent: (nullable): the lower device in use. */
char *nmm_unmatched_describe(const NmmProfile *profile, const char *parent, GHashTable *guests);

G_END_DECLS
