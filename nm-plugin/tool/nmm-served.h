/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which guests a profile is for, and through which of their interfaces. Pure.
 */

#pragma once

#include "nmm-world.h"

G_BEGIN_DECLS

/* The macvtap interface of @guest that @profile (nullable: any) is for: of the running guest where
 * it has one, else of its definition. In the modes share and move one that they can reach comes
 * first. Whether the profile selects the guest is not asked. (nullable) (transfer none). */
const NmmNic *nmm_served_find_nic(const NmmWorldProfile *profile,
                                  const NmmWorldHost *host,
                                  const NmmGuest *guest);
/* The profile selects the guest, and has an interface of it to serve. */
gboolean
nmm_served_has(const NmmWorldProfile *profile, const NmmWorldHost *host, const NmmGuest *guest);
guint nmm_served_count(const NmmWorld *world, const NmmWorldProfile *profile);
/* A profile that was told which guests or which lower device, and there is nobody: a sentence
 * fragment, else NULL. (transfer full) (nullable) */
char *nmm_served_describe_nobody(const NmmWorld *world, const NmmWorldProfile *profile);

G_END_DECLS
