/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which profile that is up keeps another from coming up.
 */

#pragma once

#include "nm-macvtap-world.h"

G_BEGIN_DECLS

/* FALSE with NM_MACVTAP_ERROR_CONFLICT where another profile that is up, or coming, holds what
 * @profile would claim, in the service's words. */
gboolean nm_macvtap_rival_check(const NMMacvtapWorld *world,
                                const NMMacvtapWorldProfile *profile,
                                GError **error);

G_END_DECLS
