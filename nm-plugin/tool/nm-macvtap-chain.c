/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why can the guest and its host not reach each other? One table for each mode, with a row for each
 * link of the chain, in the order in which a packet's way is built; here the walk, and what all
 * modes are judged by. Decides from facts alone; asks nobody.
 */

#include "config.h"

#include "nm-macvtap-chain-private.h"

#include <glib/gi18n-lib.h>

/**
 * nm_macvtap_chain_quote:
 * @word: any text
 *
 * Returns: (transfer full): @word for a command that a person copies into a shell.
 */
char *
nm_macvtap_chain_quote(const char *word)
{
    gsize plain = strspn(word,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "+,-./:=@_");

    return *word && !word[plain] ? g_strdup(word) : g_shell_quote(word);
}

/* A command line of the given words, ended by NULL, quoted where the shell needs it. */
char *
nm_macvtap_chain_make_command(const char *word, ...)
{
    GString *command = g_string_new(NULL);
    va_list words;

    va_start(words, word);
    for (; word; word = va_arg(words, const char *)) {
        g_autofree char *quoted = nm_macvtap_chain_quote(word);

        g_string_append_printf(command, "%s%s", command->len > 0 ? " " : "", quoted);
    }
    va_end(words);
    return g_string_free(command, FALSE);
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_guest(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->exists) {
        *detail = g_strdup_printf(_("libvirt knows no guest '%s'"), facts->guest);
        *remedy = g_strdup("virsh -c qemu:///system list --all");
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    *detail = g_strdup_printf(_("the guest exists (%s)"), facts->uri);
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_macvtap(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->is_macvtap) {
        *detail =
            g_strdup(_("it has no macvtap interface, so no profile has anything to do for it"));
        *remedy = nm_macvtap_chain_make_command(
            "virsh", "-c", facts->uri, "domiflist", facts->guest, NULL);
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    if (facts->lower)
        *detail = g_strdup_printf(_("it is attached with macvtap to '%s', mode '%s'"),
                                  facts->lower,
                                  facts->macvtap_mode ? facts->macvtap_mode : "vepa");
    else
        *detail = g_strdup(_("it is attached with macvtap through a libvirt network"));
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_profile(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->nm_answers) {
        *detail = g_strdup(_("NetworkManager does not answer, so no profile can be active"));
        *remedy = g_strdup("systemctl start NetworkManager");
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    if (!facts->profile) {
        *detail = g_strdup(_("no profile selects it"));
        *remedy = g_strdup("nmcli connection add type vpn vpn-type macvtap con-name guests");
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    if (!facts->profile_active && facts->bridge_left) {
        *detail = g_strdup_printf(_("the profile '%s' selects it, but is not active, and its "
                                    "network cannot start: the bridge '%s' was left behind"),
                                  facts->profile,
                                  facts->bridge);
        *remedy = g_strdup("nm-macvtap cleanup");
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    if (!facts->profile_active) {
        *detail =
            g_strdup_printf(_("the profile '%s' selects it, but is not active"), facts->profile);
        *remedy = nm_macvtap_chain_make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    *detail = g_strdup_printf(_("the profile '%s' selects it and is active"), facts->profile);
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_running(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->running) {
        *detail = g_strdup(_("the guest is shut off"));
        *remedy =
            nm_macvtap_chain_make_command("virsh", "-c", facts->uri, "start", facts->guest, NULL);
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    *detail = g_strdup(_("the guest is running"));
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_plugged(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->plugged) {
        *detail = g_strdup(_("the running guest does not have that interface: it needs a restart "
                             "(shut it down, then start it; a reboot is not enough)"));
        *remedy = nm_macvtap_chain_make_command(
            "virsh", "-c", facts->uri, "shutdown", facts->guest, NULL);
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    *detail = g_strdup(_("the running guest has that interface"));
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_link(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (facts->link_down) {
        *detail = g_strdup(_("the interface's cable is unplugged (link state down)"));
        *remedy = nm_macvtap_chain_make_command("virsh",
                                                "-c",
                                                facts->uri,
                                                "domif-setlink",
                                                facts->guest,
                                                facts->mac ? facts->mac : "MAC",
                                                "up",
                                                NULL);
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    *detail = g_strdup(_("its link is up"));
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_neighbour(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->answers && facts->unasked) {
        *detail = g_strdup_printf(
            _("its route is there, but only root can ask whether it answers at '%s'"),
            facts->address);
        return NM_MACVTAP_CHAIN_HINT;
    }
    if (!facts->answers) {
        *detail = g_strdup_printf(_("nobody answers at '%s': the interface may be down in the "
                                    "guest, or have another address by now"),
                                  facts->address);
        *remedy =
            nm_macvtap_chain_make_command("virsh", "-c", facts->uri, "console", facts->guest, NULL);
        return NM_MACVTAP_CHAIN_BROKEN;
    }
    *detail = g_strdup_printf(_("the guest answers at '%s'"), facts->address);
    return NM_MACVTAP_CHAIN_OK;
}

NMMacvtapChainVerdict
nm_macvtap_chain_judge_names(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->names) {
        *detail = g_strdup(_("the host does not find guests by name: install libnss-libvirt, and "
                             "add 'libvirt_guest' to the line 'hosts:' of /etc/nsswitch.conf"));
        *remedy = g_strdup("sed -i '/^hosts:/s/files/files libvirt_guest/' /etc/nsswitch.conf");
        return NM_MACVTAP_CHAIN_HINT;
    }
    *detail = g_strdup(_("the host finds guests by name"));
    return NM_MACVTAP_CHAIN_OK;
}

static void
finding_free(gpointer data)
{
    NMMacvtapFinding *finding = data;

    g_free(finding->detail);
    g_free(finding->remedy);
    g_free(finding);
}

/**
 * nm_macvtap_chain_walk:
 * @facts: what is known
 *
 * A step may rely on all before it: the walk ends at the first link that does not hold, since what
 * comes after it could only mislead.
 *
 * Returns: (transfer full) (element-type NMMacvtapFinding): at least one.
 */
GPtrArray *
nm_macvtap_chain_walk(const NMMacvtapFacts *facts)
{
    static const NMMacvtapStep *const chains[] = {
        [NM_MACVTAP_MODE_ISOLATED] = nm_macvtap_chain_isolated,
        [NM_MACVTAP_MODE_SHARE] = nm_macvtap_chain_share,
        [NM_MACVTAP_MODE_MOVE] = nm_macvtap_chain_move,
    };
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);

    for (const NMMacvtapStep *step = chains[facts->mode]; step->id; step++) {
        NMMacvtapFinding *finding = g_new0(NMMacvtapFinding, 1);

        finding->step = step->id;
        finding->verdict = step->judge(facts, &finding->detail, &finding->remedy);
        g_ptr_array_add(findings, finding);
        if (finding->verdict >= NM_MACVTAP_CHAIN_WAITING)
            break;
    }
    return findings;
}

/**
 * nm_macvtap_chain_find_broken:
 * @findings: (element-type NMMacvtapFinding): of a walk
 *
 * Returns: (nullable) (transfer none): the broken link, which can only be the last.
 */
const NMMacvtapFinding *
nm_macvtap_chain_find_broken(const GPtrArray *findings)
{
    const NMMacvtapFinding *last = g_ptr_array_index(findings, findings->len - 1);

    return last->verdict == NM_MACVTAP_CHAIN_BROKEN ? last : NULL;
}

/**
 * nm_macvtap_chain_find_end:
 * @findings: (element-type NMMacvtapFinding): of a walk
 *
 * Returns: (nullable) (transfer none): the last, where it is broken or is waited for
 */
const NMMacvtapFinding *
nm_macvtap_chain_find_end(const GPtrArray *findings)
{
    const NMMacvtapFinding *last = g_ptr_array_index(findings, findings->len - 1);

    return last->verdict >= NM_MACVTAP_CHAIN_WAITING ? last : NULL;
}

/**
 * nm_macvtap_chain_verdict_to_string:
 * @verdict: a verdict
 *
 * Returns: its word in JSON, which stays the same.
 */
const char *
nm_macvtap_chain_verdict_to_string(NMMacvtapChainVerdict verdict)
{
    static const char *const words[] = {"ok", "hint", "waiting", "broken"};

    return words[verdict];
}
