/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables for a terminal, with columns that line up whatever the script.
 */

#pragma once

#include "nmm-text.h"

G_BEGIN_DECLS

typedef struct _NmmTable NmmTable;

/* @titles: strv; their number is the number of columns. */
NmmTable *nmm_table_new(const char *const *titles);
/* @cells: as many as there are titles; NULL or empty is shown as "-". */
void nmm_table_add(NmmTable *table, const char *const *cells);
/* (transfer full): the lines, each with its line end. */
char *nmm_table_to_string(const NmmTable *table);
void nmm_table_free(NmmTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmTable, nmm_table_free)

G_END_DECLS
