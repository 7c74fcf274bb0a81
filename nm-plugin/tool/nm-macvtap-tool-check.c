/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap check: walks the chain from a guest to its host and names the first broken link.
 */

#include "config.h"

#include "nm-macvtap-commands.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-survey.h"

static const char *
get_mark(NMMacvtapChainVerdict verdict)
{
    switch (verdict) {
    case NM_MACVTAP_CHAIN_OK:
        return _("ok    ");
    case NM_MACVTAP_CHAIN_HINT:
        return _("hint  ");
    case NM_MACVTAP_CHAIN_WAITING:
        return _("wait  ");
    case NM_MACVTAP_CHAIN_BROKEN:
        return _("BROKEN");
    }
    g_return_val_if_reached("");
}

/**
 * nm_macvtap_check_format:
 * @facts: of the guest
 * @findings: (element-type NMMacvtapFinding): the chain
 *
 * Returns: (transfer full): the text of `nm-macvtap check`, each line with its end.
 */
char *
nm_macvtap_check_format(const NMMacvtapFacts *facts, const GPtrArray *findings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const NMMacvtapFinding *finding = g_ptr_array_index(findings, i);

        g_string_append_printf(text, "%s  %s\n", get_mark(finding->verdict), finding->detail);
        if (finding->remedy)
            g_string_append_printf(text, "        %s\n", finding->remedy);
    }
    if (!nm_macvtap_chain_find_end(findings) && facts->answers)
        g_string_append_printf(text,
                               _("The host reaches the guest '%s' at %s, and the guest reaches "
                                 "the host at %s.\n"),
                               facts->guest,
                               facts->address,
                               facts->host_address);
    return g_string_free(text, FALSE);
}

/**
 * nm_macvtap_check_to_json:
 * @facts: of the guest
 * @findings: (element-type NMMacvtapFinding): the chain
 *
 * Returns: (transfer full): the document of `nm-macvtap check --json`, see nm-macvtap(8).
 */
JsonObject *
nm_macvtap_check_to_json(const NMMacvtapFacts *facts, const GPtrArray *findings)
{
    JsonObject *json = json_object_new();
    JsonArray *steps = json_array_new();
    const NMMacvtapFinding *broken = nm_macvtap_chain_find_broken(findings);

    for (guint i = 0; i < findings->len; i++) {
        const NMMacvtapFinding *finding = g_ptr_array_index(findings, i);
        JsonObject *step = json_object_new();

        nm_macvtap_tool_set_string(step, "step", finding->step);
        nm_macvtap_tool_set_string(
            step, "verdict", nm_macvtap_chain_verdict_to_string(finding->verdict));
        nm_macvtap_tool_set_string(step, "detail", finding->detail);
        nm_macvtap_tool_set_string(step, "remedy", finding->remedy);
        json_array_add_object_element(steps, step);
    }
    nm_macvtap_tool_set_string(json, "guest", facts->guest);
    nm_macvtap_tool_set_string(json, "uuid", facts->guest_uuid);
    nm_macvtap_tool_set_string(json, "libvirt-uri", facts->uri);
    nm_macvtap_facts_to_json(facts, json);
    nm_macvtap_tool_set_string(json, "broken", broken ? broken->step : NULL);
    json_object_set_array_member(json, "steps", steps);
    return json;
}

/* Of a guest that several profiles serve, the one that is broken is what the user asks about. */
static const NMMacvtapFacts *
choose_facts(const GPtrArray *all_facts)
{
    for (guint i = 0; i < all_facts->len; i++) {
        const NMMacvtapFacts *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = nm_macvtap_chain_walk(facts);

        if (nm_macvtap_chain_find_broken(findings))
            return facts;
    }
    return g_ptr_array_index(all_facts, 0);
}

/* A guest that is not found may be at the libvirt that could not be asked. */
static gboolean
complain_of_hosts(const NMMacvtapWorld *world)
{
    gboolean complained = FALSE;

    for (guint i = 0; i < world->hosts->len; i++) {
        const NMMacvtapWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (!host->problem)
            continue;
        nm_macvtap_tool_complain(_("guests of '%s' are not known: %s"), host->uri, host->problem);
        complained = TRUE;
    }
    return complained;
}

static int
run(const char *name, gboolean json)
{
    g_autoptr(NMMacvtapWorld) world = nm_macvtap_world_new();
    g_autoptr(GPtrArray) all_facts = NULL;
    g_autoptr(GPtrArray) findings = NULL;
    g_autofree char *text = NULL;
    const NMMacvtapFacts *facts;

    nm_macvtap_world_add_used_hosts(world);
    all_facts = nm_macvtap_survey(world, name);
    if (all_facts->len == 0) {
        NMMacvtapFacts *nobody;

        if (complain_of_hosts(world))
            return NM_MACVTAP_EXIT_FAILED;
        nobody = g_new0(NMMacvtapFacts, 1);
        nobody->guest = g_strdup(name);
        g_ptr_array_add(all_facts, nobody);
    }
    facts = choose_facts(all_facts);
    findings = nm_macvtap_chain_walk(facts);
    if (json) {
        nm_macvtap_tool_print_json(nm_macvtap_check_to_json(facts, findings));
    } else {
        text = nm_macvtap_check_format(facts, findings);
        nm_macvtap_tool_print("%s", g_strchomp(text));
    }
    return nm_macvtap_chain_find_broken(findings) ? NM_MACVTAP_EXIT_PROBLEM : NM_MACVTAP_EXIT_OK;
}

const NMMacvtapCommand nm_macvtap_command_check = {
    .name = "check",
    .argument = "GUEST",
    .summary = N_("Find out why a guest and its host do not reach each other"),
    .run = run,
};
