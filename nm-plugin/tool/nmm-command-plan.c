/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap plan: what activating a profile would change. In mode isolated, it runs the service's
 * planner on a read-only libvirt connection; the modes share and move change nothing in libvirt.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-collect.h"
#include "nmm-host.h"
#include "nmm-plan.h"
#include "nmm-profile-reader.h"
#include "nmm-guest-selection.h"
#include "nmm-unmanaged.h"

/* Text */

static const NmmReportLabel kind_labels[] = {
    {"network-define", N_("define network")},
    {"network-autostart", N_("autostart network")},
    {"network-start", N_("start network")},
    {"nic-detach", N_("remove interface")},
    {"nic-attach", N_("add interface")},
    {"nic-update", N_("change interface")},
    {"link-add", N_("make host link")},
    {"configuration-move", N_("move configuration")},
    {"multicast-receive", N_("receive multicast")},
    {NULL},
};

static const NmmReportLabel scope_labels[] = {
    {"config", N_("definition")},
    {"live", N_("running guest")},
    {NULL},
};

static const NmmReportLabel status_labels[] = {
    {"served", N_("yes")},
    {"shut-off", N_("when it is started")},
    {"unreachable", N_("no")},
    {NULL},
};

static const NmmReportColumn edit_columns[] = {
    {N_("CHANGE"), "kind", .labels = kind_labels},
    {N_("NETWORK"), "network"},
    {N_("GUEST"), "guest"},
    {N_("WHERE"), "scope", .labels = scope_labels},
    {N_("REASON"), "reason"},
    {NULL},
};

static const NmmReportColumn change_columns[] = {
    {N_("CHANGE"), "kind", .labels = kind_labels},
    {N_("DEVICE"), "device"},
    {N_("PARENT"), "parent"},
    {N_("REASON"), "reason"},
    {NULL},
};

static const NmmReportColumn guest_columns[] = {
    {N_("GUEST"), "name"},
    {N_("MAC"), "mac"},
    {N_("MACVTAP MODE"), "macvtap-mode"},
    {N_("REACHABLE"), "status", .labels = status_labels},
    {NULL},
};

/* Both documents */

static NmmReport *
new_report(const NmmProfile *profile)
{
    NmmReport *report = nmm_report_new();

    nmm_json_set_string(report->json, "profile", profile->id);
    nmm_json_set_string(report->json, "uuid", profile->uuid);
    nmm_json_set_string(report->json, "mode", nmm_mode_to_string(profile->mode));
    nmm_json_set_string(report->json, "libvirt-uri", profile->libvirt_uri);
    nmm_json_set_array(report->json, "changes");
    nmm_json_set_array(report->json, "guests");
    nmm_json_set_array(report->json, "notes");
    return report;
}

static JsonArray *
get_array(NmmReport *report, const char *name)
{
    return json_object_get_array_member(report->json, name);
}

static void
add_changes_table(NmmReport *report, const NmmProfile *profile, const NmmReportColumn *columns)
{
    if (json_array_get_length(get_array(report, "changes")) > 0)
        nmm_report_add_table(report, "changes", columns);
    else
        nmm_report_add_text(
            report, _("Activating the profile '%s' would change nothing.\n"), profile->id);
}

static void
add_note(NmmReport *report, const char *note)
{
    json_array_add_string_element(get_array(report, "notes"), note);
    nmm_report_add_note(report, _("Note: %s."), note);
}

/* @refused: (nullable) */
static void
set_refused(NmmReport *report, const char *refused)
{
    nmm_json_set_string(report->json, "refused", refused);
    if (!refused)
        return;
    nmm_report_add_note(report, _("The profile cannot be activated: %s."), refused);
    nmm_report_set_code(report, NMM_EXIT_FAILED);
}

/* Mode isolated */

static void
add_edit(JsonArray *changes, const NmmEdit *edit)
{
    JsonObject *json = nmm_json_add_object(changes);
    const char *scope = nmm_scope_to_string(edit->scope);

    nmm_json_set_string(json, "kind", nmm_edit_kind_to_string(edit->kind));
    nmm_json_set_string(json, "network", edit->network);
    nmm_json_set_string(json, "guest", edit->guest_name);
    nmm_json_set_string(json, "guest-uuid", edit->guest_uuid);
    nmm_json_set_string(json, "scope", edit->guest_uuid ? scope : NULL);
    nmm_json_set_string(json, "alias", edit->alias);
    nmm_json_set_string(json, "reason", edit->reason);
}

static void
add_planned_guest(JsonArray *guests, const NmmGuestReport *guest)
{
    JsonObject *json = nmm_json_add_object(guests);

    nmm_json_set_string(json, "name", guest->guest->name);
    nmm_json_set_string(json, "uuid", guest->guest->uuid);
    nmm_json_set_string(json, "status", nmm_guest_status_to_string(guest->status));
    nmm_json_set_string(json, "mac", guest->mac);
}

NmmReport *
nmm_plan_report(const NmmProfile *profile, const NmmPlan *plan, const char *refused)
{
    NmmReport *report = new_report(profile);

    for (guint i = 0; i < plan->edits->len; i++)
        add_edit(get_array(report, "changes"), g_ptr_array_index(plan->edits, i));
    for (guint i = 0; i < plan->reports->len; i++)
        add_planned_guest(get_array(report, "guests"), g_ptr_array_index(plan->reports, i));
    add_changes_table(report, profile, edit_columns);
    if (plan->adopted)
        add_note(report, plan->adopted);
    for (guint i = 0; i < plan->notes->len; i++)
        add_note(report, g_ptr_array_index(plan->notes, i));
    set_refused(report, refused);
    return report;
}

static gboolean
pass(const GError *problem, GError **error)
{
    if (problem)
        g_propagate_error(error, g_error_copy(problem));
    return !problem;
}

static NmmPlan *
make_plan(const NmmHostState *state, const NmmHostProfile *host_profile, GError **error)
{
    const NmmProfile *profile = host_profile->profile;
    g_autofree char *host_id = nmm_profile_reader_read_host_id();
    const NmmHostHypervisor *hypervisor =
        nmm_host_state_find_hypervisor(state, profile->libvirt_uri);
    NmmObserved observed = {
        .guests = hypervisor->guests,
        .networks = hypervisor->networks,
        .used = state->subnets,
        .host_id = host_id,
        .activating = host_profile->state == NMM_ACTIVE_DOWN,
    };

    if (!pass(hypervisor->networks_error, error) || !pass(state->subnets_error, error))
        return NULL;
    return nmm_plan_isolated(profile, NMM_PURPOSE_UP, &observed, error);
}

/* Modes share and move */

static void
add_change(NmmReport *report,
           const char *kind,
           const char *device,
           const char *parent,
           const char *reason)
{
    JsonObject *json = nmm_json_add_object(get_array(report, "changes"));

    nmm_json_set_string(json, "kind", kind);
    nmm_json_set_string(json, "device", device);
    nmm_json_set_string(json, "parent", parent);
    nmm_json_set_string(json, "reason", reason);
}

static void
add_multicast(NmmReport *report, const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmHostHypervisor *hypervisor =
        nmm_host_state_find_hypervisor(state, profile->profile->libvirt_uri);
    g_autoptr(GPtrArray) devices = NULL;

    if (!profile->profile->multicast || !hypervisor)
        return;
    devices = nmm_guest_selection_list_devices(
        profile->profile, profile->parent, hypervisor->guests, hypervisor->networks);
    for (guint i = 0; i < devices->len; i++)
        add_change(report,
                   "multicast-receive",
                   devices->pdata[i],
                   profile->parent,
                   _("otherwise the guest receives only a few multicast groups"));
}

static void
add_changes(NmmReport *report, const NmmHostState *state, const NmmHostProfile *profile)
{
    if (profile->state != NMM_ACTIVE_DOWN)
        return;
    add_change(report,
               "link-add",
               profile->link,
               profile->parent,
               _("the host needs its own macvtap interface to reach its guests"));
    if (nmm_mode_get_info(profile->profile->mode)->moves_configuration)
        add_change(
            report,
            "configuration-move",
            profile->link,
            profile->parent,
            _("addresses, routes, DNS and DHCP lease move from the parent to the host link until "
              "the profile goes down; the parent's own profile does not change"));
    add_multicast(report, state, profile);
}

/* Once the profile is active. */
static const char *
get_status(const NmmCheckResult *reason)
{
    if (!reason || reason->verdict != NMM_CHECK_BROKEN)
        return "served";
    return g_str_equal(reason->step, "running") ? "shut-off" : "unreachable";
}

static void
add_guest(NmmReport *report, const NmmCheckInput *input)
{
    JsonObject *json = nmm_json_add_object(get_array(report, "guests"));
    g_autoptr(GPtrArray) results = nmm_check_evaluate(input);
    const NmmCheckResult *reason = nmm_check_find_reason(results);
    const char *status = get_status(reason);

    nmm_json_set_string(json, "name", input->guest.name);
    nmm_json_set_string(json, "uuid", input->guest.uuid);
    nmm_json_set_string(json, "status", status);
    nmm_json_set_string(json, "mac", input->nic.mac);
    nmm_json_set_string(json, "macvtap-mode", input->guest.macvtap_mode);
    nmm_json_set_string(json, "reason", reason ? reason->detail : NULL);
    if (g_str_equal(status, "unreachable"))
        nmm_report_add_note(report, _("Guest '%s': %s."), input->guest.name, reason->detail);
}

static void
add_link_notes(NmmReport *report, const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmCidr *address = nmm_host_state_get_address(state, profile);
    g_autofree char *no_match = nmm_guest_selection_describe_empty(state, profile);

    if (address) {
        g_autofree char *text = nmm_cidr_address_to_string(address);
        g_autofree char *note = g_strdup_printf(_("guests reach the host at '%s'"), text);

        add_note(report, note);
    }
    if (no_match)
        add_note(report, no_match);
}

NmmReport *
nmm_plan_link_report(const NmmHostState *state,
                     const NmmHostProfile *profile,
                     const GPtrArray *inputs,
                     const char *refused)
{
    NmmReport *report = new_report(profile->profile);

    add_changes(report, state, profile);
    add_changes_table(report, profile->profile, change_columns);
    for (guint i = 0; i < inputs->len; i++)
        add_guest(report, g_ptr_array_index(inputs, i));
    if (inputs->len > 0)
        nmm_report_add_table(report, "guests", guest_columns);
    add_link_notes(report, state, profile);
    set_refused(report, refused);
    return report;
}

/* Command */

/* The checks of the service; an active profile has passed them. */
static gboolean
check_activation(const NmmHostState *state, const NmmHostProfile *profile, GError **error)
{
    if (!pass(profile->refusal, error))
        return FALSE;
    if (profile->state != NMM_ACTIVE_DOWN)
        return TRUE;
    if (!pass(profile->parent_error, error) || !nmm_host_state_check_locks(state, profile, error))
        return FALSE;
    return nmm_mode_get_info(profile->profile->mode)->has_network ||
           nmm_host_state_check_link_name(state, profile, error);
}

static void
add_base_note(NmmReport *report, const NmmHostState *state)
{
    const NmmHostDevice *loopback = nmm_host_state_find_device(state, "lo");

    if (loopback && loopback->state == NMM_DEVICE_UNMANAGED && state->primary) {
        g_autofree char *note = nmm_unmanaged_describe_loopback(state->primary);

        add_note(report, note);
    }
}

/* (nullable) */
static NmmReport *
make_report(const NmmHostState *state, const NmmHostProfile *profile, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    const char *refused = check_activation(state, profile, &refusal) ? NULL : refusal->message;

    if (nmm_mode_get_info(profile->profile->mode)->has_network) {
        g_autoptr(NmmPlan) plan = make_plan(state, profile, error);

        NmmReport *report = plan ? nmm_plan_report(profile->profile, plan, refused) : NULL;

        if (report)
            add_base_note(report, state);
        return report;
    } else {
        g_autoptr(GPtrArray) inputs = nmm_check_predict(state, profile);

        return nmm_plan_link_report(state, profile, inputs, refused);
    }
}

/* (nullable): why nothing can be planned. Reads the profile's libvirt. */
static const GError *
find_problem(NmmHostState *state, const NmmHostProfile *profile)
{
    const char *uris[] = {NULL, NULL};
    const GError *error;

    if (!profile->profile)
        return profile->error;
    uris[0] = profile->profile->libvirt_uri;
    nmm_host_update(state, 0, uris);
    error = nmm_host_state_find_hypervisor(state, uris[0])->error;
    if (error || nmm_mode_get_info(profile->profile->mode)->has_network)
        return error;
    return state->links_error;
}

static int
show_plan(NmmHostState *state, const NmmHostProfile *profile, gboolean json)
{
    const GError *problem = find_problem(state, profile);
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmReport) report = problem ? NULL : make_report(state, profile, &error);

    if (report)
        return nmm_report_print(report, json);
    nmm_complain(_("profile '%s': %s"), profile->id, (problem ? problem : error)->message);
    return NMM_EXIT_FAILED;
}

/* @name: an id or a UUID; a UUID comes first. (nullable) */
static const NmmHostProfile *
find_profile(const NmmHostState *state, const char *name)
{
    const NmmHostProfile *found = nmm_host_state_find_profile(state, name);

    for (guint i = 0; !found && i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);

        if (g_str_equal(profile->id, name))
            found = profile;
    }
    return found;
}

static int
run(const char *name, gboolean json)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    const NmmHostProfile *profile;

    nmm_host_update(state,
                    NMM_HOST_READ_NM | NMM_HOST_READ_LINKS | NMM_HOST_READ_SUBNETS |
                        NMM_HOST_READ_REFUSALS,
                    NULL);
    if (state->nm_error || state->config_error) {
        nmm_complain("%s", (state->nm_error ? state->nm_error : state->config_error)->message);
        return NMM_EXIT_FAILED;
    }
    profile = find_profile(state, name);
    if (!profile) {
        nmm_complain(_("there is no profile '%s' of type macvtap"), name);
        return NMM_EXIT_FAILED;
    }
    return show_plan(state, profile, json);
}

const NmmCommand nmm_command_plan = {
    .name = "plan",
    .argument = "PROFILE",
    .summary = N_("Show what activating a profile would change, and change nothing"),
    .run = run,
};
