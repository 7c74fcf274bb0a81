/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap plan: what activating a profile would change; in mode isolated found out by the same
 * planner as the service's, on a libvirt connection that cannot change anything.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-error.h"
#include "nmm-plan.h"
#include "nmm-lock-conflict.h"
#include "nmm-routes.h"
#include "nmm-table.h"

static const char *
describe_kind(NmmEditKind kind)
{
    static const char *const words[] = {
        [NMM_EDIT_NETWORK_DEFINE] = N_("define network"),
        [NMM_EDIT_NETWORK_AUTOSTART] = N_("autostart network"),
        [NMM_EDIT_NETWORK_START] = N_("start network"),
        [NMM_EDIT_NIC_DETACH] = N_("remove interface"),
        [NMM_EDIT_NIC_ATTACH] = N_("add interface"),
        [NMM_EDIT_NIC_UPDATE] = N_("change interface"),
        [NMM_EDIT_NETWORK_DESTROY] = N_("stop network"),
        [NMM_EDIT_NETWORK_UNDEFINE] = N_("remove network"),
    };

    return _(words[kind]);
}

static const char *
describe_scope(const NmmEdit *edit)
{
    if (!edit->guest_name)
        return NULL;
    return edit->scope == NMM_SCOPE_LIVE ? _("running guest") : _("definition");
}

static char *
format_edits(const NmmPlan *plan)
{
    const char *titles[] = {_("CHANGE"), _("NETWORK"), _("GUEST"), _("WHERE"), _("REASON"), NULL};
    g_autoptr(NmmTable) table = nmm_table_new(titles);

    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = g_ptr_array_index(plan->edits, i);
        const char *cells[] = {
            describe_kind(edit->kind),
            edit->network,
            edit->guest_name,
            describe_scope(edit),
            edit->reason,
        };

        nmm_table_add(table, cells);
    }
    return nmm_table_to_string(table);
}

/**
 * nmm_plan_format:
 * @profile: the profile
 * @plan: what activating it needs
 * @refused: (nullable): why it would be refused all the same
 *
 * Returns: (transfer full): the text of `nm-macvtap plan`, each line with its end.
 */
char *
nmm_plan_format(const NmmProfile *profile, const NmmPlan *plan, const char *refused)
{
    GString *text = g_string_new(NULL);

    if (plan->edits->len > 0) {
        g_autofree char *edits = format_edits(plan);

        g_string_append(text, edits);
    } else {
        g_string_append_printf(
            text, _("Activating the profile '%s' has nothing to change.\n"), profile->id);
    }
    for (guint i = 0; i < plan->notes->len; i++)
        g_string_append_printf(
            text, _("Note: %s.\n"), (const char *)g_ptr_array_index(plan->notes, i));
    if (refused)
        g_string_append_printf(text, _("Activating it would be refused: %s.\n"), refused);
    return g_string_free(text, FALSE);
}

static JsonArray *
edits_to_json(const NmmPlan *plan)
{
    JsonArray *edits = json_array_new();

    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = g_ptr_array_index(plan->edits, i);
        JsonObject *json = json_object_new();
        const char *scope = edit->scope == NMM_SCOPE_LIVE ? "live" : "config";

        nmm_tool_set_string(json, "kind", nmm_edit_kind_to_string(edit->kind));
        nmm_tool_set_string(json, "network", edit->network);
        nmm_tool_set_string(json, "guest", edit->guest_name);
        nmm_tool_set_string(json, "guest-uuid", edit->guest_uuid);
        nmm_tool_set_string(json, "scope", edit->guest_uuid ? scope : NULL);
        nmm_tool_set_string(json, "alias", edit->alias);
        nmm_tool_set_string(json, "reason", edit->reason);
        json_array_add_object_element(edits, json);
    }
    return edits;
}

static JsonArray *
reports_to_json(const NmmPlan *plan)
{
    JsonArray *guests = json_array_new();

    for (guint i = 0; i < plan->reports->len; i++) {
        const NmmGuestReport *report = g_ptr_array_index(plan->reports, i);
        JsonObject *json = json_object_new();

        nmm_tool_set_string(json, "name", report->guest->name);
        nmm_tool_set_string(json, "uuid", report->guest->uuid);
        nmm_tool_set_string(json, "status", nmm_guest_status_to_string(report->status));
        nmm_tool_set_string(json, "mac", report->mac);
        json_array_add_object_element(guests, json);
    }
    return guests;
}

/**
 * nmm_plan_to_json:
 * @profile: the profile
 * @plan: what activating it needs
 * @refused: (nullable): why it would be refused all the same
 *
 * Returns: (transfer full): the document of `nm-macvtap plan --json`, see nm-macvtap(8).
 */
JsonObject *
nmm_plan_to_json(const NmmProfile *profile, const NmmPlan *plan, const char *refused)
{
    JsonObject *json = json_object_new();
    JsonArray *notes = json_array_new();

    for (guint i = 0; i < plan->notes->len; i++)
        json_array_add_string_element(notes, g_ptr_array_index(plan->notes, i));
    nmm_tool_set_string(json, "profile", profile->id);
    nmm_tool_set_string(json, "uuid", profile->uuid);
    nmm_tool_set_string(json, "mode", nmm_mode_to_string(profile->mode));
    nmm_tool_set_string(json, "libvirt-uri", profile->libvirt_uri);
    json_object_set_array_member(json, "changes", edits_to_json(plan));
    json_object_set_array_member(json, "guests", reports_to_json(plan));
    json_object_set_array_member(json, "notes", notes);
    nmm_tool_set_string(json, "refused", refused);
    return json;
}

static const NmmWorldProfile *
find_profile(const NmmWorld *world, const char *name)
{
    const NmmWorldProfile *found = NULL;

    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        if (g_str_equal(profile->uuid, name))
            return profile;
        if (!found && g_str_equal(profile->id, name))
            found = profile;
    }
    return found;
}

/* The same for service and tool: the ULA of address6=auto hangs on it. */
static char *
read_host_id(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/etc/machine-id", &text, NULL, NULL))
        return g_strdup("");
    return g_strdup(g_strstrip(text));
}

static NmmPlan *
make_plan(NmmWorld *world, const NmmProfile *profile, GError **error)
{
    g_autoptr(GPtrArray) used =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    g_autofree char *host_id = read_host_id();
    NmmWorldHost *host = nmm_world_add_host(world, profile->libvirt_uri);
    NmmObserved observed = {
        .guests = host->guests,
        .networks = host->networks,
        .used = used,
        .host_id = host_id,
    };

    if (host->problem) {
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_UNREACHABLE, host->problem);
        return NULL;
    }
    if (!nmm_routes_collect(used, error))
        return NULL;
    nmm_profile_reader_collect_addresses(
        nm_client_get_connections(world->client), profile->uuid, used);
    return nmm_plan_isolated(profile, NMM_PURPOSE_UP, &observed, error);
}

static int
show_plan(NmmWorld *world, const NmmWorldProfile *named, gboolean json)
{
    NMRemoteConnection *connection = nm_client_get_connection_by_uuid(world->client, named->uuid);
    g_autoptr(GError) refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmPlan) plan = make_plan(world, named->profile, &error);
    const char *refused;
    g_autofree char *text = NULL;

    if (!plan) {
        nmm_tool_complain(_("profile '%s': %s"), named->id, error->message);
        return NMM_EXIT_FAILED;
    }
    if (nmm_profile_reader_check_permissions(
            NM_CONNECTION(connection), NMM_LIBVIRT_GROUP, &refusal) &&
        g_str_equal(named->state, "down"))
        nmm_lock_conflict_check(world, named, &refusal);
    refused = refusal ? refusal->message : NULL;
    if (json) {
        nmm_tool_print_json(nmm_plan_to_json(named->profile, plan, refused));
    } else {
        text = nmm_plan_format(named->profile, plan, refused);
        nmm_tool_print("%s", g_strchomp(text));
    }
    return refused ? NMM_EXIT_FAILED : NMM_EXIT_OK;
}

static int
run(const char *name, gboolean json)
{
    g_autoptr(NmmWorld) world = nmm_world_new();
    const NmmWorldProfile *named = find_profile(world, name);

    if (world->nm_problem || world->config_problem) {
        nmm_tool_complain("%s", world->nm_problem ? world->nm_problem : world->config_problem);
        return NMM_EXIT_FAILED;
    }
    if (!named) {
        nmm_tool_complain(_("there is no profile '%s' of type macvtap"), name);
        return NMM_EXIT_FAILED;
    }
    if (!named->profile) {
        nmm_tool_complain(_("profile '%s': %s"), named->id, named->problem);
        return NMM_EXIT_FAILED;
    }
    if (named->profile->mode != NMM_MODE_ISOLATED)
        return nmm_plan_link_run(world, named, json);
    return show_plan(world, named, json);
}

const NmmCommand nmm_command_plan = {
    .name = "plan",
    .argument = "PROFILE",
    .summary = N_("Show what activating a profile would change, and change nothing"),
    .run = run,
};
