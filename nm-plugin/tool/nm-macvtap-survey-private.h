/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The half of the survey that is about host links.
 */

#pragma once

#include "nm-macvtap-chain.h"
#include "nm-macvtap-world.h"

G_BEGIN_DECLS

/* In ms: how long neighbours have for their answers. */
guint nm_macvtap_survey_get_patience(void);

/* (transfer full): what every mode asks of a guest. @profile: (nullable) */
NMMacvtapFacts *nm_macvtap_survey_new_facts(const NMMacvtapWorld *world,
                                            const NMMacvtapWorldHost *host,
                                            const NMMacvtapGuest *guest,
                                            const NMMacvtapWorldProfile *profile);
/* @facts of a guest that @profile, of mode share or move, is for. Asks nobody yet. */
void nm_macvtap_survey_add_link_facts(const NMMacvtapWorld *world,
                                      const NMMacvtapWorldHost *host,
                                      const NMMacvtapGuest *guest,
                                      const NMMacvtapWorldProfile *profile,
                                      NMMacvtapFacts *facts);
/* @all_facts: (element-type NMMacvtapFacts): asks all that were heard on host links whether they
 * answer, and has each choose its address; blocks. */
void nm_macvtap_survey_ask_links(GPtrArray *all_facts);

G_END_DECLS
