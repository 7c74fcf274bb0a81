/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of steps, and the commands in them.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

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
    return broken(
        g_strdup("nm-macvtap cleanup"),
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

char *
nmm_check_make_command(const char *word, ...)
{
    GString *command = g_string_new(NULL);
    va_list words;

    va_start(words, word);
    for (; word; word = va_arg(words, const char *)) {
        g_autofree char *quoted = nmm_check_quote(word);

        g_string_append_printf(command, "%s%s", command->len > 0 ? " " : "", quoted);
    }
    va_end(words);
    return g_string_free(command, FALSE);
}

char *
nmm_check_make_virsh(const NmmCheckInput *input, const char *verb, const char *object)
{
    return nmm_check_make_command("virsh", "-c", input->guest.uri, verb, object, NULL);
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
    g_autofree char *stop = nmm_check_make_virsh(input, "shutdown", input->guest.name);
    g_autofree char *start = nmm_check_make_virsh(input, "start", input->guest.name);

    if (input->guest.transient)
        return NULL;
    return g_strdup_printf("%s && until %s 2>/dev/null; do sleep 1; done", stop, start);
}

const char *
nmm_check_get_mac(const NmmCheckInput *input)
{
    return input->nic.mac ? input->nic.mac : "?";
}
