/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables for a terminal, with columns that line up whatever the script.
 */

#pragma once

#include "nm-macvtap-text.h"

G_BEGIN_DECLS

typedef struct _NMMacvtapTable NMMacvtapTable;

/* @titles: strv; their number is the number of columns. */
NMMacvtapTable *nm_macvtap_table_new(const char *const *titles);
/* @cells: as many as there are titles; NULL or empty is shown as "-". */
void nm_macvtap_table_add(NMMacvtapTable *table, const char *const *cells);
/* (transfer full): the lines, each with its line end. */
char *nm_macvtap_table_to_string(const NMMacvtapTable *table);
void nm_macvtap_table_free(NMMacvtapTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapTable, nm_macvtap_table_free)

G_END_DECLS
