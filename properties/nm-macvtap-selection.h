/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check boxes for guests on top of the two texts "guests" and "exclude-guests": the texts stay what
 * is stored and what can be typed, a tick is a change to them.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Both texts as in vpn.data, maybe empty. */
typedef struct {
    char *guests;
    char *exclude;
} NMMacvtapSelection;

gboolean nm_macvtap_selection_is_valid(const NMMacvtapSelection *selection);
gboolean
nm_macvtap_selection_has(const NMMacvtapSelection *selection, const char *name, const char *uuid);
gboolean nm_macvtap_selection_set(NMMacvtapSelection *selection,
                                  const char *name,
                                  const char *uuid,
                                  gboolean selected);
void nm_macvtap_selection_clear(NMMacvtapSelection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NMMacvtapSelection, nm_macvtap_selection_clear)

G_END_DECLS
