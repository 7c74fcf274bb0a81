/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap status: the profiles, and whether the host reaches each macvtap guest. Shows what can
 * be read, and reports what cannot.
 */

#include "config.h"

#include "nmm-commands.h"

#include <stdio.h>

#include <glib/gi18n-lib.h>

#include "nmm-check-collect.h"
#include "nmm-host.h"
#include "nmm-guest-selection.h"
#include "nmm-peers.h"
#include "nmm-status-watch.h"

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
add_problems(NmmReport *report, const NmmHostState *state)
{
    nmm_json_set_error(report->json, "networkmanager-problem", state->nm_error);
    nmm_json_set_error(report->json, "configuration-problem", state->config_error);
    nmm_json_set_error(report->json, "kernel-problem", state->links_error);
    if (state->nm_error)
        nmm_report_add_note(report, _("Cannot list profiles: %s."), state->nm_error->message);
    if (state->links_error)
        nmm_report_add_note(report, _("Cannot list host links: %s."), state->links_error->message);
    if (state->config_error)
        nmm_report_add_note(report, _("Configuration: %s."), state->config_error->message);
    if (state->nm_error || state->config_error || state->links_error)
        nmm_report_set_code(report, NMM_EXIT_FAILED);
}

/* A network whose bridge is in the way */
static void
add_bridge(NmmReport *report,
           JsonArray *bridges,
           const NmmHostState *state,
           const char *uri,
           const NmmNetwork *network)
{
    gboolean removable = nmm_orphans_is_bridge_left(state, network);
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

/* A network that is there only so that a saved guest can be resumed. */
static void
add_kept(NmmReport *report,
         JsonArray *kept,
         const NmmHostState *state,
         const NmmHostHypervisor *hypervisor,
         const NmmNetwork *network)
{
    g_autofree char *keeper = nmm_orphans_describe_keeper(state, hypervisor, network);
    JsonObject *json;

    if (!keeper)
        return;
    json = nmm_json_add_object(kept);
    nmm_json_set_string(json, "network", network->name);
    nmm_json_set_string(json, "libvirt-uri", hypervisor->uri);
    nmm_json_set_string(json, "needed-by", keeper);
    nmm_report_add_note(report,
                        _("Network '%s': it stays because %s needs it; when that is gone, "
                          "'nm-macvtap cleanup' removes the network."),
                        network->name,
                        keeper);
}

static gboolean
needs_networks(const NmmHostState *state, const char *uri)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);
        const NmmProfile *p = profile->profile;

        if (p && nmm_mode_get_info(p->mode)->has_network && g_str_equal(p->libvirt_uri, uri))
            return TRUE;
    }
    return FALSE;
}

/* Only for profiles that work without it. */
static gboolean
is_unneeded(const NmmHostState *state, const NmmHostHypervisor *hypervisor)
{
    gboolean used = FALSE;

    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmProfile *p = ((NmmHostProfile *)g_ptr_array_index(state->profiles, i))->profile;

        if (!p || !g_str_equal(p->libvirt_uri, hypervisor->uri))
            continue;
        if (nmm_profile_needs_libvirt(p))
            return FALSE;
        used = TRUE;
    }
    return used && hypervisor->missing;
}

static void
add_hosts(NmmReport *report, const NmmHostState *state)
{
    JsonArray *hosts = nmm_json_set_array(report->json, "libvirt");
    JsonArray *bridges = nmm_json_set_array(report->json, "bridges-in-the-way");
    JsonArray *kept = nmm_json_set_array(report->json, "kept-networks");

    for (guint h = 0; h < state->hypervisors->len; h++) {
        const NmmHostHypervisor *hypervisor = g_ptr_array_index(state->hypervisors, h);
        JsonObject *json = nmm_json_add_object(hosts);

        nmm_json_set_string(json, "uri", hypervisor->uri);
        nmm_json_set_error(json, "problem", hypervisor->error);
        nmm_json_set_error(json, "networks-problem", hypervisor->networks_error);
        json_object_set_boolean_member(json, "asleep", hypervisor->asleep);
        for (guint i = 0; i < hypervisor->networks->len; i++) {
            const NmmNetwork *network = g_ptr_array_index(hypervisor->networks, i);

            if (nmm_orphans_find_bridge(state, network))
                add_bridge(report, bridges, state, hypervisor->uri, network);
            add_kept(report, kept, state, hypervisor, network);
        }
        if (hypervisor->networks_error && needs_networks(state, hypervisor->uri))
            nmm_report_add_note(
                report, _("'%s': %s."), hypervisor->uri, hypervisor->networks_error->message);
        if (hypervisor->asleep) {
            nmm_report_add_note(
                report, _("'%s': %s."), hypervisor->uri, hypervisor->error->message);
        } else if (hypervisor->error && !is_unneeded(state, hypervisor)) {
            nmm_report_add_note(report,
                                _("Cannot list guests of '%s': %s."),
                                hypervisor->uri,
                                hypervisor->error->message);
            nmm_report_set_code(report, NMM_EXIT_FAILED);
        }
    }
}

static void
set_profile(JsonObject *json, const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmProfile *p = profile->profile;
    const NmmNetwork *network = p ? nmm_host_state_find_network(state, p) : NULL;
    const NmmCidr *address = nmm_host_state_get_address(state, profile);
    g_autofree char *address_text = address ? nmm_cidr_to_string(address) : NULL;
    gboolean has_network = p && nmm_mode_get_info(p->mode)->has_network;

    nmm_json_set_string(json, "id", profile->id);
    nmm_json_set_string(json, "uuid", profile->uuid);
    nmm_json_set_string(json, "mode", p ? nmm_mode_to_string(p->mode) : NULL);
    nmm_json_set_string(json, "state", nmm_active_state_to_string(profile->state));
    nmm_json_set_string(json, "libvirt-uri", p ? p->libvirt_uri : NULL);
    nmm_json_set_string(json, "network", has_network ? p->network : NULL);
    nmm_json_set_string(json, "bridge", network ? network->bridge : NULL);
    nmm_json_set_string(json, "link", profile->link);
    nmm_json_set_string(json, "parent", p && !profile->parent ? p->parent : profile->parent);
    nmm_json_set_error(json, "parent-problem", profile->parent_error);
    nmm_json_set_string(json, "host-address", address_text);
    json_object_set_int_member(json, "guests", nmm_guest_selection_count(state, profile));
}

static void
set_failure(JsonObject *json, const NmmFailure *failure)
{
    g_autoptr(GDateTime) time = failure ? g_date_time_new_from_unix_utc(failure->time) : NULL;
    g_autofree char *text = time ? g_date_time_format_iso8601(time) : NULL;
    JsonObject *object;

    if (!failure) {
        json_object_set_null_member(json, "last-failure");
        return;
    }
    object = json_object_new();
    nmm_json_set_string(object, "time", text);
    nmm_json_set_string(object, "message", failure->message);
    json_object_set_object_member(json, "last-failure", object);
}

static void
set_problem(JsonObject *json, const NmmProblem *problem)
{
    nmm_json_set_string(json, "kind", nmm_problem_kind_to_string(problem->kind));
    json_object_set_boolean_member(json, "fault", nmm_problem_is_fault(problem));
    nmm_json_set_string(json, "guest", problem->guest);
    nmm_json_set_string(json, "address", problem->address);
    nmm_json_set_string(json, "reason", problem->reason);
    nmm_json_set_string(json, "key", problem->key);
    nmm_json_set_string(json, "message", problem->message);
    nmm_json_set_string(json, "remedy", problem->remedy);
}

static void
add_problem(NmmReport *report, JsonArray *problems, const char *id, const NmmProblem *problem)
{
    set_problem(nmm_json_add_object(problems), problem);
    if (nmm_problem_is_fault(problem))
        nmm_report_set_code(report, NMM_EXIT_PROBLEM);
    if (nmm_problem_is_measured(problem))
        return;
    nmm_report_add_note(report, _("Profile '%s': %s."), id, problem->message);
    if (problem->remedy)
        nmm_report_add_note(report, "        %s", problem->remedy);
}

/* What the service publishes while it lives, and why it ended otherwise. */
static void
add_service(NmmReport *report, JsonObject *json, const NmmHostProfile *profile)
{
    const NmmProfileStatus *status = profile->status;
    const NmmFailure *failure = profile->failure;
    JsonArray *problems = nmm_json_set_array(json, "problems");

    nmm_json_set_string(json, "service", status ? nmm_phase_to_string(status->phase) : NULL);
    for (guint i = 0; status && i < status->problems->len; i++)
        add_problem(report, problems, profile->id, g_ptr_array_index(status->problems, i));
    set_failure(json, failure);
    if (failure && profile->state != NMM_ACTIVE_UP) {
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(failure->time);
        g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;

        nmm_report_add_note(report,
                            _("Profile '%s': it failed at %s: %s."),
                            profile->id,
                            text ? text : "?",
                            failure->message);
    }
}

static void
add_profile(NmmReport *report,
            JsonArray *profiles,
            const NmmHostState *state,
            const NmmHostProfile *profile)
{
    JsonObject *json = nmm_json_add_object(profiles);
    g_autofree char *no_match = nmm_guest_selection_describe_empty(state, profile);

    set_profile(json, state, profile);
    add_service(report, json, profile);
    nmm_json_set_string(json, "nobody", no_match);
    nmm_json_set_error(json, "problem", profile->error);
    if (profile->error)
        nmm_report_add_note(
            report, _("Profile '%s' is not valid: %s."), profile->id, profile->error->message);
    if (profile->parent_error && !profile->suggested)
        nmm_report_add_note(
            report, _("Profile '%s': %s."), profile->id, profile->parent_error->message);
    if (no_match)
        nmm_report_add_note(report, _("Profile '%s': %s."), profile->id, no_match);
    if (no_match && profile->state != NMM_ACTIVE_DOWN)
        nmm_report_set_code(report, NMM_EXIT_PROBLEM);
}

static void
add_profiles(NmmReport *report, const NmmHostState *state)
{
    JsonArray *profiles = nmm_json_set_array(report->json, "profiles");

    for (guint i = 0; i < state->profiles->len; i++)
        add_profile(report, profiles, state, g_ptr_array_index(state->profiles, i));
    if (state->profiles->len > 0)
        nmm_report_add_table(report, "profiles", profile_columns);
    else if (!state->nm_error)
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
    const NmmCheckResult *broken = nmm_check_find_broken(results);
    const NmmCheckResult *reason = reachable ? broken : nmm_check_find_reason(results);

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
nmm_status_report(const NmmHostState *state, const GPtrArray *inputs)
{
    NmmReport *report = nmm_report_new();

    add_problems(report, state);
    add_hosts(report, state);
    add_profiles(report, state);
    add_guests(report, inputs);
    nmm_peers_add_to_report(report, state, inputs);
    return report;
}

static NmmReport *
read_report(void)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs = NULL;

    nmm_host_update(state, NMM_HOST_READ_GUESTS | NMM_HOST_READ_AWAKE, NULL);
    inputs = nmm_check_collect(state, NULL);
    return nmm_status_report(state, inputs);
}

/* Follow */

static gboolean follow;

typedef struct {
    gboolean json;
    char *shown; /* (nullable) */
} Follower;

/* Prints only what differs from what is on the screen. */
static void
changed_cb(gpointer user_data)
{
    Follower *self = user_data;
    g_autoptr(NmmReport) report = read_report();
    g_autofree char *text =
        self->json ? nmm_report_to_line(report) : g_strchomp(nmm_report_to_text(report));

    if (g_strcmp0(text, self->shown) == 0)
        return;
    if (self->json)
        g_print("%s\n", text);
    else
        nmm_print("%s%s", self->shown ? "\n" : "", text);
    fflush(stdout);
    g_free(self->shown);
    self->shown = g_steal_pointer(&text);
}

static int
run_follow(gboolean json)
{
    Follower follower = {.json = json};
    g_autoptr(GError) error = NULL;
    gboolean done = nmm_status_watch_run(changed_cb, &follower, &error);

    g_free(follower.shown);
    if (done)
        return NMM_EXIT_OK;
    nmm_complain(_("cannot follow changes: %s"), error->message);
    return NMM_EXIT_FAILED;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmReport) report = NULL;

    if (follow)
        return run_follow(json);
    report = read_report();
    return nmm_report_print(report, json);
}

static const GOptionEntry entries[] = {
    {"watch", 0, 0, G_OPTION_ARG_NONE, &follow, N_("Print again after each change"), NULL},
    {NULL},
};

const NmmCommand nmm_command_status = {
    .name = "status",
    .summary = N_("Show profiles, and which guests the host reaches"),
    .entries = entries,
    .run = run,
};
