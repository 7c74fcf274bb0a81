/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why can the guest and its host not reach each other? One table for each mode, with a row for each
 * link of the chain, in the order in which a packet's way is built; here the walk, and what all
 * modes are judged by. Decides from facts alone; asks nobody.
 */

#include "config.h"

#include "nmm-check-private.h"

#include <glib/gi18n-lib.h>

/**
 * nmm_check_quote:
 * @word: any text
 *
 * Returns: (transfer full): @word for a command that a person copies into a shell.
 */
char *
nmm_check_quote(const char *word)
{
    gsize plain = strspn(word,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "+,-./:=@_");

    return *word && !word[plain] ? g_strdup(word) : g_shell_quote(word);
}

/* A command line of the given words, ended by NULL, quoted where the shell needs it. */
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

NmmCheckVerdict
nmm_check_judge_guest(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->exists) {
        *detail = g_strdup_printf(_("libvirt knows no guest '%s'"), facts->guest);
        *remedy = g_strdup("virsh -c qemu:///system list --all");
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("the guest exists (%s)"), facts->uri);
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_macvtap(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->is_macvtap) {
        *detail =
            g_strdup(_("it has no macvtap interface, so no profile has anything to do for it"));
        *remedy =
            nmm_check_make_command("virsh", "-c", facts->uri, "domiflist", facts->guest, NULL);
        return NMM_CHECK_BROKEN;
    }
    if (facts->lower)
        *detail = g_strdup_printf(_("it is attached with macvtap to '%s', mode '%s'"),
                                  facts->lower,
                                  facts->macvtap_mode ? facts->macvtap_mode : "vepa");
    else
        *detail = g_strdup(_("it is attached with macvtap through a libvirt network"));
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_profile(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->nm_answers) {
        *detail = g_strdup(_("NetworkManager does not answer, so no profile can be active"));
        *remedy = g_strdup("systemctl start NetworkManager");
        return NMM_CHECK_BROKEN;
    }
    if (!facts->profile) {
        *detail = g_strdup(_("no profile selects it"));
        *remedy = g_strdup("nmcli connection add type vpn vpn-type macvtap con-name guests");
        return NMM_CHECK_BROKEN;
    }
    if (!facts->profile_active && facts->bridge_left) {
        *detail = g_strdup_printf(_("the profile '%s' selects it, but is not active, and its "
                                    "network cannot start: the bridge '%s' was left behind"),
                                  facts->profile,
                                  facts->bridge);
        *remedy = g_strdup("nm-macvtap cleanup");
        return NMM_CHECK_BROKEN;
    }
    if (!facts->profile_active) {
        *detail =
            g_strdup_printf(_("the profile '%s' selects it, but is not active"), facts->profile);
        *remedy = nmm_check_make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("the profile '%s' selects it and is active"), facts->profile);
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_running(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->running) {
        *detail = g_strdup(_("the guest is shut off"));
        *remedy = nmm_check_make_command("virsh", "-c", facts->uri, "start", facts->guest, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup(_("the guest is running"));
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_plugged(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->plugged) {
        *detail = g_strdup(_("the running guest does not have that interface: it needs a restart "
                             "(shut it down, then start it; a reboot is not enough)"));
        *remedy = nmm_check_make_command("virsh", "-c", facts->uri, "shutdown", facts->guest, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup(_("the running guest has that interface"));
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_link(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (facts->link_down) {
        *detail = g_strdup(_("the interface's cable is unplugged (link state down)"));
        *remedy = nmm_check_make_command("virsh",
                                         "-c",
                                         facts->uri,
                                         "domif-setlink",
                                         facts->guest,
                                         facts->mac ? facts->mac : "MAC",
                                         "up",
                                         NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup(_("its link is up"));
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_neighbour(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->answers && facts->unasked) {
        *detail = g_strdup_printf(
            _("its route is there, but only root can ask whether it answers at '%s'"),
            facts->address);
        return NMM_CHECK_HINT;
    }
    if (!facts->answers) {
        *detail = g_strdup_printf(_("nobody answers at '%s': the interface may be down in the "
                                    "guest, or have another address by now"),
                                  facts->address);
        *remedy = nmm_check_make_command("virsh", "-c", facts->uri, "console", facts->guest, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("the guest answers at '%s'"), facts->address);
    return NMM_CHECK_OK;
}

NmmCheckVerdict
nmm_check_judge_names(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->names) {
        *detail = g_strdup(_("the host does not find guests by name: install libnss-libvirt, and "
                             "add 'libvirt_guest' to the line 'hosts:' of /etc/nsswitch.conf"));
        *remedy = g_strdup("sed -i '/^hosts:/s/files/files libvirt_guest/' /etc/nsswitch.conf");
        return NMM_CHECK_HINT;
    }
    *detail = g_strdup(_("the host finds guests by name"));
    return NMM_CHECK_OK;
}

static void
finding_free(gpointer data)
{
    NmmCheckResult *finding = data;

    g_free(finding->detail);
    g_free(finding->remedy);
    g_free(finding);
}

/**
 * nmm_check_walk:
 * @facts: what is known
 *
 * A step may rely on all before it: the walk ends at the first link that does not hold, since what
 * comes after it could only mislead.
 *
 * Returns: (transfer full) (element-type NmmCheckResult): at least one.
 */
GPtrArray *
nmm_check_walk(const NmmCheckInput *facts)
{
    static const NmmCheckStep *const chains[] = {
        [NMM_MODE_ISOLATED] = nmm_check_isolated,
        [NMM_MODE_SHARE] = nmm_check_share,
        [NMM_MODE_MOVE] = nmm_check_move,
    };
    G_STATIC_ASSERT(G_N_ELEMENTS(chains) == _NMM_MODE_NUM);
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);

    for (const NmmCheckStep *step = chains[facts->mode]; step->id; step++) {
        NmmCheckResult *finding = g_new0(NmmCheckResult, 1);

        finding->step = step->id;
        finding->verdict = step->judge(facts, &finding->detail, &finding->remedy);
        g_ptr_array_add(findings, finding);
        if (finding->verdict >= NMM_CHECK_WAITING)
            break;
    }
    return findings;
}

/**
 * nmm_check_find_broken:
 * @findings: (element-type NmmCheckResult): of a walk
 *
 * Returns: (nullable) (transfer none): the broken link, which can only be the last.
 */
const NmmCheckResult *
nmm_check_find_broken(const GPtrArray *findings)
{
    const NmmCheckResult *last = g_ptr_array_index(findings, findings->len - 1);

    return last->verdict == NMM_CHECK_BROKEN ? last : NULL;
}

/**
 * nmm_check_find_end:
 * @findings: (element-type NmmCheckResult): of a walk
 *
 * Returns: (nullable) (transfer none): the last, where it is broken or is waited for
 */
const NmmCheckResult *
nmm_check_find_end(const GPtrArray *findings)
{
    const NmmCheckResult *last = g_ptr_array_index(findings, findings->len - 1);

    return last->verdict >= NMM_CHECK_WAITING ? last : NULL;
}

/**
 * nmm_check_verdict_to_string:
 * @verdict: a verdict
 *
 * Returns: its word in JSON, which stays the same.
 */
const char *
nmm_check_verdict_to_string(NmmCheckVerdict verdict)
{
    static const char *const words[] = {"ok", "hint", "waiting", "broken"};

    return words[verdict];
}
