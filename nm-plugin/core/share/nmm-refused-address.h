/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A refused claim of an address as a problem of the profile: the reason, the key that lifts it, and
 * the commands that set the key.
 */

#pragma once

#include "nmm-problem.h"
#include "nmm-profile.h"
#include "nmm-rejection.h"

G_BEGIN_DECLS

/* (transfer full) */
NmmProblem *nmm_refused_address_describe(const NmmRejection *rejection, const NmmProfile *profile);

G_END_DECLS
