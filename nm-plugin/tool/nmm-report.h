/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command found out: a JSON document, the text that is made from it, and the exit code.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Documented in nm-macvtap(8): scripts rely on them. */
typedef enum {
    NMM_EXIT_OK = 0,
    NMM_EXIT_FAILED = 1,  /* something could not be done or read */
    NMM_EXIT_USAGE = 2,   /* the command line is wrong */
    NMM_EXIT_PROBLEM = 3, /* everything was read, and something is wrong */
} NmmExit;

typedef struct {
    JsonObject *json;
    GString *text;  /* the sections before the notes */
    GString *notes; /* the last section: one sentence per line */
    NmmExit code;
} NmmReport;

NmmReport *nmm_report_new(void);
void nmm_report_free(NmmReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmReport, nmm_report_free)

/* A stable word of the document and how the text shows it. */
typedef struct {
    const char *word;  /* NULL ends a table */
    const char *label; /* N_()-marked */
} NmmReportLabel;

typedef struct {
    const char *title;                /* N_()-marked; NULL ends a table */
    const char *member;               /* of a row */
    const char *other;                /* (nullable): shown if @member is null */
    const NmmReportLabel *labels;     /* (nullable): of the words of @member */
    char *(*format)(JsonObject *row); /* (nullable): instead of all these; (transfer full) */
} NmmReportColumn;

/* Sections of the text, separated by empty lines: a table of an array of the document, or text,
 * which continues in the same section. */
void nmm_report_add_table(NmmReport *report, const char *array, const NmmReportColumn *columns);
void nmm_report_add_text(NmmReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
void nmm_report_add_note(NmmReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* NMM_EXIT_FAILED outweighs the others. */
void nmm_report_set_code(NmmReport *report, NmmExit code);

/* (transfer full): each line with its end */
char *nmm_report_to_text(const NmmReport *report);
/* (transfer full): the document in one line, without line end */
char *nmm_report_to_line(const NmmReport *report);
/* On standard output. Returns: the exit code. */
NmmExit nmm_report_print(const NmmReport *report, gboolean json);

/* null for NULL. Replaces what is not UTF-8. */
void nmm_json_set_string(JsonObject *json, const char *name, const char *value);
/* The message of @error (nullable). */
void nmm_json_set_error(JsonObject *json, const char *name, const GError *error);
/* (transfer none): an empty array */
JsonArray *nmm_json_set_array(JsonObject *json, const char *name);
/* (transfer none): an empty object */
JsonObject *nmm_json_add_object(JsonArray *array);

/* A line on standard output or standard error. Control characters in it do not reach the
 * terminal. */
void nmm_print(const char *format, ...) G_GNUC_PRINTF(1, 2);
void nmm_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

G_END_DECLS
