/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap cleanup: lists the orphans, asks, and removes them.
 */

#include "config.h"

#include "nmm-commands.h"

#include <stdio.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "nmm-host.h"
#include "nmm-keys.h"

static gboolean option_yes;

static const GOptionEntry entries[] = {
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &option_yes, N_("Remove without asking"), NULL},
    {NULL},
};

static const NmmReportLabel kind_labels[] = {
    {"interface", N_("interface")},
    {"network", N_("network")},
    {"bridge", N_("bridge")},
    {"link", N_("host link")},
    {NULL},
};

static const NmmReportColumn columns[] = {
    {N_("LEFTOVER"), "kind", .labels = kind_labels},
    {N_("DEVICE"), "device"},
    {N_("NETWORK"), "network"},
    {N_("GUEST"), "guest"},
    {N_("LIBVIRT"), "libvirt-uri"},
    {NULL},
};

static void
add_kept_notes(NmmReport *report, const NmmHostState *state)
{
    for (guint h = 0; h < state->hypervisors->len; h++) {
        const NmmHostHypervisor *hypervisor = g_ptr_array_index(state->hypervisors, h);

        for (guint i = 0; i < hypervisor->networks->len; i++) {
            const NmmNetwork *network = g_ptr_array_index(hypervisor->networks, i);
            g_autofree char *keeper = nmm_orphans_describe_keeper(state, hypervisor, network);

            if (keeper)
                nmm_report_add_note(report,
                                    _("Network '%s': it stays because %s needs it."),
                                    network->name,
                                    keeper);
        }
    }
}

void
nmm_cleanup_add_to_report(NmmReport *report, const NmmHostState *state, const GPtrArray *orphans)
{
    JsonArray *array = nmm_json_set_array(report->json, "leftovers");

    for (guint i = 0; i < orphans->len; i++) {
        const NmmOrphan *orphan = g_ptr_array_index(orphans, i);
        JsonObject *json = nmm_json_add_object(array);

        nmm_json_set_string(json, "kind", orphan->kind);
        nmm_json_set_string(json, "libvirt-uri", orphan->uri);
        nmm_json_set_string(json, "guest", orphan->guest);
        nmm_json_set_string(json, "guest-uuid", orphan->guest_uuid);
        nmm_json_set_string(json, "network", orphan->network);
        nmm_json_set_string(json, "device", orphan->device);
        nmm_json_set_string(json, "profile-uuid", orphan->owner_uuid);
        json_object_set_boolean_member(json, "removed", orphan->removed);
        nmm_json_set_string(json, "problem", orphan->problem);
    }
    if (orphans->len > 0)
        nmm_report_add_table(report, "leftovers", columns);
    add_kept_notes(report, state);
}

NmmReport *
nmm_cleanup_report(const NmmHostState *state, const GPtrArray *orphans)
{
    NmmReport *report = nmm_report_new();

    if (orphans->len == 0)
        nmm_report_add_text(report, "%s\n", _("There is nothing to clean up."));
    nmm_cleanup_add_to_report(report, state, orphans);
    return report;
}

static gboolean
is_used(const NmmHostState *state, const char *uri)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);

        if (profile->profile && g_str_equal(profile->profile->libvirt_uri, uri))
            return TRUE;
    }
    return g_strv_contains((const char *const *)state->allowed_uris, uri);
}

gboolean
nmm_cleanup_read_hypervisors(NmmHostState *state)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_LIBVIRT_URI);
    guint n_answer = 0;
    gboolean complete = TRUE;

    nmm_host_update(state, 0, (const char *const *)key->choices);
    nmm_host_update(state, 0, (const char *const *)state->allowed_uris);
    for (guint i = 0; i < state->hypervisors->len; i++) {
        const NmmHostHypervisor *hypervisor = g_ptr_array_index(state->hypervisors, i);

        if (!hypervisor->error) {
            n_answer++;
        } else if (is_used(state, hypervisor->uri) ||
                   nmm_keys_is_default(NMM_KEY_LIBVIRT_URI, hypervisor->uri)) {
            nmm_complain(_("skipping '%s': %s"), hypervisor->uri, hypervisor->error->message);
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

static void
complain_of_orphan(const NmmOrphan *orphan)
{
    if (orphan->guest)
        nmm_complain(_("guest '%s', interface on network '%s': %s"),
                     orphan->guest,
                     orphan->network,
                     orphan->problem);
    else if (orphan->device)
        nmm_complain(_("interface '%s': %s"), orphan->device, orphan->problem);
    else
        nmm_complain(_("network '%s': %s"), orphan->network, orphan->problem);
}

int
nmm_cleanup_remove(NmmHostState *state, GPtrArray *orphans)
{
    int code = NMM_EXIT_OK;

    /* While the command waited for the answer, a profile for an orphan may have been added. */
    nmm_host_update(state, NMM_HOST_READ_NM | NMM_HOST_READ_LINKS, NULL);
    if (state->nm_error) {
        nmm_complain("%s", state->nm_error->message);
        return NMM_EXIT_FAILED;
    }
    for (guint i = 0; i < orphans->len; i++) {
        NmmOrphan *orphan = g_ptr_array_index(orphans, i);

        nmm_orphan_remove(state, orphan);
        if (orphan->removed)
            continue;
        complain_of_orphan(orphan);
        code = NMM_EXIT_FAILED;
    }
    return code;
}

/* Returns: an NmmExit. */
static int
ask_and_remove(NmmHostState *state, GPtrArray *orphans)
{
    if (option_yes)
        return nmm_cleanup_remove(state, orphans);
    if (isatty(STDIN_FILENO))
        return ask(orphans->len) ? nmm_cleanup_remove(state, orphans) : NMM_EXIT_OK;
    nmm_complain(_("nothing removed: standard input is not a terminal; use --yes to skip the "
                   "question"));
    return NMM_EXIT_USAGE;
}

static void
print_orphans(const NmmHostState *state, const GPtrArray *orphans, gboolean json)
{
    g_autoptr(NmmReport) report = nmm_cleanup_report(state, orphans);

    nmm_report_print(report, json);
}

/* Returns: an NmmExit. */
static int
list_and_remove(NmmHostState *state, gboolean complete, gboolean json)
{
    g_autoptr(GPtrArray) orphans = nmm_orphans_find(state);
    int code = NMM_EXIT_OK;

    if (!json && (orphans->len > 0 || complete))
        print_orphans(state, orphans, FALSE);
    if (orphans->len > 0)
        code = ask_and_remove(state, orphans);
    if (json)
        print_orphans(state, orphans, TRUE);
    return code == NMM_EXIT_OK && !complete ? NMM_EXIT_FAILED : code;
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmHostState) state = NULL;
    gboolean complete;

    /* To another user, the objects of profiles that this user cannot see would be orphans. */
    if (geteuid() != 0) {
        nmm_complain(
            _("run 'nm-macvtap cleanup' as root because only root sees the profiles of all users"));
        return NMM_EXIT_FAILED;
    }
    state = nmm_host_state_new();
    nmm_host_update(state, NMM_HOST_READ_NM | NMM_HOST_READ_LINKS, NULL);
    if (state->nm_error || state->config_error) {
        nmm_complain("%s", (state->nm_error ? state->nm_error : state->config_error)->message);
        return NMM_EXIT_FAILED;
    }
    complete = nmm_cleanup_read_hypervisors(state);
    if (state->links_error) {
        nmm_complain(_("skipping host links: %s"), state->links_error->message);
        complete = FALSE;
    }
    return list_and_remove(state, complete, json);
}

const NmmCommand nmm_command_cleanup = {
    .name = "cleanup",
    .summary = N_("Remove leftovers of profiles that no longer exist"),
    .entries = entries,
    .run = run,
};
