/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The half of the survey that is about host links.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-world.h"

G_BEGIN_DECLS

/* In ms: how long neighbours have for their answers. */
guint nmm_survey_get_patience(void);

/* (transfer full): what every mode asks of a guest. @profile: (nullable) */
NmmCheckInput *nmm_survey_new_facts(const NmmWorld *world,
                                    const NmmWorldHost *host,
                                    const NmmGuest *guest,
                                    const NmmWorldProfile *profile);
/* @facts of a guest that @profile, of mode share or move, is for. Asks nobody yet. */
void nmm_survey_add_link_facts(const NmmWorld *world,
                               const NmmWorldHost *host,
                               const NmmGuest *guest,
                               const NmmWorldProfile *profile,
                               NmmCheckInput *facts);
/* @all_facts: (element-type NmmCheckInput): asks all that were heard on host links whether they
 * answer, and has each choose its address; blocks. */
void nmm_survey_ask_links(GPtrArray *all_facts);

G_END_DECLS
