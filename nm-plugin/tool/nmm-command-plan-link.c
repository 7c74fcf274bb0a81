/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap plan for the modes share and move, which change nothing in libvirt: the host link that
 * would be made, what would move there, and which guests the host would reach.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-parent.h"
#include "nmm-lock-conflict.h"
#include "nmm-served.h"
#include "nmm-check-collect.h"
#include "nmm-table.h"

/* What there is to do, a row each, and in which modes. */
typedef struct {
    const char *kind; /* stable */
    const char *label;
    const char *reason;
    gboolean share;
    gboolean move;
} Change;

static const Change changes[] = {
    {"link-add",
     N_("make host link"),
     N_("the host needs a macvtap interface beside those of its guests"),
     TRUE,
     TRUE},
    {"configuration-move",
     N_("move configuration"),
     N_("addresses, routes, DNS and DHCP lease go from the parent to the host link, and come back "
        "with 'down'; the parent's own profile is not changed"),
     FALSE,
     TRUE},
};

static gboolean
is_due(const Change *change, const NmmWorldProfile *profile)
{
    gboolean is_move = profile->profile->mode == NMM_MODE_MOVE;

    return g_str_equal(profile->state, "down") && (is_move ? change->move : change->share);
}

static char *
format_changes(const NmmWorldProfile *profile)
{
    const char *titles[] = {_("CHANGE"), _("DEVICE"), _("PARENT"), _("REASON"), NULL};
    g_autoptr(NmmTable) table = nmm_table_new(titles);

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        const char *cells[] = {
            _(changes[i].label), profile->link, profile->parent, _(changes[i].reason)};

        if (is_due(&changes[i], profile))
            nmm_table_add(table, cells);
    }
    return nmm_table_to_string(table);
}

/* How far a guest would come, in a word for each place where its chain may end. */
typedef struct {
    const char *status; /* stable */
    const char *label;
} Prospect;

static Prospect
foresee(const NmmCheckResult *end)
{
    if (!end || end->verdict == NMM_CHECK_WAITING)
        return (Prospect){"served", N_("yes")};
    if (g_str_equal(end->step, "running"))
        return (Prospect){"shut-off", N_("when it is started")};
    return (Prospect){"unreachable", N_("no")};
}

static char *
format_guests(const GPtrArray *all_facts)
{
    const char *titles[] = {_("GUEST"), _("MAC"), _("MACVTAP MODE"), _("REACHABLE"), NULL};
    g_autoptr(NmmTable) table = nmm_table_new(titles);

    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = nmm_check_walk(facts);
        Prospect prospect = foresee(nmm_check_find_end(findings));
        const char *cells[] = {facts->guest, facts->mac, facts->macvtap_mode, _(prospect.label)};

        nmm_table_add(table, cells);
    }
    return nmm_table_to_string(table);
}

static void
append_reasons(GString *text, const GPtrArray *all_facts)
{
    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = nmm_check_walk(facts);
        const NmmCheckResult *end = nmm_check_find_end(findings);

        if (g_str_equal(foresee(end).status, "unreachable"))
            g_string_append_printf(text, _("Guest '%s': %s.\n"), facts->guest, end->detail);
    }
}

/* (transfer full) (element-type utf8): fragments of sentences, translated. */
static GPtrArray *
make_notes(const NmmWorld *world, const NmmWorldProfile *profile)
{
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
    const NmmCidr *address = nmm_world_get_host_address(world, profile);
    char *nobody = nmm_served_describe_nobody(world, profile);

    if (address) {
        g_autofree char *text = nmm_cidr_address_to_string(address);

        g_ptr_array_add(notes, g_strdup_printf(_("guests reach the host at '%s'"), text));
    }
    if (nobody)
        g_ptr_array_add(notes, nobody);
    return notes;
}

/**
 * nmm_plan_link_format:
 * @world: the world
 * @profile: the profile
 * @facts: (element-type NmmCheckInput): of its guests, as if it was active
 * @refused: (nullable): why activating it would be refused
 *
 * Returns: (transfer full): the text of `nm-macvtap plan`, each line with its end.
 */
char *
nmm_plan_link_format(const NmmWorld *world,
                     const NmmWorldProfile *profile,
                     const GPtrArray *facts,
                     const char *refused)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) notes = make_notes(world, profile);

    if (g_str_equal(profile->state, "down")) {
        g_autofree char *table = format_changes(profile);

        g_string_append(text, table);
    } else {
        g_string_append_printf(
            text, _("Activating the profile '%s' has nothing to change.\n"), profile->id);
    }
    if (facts->len > 0) {
        g_autofree char *guests = format_guests(facts);

        g_string_append_printf(text, "\n%s\n", guests);
    }
    append_reasons(text, facts);
    for (guint i = 0; i < notes->len; i++)
        g_string_append_printf(text, _("Note: %s.\n"), (const char *)notes->pdata[i]);
    if (refused)
        g_string_append_printf(text, _("Activating it would be refused: %s.\n"), refused);
    return g_string_free(text, FALSE);
}

static JsonArray *
changes_to_json(const NmmWorldProfile *profile)
{
    JsonArray *array = json_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        JsonObject *json;

        if (!is_due(&changes[i], profile))
            continue;
        json = json_object_new();
        nmm_tool_set_string(json, "kind", changes[i].kind);
        nmm_tool_set_string(json, "device", profile->link);
        nmm_tool_set_string(json, "parent", profile->parent);
        nmm_tool_set_string(json, "reason", _(changes[i].reason));
        json_array_add_object_element(array, json);
    }
    return array;
}

static JsonArray *
guests_to_json(const GPtrArray *all_facts)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
        g_autoptr(GPtrArray) findings = nmm_check_walk(facts);
        const NmmCheckResult *end = nmm_check_find_end(findings);
        JsonObject *json = json_object_new();

        nmm_tool_set_string(json, "name", facts->guest);
        nmm_tool_set_string(json, "uuid", facts->guest_uuid);
        nmm_tool_set_string(json, "status", foresee(end).status);
        nmm_tool_set_string(json, "mac", facts->mac);
        nmm_tool_set_string(json, "macvtap-mode", facts->macvtap_mode);
        nmm_tool_set_string(json, "reason", end ? end->detail : NULL);
        json_array_add_object_element(array, json);
    }
    return array;
}

/**
 * nmm_plan_link_to_json:
 * @world: the world
 * @profile: the profile
 * @facts: (element-type NmmCheckInput): of its guests, as if it was active
 * @refused: (nullable): why activating it would be refused
 *
 * Returns: (transfer full): the document of `nm-macvtap plan --json`, see nm-macvtap(8).
 */
JsonObject *
nmm_plan_link_to_json(const NmmWorld *world,
                      const NmmWorldProfile *profile,
                      const GPtrArray *facts,
                      const char *refused)
{
    JsonObject *json = json_object_new();
    g_autoptr(GPtrArray) notes = make_notes(world, profile);
    JsonArray *array = json_array_new();

    for (guint i = 0; i < notes->len; i++)
        json_array_add_string_element(array, notes->pdata[i]);
    nmm_tool_set_string(json, "profile", profile->id);
    nmm_tool_set_string(json, "uuid", profile->uuid);
    nmm_tool_set_string(json, "mode", nmm_mode_to_string(profile->profile->mode));
    nmm_tool_set_string(json, "libvirt-uri", profile->profile->libvirt_uri);
    json_object_set_array_member(json, "changes", changes_to_json(profile));
    json_object_set_array_member(json, "guests", guests_to_json(facts));
    json_object_set_array_member(json, "notes", array);
    nmm_tool_set_string(json, "refused", refused);
    return json;
}

/* Of mode move alone: can NetworkManager move what the parent has? */
static gboolean
check_move(const NmmWorld *world, const NmmWorldProfile *profile, GError **error)
{
    NMDevice *parent;

    if (profile->profile->mode != NMM_MODE_MOVE || !profile->parent)
        return TRUE;
    parent = nm_client_get_device_by_iface(world->client, profile->parent);
    return !parent || nmm_parent_check(world->client, parent, error);
}

static gboolean
check_link_name(const NmmWorld *world, const NmmWorldProfile *profile, GError **error)
{
    return !nmm_links_find(world->links, profile->link) ||
           nmm_world_find_host_link(world, profile, error);
}

/* The service's own checks. What is active has passed them. */
static gboolean
check_activation(const NmmWorld *world, const NmmWorldProfile *profile, GError **error)
{
    NMRemoteConnection *connection = nm_client_get_connection_by_uuid(world->client, profile->uuid);

    if (!nmm_profile_reader_check_permissions(NM_CONNECTION(connection), NMM_LIBVIRT_GROUP, error))
        return FALSE;
    if (!g_str_equal(profile->state, "down"))
        return TRUE;
    if (profile->parent_problem) {
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_UNSUPPORTED, profile->parent_problem);
        return FALSE;
    }
    return nmm_lock_conflict_check(world, profile, error) && check_move(world, profile, error) &&
           check_link_name(world, profile, error);
}

/**
 * nmm_plan_link_run:
 * @world: the world, without libvirt yet
 * @profile: a profile of mode share or move
 * @json: print JSON
 *
 * Returns: the exit code, an #NmmExit.
 */
int
nmm_plan_link_run(NmmWorld *world, const NmmWorldProfile *profile, gboolean json)
{
    const NmmWorldHost *host = nmm_world_add_host(world, profile->profile->libvirt_uri);
    g_autoptr(GPtrArray) facts = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    const char *refused;

    if (host->problem || world->links_problem) {
        nmm_tool_complain(_("profile '%s': %s"),
                          profile->id,
                          host->problem ? host->problem : world->links_problem);
        return NMM_EXIT_FAILED;
    }
    refused = check_activation(world, profile, &error) ? NULL : error->message;
    facts = nmm_survey_foresee(world, profile);
    if (json) {
        nmm_tool_print_json(nmm_plan_link_to_json(world, profile, facts, refused));
    } else {
        text = nmm_plan_link_format(world, profile, facts, refused);
        nmm_tool_print("%s", g_strchomp(text));
    }
    return refused ? NMM_EXIT_FAILED : NMM_EXIT_OK;
}
