/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for a terminal: columns that line up whatever the script, and nothing that a guest's name
 * could make the terminal do.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _NMMacvtapTable NMMacvtapTable;

/* (transfer full): valid UTF-8 without control characters. */
char *nm_macvtap_text_clean(const char *text);
/* In terminal cells: wide characters take two, combining ones none. */
guint nm_macvtap_text_width(const char *text);

/* @titles: strv; their number is the number of columns. */
NMMacvtapTable *nm_macvtap_table_new(const char *const *titles);
/* @cells: as many as there are titles; NULL or empty is shown as "-". */
void nm_macvtap_table_add(NMMacvtapTable *table, const char *const *cells);
/* (transfer full): the lines, each with its line end. */
char *nm_macvtap_table_to_string(const NMMacvtapTable *table);
void nm_macvtap_table_free(NMMacvtapTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapTable, nm_macvtap_table_free)

G_END_DECLS
