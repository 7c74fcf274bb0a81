/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the command line, finds the subcommand in a table, and runs it.
 */

#include "config.h"

#include "nmm-tool.h"

#include <locale.h>

#include <glib/gi18n-lib.h>

#include "nmm-commands.h"

static const NmmCommand *const commands[] = {
    &nmm_command_status,
    &nmm_command_plan,
    &nmm_command_check,
    &nmm_command_cleanup,
    &nmm_command_refresh,
    &nmm_command_retire,
};

static const NmmCommand *
find_command(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_str_equal(commands[i]->name, name))
            return commands[i];
    }
    return NULL;
}

static char *
describe_commands(void)
{
    GString *text = g_string_new(_("Commands:"));

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *usage = g_strjoin(" ", commands[i]->name, commands[i]->argument, NULL);

        g_string_append_printf(text, "\n  %-16s %s", usage, _(commands[i]->summary));
    }
    g_string_append_printf(text, "\n\n%s", _("Try 'nm-macvtap COMMAND --help'."));
    return g_string_free(text, FALSE);
}

static int fail_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

static int
fail_usage(const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    nmm_complain("%s", message);
    g_printerr("%s\n", _("Try 'nm-macvtap --help'."));
    return NMM_EXIT_USAGE;
}

/* @argv[0] is the command's name. */
static int
run_command(const NmmCommand *command, int argc, char **argv, gboolean json)
{
    const GOptionEntry common[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print JSON"), NULL},
        {NULL},
    };
    g_autofree char *usage = g_strjoin(" ", command->name, command->argument, NULL);
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *prefixed = g_strdup_printf("nm-macvtap %s", usage);

    g_set_prgname(prefixed);
    g_option_context_set_summary(context, _(command->summary));
    g_option_context_add_main_entries(context, common, GETTEXT_PACKAGE);
    if (command->entries)
        g_option_context_add_main_entries(context, command->entries, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail_usage("%s", error->message);
    /* GLib leaves it there before an argument that looks like an option; a guest may have such a
     * name. */
    if (argc > 1 && g_str_equal(argv[1], "--")) {
        argc--;
        argv++;
    }
    if (command->argument && argc < 2)
        return fail_usage(_("'%s' needs the argument %s"), command->name, command->argument);
    if (argc > (command->argument ? 2 : 1))
        return fail_usage(_("too many arguments for '%s'"), command->name);
    return command->run(command->argument ? argv[1] : NULL, json);
}

int
nmm_tool_main(int argc, char **argv)
{
    gboolean json = FALSE;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print JSON"), NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version"), NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = NULL;
    g_autofree char *description = NULL;
    g_autoptr(GError) error = NULL;
    const NmmCommand *command;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, NMM_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    g_set_prgname("nm-macvtap");

    context = g_option_context_new(_("COMMAND [ARGUMENT]"));
    description = describe_commands();
    g_option_context_set_summary(context,
                                 _("Inspect and repair host–guest networking over macvtap."));
    g_option_context_set_description(context, description);
    g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    /* The command parses what follows it. */
    g_option_context_set_strict_posix(context, TRUE);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail_usage("%s", error->message);
    if (version) {
        g_print("nm-macvtap %s\n", NMM_VERSION);
        return NMM_EXIT_OK;
    }
    if (argc < 2)
        return fail_usage(_("a command is missing"));
    command = find_command(argv[1]);
    if (!command)
        return fail_usage(_("there is no command '%s'"), argv[1]);
    return run_command(command, argc - 1, argv + 1, json);
}
