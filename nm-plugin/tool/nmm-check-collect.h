/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out the facts about guests: from the world that was read, from leases, the kernel,
 * firewalld and the resolver's configuration.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-world.h"

G_BEGIN_DECLS

/*
 * @guest: (nullable): a name or UUID; NULL is every macvtap guest. A guest that several active
 * profiles select has facts for each of them. Asks the guests whether they answer; blocks.
 * Returns: (transfer full) (element-type NmmCheckInput): maybe none.
 */
GPtrArray *nmm_survey(const NmmWorld *world, const char *guest);

/* Of the guests of a profile of mode share or move, as if it was active already and nobody had been
 * heard yet; asks nobody. (transfer full) (element-type NmmCheckInput). */
GPtrArray *nmm_survey_foresee(const NmmWorld *world, const NmmWorldProfile *profile);

/* Whether the text of an nsswitch.conf has the host ask libvirt for the names of guests. */
gboolean nmm_survey_has_names(const char *nsswitch);

G_END_DECLS
