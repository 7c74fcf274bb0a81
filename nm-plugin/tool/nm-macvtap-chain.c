/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why can the guest and its host not reach each other? One row of a table for each link of the
 * chain, in the order in which a packet's way is built. Decides from facts alone; asks nobody.
 */

#include "config.h"

#include "nm-macvtap-chain.h"

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
static char *
make_command(const char *word, ...)
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

static NMMacvtapVerdict
judge_guest(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->exists) {
        *detail = g_strdup_printf(_("libvirt knows no guest '%s'"), facts->guest);
        *remedy = g_strdup("virsh -c qemu:///system list --all");
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("the guest exists (%s)"), facts->uri);
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_macvtap(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->is_macvtap) {
        *detail =
            g_strdup(_("it has no macvtap interface, so no profile has anything to do for it"));
        *remedy = make_command("virsh", "-c", facts->uri, "domiflist", facts->guest, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    if (facts->lower)
        *detail = g_strdup_printf(_("it is attached with macvtap to '%s', mode '%s'"),
                                  facts->lower,
                                  facts->macvtap_mode ? facts->macvtap_mode : "vepa");
    else
        *detail = g_strdup(_("it is attached with macvtap through a libvirt network"));
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_profile(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->nm_answers) {
        *detail = g_strdup(_("NetworkManager does not answer, so no profile can be active"));
        *remedy = g_strdup("systemctl start NetworkManager");
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    if (!facts->profile) {
        *detail = g_strdup(_("no profile of mode 'isolated' selects it"));
        *remedy = g_strdup("nmcli connection add type vpn vpn-type macvtap con-name guests");
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    if (!facts->profile_active) {
        *detail =
            g_strdup_printf(_("the profile '%s' selects it, but is not active"), facts->profile);
        *remedy = make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("the profile '%s' selects it and is active"), facts->profile);
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_definition(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (facts->transient) {
        *detail = g_strdup(_("it has no persistent definition, only the running guest counts"));
        return NM_MACVTAP_VERDICT_OK;
    }
    if (!facts->in_definition) {
        *detail = g_strdup_printf(_("its definition has no interface on the network '%s'; the "
                                    "journal tells why the profile could not add one"),
                                  facts->network);
        *remedy = g_strdup("journalctl -t nm-macvtap-service");
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("its definition has an interface on the network '%s' (%s)"),
                              facts->network,
                              facts->mac ? facts->mac : "?");
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_running(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->running) {
        *detail = g_strdup(_("the guest is shut off"));
        *remedy = make_command("virsh", "-c", facts->uri, "start", facts->guest, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup(_("the guest is running"));
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_plugged(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->plugged) {
        *detail = g_strdup(_("the running guest does not have that interface: it needs a restart "
                             "(shut it down, then start it; a reboot is not enough)"));
        *remedy = make_command("virsh", "-c", facts->uri, "shutdown", facts->guest, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup(_("the running guest has that interface"));
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_link(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (facts->link_down) {
        *detail = g_strdup(_("the interface's cable is unplugged (link state down)"));
        *remedy = make_command("virsh",
                               "-c",
                               facts->uri,
                               "domif-setlink",
                               facts->guest,
                               facts->mac ? facts->mac : "MAC",
                               "up",
                               NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup(_("its link is up"));
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_network(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->network_exists) {
        *detail = g_strdup_printf(_("there is no libvirt network '%s'"), facts->network);
        *remedy = make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    if (!facts->network_active) {
        *detail = g_strdup_printf(_("the network '%s' is not active"), facts->network);
        *remedy = make_command("virsh", "-c", facts->uri, "net-start", facts->network, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("the network '%s' is active"), facts->network);
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_bridge(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->bridge || !facts->host_address) {
        *detail = g_strdup_printf(_("the network '%s' gives the host no address"), facts->network);
        *remedy = make_command("virsh", "-c", facts->uri, "net-edit", facts->network, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    if (!facts->bridge_up) {
        *detail = g_strdup_printf(_("the bridge '%s' is missing or down"), facts->bridge);
        *remedy = make_command("ip", "link", "set", facts->bridge, "up", NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    if (!facts->bridge_has_address) {
        *detail = g_strdup_printf(_("the bridge '%s' has lost the host's address '%s'"),
                                  facts->bridge,
                                  facts->host_address);
        *remedy =
            make_command("ip", "address", "add", facts->host_address, "dev", facts->bridge, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(
        _("the bridge '%s' has the host's address '%s'"), facts->bridge, facts->host_address);
    return NM_MACVTAP_VERDICT_OK;
}

static char *
make_firewall_command(const NMMacvtapFacts *facts)
{
    g_autofree char *zone = g_strdup_printf("--zone=%s", facts->wanted_zone);
    g_autofree char *interface = g_strdup_printf("--change-interface=%s", facts->bridge);

    return make_command("firewall-cmd", zone, interface, NULL);
}

static NMMacvtapVerdict
judge_firewall(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->firewalld) {
        *detail = g_strdup(_("firewalld does not run, there is no zone to be in"));
        return NM_MACVTAP_VERDICT_OK;
    }
    if (g_strcmp0(facts->zone, facts->wanted_zone) != 0) {
        *detail = *facts->zone
                      ? g_strdup_printf(_("the bridge is in firewalld's zone '%s', not in '%s'"),
                                        facts->zone,
                                        facts->wanted_zone)
                      : g_strdup_printf(_("the bridge is in no zone of firewalld, not in '%s'"),
                                        facts->wanted_zone);
        *remedy = make_firewall_command(facts);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("the bridge is in firewalld's zone '%s'"), facts->zone);
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_address(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->address) {
        if (facts->has_dhcp)
            *detail = g_strdup_printf(_("the guest has asked for no address on the interface with "
                                        "MAC '%s': turn on DHCP for it in the guest"),
                                      facts->mac ? facts->mac : "?");
        else
            *detail = g_strdup_printf(_("the network gives no addresses, and none is known of the "
                                        "interface with MAC '%s': set one in the guest"),
                                      facts->mac ? facts->mac : "?");
        *remedy = make_command("virsh", "-c", facts->uri, "console", facts->guest, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("its address there is '%s'"), facts->address);
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_neighbour(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->answers) {
        *detail = g_strdup_printf(_("nobody answers at '%s': the interface may be down in the "
                                    "guest, or have another address by now"),
                                  facts->address);
        *remedy = make_command("virsh", "-c", facts->uri, "console", facts->guest, NULL);
        return NM_MACVTAP_VERDICT_BROKEN;
    }
    *detail = g_strdup_printf(_("the guest answers at '%s'"), facts->address);
    return NM_MACVTAP_VERDICT_OK;
}

static NMMacvtapVerdict
judge_names(const NMMacvtapFacts *facts, char **detail, char **remedy)
{
    if (!facts->names) {
        *detail = g_strdup(_("the host does not find guests by name: install libnss-libvirt, and "
                             "add 'libvirt_guest' to the line 'hosts:' of /etc/nsswitch.conf"));
        *remedy = g_strdup("sed -i '/^hosts:/s/files/files libvirt_guest/' /etc/nsswitch.conf");
        return NM_MACVTAP_VERDICT_HINT;
    }
    *detail = g_strdup(_("the host finds guests by name"));
    return NM_MACVTAP_VERDICT_OK;
}

typedef struct {
    const char *id;
    NMMacvtapVerdict (*judge)(const NMMacvtapFacts *facts, char **detail, char **remedy);
} Step;

static const Step steps[] = {
    {"guest", judge_guest},
    {"macvtap", judge_macvtap},
    {"profile", judge_profile},
    {"definition", judge_definition},
    {"running", judge_running},
    {"plugged", judge_plugged},
    {"link", judge_link},
    {"network", judge_network},
    {"bridge", judge_bridge},
    {"firewall", judge_firewall},
    {"address", judge_address},
    {"neighbour", judge_neighbour},
    {"names", judge_names},
};

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
 * A step may rely on all before it: the walk ends at the first broken link, since what comes after
 * it could only mislead.
 *
 * Returns: (transfer full) (element-type NMMacvtapFinding): at least one.
 */
GPtrArray *
nm_macvtap_chain_walk(const NMMacvtapFacts *facts)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        NMMacvtapFinding *finding = g_new0(NMMacvtapFinding, 1);

        finding->step = steps[i].id;
        finding->verdict = steps[i].judge(facts, &finding->detail, &finding->remedy);
        g_ptr_array_add(findings, finding);
        if (finding->verdict == NM_MACVTAP_VERDICT_BROKEN)
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

    return last->verdict == NM_MACVTAP_VERDICT_BROKEN ? last : NULL;
}

/**
 * nm_macvtap_verdict_to_string:
 * @verdict: a verdict
 *
 * Returns: its word in JSON, which stays the same.
 */
const char *
nm_macvtap_verdict_to_string(NMMacvtapVerdict verdict)
{
    static const char *const words[] = {"ok", "hint", "broken"};

    return words[verdict];
}

/**
 * nm_macvtap_facts_needs_restart:
 * @facts: what is known of a guest
 *
 * Returns: whether only a restart gives the guest the interface that its definition has.
 */
gboolean
nm_macvtap_facts_needs_restart(const NMMacvtapFacts *facts)
{
    return facts->running && facts->in_definition && !facts->plugged;
}

/**
 * nm_macvtap_facts_free:
 * @facts: (nullable): the facts
 */
void
nm_macvtap_facts_free(NMMacvtapFacts *facts)
{
    if (!facts)
        return;
    g_free(facts->guest);
    g_free(facts->guest_uuid);
    g_free(facts->uri);
    g_free(facts->lower);
    g_free(facts->macvtap_mode);
    g_free(facts->profile);
    g_free(facts->network);
    g_free(facts->mac);
    g_free(facts->alias);
    g_free(facts->target);
    g_free(facts->bridge);
    g_free(facts->host_address);
    g_free(facts->zone);
    g_free(facts->wanted_zone);
    g_free(facts->address);
    g_free(facts);
}
