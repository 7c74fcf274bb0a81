/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-migration.h"

#include <glib/gi18n-lib.h>

#include "nmm-host.h"

static const NmmGuest *
find_guest(const NmmHostState *state, const char *name, const NmmHostHypervisor **out_hypervisor)
{
    for (guint h = 0; h < state->hypervisors->len; h++) {
        const NmmHostHypervisor *hypervisor = g_ptr_array_index(state->hypervisors, h);

        for (guint i = 0; i < hypervisor->guests->len; i++) {
            const NmmGuest *guest = g_ptr_array_index(hypervisor->guests, i);

            if (nmm_profile_names_guest(name, guest->name, guest->uuid)) {
                *out_hypervisor = hypervisor;
                return guest;
            }
        }
    }
    return NULL;
}

static const NmmCheckResult *
find_verdict(const GPtrArray *results, NmmCheckVerdict verdict)
{
    for (guint i = 0; i < results->len; i++) {
        const NmmCheckResult *result = g_ptr_array_index(results, i);

        if (result->verdict == verdict)
            return result;
    }
    return NULL;
}

NmmReport *
nmm_migration_report(const NmmHostState *state,
                     const NmmHostHypervisor *hypervisor,
                     const NmmGuest *guest,
                     const NmmMigrationTarget *target)
{
    NmmReport *report = nmm_report_new();
    g_autoptr(GPtrArray) results = nmm_check_migration(state, hypervisor, guest, target);
    const NmmCheckResult *broken = find_verdict(results, NMM_CHECK_BROKEN);

    nmm_json_set_string(report->json, "guest", guest->name);
    nmm_json_set_string(report->json, "uuid", guest->uuid);
    nmm_json_set_string(report->json, "libvirt-uri", hypervisor->uri);
    nmm_json_set_string(report->json, "target", target->uri);
    nmm_json_set_string(report->json, "broken", broken ? broken->step : NULL);
    nmm_check_add_steps(report, results);
    if (broken)
        nmm_report_set_code(report, NMM_EXIT_PROBLEM);
    else if (find_verdict(results, NMM_CHECK_UNKNOWN))
        nmm_report_set_code(report, NMM_EXIT_FAILED);
    else
        nmm_report_add_text(report, _("'%s' is ready for guest '%s'.\n"), target->uri, guest->name);
    return report;
}

NmmReport *
nmm_migration_check(const NmmHostState *state, const char *name, const char *uri)
{
    const NmmHostHypervisor *hypervisor;
    const NmmGuest *guest = find_guest(state, name, &hypervisor);
    g_autoptr(NmmMigrationTarget) target = guest ? nmm_host_read_target(uri, guest->uuid) : NULL;

    return target ? nmm_migration_report(state, hypervisor, guest, target) : NULL;
}
