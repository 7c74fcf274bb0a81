/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a profile with a host link is for, and what stands between them and the host: guests that
 * are not attached in mode bridge, and what the profile names and is not there. Says each once, and
 * again only when it changes.
 */

#pragma once

#include "nm-macvtap-hypervisor.h"

G_BEGIN_DECLS

typedef struct _NMMacvtapAudience NMMacvtapAudience;

/* @parent: the lower device. */
NMMacvtapAudience *nm_macvtap_audience_new(NMMacvtapProfile *profile, const char *parent);
void nm_macvtap_audience_free(NMMacvtapAudience *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapAudience, nm_macvtap_audience_free)

/* Looks at all guests (element-type NMMacvtapGuest) and networks (element-type NMMacvtapNetwork).
 * Returns: whether describe() says something else now. */
gboolean
nm_macvtap_audience_update(NMMacvtapAudience *self, GPtrArray *guests, GPtrArray *networks);
/* (transfer full) (nullable): for the banner; NULL where nothing is amiss. */
char *nm_macvtap_audience_describe(NMMacvtapAudience *self);

/* For a mode that needs the guests for nothing else: looks by itself from now on. libvirt that
 * cannot be reached is no more than a word in the log. */
void nm_macvtap_audience_follow(NMMacvtapAudience *self, NMMacvtapHypervisor *hypervisor);

G_END_DECLS
