/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap check: walks the chain from a guest to its host and names the first broken link.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-collect.h"

static const char *
get_mark(NmmCheckVerdict verdict)
{
    switch (verdict) {
    case NMM_CHECK_OK:
        return _("ok    ");
    case NMM_CHECK_HINT:
        return _("hint  ");
    case NMM_CHECK_WAITING:
        return _("wait  ");
    case NMM_CHECK_BROKEN:
        return _("BROKEN");
    }
    g_return_val_if_reached("");
}

/**
 * nmm_check_format:
 * @facts: of the guest
 * @findings: (element-type NmmCheckResult): the chain
 *
 * Returns: (transfer full): the text of `nm-macvtap check`, each line with its end.
 */
char *
nmm_check_format(const NmmCheckInput *facts, const GPtrArray *findings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const NmmCheckResult *finding = g_ptr_array_index(findings, i);

        g_string_append_printf(text, "%s  %s\n", get_mark(finding->verdict), finding->detail);
        if (finding->remedy)
            g_string_append_printf(text, "        %s\n", finding->remedy);
    }
    if (!nmm_check_find_end(findings) && facts->answers)
        g_string_append_printf(text,
                               _("The host reaches the guest '%s' at %s, and the guest reaches "
                                 "the host at %s.\n"),
                               facts->guest,
                               facts->address,
                               facts->host_address);
    return g_string_free(text, FALSE);
}

/**
 * nmm_check_to_json:
 * @facts: of the guest
 * @findings: (element-type NmmCheckResult): the chain
 *
 * Returns: (transfer full): the document of `nm-macvtap check --json`, see nm-macvtap(8).
 */
JsonObject *
nmm_check_to_json(const NmmCheckInput *facts, const GPtrArray *findings)
{
    JsonObject *json = json_object_new();
    JsonArray *steps = json_array_new();
    const NmmCheckResult *broken = nmm_check_find_broken(findings);

    for (guint i = 0; i < findings->len; i++) {
        const NmmCheckResult *finding = g_ptr_array_index(findings, i);
        JsonObject *step = json_object_new();

        nmm_tool_set_string(step, "step", finding->step);
        nmm_tool_set_string(step, "verdict", nmm_check_verdict_to_string(finding->verdict));
        nmm_tool_set_string(step, "detail", finding->detail);
        nmm_tool_set_string(step, "remedy", finding->remedy);
        json_array_add_object_element(steps, step);
    }
    nmm_tool_set_string(json, "guest", facts->guest);
    nmm_tool_set_string(json, "uuid", facts->guest_uuid);
    nmm_tool_set_string(json, "libvirt-uri", facts->uri);
    nmm_check_input_to_json(facts, json);
    nmm_tool_set_string(json, "broken", broken ? broken->step : NULL);
    json_object_set_array_member(json, "steps", steps);
    return json;
}

/* Of a guest that several profiles serve, the one that is broken is what the user asks about. */
static const NmmCheckInput *
choose_facts(const GPtrArray *all_facts)
{
    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = nmm_check_walk(facts);

        if (nmm_check_find_broken(findings))
            return facts;
    }
    return g_ptr_array_index(all_facts, 0);
}

/* A guest that is not found may be at the libvirt that could not be asked. */
static gboolean
complain_of_hosts(const NmmWorld *world)
{
    gboolean complained = FALSE;

    for (guint i = 0; i < world->hosts->len; i++) {
        const NmmWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (!host->problem)
            continue;
        nmm_tool_complain(_("guests of '%s' are not known: %s"), host->uri, host->problem);
        complained = TRUE;
    }
    return complained;
}

static int
run(const char *name, gboolean json)
{
    g_autoptr(NmmWorld) world = nmm_world_new();
    g_autoptr(GPtrArray) all_facts = NULL;
    g_autoptr(GPtrArray) findings = NULL;
    g_autofree char *text = NULL;
    const NmmCheckInput *facts;

    nmm_world_add_used_hosts(world);
    all_facts = nmm_survey(world, name);
    if (all_facts->len == 0) {
        NmmCheckInput *nobody;

        if (complain_of_hosts(world))
            return NMM_EXIT_FAILED;
        nobody = g_new0(NmmCheckInput, 1);
        nobody->guest = g_strdup(name);
        g_ptr_array_add(all_facts, nobody);
    }
    facts = choose_facts(all_facts);
    findings = nmm_check_walk(facts);
    if (json) {
        nmm_tool_print_json(nmm_check_to_json(facts, findings));
    } else {
        text = nmm_check_format(facts, findings);
        nmm_tool_print("%s", g_strchomp(text));
    }
    return nmm_check_find_broken(findings) ? NMM_EXIT_PROBLEM : NMM_EXIT_OK;
}

const NmmCommand nmm_command_check = {
    .name = "check",
    .argument = "GUEST",
    .summary = N_("Find out why a guest and its host do not reach each other"),
    .run = run,
};
