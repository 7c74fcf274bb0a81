/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap status: the profiles, and for every macvtap guest whether the host reaches it. Works
 * with half of it missing, and says which half.
 */

#include "config.h"

#include "nm-macvtap-commands.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-served.h"
#include "nm-macvtap-survey.h"
#include "nm-macvtap-table.h"

static char *
get_host_address(const NMMacvtapWorld *world, const NMMacvtapWorldProfile *profile)
{
    const NMMacvtapCidr *address = nm_macvtap_world_get_host_address(world, profile);

    return address ? nm_macvtap_cidr_to_string(address) : NULL;
}

/* (nullable): what the profile's guests and the host meet on: a bridge, or the host link. */
static const char *
get_device(const NMMacvtapWorld *world, const NMMacvtapWorldProfile *profile)
{
    const NMMacvtapNetwork *network =
        profile->profile ? nm_macvtap_world_find_network(world, profile->profile) : NULL;

    return network ? network->bridge : profile->link;
}

/* (nullable) */
static const char *
get_network(const NMMacvtapProfile *profile)
{
    return profile && profile->mode == NM_MACVTAP_MODE_ISOLATED ? profile->network : NULL;
}

static char *
format_profiles(const NMMacvtapWorld *world)
{
    const char *titles[] = {_("PROFILE"),
                            _("MODE"),
                            _("STATE"),
                            _("NETWORK"),
                            _("DEVICE"),
                            _("PARENT"),
                            _("HOST ADDRESS"),
                            NULL};
    g_autoptr(NMMacvtapTable) table = nm_macvtap_table_new(titles);

    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *profile = g_ptr_array_index(world->profiles, i);
        const NMMacvtapProfile *p = profile->profile;
        g_autofree char *address = get_host_address(world, profile);
        const char *cells[] = {
            profile->id,
            p ? nm_macvtap_mode_to_string(p->mode) : NULL,
            profile->state,
            get_network(p),
            get_device(world, profile),
            p && !profile->parent ? p->parent : profile->parent,
            address,
        };

        nm_macvtap_table_add(table, cells);
    }
    return nm_macvtap_table_to_string(table);
}

/* (nullable): where the chain ends early. */
static const NMMacvtapFinding *
find_reason(const NMMacvtapFacts *facts, GPtrArray **out_findings)
{
    if (nm_macvtap_facts_is_reachable(facts))
        return NULL;
    *out_findings = nm_macvtap_chain_walk(facts);
    return nm_macvtap_chain_find_end(*out_findings);
}

static const char *
describe_reachable(const NMMacvtapFacts *facts)
{
    g_autoptr(GPtrArray) findings = NULL;
    const NMMacvtapFinding *reason = find_reason(facts, &findings);

    if (!reason)
        return _("yes");
    if (!facts->running)
        return _("shut off");
    if (nm_macvtap_facts_needs_restart(facts))
        return _("needs a restart");
    return reason->verdict == NM_MACVTAP_CHAIN_WAITING ? _("not heard yet") : _("no");
}

static char *
format_guests(const GPtrArray *all_facts)
{
    const char *titles[] = {_("GUEST"),
                            _("PROFILE"),
                            _("OVER"),
                            _("NIC"),
                            _("MAC"),
                            _("ADDRESS"),
                            _("SINCE"),
                            _("REACHABLE"),
                            NULL};
    g_autoptr(NMMacvtapTable) table = nm_macvtap_table_new(titles);

    for (guint i = 0; i < all_facts->len; i++) {
        const NMMacvtapFacts *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GDateTime) since =
            facts->since > 0 ? g_date_time_new_from_unix_local(facts->since) : NULL;
        g_autofree char *since_text = since ? g_date_time_format(since, "%Y-%m-%d %H:%M:%S") : NULL;
        const char *cells[] = {
            facts->guest,
            facts->profile,
            facts->link ? facts->link : facts->network,
            facts->target,
            facts->mac,
            facts->address,
            since_text,
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
        const NMMacvtapFinding *reason = find_reason(facts, &findings);

        if (reason && facts->running)
            g_string_append_printf(text, _("Guest '%s': %s.\n"), facts->guest, reason->detail);
    }
}

/* (transfer full) (nullable): what stands in the way of a network that is not active. */
static char *
describe_bridge(const NMMacvtapWorld *world, const NMMacvtapNetwork *network)
{
    const NMMacvtapLink *bridge = nm_macvtap_leftovers_find_bridge(world, network);

    if (!bridge)
        return NULL;
    if (nm_macvtap_leftovers_is_bridge_left(world, network))
        return g_strdup_printf(_("it cannot start: its bridge '%s' was left behind by a libvirt "
                                 "daemon that ended early; 'nm-macvtap cleanup' removes it"),
                               bridge->name);
    return g_strdup_printf(_("it cannot start: there is another interface called '%s', like its "
                             "bridge; give the bridge another name with 'virsh net-edit'"),
                           bridge->name);
}

static void
append_bridges(GString *text, const NMMacvtapWorld *world, const NMMacvtapWorldHost *host)
{
    for (guint i = 0; i < host->networks->len; i++) {
        const NMMacvtapNetwork *network = g_ptr_array_index(host->networks, i);
        g_autofree char *bridge = describe_bridge(world, network);

        if (bridge)
            g_string_append_printf(text, _("Network '%s': %s.\n"), network->name, bridge);
    }
}

static void
append_problems(GString *text, const NMMacvtapWorld *world)
{
    if (world->nm_problem)
        g_string_append_printf(text, _("Profiles are not known: %s.\n"), world->nm_problem);
    if (world->links_problem)
        g_string_append_printf(text, _("Host links are not known: %s.\n"), world->links_problem);
    if (world->config_problem)
        g_string_append_printf(text, _("Configuration: %s.\n"), world->config_problem);
    for (guint i = 0; i < world->hosts->len; i++) {
        const NMMacvtapWorldHost *host = g_ptr_array_index(world->hosts, i);

        append_bridges(text, world, host);
        if (host->problem)
            g_string_append_printf(
                text, _("Guests of '%s' are not known: %s.\n"), host->uri, host->problem);
    }
    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        g_autofree char *nobody = nm_macvtap_served_describe_nobody(world, profile);

        if (profile->problem)
            g_string_append_printf(
                text, _("Profile '%s' is not valid: %s.\n"), profile->id, profile->problem);
        if (profile->parent_problem && !profile->offered)
            g_string_append_printf(
                text, _("Profile '%s': %s.\n"), profile->id, profile->parent_problem);
        if (nobody)
            g_string_append_printf(text, _("Profile '%s': %s.\n"), profile->id, nobody);
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
    if (text->len > 0)
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
    g_autofree char *address = get_host_address(world, profile);
    g_autofree char *nobody = nm_macvtap_served_describe_nobody(world, profile);

    nm_macvtap_tool_set_string(json, "id", profile->id);
    nm_macvtap_tool_set_string(json, "uuid", profile->uuid);
    nm_macvtap_tool_set_string(json, "mode", p ? nm_macvtap_mode_to_string(p->mode) : NULL);
    nm_macvtap_tool_set_string(json, "state", profile->state);
    nm_macvtap_tool_set_string(json, "libvirt-uri", p ? p->libvirt_uri : NULL);
    nm_macvtap_tool_set_string(json, "network", get_network(p));
    nm_macvtap_tool_set_string(json, "bridge", network ? network->bridge : NULL);
    nm_macvtap_tool_set_string(json, "link", profile->link);
    nm_macvtap_tool_set_string(json, "parent", p && !profile->parent ? p->parent : profile->parent);
    nm_macvtap_tool_set_string(json, "parent-problem", profile->parent_problem);
    nm_macvtap_tool_set_string(json, "host-address", address);
    json_object_set_int_member(json, "guests", nm_macvtap_served_count(world, profile));
    nm_macvtap_tool_set_string(json, "nobody", nobody);
    nm_macvtap_tool_set_string(json, "problem", profile->problem);
    return json;
}

static JsonObject *
guest_to_json(const NMMacvtapFacts *facts)
{
    JsonObject *json = json_object_new();
    g_autoptr(GPtrArray) findings = NULL;
    const NMMacvtapFinding *reason = find_reason(facts, &findings);
    gboolean broken = reason && reason->verdict == NM_MACVTAP_CHAIN_BROKEN;

    nm_macvtap_tool_set_string(json, "name", facts->guest);
    nm_macvtap_tool_set_string(json, "uuid", facts->guest_uuid);
    nm_macvtap_tool_set_string(json, "libvirt-uri", facts->uri);
    json_object_set_boolean_member(json, "running", facts->running);
    nm_macvtap_facts_to_json(facts, json);
    nm_macvtap_tool_set_string(json, "nic", facts->target);
    nm_macvtap_tool_set_string(json, "mac", facts->mac);
    nm_macvtap_tool_set_string(json, "alias", facts->alias);
    json_object_set_boolean_member(json, "reachable", nm_macvtap_facts_is_reachable(facts));
    json_object_set_boolean_member(json, "needs-restart", nm_macvtap_facts_needs_restart(facts));
    nm_macvtap_tool_set_string(json, "broken", broken ? reason->step : NULL);
    nm_macvtap_tool_set_string(json, "waiting", reason && !broken ? reason->step : NULL);
    nm_macvtap_tool_set_string(json, "reason", reason ? reason->detail : NULL);
    return json;
}

static void
add_bridges(const NMMacvtapWorld *world, const NMMacvtapWorldHost *host, JsonArray *bridges)
{
    for (guint i = 0; i < host->networks->len; i++) {
        const NMMacvtapNetwork *network = g_ptr_array_index(host->networks, i);
        JsonObject *json;

        if (!nm_macvtap_leftovers_find_bridge(world, network))
            continue;
        json = json_object_new();
        nm_macvtap_tool_set_string(json, "bridge", network->bridge);
        nm_macvtap_tool_set_string(json, "network", network->name);
        nm_macvtap_tool_set_string(json, "libvirt-uri", host->uri);
        json_object_set_boolean_member(
            json, "removable", nm_macvtap_leftovers_is_bridge_left(world, network));
        json_array_add_object_element(bridges, json);
    }
}

/* Of networks that cannot start for them. */
static JsonArray *
bridges_to_json(const NMMacvtapWorld *world)
{
    JsonArray *bridges = json_array_new();

    for (guint i = 0; i < world->hosts->len; i++)
        add_bridges(world, g_ptr_array_index(world->hosts, i), bridges);
    return bridges;
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
    nm_macvtap_tool_set_string(json, "kernel-problem", world->links_problem);
    json_object_set_array_member(json, "libvirt", hosts_to_json(world));
    json_object_set_array_member(json, "bridges-in-the-way", bridges_to_json(world));
    json_object_set_array_member(json, "profiles", profiles);
    json_object_set_array_member(json, "guests", guests);
    return json;
}

/* An active profile promises that its guests are reachable. One that has not been heard yet is. */
static gboolean
is_promise_broken(const NMMacvtapFacts *facts)
{
    g_autoptr(GPtrArray) findings = NULL;
    const NMMacvtapFinding *reason = find_reason(facts, &findings);

    return facts->profile_active && facts->running && reason &&
           reason->verdict == NM_MACVTAP_CHAIN_BROKEN;
}

static gboolean
has_bridge_in_the_way(const NMMacvtapWorld *world, const NMMacvtapWorldHost *host)
{
    for (guint i = 0; i < host->networks->len; i++) {
        if (nm_macvtap_leftovers_find_bridge(world, g_ptr_array_index(host->networks, i)))
            return TRUE;
    }
    return FALSE;
}

/* One that is down has promised nothing. */
static gboolean
serves_nobody(const NMMacvtapWorld *world, const NMMacvtapWorldProfile *profile)
{
    g_autofree char *nobody = nm_macvtap_served_describe_nobody(world, profile);

    return nobody && !g_str_equal(profile->state, "down");
}

/**
 * nm_macvtap_status_judge:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NMMacvtapFacts): of every macvtap guest
 *
 * Returns: the exit code.
 */
NMMacvtapExit
nm_macvtap_status_judge(const NMMacvtapWorld *world, const GPtrArray *facts)
{
    gboolean problem = FALSE;

    if (world->nm_problem || world->config_problem || world->links_problem)
        return NM_MACVTAP_EXIT_FAILED;
    for (guint i = 0; i < world->hosts->len; i++) {
        const NMMacvtapWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (host->problem)
            return NM_MACVTAP_EXIT_FAILED;
        problem = problem || has_bridge_in_the_way(world, host);
    }
    for (guint i = 0; i < world->profiles->len; i++)
        problem = problem || serves_nobody(world, g_ptr_array_index(world->profiles, i));
    for (guint i = 0; i < facts->len; i++)
        problem = problem || is_promise_broken(g_ptr_array_index(facts, i));
    return problem ? NM_MACVTAP_EXIT_PROBLEM : NM_MACVTAP_EXIT_OK;
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
