/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command nm-macvtap: its subcommands, its exit codes, and how they speak.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Documented in nm-macvtap(8): scripts rely on them. */
typedef enum {
    NMM_EXIT_OK = 0,
    NMM_EXIT_FAILED = 1,  /* something could not be done, or not be found out */
    NMM_EXIT_USAGE = 2,   /* the command line is wrong */
    NMM_EXIT_PROBLEM = 3, /* all was found out, and something is not as it should be */
} NmmExit;

typedef struct {
    const char *name;
    const char *argument;        /* (nullable): name of its one argument; NULL takes none */
    const char *summary;         /* N_()-marked */
    const GOptionEntry *entries; /* (nullable): options besides --json */
    int (*run)(const char *argument, gboolean json); /* returns an NmmExit */
} NmmCommand;

int nmm_tool_main(int argc, char **argv);

/* A line on standard output or standard error; what comes from outside cannot control the
 * terminal. */
void nmm_tool_print(const char *format, ...) G_GNUC_PRINTF(1, 2);
void nmm_tool_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* @json: (transfer full) */
void nmm_tool_print_json(JsonObject *json);
/* null for NULL. */
void nmm_tool_set_string(JsonObject *json, const char *name, const char *value);

G_END_DECLS
