/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests that the texts of "guests" and "exclude-guests" select, and how a tick in the editor
 * changes these texts.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Both texts as in vpn.data, maybe empty. */
typedef struct {
    char *guests;
    char *exclude;
} NmmSelection;

/* Both functions return FALSE and change nothing if a text is not a list. */
gboolean nmm_selection_has(const NmmSelection *selection, const char *name, const char *uuid);
/* If "guests" is "all", unselecting excludes the guest; else it removes its name. The last name is
 * excluded instead, because an empty list would mean all guests. */
gboolean
nmm_selection_set(NmmSelection *selection, const char *name, const char *uuid, gboolean selected);
void nmm_selection_clear(NmmSelection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NmmSelection, nmm_selection_clear)

G_END_DECLS
