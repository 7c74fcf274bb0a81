/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap plan: what activating a profile would change; in mode isolated found out by the same
 * planner as the service's, on a libvirt connection that cannot change anything.
 */

#include "config.h"

#include "nm-macvtap-commands.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-names.h"
#include "nm-macvtap-nm.h"
#include "nm-macvtap-error.h"
#include "nm-macvtap-plan.h"
#include "nm-macvtap-rival.h"
#include "nm-macvtap-routes.h"
#include "nm-macvtap-table.h"

static const char *
describe_kind(NMMacvtapEditKind kind)
{
    static const char *const words[] = {
        [NM_MACVTAP_EDIT_NETWORK_DEFINE] = N_("define network"),
        [NM_MACVTAP_EDIT_NETWORK_AUTOSTART] = N_("autostart network"),
        [NM_MACVTAP_EDIT_NETWORK_START] = N_("start network"),
        [NM_MACVTAP_EDIT_NIC_DETACH] = N_("remove interface"),
        [NM_MACVTAP_EDIT_NIC_ATTACH] = N_("add interface"),
        [NM_MACVTAP_EDIT_NIC_UPDATE] = N_("change interface"),
        [NM_MACVTAP_EDIT_NETWORK_DESTROY] = N_("stop network"),
        [NM_MACVTAP_EDIT_NETWORK_UNDEFINE] = N_("remove network"),
    };

    return _(words[kind]);
}

static const char *
describe_scope(const NMMacvtapEdit *edit)
{
    if (!edit->guest_name)
        return NULL;
    return edit->scope == NM_MACVTAP_SCOPE_LIVE ? _("running guest") : _("definition");
}

static char *
format_edits(const NMMacvtapPlan *plan)
{
    const char *titles[] = {_("CHANGE"), _("NETWORK"), _("GUEST"), _("WHERE"), _("REASON"), NULL};
    g_autoptr(NMMacvtapTable) table = nm_macvtap_table_new(titles);

    for (guint i = 0; i < plan->edits->len; i++) {
        const NMMacvtapEdit *edit = g_ptr_array_index(plan->edits, i);
        const char *cells[] = {
            describe_kind(edit->kind),
            edit->network,
            edit->guest_name,
            describe_scope(edit),
            edit->reason,
        };

        nm_macvtap_table_add(table, cells);
    }
    return nm_macvtap_table_to_string(table);
}

/**
 * nm_macvtap_plan_format:
 * @profile: the profile
 * @plan: what activating it needs
 * @refused: (nullable): why it would be refused all the same
 *
 * Returns: (transfer full): the text of `nm-macvtap plan`, each line with its end.
 */
char *
nm_macvtap_plan_format(const NMMacvtapProfile *profile,
                       const NMMacvtapPlan *plan,
                       const char *refused)
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
edits_to_json(const NMMacvtapPlan *plan)
{
    JsonArray *edits = json_array_new();

    for (guint i = 0; i < plan->edits->len; i++) {
        const NMMacvtapEdit *edit = g_ptr_array_index(plan->edits, i);
        JsonObject *json = json_object_new();
        const char *scope = edit->scope == NM_MACVTAP_SCOPE_LIVE ? "live" : "config";

        nm_macvtap_tool_set_string(json, "kind", nm_macvtap_edit_kind_to_string(edit->kind));
        nm_macvtap_tool_set_string(json, "network", edit->network);
        nm_macvtap_tool_set_string(json, "guest", edit->guest_name);
        nm_macvtap_tool_set_string(json, "guest-uuid", edit->guest_uuid);
        nm_macvtap_tool_set_string(json, "scope", edit->guest_uuid ? scope : NULL);
        nm_macvtap_tool_set_string(json, "alias", edit->alias);
        nm_macvtap_tool_set_string(json, "reason", edit->reason);
        json_array_add_object_element(edits, json);
    }
    return edits;
}

static JsonArray *
reports_to_json(const NMMacvtapPlan *plan)
{
    JsonArray *guests = json_array_new();

    for (guint i = 0; i < plan->reports->len; i++) {
        const NMMacvtapGuestReport *report = g_ptr_array_index(plan->reports, i);
        JsonObject *json = json_object_new();

        nm_macvtap_tool_set_string(json, "name", report->guest->name);
        nm_macvtap_tool_set_string(json, "uuid", report->guest->uuid);
        nm_macvtap_tool_set_string(
            json, "status", nm_macvtap_guest_status_to_string(report->status));
        nm_macvtap_tool_set_string(json, "mac", report->mac);
        json_array_add_object_element(guests, json);
    }
    return guests;
}

/**
 * nm_macvtap_plan_to_json:
 * @profile: the profile
 * @plan: what activating it needs
 * @refused: (nullable): why it would be refused all the same
 *
 * Returns: (transfer full): the document of `nm-macvtap plan --json`, see nm-macvtap(8).
 */
JsonObject *
nm_macvtap_plan_to_json(const NMMacvtapProfile *profile,
                        const NMMacvtapPlan *plan,
                        const char *refused)
{
    JsonObject *json = json_object_new();
    JsonArray *notes = json_array_new();

    for (guint i = 0; i < plan->notes->len; i++)
        json_array_add_string_element(notes, g_ptr_array_index(plan->notes, i));
    nm_macvtap_tool_set_string(json, "profile", profile->id);
    nm_macvtap_tool_set_string(json, "uuid", profile->uuid);
    nm_macvtap_tool_set_string(json, "mode", nm_macvtap_mode_to_string(profile->mode));
    nm_macvtap_tool_set_string(json, "libvirt-uri", profile->libvirt_uri);
    json_object_set_array_member(json, "changes", edits_to_json(plan));
    json_object_set_array_member(json, "guests", reports_to_json(plan));
    json_object_set_array_member(json, "notes", notes);
    nm_macvtap_tool_set_string(json, "refused", refused);
    return json;
}

static const NMMacvtapWorldProfile *
find_profile(const NMMacvtapWorld *world, const char *name)
{
    const NMMacvtapWorldProfile *found = NULL;

    for (guint i = 0; i < world->profiles->len; i++) {
        const NMMacvtapWorldProfile *profile = g_ptr_array_index(world->profiles, i);

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

static NMMacvtapPlan *
make_plan(NMMacvtapWorld *world, const NMMacvtapProfile *profile, GError **error)
{
    g_autoptr(GPtrArray) used =
        g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_used_subnet_free);
    g_autofree char *host_id = read_host_id();
    NMMacvtapWorldHost *host = nm_macvtap_world_add_host(world, profile->libvirt_uri);
    NMMacvtapObserved observed = {
        .guests = host->guests,
        .networks = host->networks,
        .used = used,
        .host_id = host_id,
    };

    if (host->problem) {
        g_set_error_literal(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE, host->problem);
        return NULL;
    }
    if (!nm_macvtap_routes_collect(used, error))
        return NULL;
    nm_macvtap_nm_collect_addresses(nm_client_get_connections(world->client), profile->uuid, used);
    return nm_macvtap_plan_isolated(profile, NM_MACVTAP_PURPOSE_UP, &observed, error);
}

static int
show_plan(NMMacvtapWorld *world, const NMMacvtapWorldProfile *named, gboolean json)
{
    NMRemoteConnection *connection = nm_client_get_connection_by_uuid(world->client, named->uuid);
    g_autoptr(GError) refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(NMMacvtapPlan) plan = make_plan(world, named->profile, &error);
    const char *refused;
    g_autofree char *text = NULL;

    if (!plan) {
        nm_macvtap_tool_complain(_("profile '%s': %s"), named->id, error->message);
        return NM_MACVTAP_EXIT_FAILED;
    }
    if (nm_macvtap_nm_check_permissions(
            NM_CONNECTION(connection), NM_MACVTAP_LIBVIRT_GROUP, &refusal) &&
        g_str_equal(named->state, "down"))
        nm_macvtap_rival_check(world, named, &refusal);
    refused = refusal ? refusal->message : NULL;
    if (json) {
        nm_macvtap_tool_print_json(nm_macvtap_plan_to_json(named->profile, plan, refused));
    } else {
        text = nm_macvtap_plan_format(named->profile, plan, refused);
        nm_macvtap_tool_print("%s", g_strchomp(text));
    }
    return refused ? NM_MACVTAP_EXIT_FAILED : NM_MACVTAP_EXIT_OK;
}

static int
run(const char *name, gboolean json)
{
    g_autoptr(NMMacvtapWorld) world = nm_macvtap_world_new();
    const NMMacvtapWorldProfile *named = find_profile(world, name);

    if (world->nm_problem || world->config_problem) {
        nm_macvtap_tool_complain("%s",
                                 world->nm_problem ? world->nm_problem : world->config_problem);
        return NM_MACVTAP_EXIT_FAILED;
    }
    if (!named) {
        nm_macvtap_tool_complain(_("there is no profile '%s' of type macvtap"), name);
        return NM_MACVTAP_EXIT_FAILED;
    }
    if (!named->profile) {
        nm_macvtap_tool_complain(_("profile '%s': %s"), named->id, named->problem);
        return NM_MACVTAP_EXIT_FAILED;
    }
    if (named->profile->mode != NM_MACVTAP_MODE_ISOLATED)
        return nm_macvtap_plan_link_run(world, named, json);
    return show_plan(world, named, json);
}

const NMMacvtapCommand nm_macvtap_command_plan = {
    .name = "plan",
    .argument = "PROFILE",
    .summary = N_("Show what activating a profile would change, and change nothing"),
    .run = run,
};
