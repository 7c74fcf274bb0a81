/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the firewall: firewalld's zone of the interface that the guests reach, and rules
 * that drop what passes it.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-steps.h"
#include "nmm-ruleset.h"

static const char *
get_device(const NmmCheckInput *input)
{
    return input->network.bridge ? input->network.bridge : input->link.name;
}

/* Zone */

static char *
make_zone_command(const NmmCheckInput *input)
{
    g_autofree char *zone = g_strdup_printf("--zone=%s", input->firewall.wanted_zone);
    g_autofree char *interface = g_strdup_printf("--change-interface=%s", get_device(input));

    return nmm_check_make_command("firewall-cmd", zone, interface, NULL);
}

NmmCheckResult *
nmm_check_evaluate_zone(const NmmCheckInput *input)
{
    const char *device = get_device(input);
    const char *zone = input->firewall.zone;
    const char *wanted = input->firewall.wanted_zone;

    if (input->firewall.zone_problem)
        return unknown(
            _("cannot read the firewalld zone of '%s': %s"), device, input->firewall.zone_problem);
    if (!input->firewall.firewalld)
        return ok(_("firewalld is not running, so '%s' needs no zone"), device);
    if (g_strcmp0(zone, wanted) == 0)
        return ok(_("'%s' is in firewalld's zone '%s'"), device, zone);
    if (zone && *zone)
        return broken(make_zone_command(input),
                      _("'%s' is in firewalld's zone '%s', but should be in '%s'"),
                      device,
                      zone,
                      wanted);
    return broken(make_zone_command(input),
                  _("'%s' is in no firewalld zone, but should be in '%s'"),
                  device,
                  wanted);
}

/* Rules */

typedef enum {
    IN,    /* from guests to the host */
    OUT,   /* from the host to guests */
    AMONG, /* among guests */
} Direction;

static NmmRulePath
make_path(const NmmCheckInput *input, Direction direction, const char *device)
{
    return (NmmRulePath){
        .in = direction == OUT ? NULL : device,
        .out = direction == IN ? NULL : device,
        .port = input->nic.plugged && input->network.bridge ? input->nic.target : NULL,
        .inet6 = input->inet6,
        .arp = !nmm_mode_get_info(input->profile.mode)->routes_guests && direction != AMONG,
    };
}

/* On the way of a packet, so that the first one that drops it comes first. */
static const struct {
    const char *hook;
    Direction direction;
} hooks[] = {
    {"ingress", IN},
    {"prerouting", IN},
    {"input", IN},
    {"output", OUT},
    {"postrouting", OUT},
    {"egress", OUT},
};

/* (transfer full): where the rules are that drop it */
static char *
describe_chain(const NmmRuleChain *chain)
{
    return g_strdup_printf("%s %s %s", chain->family, chain->table, chain->name);
}

static NmmCheckResult *
report(NmmCheckVerdict verdict,
       const NmmRuleFinding *finding,
       const NmmRulePath *path,
       const char *sentence)
{
    g_autofree char *rule = nmm_rule_finding_make_command(finding, path);
    g_autofree char *chain = describe_chain(finding->chain);

    return nmm_check_result_new(
        verdict,
        nmm_check_make_command("nft", rule, NULL),
        _("%s (chain '%s'); to keep the new rule after a reboot, add it to the configuration of the "
          "firewall"),
        sentence,
        chain);
}

/* Guests are LAN hosts: what the parent lets through, the host link must let through. */
static NmmCheckResult *
report_difference(const NmmCheckInput *input,
                  Direction direction,
                  const NmmRuleFinding *finding,
                  const NmmRulePath *path)
{
    gboolean refused =
        finding->is_certain && (!finding->rule || finding->rule->condition == NMM_RULE_ALWAYS);
    g_autofree char *sentence =
        direction == IN
            ? g_strdup_printf(_("traffic of guests arrives on '%s', where the firewall drops what "
                                "it accepts on '%s'"),
                              input->link.name,
                              input->link.parent)
            : g_strdup_printf(_("traffic to guests leaves on '%s', where the firewall drops what "
                                "it accepts on '%s'"),
                              input->link.name,
                              input->link.parent);

    return report(refused ? NMM_CHECK_BROKEN : NMM_CHECK_HINT, finding, path, sentence);
}

/* (nullable) */
static NmmCheckResult *
find_difference(const NmmCheckInput *input)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hooks); i++) {
        const NmmRulePath path = make_path(input, hooks[i].direction, input->link.name);
        const NmmRulePath like = make_path(input, hooks[i].direction, input->link.parent);
        NmmRuleFinding finding;

        if (nmm_ruleset_find_difference(
                input->firewall.rules, hooks[i].hook, &path, &like, &finding))
            return report_difference(input, hooks[i].direction, &finding, &path);
    }
    return NULL;
}

/* Includes ARP, because host and guest need it to find each other. */
static gboolean
is_below_ip(const NmmRuleFinding *finding)
{
    static const char *const families[] = {"arp", "bridge", "netdev", NULL};

    return g_strv_contains(families, finding->chain->family);
}

/* A firewall that refuses guests may be what the user wants; the host must reach them, and they
 * must get an address. */
static NmmCheckResult *
report_drop(const NmmCheckInput *input,
            Direction direction,
            const NmmRuleFinding *finding,
            const NmmRulePath *path)
{
    gboolean needed = direction == OUT || !input->address || is_below_ip(finding);
    g_autofree char *sentence =
        direction == IN
            ? g_strdup_printf(_("the firewall drops what guests send to the host on '%s'"),
                              path->in)
            : g_strdup_printf(_("the firewall drops what the host sends to guests on '%s'"),
                              path->out);

    return report(needed ? NMM_CHECK_BROKEN : NMM_CHECK_HINT, finding, path, sentence);
}

/* Packets on a bridge pass the bridge's rules, and those of IP if br_netfilter is loaded. */
static gboolean
is_among(const NmmCheckInput *input, const NmmRuleFinding *finding)
{
    const char *call =
        g_hash_table_lookup(input->switches.values, "net/bridge/bridge-nf-call-iptables");

    return is_below_ip(finding) || g_strcmp0(call, "1") == 0;
}

/* (nullable) */
static NmmCheckResult *
find_bridge_drop(const NmmCheckInput *input)
{
    const NmmRulePath path = make_path(input, AMONG, input->network.bridge);
    g_autofree char *sentence = NULL;
    NmmRuleFinding finding;

    if (input->network.guests_isolated ||
        !nmm_ruleset_find_drop(input->firewall.rules, "forward", &path, &finding) ||
        !is_among(input, &finding))
        return NULL;
    sentence =
        g_strdup_printf(_("the firewall drops what guests send to each other on '%s'"), path.in);
    return report(NMM_CHECK_HINT, &finding, &path, sentence);
}

/* (nullable) */
static NmmCheckResult *
find_drop(const NmmCheckInput *input)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hooks); i++) {
        const NmmRulePath path = make_path(input, hooks[i].direction, input->network.bridge);
        NmmRuleFinding finding;

        if (nmm_ruleset_find_drop(input->firewall.rules, hooks[i].hook, &path, &finding))
            return report_drop(input, hooks[i].direction, &finding, &path);
    }
    return find_bridge_drop(input);
}

NmmCheckResult *
nmm_check_evaluate_rules(const NmmCheckInput *input)
{
    gboolean has_network = nmm_mode_get_info(input->profile.mode)->has_network;
    NmmCheckResult *result;

    if (input->firewall.rules_denied)
        return hint(NULL, "%s", input->firewall.rules_problem);
    if (input->firewall.rules_problem)
        return unknown("%s", input->firewall.rules_problem);
    if (!input->firewall.rules)
        return unknown(_("the rules of the firewall were not read"));
    result = has_network ? find_drop(input) : find_difference(input);
    if (result)
        return result;
    if (input->firewall.legacy_rules)
        return unknown(_("cannot evaluate the rules of iptables-legacy; no other rule drops "
                         "the traffic on '%s'"),
                       get_device(input));
    return ok(_("no rule of the firewall drops all traffic on '%s'"), get_device(input));
}
