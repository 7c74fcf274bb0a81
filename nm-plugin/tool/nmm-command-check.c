/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap check: evaluates the steps from a guest to its host, and shows the first broken one
 * with a command that repairs it.
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-collect.h"
#include "nmm-host.h"
#include "nmm-keys.h"
#include "nmm-migration.h"
#include "nmm-peers.h"

static void
judge(NmmReport *report, const NmmCheckInput *input, const GPtrArray *results)
{
    const NmmCheckResult *reason = nmm_check_find_reason(results);

    if (reason && reason->verdict == NMM_CHECK_BROKEN)
        nmm_report_set_code(report, NMM_EXIT_PROBLEM);
    else if (reason && reason->verdict == NMM_CHECK_UNKNOWN)
        nmm_report_set_code(report, NMM_EXIT_FAILED);
    else if (!reason && input->answers)
        nmm_report_add_text(report,
                            _("The guest '%s' answers the host at %s. The host's address for it "
                              "is %s.\n"),
                            input->guest.name,
                            input->address,
                            input->host_address);
}

NmmReport *
nmm_check_report(const NmmCheckInput *input)
{
    NmmReport *report = nmm_report_new();
    g_autoptr(GPtrArray) results = nmm_check_evaluate(input);
    const NmmCheckResult *broken = nmm_check_find_broken(results);

    nmm_json_set_string(report->json, "guest", input->guest.name);
    nmm_json_set_string(report->json, "uuid", input->guest.uuid);
    nmm_json_set_string(report->json, "libvirt-uri", input->guest.exists ? input->guest.uri : NULL);
    nmm_check_input_to_json(input, report->json);
    nmm_json_set_string(report->json, "broken", broken ? broken->step : NULL);
    nmm_check_add_steps(report, results);
    judge(report, input, results);
    return report;
}

/* If several profiles select the guest, the user asks about the one that is broken. */
static const NmmCheckInput *
choose_input(const GPtrArray *inputs)
{
    for (guint i = 0; i < inputs->len; i++) {
        const NmmCheckInput *input = g_ptr_array_index(inputs, i);
        g_autoptr(GPtrArray) results = nmm_check_evaluate(input);

        if (nmm_check_find_broken(results))
            return input;
    }
    return g_ptr_array_index(inputs, 0);
}

/* A libvirt that could not be read may have the guest. */
static gboolean
complain_of_hosts(const NmmHostState *state)
{
    gboolean complained = FALSE;

    for (guint i = 0; i < state->hypervisors->len; i++) {
        const NmmHostHypervisor *hypervisor = g_ptr_array_index(state->hypervisors, i);

        if (!hypervisor->error)
            continue;
        nmm_complain(
            _("cannot list guests of '%s': %s"), hypervisor->uri, hypervisor->error->message);
        complained = TRUE;
    }
    return complained;
}

const char *
nmm_check_choose_uri(const NmmHostState *state, const char *guest)
{
    const char *uri = nmm_keys_find(NMM_KEY_LIBVIRT_URI)->default_value;

    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);

        if (profile->profile && !profile->suggested &&
            nmm_profile_selects(profile->profile, guest, guest))
            return profile->profile->libvirt_uri;
    }
    /* A host that has only containers. */
    if (state->hypervisors->len > 0 && !nmm_host_state_find_hypervisor(state, uri))
        return ((const NmmHostHypervisor *)g_ptr_array_index(state->hypervisors, 0))->uri;
    return uri;
}

/* (nullable): the guest that has @address. */
static const NmmCheckInput *
find_input(const GPtrArray *inputs, const char *address)
{
    for (guint i = 0; i < inputs->len; i++) {
        const NmmCheckInput *input = g_ptr_array_index(inputs, i);
        const GPtrArray *addresses = input->link.addresses;

        if (g_strcmp0(input->address, address) == 0)
            return input;
        for (guint a = 0; addresses && a < addresses->len; a++) {
            const NmmCheckAddress *one = g_ptr_array_index(addresses, a);

            if (g_str_equal(one->address, address))
                return input;
        }
    }
    return NULL;
}

static NmmReport *
check_address(const NmmHostState *state, const NmmCidr *address)
{
    g_autofree char *text = nmm_cidr_address_to_string(address);
    g_autoptr(GPtrArray) inputs = nmm_check_collect(state, NULL);
    const NmmCheckInput *input = find_input(inputs, text);

    return input ? nmm_check_report(input) : nmm_peers_check(state, inputs, address);
}

/* -1: there is no guest of that name. */
static int
run_for_migration(const NmmHostState *state, const char *name, const char *uri, gboolean json)
{
    g_autoptr(NmmReport) report = nmm_migration_check(state, name, uri);

    return report ? (int)nmm_report_print(report, json) : -1;
}

static char *migration_uri;

static const GOptionEntry entries[] = {
    {"for-migration-to",
     0,
     0,
     G_OPTION_ARG_STRING,
     &migration_uri,
     N_("Find out whether the host of this libvirt URI is ready for the guest"),
     "URI"},
    {NULL},
};

static int
run(const char *name, gboolean json)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    g_autoptr(GPtrArray) inputs = NULL;
    g_autoptr(NmmReport) report = NULL;
    NmmCidr address;

    nmm_host_update(state, NMM_HOST_READ_GUESTS, NULL);
    if (migration_uri) {
        int code = run_for_migration(state, name, migration_uri, json);

        if (code >= 0)
            return code;
    }
    inputs = nmm_check_collect(state, name);
    if (inputs->len == 0 && nmm_cidr_init_host(&address, name, NULL)) {
        report = check_address(state, &address);
        return nmm_report_print(report, json);
    }
    if (inputs->len == 0 && complain_of_hosts(state))
        return NMM_EXIT_FAILED;
    if (inputs->len == 0)
        g_ptr_array_add(inputs, nmm_check_input_new(name, nmm_check_choose_uri(state, name)));
    report = nmm_check_report(choose_input(inputs));
    return nmm_report_print(report, json);
}

const NmmCommand nmm_command_check = {
    .name = "check",
    .argument = "GUEST|ADDRESS",
    .summary = N_("Find out why a guest and its host cannot reach each other"),
    .entries = entries,
    .run = run,
};
