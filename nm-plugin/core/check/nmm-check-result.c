/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of steps, and the commands in them.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

static void
result_free(gpointer data)
{
    NmmCheckResult *result = data;

    g_free(result->detail);
    g_free(result->remedy);
    g_free(result->look);
    g_free(result);
}

GPtrArray *
nmm_check_results_new(void)
{
    return g_ptr_array_new_with_free_func(result_free);
}

NmmCheckResult *
nmm_check_result_new(NmmCheckVerdict verdict, char *remedy, const char *detail, ...)
{
    NmmCheckResult *result = g_new0(NmmCheckResult, 1);
    va_list args;

    va_start(args, detail);
    result->verdict = verdict;
    result->remedy = remedy;
    result->detail = g_strdup_vprintf(detail, args);
    va_end(args);
    return result;
}

NmmCheckResult *
nmm_check_result_take_look(NmmCheckResult *result, char *look)
{
    g_free(result->look);
    result->look = look;
    return result;
}

NmmCheckResult *
nmm_check_report_unread(const char *device, const char *problem)
{
    return unknown(_("cannot read the state of '%s': %s"), device, problem);
}

NmmCheckResult *
nmm_check_report_bridge_left(const NmmCheckInput *input)
{
    g_autofree char *remove =
        nmm_check_make_command("ip", "link", "delete", input->network.bridge, NULL);
    g_autofree char *start = nmm_check_make_virsh(input, "net-start", input->network.name, NULL);

    return broken(
        g_strdup_printf("%s && %s", remove, start),
        _("the network '%s' is not active, and cannot start because the bridge '%s' was left "
          "behind"),
        input->network.name,
        input->network.bridge);
}

char *
nmm_check_quote(const char *word)
{
    gsize plain = strspn(word,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "+,-./:=@_");

    return *word && !word[plain] ? g_strdup(word) : g_shell_quote(word);
}

static void
append_word(GString *command, const char *word)
{
    g_autofree char *quoted = nmm_check_quote(word);

    g_string_append_printf(command, "%s%s", command->len > 0 ? " " : "", quoted);
}

static void
append_words(GString *command, va_list words)
{
    const char *word;

    while ((word = va_arg(words, const char *)))
        append_word(command, word);
}

char *
nmm_check_make_command(const char *word, ...)
{
    GString *command = g_string_new(NULL);
    va_list words;

    append_word(command, word);
    va_start(words, word);
    append_words(command, words);
    va_end(words);
    return g_string_free(command, FALSE);
}

char *
nmm_check_make_virsh(const NmmCheckInput *input, ...)
{
    GString *command = g_string_new("virsh -c");
    va_list words;

    append_word(command, input->guest.uri);
    va_start(words, input);
    append_words(command, words);
    va_end(words);
    return g_string_free(command, FALSE);
}

/* virsh takes a number for the ID of a running guest first, and "--" for the start of an option. */
const char *
nmm_check_get_guest(const NmmCheckInput *input)
{
    const char *name = input->guest.name;
    gboolean is_number = name[strspn(name, "0123456789")] == '\0';

    return is_number || g_str_has_prefix(name, "--") ? input->guest.uuid : name;
}

char *
nmm_check_make_activate(const NmmCheckInput *input)
{
    return nmm_check_make_command("nmcli", "connection", "up", input->profile.id, NULL);
}

char *
nmm_check_make_again(const NmmCheckInput *input)
{
    g_autofree char *up = nmm_check_make_activate(input);
    g_autofree char *down =
        nmm_check_make_command("nmcli", "connection", "down", input->profile.id, NULL);

    return g_strdup_printf("%s; %s", down, up);
}

char *
nmm_check_make_restart(const NmmCheckInput *input)
{
    const char *guest = nmm_check_get_guest(input);
    g_autofree char *stop = nmm_check_make_virsh(input, "shutdown", guest, NULL);
    g_autofree char *list = nmm_check_make_virsh(input, "list", "--uuid", NULL);
    g_autofree char *start = nmm_check_make_virsh(input, "start", guest, NULL);

    if (input->guest.transient)
        return NULL;
    return g_strdup_printf("%s && while %s | grep -q %s; do sleep 1; done && %s",
                           stop,
                           list,
                           input->guest.uuid,
                           start);
}

const char *
nmm_check_get_mac(const NmmCheckInput *input)
{
    return input->nic.mac ? input->nic.mac : "?";
}
