/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap status: the profiles, and for every macvtap guest whether the host reaches it. Works
 * with half of it missing, and says which half.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-served.h"
#include "nmm-check-collect.h"
#include "nmm-table.h"

static char *
get_host_address(const NmmWorld *world, const NmmWorldProfile *profile)
{
    const NmmCidr *address = nmm_world_get_host_address(world, profile);

    return address ? nmm_cidr_to_string(address) : NULL;
}

/* (nullable): what the profile's guests and the host meet on: a bridge, or the host link. */
static const char *
get_device(const NmmWorld *world, const NmmWorldProfile *profile)
{
    const NmmNetwork *network =
        profile->profile ? nmm_world_find_network(world, profile->profile) : NULL;

    return network ? network->bridge : profile->link;
}

/* (nullable) */
static const char *
get_network(const NmmProfile *profile)
{
    return profile && profile->mode == NMM_MODE_ISOLATED ? profile->network : NULL;
}

static char *
format_profiles(const NmmWorld *world)
{
    const char *titles[] = {_("PROFILE"),
                            _("MODE"),
                            _("STATE"),
                            _("NETWORK"),
                            _("DEVICE"),
                            _("PARENT"),
                            _("HOST ADDRESS"),
                            NULL};
    g_autoptr(NmmTable) table = nmm_table_new(titles);

    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);
        const NmmProfile *p = profile->profile;
        g_autofree char *address = get_host_address(world, profile);
        const char *cells[] = {
            profile->id,
            p ? nmm_mode_to_string(p->mode) : NULL,
            profile->state,
            get_network(p),
            get_device(world, profile),
            p && !profile->parent ? p->parent : profile->parent,
            address,
        };

        nmm_table_add(table, cells);
    }
    return nmm_table_to_string(table);
}

/* (nullable): where the chain ends early. */
static const NmmCheckResult *
find_reason(const NmmCheckInput *facts, GPtrArray **out_findings)
{
    if (nmm_check_input_is_reachable(facts))
        return NULL;
    *out_findings = nmm_check_walk(facts);
    return nmm_check_find_end(*out_findings);
}

static const char *
describe_reachable(const NmmCheckInput *facts)
{
    g_autoptr(GPtrArray) findings = NULL;
    const NmmCheckResult *reason = find_reason(facts, &findings);

    if (!reason)
        return _("yes");
    if (!facts->running)
        return _("shut off");
    if (nmm_check_input_needs_restart(facts))
        return _("needs a restart");
    return reason->verdict == NMM_CHECK_WAITING ? _("not heard yet") : _("no");
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
    g_autoptr(NmmTable) table = nmm_table_new(titles);

    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
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

        nmm_table_add(table, cells);
    }
    return nmm_table_to_string(table);
}

static void
append_reasons(GString *text, const GPtrArray *all_facts)
{
    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = NULL;
        const NmmCheckResult *reason = find_reason(facts, &findings);

        if (reason && facts->running)
            g_string_append_printf(text, _("Guest '%s': %s.\n"), facts->guest, reason->detail);
    }
}

/* (transfer full) (nullable): what stands in the way of a network that is not active. */
static char *
describe_bridge(const NmmWorld *world, const NmmNetwork *network)
{
    const NmmLink *bridge = nmm_orphans_find_bridge(world, network);

    if (!bridge)
        return NULL;
    if (nmm_orphans_is_bridge_left(world, network))
        return g_strdup_printf(_("it cannot start: its bridge '%s' was left behind by a libvirt "
                                 "daemon that ended early; 'nm-macvtap cleanup' removes it"),
                               bridge->name);
    return g_strdup_printf(_("it cannot start: there is another interface called '%s', like its "
                             "bridge; give the bridge another name with 'virsh net-edit'"),
                           bridge->name);
}

static void
append_bridges(GString *text, const NmmWorld *world, const NmmWorldHost *host)
{
    for (guint i = 0; i < host->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(host->networks, i);
        g_autofree char *bridge = describe_bridge(world, network);

        if (bridge)
            g_string_append_printf(text, _("Network '%s': %s.\n"), network->name, bridge);
    }
}

static void
append_problems(GString *text, const NmmWorld *world)
{
    if (world->nm_problem)
        g_string_append_printf(text, _("Profiles are not known: %s.\n"), world->nm_problem);
    if (world->links_problem)
        g_string_append_printf(text, _("Host links are not known: %s.\n"), world->links_problem);
    if (world->config_problem)
        g_string_append_printf(text, _("Configuration: %s.\n"), world->config_problem);
    for (guint i = 0; i < world->hosts->len; i++) {
        const NmmWorldHost *host = g_ptr_array_index(world->hosts, i);

        append_bridges(text, world, host);
        if (host->problem)
            g_string_append_printf(
                text, _("Guests of '%s' are not known: %s.\n"), host->uri, host->problem);
    }
    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        g_autofree char *nobody = nmm_served_describe_nobody(world, profile);

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
 * nmm_status_format:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NmmCheckInput): of every macvtap guest
 *
 * Returns: (transfer full): the text of `nm-macvtap status`, each line with its end.
 */
char *
nmm_status_format(const NmmWorld *world, const GPtrArray *facts)
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
profile_to_json(const NmmWorld *world, const NmmWorldProfile *profile)
{
    JsonObject *json = json_object_new();
    const NmmProfile *p = profile->profile;
    const NmmNetwork *network = p ? nmm_world_find_network(world, p) : NULL;
    g_autofree char *address = get_host_address(world, profile);
    g_autofree char *nobody = nmm_served_describe_nobody(world, profile);

    nmm_tool_set_string(json, "id", profile->id);
    nmm_tool_set_string(json, "uuid", profile->uuid);
    nmm_tool_set_string(json, "mode", p ? nmm_mode_to_string(p->mode) : NULL);
    nmm_tool_set_string(json, "state", profile->state);
    nmm_tool_set_string(json, "libvirt-uri", p ? p->libvirt_uri : NULL);
    nmm_tool_set_string(json, "network", get_network(p));
    nmm_tool_set_string(json, "bridge", network ? network->bridge : NULL);
    nmm_tool_set_string(json, "link", profile->link);
    nmm_tool_set_string(json, "parent", p && !profile->parent ? p->parent : profile->parent);
    nmm_tool_set_string(json, "parent-problem", profile->parent_problem);
    nmm_tool_set_string(json, "host-address", address);
    json_object_set_int_member(json, "guests", nmm_served_count(world, profile));
    nmm_tool_set_string(json, "nobody", nobody);
    nmm_tool_set_string(json, "problem", profile->problem);
    return json;
}

static JsonObject *
guest_to_json(const NmmCheckInput *facts)
{
    JsonObject *json = json_object_new();
    g_autoptr(GPtrArray) findings = NULL;
    const NmmCheckResult *reason = find_reason(facts, &findings);
    gboolean broken = reason && reason->verdict == NMM_CHECK_BROKEN;

    nmm_tool_set_string(json, "name", facts->guest);
    nmm_tool_set_string(json, "uuid", facts->guest_uuid);
    nmm_tool_set_string(json, "libvirt-uri", facts->uri);
    json_object_set_boolean_member(json, "running", facts->running);
    nmm_check_input_to_json(facts, json);
    nmm_tool_set_string(json, "nic", facts->target);
    nmm_tool_set_string(json, "mac", facts->mac);
    nmm_tool_set_string(json, "alias", facts->alias);
    json_object_set_boolean_member(json, "reachable", nmm_check_input_is_reachable(facts));
    json_object_set_boolean_member(json, "needs-restart", nmm_check_input_needs_restart(facts));
    nmm_tool_set_string(json, "broken", broken ? reason->step : NULL);
    nmm_tool_set_string(json, "waiting", reason && !broken ? reason->step : NULL);
    nmm_tool_set_string(json, "reason", reason ? reason->detail : NULL);
    return json;
}

static void
add_bridges(const NmmWorld *world, const NmmWorldHost *host, JsonArray *bridges)
{
    for (guint i = 0; i < host->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(host->networks, i);
        JsonObject *json;

        if (!nmm_orphans_find_bridge(world, network))
            continue;
        json = json_object_new();
        nmm_tool_set_string(json, "bridge", network->bridge);
        nmm_tool_set_string(json, "network", network->name);
        nmm_tool_set_string(json, "libvirt-uri", host->uri);
        json_object_set_boolean_member(
            json, "removable", nmm_orphans_is_bridge_left(world, network));
        json_array_add_object_element(bridges, json);
    }
}

/* Of networks that cannot start for them. */
static JsonArray *
bridges_to_json(const NmmWorld *world)
{
    JsonArray *bridges = json_array_new();

    for (guint i = 0; i < world->hosts->len; i++)
        add_bridges(world, g_ptr_array_index(world->hosts, i), bridges);
    return bridges;
}

static JsonArray *
hosts_to_json(const NmmWorld *world)
{
    JsonArray *hosts = json_array_new();

    for (guint i = 0; i < world->hosts->len; i++) {
        const NmmWorldHost *host = g_ptr_array_index(world->hosts, i);
        JsonObject *json = json_object_new();

        nmm_tool_set_string(json, "uri", host->uri);
        nmm_tool_set_string(json, "problem", host->problem);
        json_array_add_object_element(hosts, json);
    }
    return hosts;
}

/**
 * nmm_status_to_json:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NmmCheckInput): of every macvtap guest
 *
 * Returns: (transfer full): the document of `nm-macvtap status --json`, see nm-macvtap(8).
 */
JsonObject *
nmm_status_to_json(const NmmWorld *world, const GPtrArray *facts)
{
    JsonObject *json = json_object_new();
    JsonArray *profiles = json_array_new();
    JsonArray *guests = json_array_new();

    for (guint i = 0; i < world->profiles->len; i++)
        json_array_add_object_element(
            profiles, profile_to_json(world, g_ptr_array_index(world->profiles, i)));
    for (guint i = 0; i < facts->len; i++)
        json_array_add_object_element(guests, guest_to_json(g_ptr_array_index(facts, i)));
    nmm_tool_set_string(json, "networkmanager-problem", world->nm_problem);
    nmm_tool_set_string(json, "configuration-problem", world->config_problem);
    nmm_tool_set_string(json, "kernel-problem", world->links_problem);
    json_object_set_array_member(json, "libvirt", hosts_to_json(world));
    json_object_set_array_member(json, "bridges-in-the-way", bridges_to_json(world));
    json_object_set_array_member(json, "profiles", profiles);
    json_object_set_array_member(json, "guests", guests);
    return json;
}

/* An active profile promises that its guests are reachable. One that has not been heard yet is. */
static gboolean
is_promise_broken(const NmmCheckInput *facts)
{
    g_autoptr(GPtrArray) findings = NULL;
    const NmmCheckResult *reason = find_reason(facts, &findings);

    return facts->profile_active && facts->running && reason && reason->verdict == NMM_CHECK_BROKEN;
}

static gboolean
has_bridge_in_the_way(const NmmWorld *world, const NmmWorldHost *host)
{
    for (guint i = 0; i < host->networks->len; i++) {
        if (nmm_orphans_find_bridge(world, g_ptr_array_index(host->networks, i)))
            return TRUE;
    }
    return FALSE;
}

/* One that is down has promised nothing. */
static gboolean
serves_nobody(const NmmWorld *world, const NmmWorldProfile *profile)
{
    g_autofree char *nobody = nmm_served_describe_nobody(world, profile);

    return nobody && !g_str_equal(profile->state, "down");
}

/**
 * nmm_status_judge:
 * @world: profiles, libvirts and what could not be read of them
 * @facts: (element-type NmmCheckInput): of every macvtap guest
 *
 * Returns: the exit code.
 */
NmmExit
nmm_status_judge(const NmmWorld *world, const GPtrArray *facts)
{
    gboolean problem = FALSE;

    if (world->nm_problem || world->config_problem || world->links_problem)
        return NMM_EXIT_FAILED;
    for (guint i = 0; i < world->hosts->len; i++) {
        const NmmWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (host->problem)
            return NMM_EXIT_FAILED;
        problem = problem || has_bridge_in_the_way(world, host);
    }
    for (guint i = 0; i < world->profiles->len; i++)
        problem = problem || serves_nobody(world, g_ptr_array_index(world->profiles, i));
    for (guint i = 0; i < facts->len; i++)
        problem = problem || is_promise_broken(g_ptr_array_index(facts, i));
    return problem ? NMM_EXIT_PROBLEM : NMM_EXIT_OK;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmWorld) world = nmm_world_new();
    g_autoptr(GPtrArray) facts = NULL;
    g_autofree char *text = NULL;

    nmm_world_add_used_hosts(world);
    facts = nmm_survey(world, NULL);
    if (json) {
        nmm_tool_print_json(nmm_status_to_json(world, facts));
    } else {
        text = nmm_status_format(world, facts);
        nmm_tool_print("%s", g_strchomp(text));
    }
    return nmm_status_judge(world, facts);
}

const NmmCommand nmm_command_status = {
    .name = "status",
    .summary = N_("Show profiles, and which guests the host reaches"),
    .run = run,
};
