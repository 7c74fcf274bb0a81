/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a profile with a host link is for, and what stands between them and the host: guests that
 * are not attached in mode bridge, and what the profile names and is not there. Says each once, and
 * again only when it changes.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

typedef struct _NmmGuestWarnings NmmGuestWarnings;

/* @parent: the lower device. */
NmmGuestWarnings *nmm_guest_warnings_new(NmmProfile *profile, const char *parent);
void nmm_guest_warnings_free(NmmGuestWarnings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuestWarnings, nmm_guest_warnings_free)

/* Looks at all guests (element-type NmmGuest) and networks (element-type NmmNetwork).
 * Returns: whether describe() says something else now. */
gboolean nmm_guest_warnings_update(NmmGuestWarnings *self, GPtrArray *guests, GPtrArray *networks);
/* (transfer full) (nullable): for the banner; NULL where nothing is amiss. */
char *nmm_guest_warnings_describe(NmmGuestWarnings *self);

/* For a mode that needs the guests for nothing else: looks by itself from now on. libvirt that
 * cannot be reached is no more than a word in the log. */
void nmm_guest_warnings_follow(NmmGuestWarnings *self, NmmHypervisor *hypervisor);

G_END_DECLS
