/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lays out tables. Does not depend on their content, and does not print.
 */

#include "config.h"

#include "nmm-table.h"

#include "nmm-text.h"

#define GAP 2

struct _NmmTable {
    guint n_columns;
    GPtrArray *rows; /* (element-type GStrv): the titles are the first */
};

NmmTable *
nmm_table_new(const char *const *titles)
{
    NmmTable *table = g_new0(NmmTable, 1);

    table->n_columns = g_strv_length((char **)titles);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    nmm_table_add(table, titles);
    return table;
}

void
nmm_table_add(NmmTable *table, const char *const *cells)
{
    char **row = g_new0(char *, table->n_columns + 1);

    for (guint i = 0; i < table->n_columns; i++)
        row[i] = nmm_text_clean(cells[i] && *cells[i] ? cells[i] : "-");
    g_ptr_array_add(table->rows, row);
}

static guint
get_column_width(const NmmTable *table, guint column)
{
    guint width = 0;

    for (guint i = 0; i < table->rows->len; i++) {
        char **row = g_ptr_array_index(table->rows, i);

        width = MAX(width, nmm_text_width(row[column]));
    }
    return width;
}

char *
nmm_table_to_string(const NmmTable *table)
{
    GString *text = g_string_new(NULL);
    g_autofree guint *widths = g_new(guint, table->n_columns);

    for (guint i = 0; i < table->n_columns; i++)
        widths[i] = get_column_width(table, i);
    for (guint r = 0; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        for (guint i = 0; i < table->n_columns; i++) {
            guint padding = widths[i] - nmm_text_width(row[i]) + GAP;

            g_string_append(text, row[i]);
            if (i + 1 < table->n_columns)
                g_string_append_printf(text, "%*s", (int)padding, "");
        }
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

void
nmm_table_free(NmmTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->rows);
    g_free(table);
}
