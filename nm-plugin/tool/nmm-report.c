/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-report.h"

#include <glib/gi18n-lib.h>

#include "nmm-table.h"
#include "nmm-text.h"

/* Documents */

void
nmm_json_set_string(JsonObject *json, const char *name, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    if (valid)
        json_object_set_string_member(json, name, valid);
    else
        json_object_set_null_member(json, name);
}

void
nmm_json_set_error(JsonObject *json, const char *name, const GError *error)
{
    nmm_json_set_string(json, name, error ? error->message : NULL);
}

JsonArray *
nmm_json_set_array(JsonObject *json, const char *name)
{
    JsonArray *array = json_array_new();

    json_object_set_array_member(json, name, array);
    return array;
}

JsonObject *
nmm_json_add_object(JsonArray *array)
{
    JsonObject *object = json_object_new();

    json_array_add_object_element(array, object);
    return object;
}

/* Reports */

NmmReport *
nmm_report_new(void)
{
    NmmReport *report = g_new0(NmmReport, 1);

    report->json = json_object_new();
    report->text = g_string_new(NULL);
    report->notes = g_string_new(NULL);
    return report;
}

void
nmm_report_free(NmmReport *report)
{
    if (!report)
        return;
    json_object_unref(report->json);
    g_string_free(report->text, TRUE);
    g_string_free(report->notes, TRUE);
    g_free(report);
}

static const char *
find_label(const NmmReportLabel *labels, const char *word)
{
    for (; labels && word && labels->word; labels++) {
        if (g_str_equal(labels->word, word))
            return _(labels->label);
    }
    return word;
}

/* (transfer full) (nullable) */
static char *
make_cell(const NmmReportColumn *column, JsonObject *row)
{
    const char *text;

    if (column->format)
        return column->format(row);
    text = json_object_get_string_member(row, column->member);
    if (!text && column->other)
        text = json_object_get_string_member(row, column->other);
    return g_strdup(find_label(column->labels, text));
}

static void
add_row(NmmTable *table, const NmmReportColumn *columns, JsonObject *row)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

    for (; columns->title; columns++)
        g_ptr_array_add(cells, make_cell(columns, row));
    nmm_table_add(table, (const char *const *)cells->pdata);
}

void
nmm_report_add_table(NmmReport *report, const char *name, const NmmReportColumn *columns)
{
    JsonArray *array = json_object_get_array_member(report->json, name);
    g_autoptr(GPtrArray) titles = g_ptr_array_new();
    g_autoptr(NmmTable) table = NULL;
    g_autofree char *text = NULL;

    for (const NmmReportColumn *column = columns; column->title; column++)
        g_ptr_array_add(titles, _(column->title));
    g_ptr_array_add(titles, NULL);
    table = nmm_table_new((const char *const *)titles->pdata);
    for (guint i = 0; i < json_array_get_length(array); i++)
        add_row(table, columns, json_array_get_object_element(array, i));
    text = nmm_table_to_string(table);
    nmm_report_add_text(report, "%s%s", report->text->len > 0 ? "\n" : "", text);
}

void
nmm_report_add_text(NmmReport *report, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(report->text, format, args);
    va_end(args);
}

void
nmm_report_add_note(NmmReport *report, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(report->notes, format, args);
    g_string_append_c(report->notes, '\n');
    va_end(args);
}

void
nmm_report_set_code(NmmReport *report, NmmExit code)
{
    if (report->code != NMM_EXIT_FAILED)
        report->code = code;
}

char *
nmm_report_to_text(const NmmReport *report)
{
    gboolean separate = report->text->len > 0 && report->notes->len > 0;

    return g_strconcat(report->text->str, separate ? "\n" : "", report->notes->str, NULL);
}

char *
nmm_report_to_line(const NmmReport *report)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, report->json);
    return json_to_string(node, FALSE);
}

NmmExit
nmm_report_print(const NmmReport *report, gboolean json)
{
    if (json) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        g_autofree char *text = NULL;

        json_node_set_object(node, report->json);
        text = json_to_string(node, TRUE);
        g_print("%s\n", text);
    } else {
        g_autofree char *text = nmm_report_to_text(report);

        if (*text)
            nmm_print("%s", g_strchomp(text));
    }
    return report->code;
}

/* Terminal */

/* Cleans line by line, because the text has line ends. */
G_GNUC_PRINTF(1, 0)
static char *
format_clean(const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        char *clean = nmm_text_clean(lines[i]);

        g_free(lines[i]);
        lines[i] = clean;
    }
    return g_strjoinv("\n", lines);
}

void
nmm_print(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = format_clean(format, args);
    va_end(args);
    g_print("%s\n", text);
}

void
nmm_complain(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = format_clean(format, args);
    va_end(args);
    g_printerr("nm-macvtap: %s\n", text);
}
