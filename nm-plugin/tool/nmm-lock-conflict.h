/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which profile that is up keeps another from coming up.
 */

#pragma once

#include "nmm-world.h"

G_BEGIN_DECLS

/* FALSE with NMM_ERROR_CONFLICT where another profile that is up, or coming, holds what
 * @profile would claim, in the service's words. */
gboolean
nmm_lock_conflict_check(const NmmWorld *world, const NmmWorldProfile *profile, GError **error);

G_END_DECLS
