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
} NmmSelection;

gboolean nmm_selection_is_valid(const NmmSelection *selection);
gboolean nmm_selection_has(const NmmSelection *selection, const char *name, const char *uuid);
gboolean
nmm_selection_set(NmmSelection *selection, const char *name, const char *uuid, gboolean selected);
void nmm_selection_clear(NmmSelection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NmmSelection, nmm_selection_clear)

G_END_DECLS
