/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap status: the profiles, and whether the host reaches each macvtap guest. Shows what can
 * be read, and reports what cannot.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-collect.h"
#include "nmm-served.h"

/* Text */

static char *
format_since(JsonObject *guest)
{
    const char *text = json_object_get_string_member(guest, "since");
    g_autoptr(GDateTime) since = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;
    g_autoptr(GDateTime) local = since ? g_date_time_to_local(since) : NULL;

    return local ? g_date_time_format(local, "%Y-%m-%d %H:%M:%S") : NULL;
}

static char *
format_reachable(JsonObject *guest)
{
    if (json_object_get_boolean_member(guest, "reachable"))
        return g_strdup(_("yes"));
    if (!json_object_get_boolean_member(guest, "running"))
        return g_strdup(_("shut off"));
    if (json_object_get_boolean_member(guest, "needs-restart"))
        return g_strdup(_("needs a restart"));
    if (!json_object_get_null_member(guest, "waiting"))
        return g_strdup(_("no traffic yet"));
    return g_strdup(json_object_get_null_member(guest, "broken") ? _("unknown") : _("no"));
}

static const NmmReportColumn profile_columns[] = {
    {N_("PROFILE"), "id"},
    {N_("MODE"), "mode"},
    {N_("STATE"), "state"},
    {N_("NETWORK"), "network"},
    {N_("DEVICE"), "bridge", .other = "link"},
    {N_("PARENT"), "parent"},
    {N_("HOST ADDRESS"), "host-address"},
    {NULL},
};

static const NmmReportColumn guest_columns[] = {
    {N_("GUEST"), "name"},
    {N_("PROFILE"), "profile"},
    {N_("OVER"), "link", .other = "network"},
    {N_("NIC"), "nic"},
    {N_("MAC"), "mac"},
    {N_("ADDRESS"), "address"},
    {N_("SINCE"), .format = format_since},
    {N_("REACHABLE"), .format = format_reachable},
    {NULL},
};

/* Model */

static void
add_problems(NmmReport *report, const NmmWorld *world)
{
    nmm_json_set_string(report->json, "networkmanager-problem", world->nm_problem);
    nmm_json_set_string(report->json, "configuration-problem", world->config_problem);
    nmm_json_set_string(report->json, "kernel-problem", world->links_problem);
    if (world->nm_problem)
        nmm_report_add_note(report, _("Profiles are not known: %s."), world->nm_problem);
    if (world->links_problem)
        nmm_report_add_note(report, _("Host links are not known: %s."), world->links_problem);
    if (world->config_problem)
        nmm_report_add_note(report, _("Configuration: %s."), world->config_problem);
    if (world->nm_problem || world->config_problem || world->links_problem)
        nmm_report_set_code(report, NMM_EXIT_FAILED);
}

/* A network whose bridge is in the way */
static void
add_bridge(NmmReport *report,
           JsonArray *bridges,
           const NmmWorld *world,
           const char *uri,
           const NmmNetwork *network)
{
    gboolean removable = nmm_orphans_is_bridge_left(world, network);
    JsonObject *json = nmm_json_add_object(bridges);

    nmm_json_set_string(json, "bridge", network->bridge);
    nmm_json_set_string(json, "network", network->name);
    nmm_json_set_string(json, "libvirt-uri", uri);
    json_object_set_boolean_member(json, "removable", removable);
    if (removable)
        nmm_report_add_note(report,
                            _("Network '%s': it cannot start because a libvirt daemon that ended "
                              "early left its bridge '%s' behind; 'nm-macvtap cleanup' removes "
                              "it."),
                            network->name,
                            network->bridge);
    else
        nmm_report_add_note(report,
                            _("Network '%s': it cannot start because another interface has the "
                              "name '%s' of its bridge; give the bridge another name with 'virsh "
                              "net-edit'."),
                            network->name,
                            network->bridge);
    nmm_report_set_code(report, NMM_EXIT_PROBLEM);
}

static void
add_hosts(NmmReport *report, const NmmWorld *world)
{
    JsonArray *hosts = nmm_json_set_array(report->json, "libvirt");
    JsonArray *bridges = nmm_json_set_array(report->json, "bridges-in-the-way");

    for (guint h = 0; h < world->hosts->len; h++) {
        const NmmWorldHost *host = g_ptr_array_index(world->hosts, h);
        JsonObject *json = nmm_json_add_object(hosts);

        nmm_json_set_string(json, "uri", host->uri);
        nmm_json_set_string(json, "problem", host->problem);
        for (guint i = 0; i < host->networks->len; i++) {
            const NmmNetwork *network = g_ptr_array_index(host->networks, i);

            if (nmm_orphans_find_bridge(world, network))
                add_bridge(report, bridges, world, host->uri, network);
        }
        if (host->problem) {
            nmm_report_add_note(
                report, _("Guests of '%s' are not known: %s."), host->uri, host->problem);
            nmm_report_set_code(report, NMM_EXIT_FAILED);
        }
    }
}

static void
set_profile(JsonObject *json, const NmmWorld *world, const NmmWorldProfile *profile)
{
    const NmmProfile *p = profile->profile;
    const NmmNetwork *network = p ? nmm_world_find_network(world, p) : NULL;
    const NmmCidr *address = nmm_world_get_host_address(world, profile);
    g_autofree char *address_text = address ? nmm_cidr_to_string(address) : NULL;
    gboolean has_network = p && nmm_mode_get_info(p->mode)->has_network;

    nmm_json_set_string(json, "id", profile->id);
    nmm_json_set_string(json, "uuid", profile->uuid);
    nmm_json_set_string(json, "mode", p ? nmm_mode_to_string(p->mode) : NULL);
    nmm_json_set_string(json, "state", profile->state);
    nmm_json_set_string(json, "libvirt-uri", p ? p->libvirt_uri : NULL);
    nmm_json_set_string(json, "network", has_network ? p->network : NULL);
    nmm_json_set_string(json, "bridge", network ? network->bridge : NULL);
    nmm_json_set_string(json, "link", profile->link);
    nmm_json_set_string(json, "parent", p && !profile->parent ? p->parent : profile->parent);
    nmm_json_set_string(json, "parent-problem", profile->parent_problem);
    nmm_json_set_string(json, "host-address", address_text);
    json_object_set_int_member(json, "guests", nmm_served_count(world, profile));
}

static void
add_profile(NmmReport *report,
            JsonArray *profiles,
            const NmmWorld *world,
            const NmmWorldProfile *profile)
{
    JsonObject *json = nmm_json_add_object(profiles);
    g_autofree char *nobody = nmm_served_describe_nobody(world, profile);

    set_profile(json, world, profile);
    nmm_json_set_string(json, "nobody", nobody);
    nmm_json_set_string(json, "problem", profile->problem);
    if (profile->problem)
        nmm_report_add_note(
            report, _("Profile '%s' is not valid: %s."), profile->id, profile->problem);
    if (profile->parent_problem && !profile->offered)
        nmm_report_add_note(report, _("Profile '%s': %s."), profile->id, profile->parent_problem);
    if (nobody)
        nmm_report_add_note(report, _("Profile '%s': %s."), profile->id, nobody);
    if (nobody && !g_str_equal(profile->state, "down"))
        nmm_report_set_code(report, NMM_EXIT_PROBLEM);
}

static void
add_profiles(NmmReport *report, const NmmWorld *world)
{
    JsonArray *profiles = nmm_json_set_array(report->json, "profiles");

    for (guint i = 0; i < world->profiles->len; i++)
        add_profile(report, profiles, world, g_ptr_array_index(world->profiles, i));
    if (world->profiles->len > 0)
        nmm_report_add_table(report, "profiles", profile_columns);
    else if (!world->nm_problem)
        nmm_report_add_text(report, "%s\n", _("There is no profile of type macvtap."));
}

/* Only an active profile promises that its running guests are reachable. A guest without traffic
 * yet is reachable. */
static void
judge_guest(NmmReport *report, const NmmCheckInput *input, const NmmCheckResult *reason)
{
    if (!input->guest.running)
        return;
    nmm_report_add_note(report, _("Guest '%s': %s."), input->guest.name, reason->detail);
    if (!input->profile.active)
        return;
    if (reason->verdict == NMM_CHECK_BROKEN)
        nmm_report_set_code(report, NMM_EXIT_PROBLEM);
    if (reason->verdict == NMM_CHECK_UNKNOWN)
        nmm_report_set_code(report, NMM_EXIT_FAILED);
}

static void
set_reason(JsonObject *json, const NmmCheckResult *reason)
{
    NmmCheckVerdict verdict = reason ? reason->verdict : NMM_CHECK_OK;

    nmm_json_set_string(json, "broken", verdict == NMM_CHECK_BROKEN ? reason->step : NULL);
    nmm_json_set_string(json, "waiting", verdict == NMM_CHECK_WAITING ? reason->step : NULL);
    nmm_json_set_string(json, "reason", reason ? reason->detail : NULL);
}

static void
add_guest(NmmReport *report, JsonArray *guests, const NmmCheckInput *input)
{
    JsonObject *json = nmm_json_add_object(guests);
    gboolean reachable = nmm_check_input_is_reachable(input);
    g_autoptr(GPtrArray) results = nmm_check_evaluate(input);
    const NmmCheckResult *reason = reachable ? NULL : nmm_check_find_reason(results);

    nmm_json_set_string(json, "name", input->guest.name);
    nmm_json_set_string(json, "uuid", input->guest.uuid);
    nmm_json_set_string(json, "libvirt-uri", input->guest.uri);
    json_object_set_boolean_member(json, "running", input->guest.running);
    nmm_check_input_to_json(input, json);
    nmm_json_set_string(json, "nic", input->nic.target);
    nmm_json_set_string(json, "mac", input->nic.mac);
    nmm_json_set_string(json, "alias", input->nic.alias);
    json_object_set_boolean_member(json, "reachable", reachable);
    json_object_set_boolean_member(json, "needs-restart", nmm_check_input_needs_restart(input));
    set_reason(json, reason);
    if (reason)
        judge_guest(report, input, reason);
}

static void
add_guests(NmmReport *report, const GPtrArray *inputs)
{
    JsonArray *guests = nmm_json_set_array(report->json, "guests");

    for (guint i = 0; i < inputs->len; i++)
        add_guest(report, guests, g_ptr_array_index(inputs, i));
    if (inputs->len > 0)
        nmm_report_add_table(report, "guests", guest_columns);
    else
        nmm_report_add_text(report,
                            "%s%s\n",
                            report->text->len > 0 ? "\n" : "",
                            _("No guest with a macvtap interface was found."));
}

NmmReport *
nmm_status_report(const NmmWorld *world, const GPtrArray *inputs)
{
    NmmReport *report = nmm_report_new();

    add_problems(report, world);
    add_hosts(report, world);
    add_profiles(report, world);
    add_guests(report, inputs);
    return report;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmWorld) world = nmm_world_new();
    g_autoptr(GPtrArray) inputs = NULL;
    g_autoptr(NmmReport) report = NULL;

    nmm_world_add_used_hosts(world);
    inputs = nmm_check_collect(world, NULL);
    report = nmm_status_report(world, inputs);
    return nmm_report_print(report, json);
}

const NmmCommand nmm_command_status = {
    .name = "status",
    .summary = N_("Show profiles, and which guests the host reaches"),
    .run = run,
};
