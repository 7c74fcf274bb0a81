/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings of a profile with a host link: selected guests that are not attached in mode bridge, and
 * guests that the profile names but that do not exist. Logs each once, and again if it changes.
 */

#pragma once

#include "nmm-problem.h"
#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct _NmmGuestWarnings NmmGuestWarnings;

/* Takes a reference to @profile. */
NmmGuestWarnings *nmm_guest_warnings_new(NmmProfile *profile, const char *parent);
void nmm_guest_warnings_free(NmmGuestWarnings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuestWarnings, nmm_guest_warnings_free)

/* @guests: (element-type NmmGuest), @networks: (element-type NmmNetwork): all. Returns: whether the
 * result of list_problems() changed. */
gboolean nmm_guest_warnings_update(NmmGuestWarnings *self, GPtrArray *guests, GPtrArray *networks);
/* (transfer full) (element-type NmmProblem) */
GPtrArray *nmm_guest_warnings_list_problems(NmmGuestWarnings *self);

G_END_DECLS
