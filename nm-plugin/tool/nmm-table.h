/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables for a terminal, aligned in every script.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _NmmTable NmmTable;

/* @titles: strv, a column for each */
NmmTable *nmm_table_new(const char *const *titles);
/* @cells: one for each column; NULL or empty is shown as "-" */
void nmm_table_add(NmmTable *table, const char *const *cells);
/* (transfer full): each line with its end, without trailing blanks */
char *nmm_table_to_string(const NmmTable *table);
void nmm_table_free(NmmTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmTable, nmm_table_free)

G_END_DECLS
