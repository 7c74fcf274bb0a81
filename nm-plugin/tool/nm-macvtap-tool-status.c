/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap status: the profiles, and for every macvtap guest whether the host reaches it. Works
 * with half of it missing, and says which half.
 */

#include "config.h"

#include "nm-macvtap-commands.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-survey.h"
#include "nm-macvtap-table.h"

/* (nullable) (transfer full): the host's on the profile's network, with prefix. */
static char *
get_host_address(const NMMacvtapNetwork *network)
{
    const NMMacvtapCidr *address =
        network ? nm_macvtap_network_get_address(network, G_SOCKET_FAMILY_IPV4) : NULL;

    return address ? nm_macvtap_cidr_to_string(address) : NULL;
}

static char *
format_profiles(const NMMacvtapWorld *world)
{
    const char *titles[] = {
        _("PROFILE"), _("MODE"), _("STATE"), _("NETWORK"), _("BRIDGE"), _("HOST ADDRESS"), NULL};
    g_autoptr(NMMacvtapTable) table = nm_macvtap_table_new(titles);

    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *profile = g_ptr_array_index(world->profiles, i);
        const NMMacvtapProfile *p = profile->profile;
        const NMMacvtapNetwork *network = p ? nm_macvtap_world_find_network(world, p) : NULL;
        g_autofree char *address = get_host_address(network);
        const char *cells[] = {
            profile->id,
            p ? nm_macvtap_mode_to_string(p->mode) : NULL,
            profile->state,
            p && p->mode == NM_MACVTAP_MODE_ISOLATED ? p->network : NULL,
            network ? network->bridge : NULL,
            address,
        };

        nm_macvtap_table_add(table, cells);
    }
    return nm_macvtap_table_to_string(table);
}

static const char *
describe_reachable(const NMMacvtapFacts *facts)
{
    if (facts->answers)
        return _("yes");
    if (!facts->running)
        return _("shut off");
    if (nm_macvtap_facts_needs_restart(facts))
        return _("needs a restart");
    return _("no");
}

static char *
format_guests(const GPtrArray *all_facts)
{
    const char *titles[] = {_("GUEST"),
                            _("PROFILE"),
                            _("NETWORK"),
                            _("NIC"),
                            _("MAC"),
                            _("ADDRESS"),
                            _("REACHABLE"),
                            NULL};
    g_autoptr(NMMacvtapTable) table = nm_macvtap_table_new(titles);

    for (guint i = 0; i < all_facts->len; i++) {
        const NMMacvtapFacts *facts = g_ptr_array_index(all_facts, i);
        const char *cells[] = {
            facts->guest,
            facts->profile,
            facts->network,
            facts->target,
            facts->mac,
            facts->address,
            describe_reachable(facts),
        };

        nm_macvtap_table_add(table, cells);
    }
    return nm_macvtap_table_to_string(table);
}

static void
append_reasons(GString *text, const GPtrArray *all_facts)
{
    for (guint i = 0; i < all_facts->len; i++) {
        const NMMacvtapFacts *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = NULL;
        const NMMacvtapFinding *broken;

        if (facts->answers || !facts->running)
            continue;
        findings = nm_macvtap_chain_walk(facts);
        broken = nm_macvtap_chain_find_broken(findings);
        if (broken)
            g_string_append_printf(text, _("Guest '%s': %s.\n"), facts->guest, broken->detail);
    }
}

static void
append_problems(GString *text, const NMMacvtapWorld *world)
{
    if (world->nm_problem)
        g_string_append_printf(text, _("Profiles are not known: %s.\n"), world->nm_problem);
    if (world->config_problem)
        g_string_append_printf(text, _("Configuration: %s.\n"), world->config_problem);
    for (guint i = 0; i < world->hosts->len; i++) {
        const NMMacvtapWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (host->problem)
            g_string_append_printf(
                text, _("Guests of '%s' are not known: %s.\n"), host->uri, host->problem);
    }
    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        if (profile->problem)
            g_string_append_printf(
                text, _("Profile '%s' is not valid: %s.\n"), profile->id, profile->problem);
    }
}

/**
 * nm_macvtap_status_format:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NMMacvtapFacts): of every macvtap guest
 *
 * Returns: (transfer full): the text of `nm-macvtap status`, each line with its end.
 */
char *
nm_macvtap_status_format(const NMMacvtapWorld *world, const GPtrArray *facts)
{
    GString *text = g_string_new(NULL);

    if (world->profiles->len > 0) {
        g_autofree char *profiles = format_profiles(world);

        g_string_append(text, profiles);
    } else if (!world->nm_problem) {
        g_string_append(text, _("There is no profile of type macvtap.\n"));
    }
    g_string_append_c(text, '\n');
    if (facts->len > 0) {
        g_autofree char *guests = format_guests(facts);

        g_string_append(text, guests);
    } else {
        g_string_append(text, _("No guest with a macvtap interface was found.\n"));
    }
    g_string_append_c(text, '\n');
    append_problems(text, world);
    append_reasons(text, facts);
    while (text->len > 1 && text->str[text->len - 2] == '\n')
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

static JsonObject *
profile_to_json(const NMMacvtapWorld *world, const NMMacvtapWorldProfile *profile)
{
    JsonObject *json = json_object_new();
    const NMMacvtapProfile *p = profile->profile;
    const NMMacvtapNetwork *network = p ? nm_macvtap_world_find_network(world, p) : NULL;
    g_autofree char *address = get_host_address(network);

    nm_macvtap_tool_set_string(json, "id", profile->id);
    nm_macvtap_tool_set_string(json, "uuid", profile->uuid);
    nm_macvtap_tool_set_string(json, "mode", p ? nm_macvtap_mode_to_string(p->mode) : NULL);
    nm_macvtap_tool_set_string(json, "state", profile->state);
    nm_macvtap_tool_set_string(json, "libvirt-uri", p ? p->libvirt_uri : NULL);
    nm_macvtap_tool_set_string(
        json, "network", p && p->mode == NM_MACVTAP_MODE_ISOLATED ? p->network : NULL);
    nm_macvtap_tool_set_string(json, "bridge", network ? network->bridge : NULL);
    nm_macvtap_tool_set_string(json, "host-address", address);
    nm_macvtap_tool_set_string(json, "problem", profile->problem);
    return json;
}

static JsonObject *
guest_to_json(const NMMacvtapFacts *facts)
{
    JsonObject *json = json_object_new();
    g_autoptr(GPtrArray) findings = nm_macvtap_chain_walk(facts);
    const NMMacvtapFinding *broken = facts->answers ? NULL : nm_macvtap_chain_find_broken(findings);

    nm_macvtap_tool_set_string(json, "name", facts->guest);
    nm_macvtap_tool_set_string(json, "uuid", facts->guest_uuid);
    nm_macvtap_tool_set_string(json, "libvirt-uri", facts->uri);
    json_object_set_boolean_member(json, "running", facts->running);
    nm_macvtap_tool_set_string(json, "profile", facts->profile);
    nm_macvtap_tool_set_string(json, "network", facts->network);
    nm_macvtap_tool_set_string(json, "nic", facts->target);
    nm_macvtap_tool_set_string(json, "mac", facts->mac);
    nm_macvtap_tool_set_string(json, "alias", facts->alias);
    nm_macvtap_tool_set_string(json, "address", facts->address);
    json_object_set_boolean_member(json, "reachable", facts->answers);
    json_object_set_boolean_member(json, "needs-restart", nm_macvtap_facts_needs_restart(facts));
    nm_macvtap_tool_set_string(json, "broken", broken ? broken->step : NULL);
    nm_macvtap_tool_set_string(json, "reason", broken ? broken->detail : NULL);
    return json;
}

static JsonArray *
hosts_to_json(const NMMacvtapWorld *world)
{
    JsonArray *hosts = json_array_new();

    for (guint i = 0; i < world->hosts->len; i++) {
        const NMMacvtapWorldHost *host = g_ptr_array_index(world->hosts, i);
        JsonObject *json = json_object_new();

        nm_macvtap_tool_set_string(json, "uri", host->uri);
        nm_macvtap_tool_set_string(json, "problem", host->problem);
        json_array_add_object_element(hosts, json);
    }
    return hosts;
}

/**
 * nm_macvtap_status_to_json:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NMMacvtapFacts): of every macvtap guest
 *
 * Returns: (transfer full): the document of `nm-macvtap status --json`, see nm-macvtap(8).
 */
JsonObject *
nm_macvtap_status_to_json(const NMMacvtapWorld *world, const GPtrArray *facts)
{
    JsonObject *json = json_object_new();
    JsonArray *profiles = json_array_new();
    JsonArray *guests = json_array_new();

    for (guint i = 0; i < world->profiles->len; i++)
        json_array_add_object_element(
            profiles, profile_to_json(world, g_ptr_array_index(world->profiles, i)));
    for (guint i = 0; i < facts->len; i++)
        json_array_add_object_element(guests, guest_to_json(g_ptr_array_index(facts, i)));
    nm_macvtap_tool_set_string(json, "networkmanager-problem", world->nm_problem);
    nm_macvtap_tool_set_string(json, "configuration-problem", world->config_problem);
    json_object_set_array_member(json, "libvirt", hosts_to_json(world));
    json_object_set_array_member(json, "profiles", profiles);
    json_object_set_array_member(json, "guests", guests);
    return json;
}

/**
 * nm_macvtap_status_judge:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NMMacvtapFacts): of every macvtap guest
 *
 * A guest is a problem where an active profile promises that it is reachable, it runs, and is not.
 *
 * Returns: the exit code.
 */
NMMacvtapExit
nm_macvtap_status_judge(const NMMacvtapWorld *world, const GPtrArray *facts)
{
    if (world->nm_problem || world->config_problem)
        return NM_MACVTAP_EXIT_FAILED;
    for (guint i = 0; i < world->hosts->len; i++) {
        const NMMacvtapWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (host->problem)
            return NM_MACVTAP_EXIT_FAILED;
    }
    for (guint i = 0; i < facts->len; i++) {
        const NMMacvtapFacts *f = g_ptr_array_index(facts, i);

        if (f->profile_active && f->running && !f->answers)
            return NM_MACVTAP_EXIT_PROBLEM;
    }
    return NM_MACVTAP_EXIT_OK;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NMMacvtapWorld) world = nm_macvtap_world_new();
    g_autoptr(GPtrArray) facts = NULL;
    g_autofree char *text = NULL;

    nm_macvtap_world_add_used_hosts(world);
    facts = nm_macvtap_survey(world, NULL);
    if (json) {
        nm_macvtap_tool_print_json(nm_macvtap_status_to_json(world, facts));
    } else {
        text = nm_macvtap_status_format(world, facts);
        nm_macvtap_tool_print("%s", g_strchomp(text));
    }
    return nm_macvtap_status_judge(world, facts);
}

const NMMacvtapCommand nm_macvtap_command_status = {
    .name = "status",
    .summary = N_("Show profiles, and which guests the host reaches"),
    .run = run,
};
