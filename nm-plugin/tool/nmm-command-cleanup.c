/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap cleanup: lists what profiles that no longer exist have left behind, asks, and removes
 * it.
 */

#include "config.h"

#include "nmm-commands.h"

#include <stdio.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "nmm-keys.h"
#include "nmm-table.h"

static gboolean option_yes;

static const GOptionEntry entries[] = {
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &option_yes, N_("Remove without asking"), NULL},
    G_OPTION_ENTRY_NULL,
};

/**
 * nmm_cleanup_format:
 * @leftovers: (element-type NmmOrphan): what was found
 *
 * Returns: (transfer full): the list of `nm-macvtap cleanup`, each line with its end.
 */
char *
nmm_cleanup_format(const GPtrArray *leftovers)
{
    const char *titles[] = {
        _("LEFTOVER"), _("DEVICE"), _("NETWORK"), _("GUEST"), _("LIBVIRT"), NULL};
    g_autoptr(NmmTable) table = nmm_table_new(titles);

    for (guint i = 0; i < leftovers->len; i++) {
        const NmmOrphan *leftover = g_ptr_array_index(leftovers, i);
        const char *cells[] = {
            leftover->label,
            leftover->device,
            leftover->network,
            leftover->guest,
            leftover->uri,
        };

        nmm_table_add(table, cells);
    }
    return nmm_table_to_string(table);
}

/**
 * nmm_cleanup_to_json:
 * @leftovers: (element-type NmmOrphan): what was found, and what became of it
 *
 * Returns: (transfer full): the document of `nm-macvtap cleanup --json`, see nm-macvtap(8).
 */
JsonObject *
nmm_cleanup_to_json(const GPtrArray *leftovers)
{
    JsonObject *json = json_object_new();
    JsonArray *array = json_array_new();

    for (guint i = 0; i < leftovers->len; i++) {
        const NmmOrphan *leftover = g_ptr_array_index(leftovers, i);
        JsonObject *element = json_object_new();

        nmm_tool_set_string(element, "kind", leftover->kind);
        nmm_tool_set_string(element, "libvirt-uri", leftover->uri);
        nmm_tool_set_string(element, "guest", leftover->guest);
        nmm_tool_set_string(element, "guest-uuid", leftover->guest_uuid);
        nmm_tool_set_string(element, "network", leftover->network);
        nmm_tool_set_string(element, "device", leftover->device);
        nmm_tool_set_string(element, "profile-uuid", leftover->owner_uuid);
        json_object_set_boolean_member(element, "removed", leftover->removed);
        nmm_tool_set_string(element, "problem", leftover->problem);
        json_array_add_object_element(array, element);
    }
    json_object_set_array_member(json, "leftovers", array);
    return json;
}

static gboolean
is_used(const NmmWorld *world, const char *uri)
{
    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        if (profile->profile && g_str_equal(profile->profile->libvirt_uri, uri))
            return TRUE;
    }
    return g_strv_contains((const char *const *)world->allowed_uris, uri);
}

/*
 * Looks at every libvirt that a profile may have named. A built-in one that does not answer and
 * that nobody names is one that is not installed.
 */
static gboolean
read_hosts(NmmWorld *world)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_LIBVIRT_URI);
    guint n_answer = 0;
    gboolean complete = TRUE;

    for (guint i = 0; key->choices[i]; i++)
        nmm_world_add_host(world, key->choices[i]);
    for (guint i = 0; world->allowed_uris[i]; i++)
        nmm_world_add_host(world, world->allowed_uris[i]);

    for (guint i = 0; i < world->hosts->len; i++) {
        const NmmWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (!host->problem) {
            n_answer++;
        } else if (is_used(world, host->uri) || g_str_equal(host->uri, key->default_value)) {
            nmm_tool_complain(_("'%s' is left alone: %s"), host->uri, host->problem);
            complete = FALSE;
        }
    }
    return complete && n_answer > 0;
}

static gboolean
ask(guint n)
{
    char answer[16];

    g_printerr(g_dngettext(
                   GETTEXT_PACKAGE, "Remove %u leftover? [y/N] ", "Remove %u leftovers? [y/N] ", n),
               n);
    return fgets(answer, sizeof answer, stdin) && g_ascii_tolower(answer[0]) == 'y';
}

/* Those that were found can be read; now they are to be written. */
static void
open_hosts(NmmWorld *world)
{
    for (guint i = 0; i < world->hosts->len; i++) {
        NmmWorldHost *host = g_ptr_array_index(world->hosts, i);
        g_autoptr(GError) error = NULL;

        if (host->problem)
            continue;
        nmm_hypervisor_close(host->hypervisor);
        if (nmm_hypervisor_open(host->hypervisor, FALSE, &error))
            continue;
        nmm_tool_complain("%s: %s", host->uri, error->message);
    }
}

static gboolean
remove_all(NmmWorld *world, GPtrArray *leftovers)
{
    gboolean complete = TRUE;

    /* Somebody may have made a profile for it while the user made up his mind. */
    if (!nmm_world_read_profiles(world)) {
        nmm_tool_complain("%s", world->nm_problem);
        return FALSE;
    }
    open_hosts(world);
    for (guint i = 0; i < leftovers->len; i++) {
        NmmOrphan *leftover = g_ptr_array_index(leftovers, i);

        nmm_orphan_remove(world, leftover);
        if (leftover->removed)
            continue;
        complete = FALSE;
        if (leftover->guest)
            nmm_tool_complain(_("guest '%s', interface on network '%s': %s"),
                              leftover->guest,
                              leftover->network,
                              leftover->problem);
        else if (leftover->device)
            nmm_tool_complain(_("interface '%s': %s"), leftover->device, leftover->problem);
        else
            nmm_tool_complain(_("network '%s': %s"), leftover->network, leftover->problem);
    }
    return complete;
}

/* Returns: an NmmExit. */
static int
list_and_remove(NmmWorld *world, GPtrArray *leftovers, gboolean json)
{
    gboolean agreed = option_yes;
    gboolean removed = FALSE;

    if (!json) {
        g_autofree char *text = nmm_cleanup_format(leftovers);

        nmm_tool_print("%s", g_strchomp(text));
    }
    if (!agreed && isatty(STDIN_FILENO))
        agreed = ask(leftovers->len);
    else if (!agreed)
        nmm_tool_complain(_("nothing is removed: there is no terminal to ask on, and no "
                            "--yes"));
    if (agreed)
        removed = remove_all(world, leftovers);
    if (json)
        nmm_tool_print_json(nmm_cleanup_to_json(leftovers));
    if (!agreed)
        return isatty(STDIN_FILENO) ? NMM_EXIT_OK : NMM_EXIT_USAGE;
    return removed ? NMM_EXIT_OK : NMM_EXIT_FAILED;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmWorld) world = NULL;
    g_autoptr(GPtrArray) leftovers = NULL;
    gboolean complete;
    int code;

    /* Whoever does not see everybody's profiles would take what is theirs for left behind. */
    if (geteuid() != 0) {
        nmm_tool_complain(_("only root sees the profiles of all users, and knows what "
                            "belongs to none of them"));
        return NMM_EXIT_FAILED;
    }
    world = nmm_world_new();
    if (world->nm_problem || world->config_problem) {
        nmm_tool_complain("%s", world->nm_problem ? world->nm_problem : world->config_problem);
        return NMM_EXIT_FAILED;
    }
    complete = read_hosts(world);
    if (world->links_problem) {
        nmm_tool_complain(_("host links are left alone: %s"), world->links_problem);
        complete = FALSE;
    }
    leftovers = nmm_orphans_find(world);
    if (leftovers->len > 0) {
        code = list_and_remove(world, leftovers, json);
        return code == NMM_EXIT_OK && !complete ? NMM_EXIT_FAILED : code;
    }
    if (json)
        nmm_tool_print_json(nmm_cleanup_to_json(leftovers));
    else if (complete)
        nmm_tool_print("%s", _("There is nothing to clean up."));
    return complete ? NMM_EXIT_OK : NMM_EXIT_FAILED;
}

const NmmCommand nmm_command_cleanup = {
    .name = "cleanup",
    .summary = N_("Remove what profiles that no longer exist have left behind"),
    .entries = entries,
    .run = run,
};
