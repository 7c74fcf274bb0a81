/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The step of the service: what it publishes about the guest. Leaves out what other steps measure.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

/* The dispatcher helper undoes what a killed service left, and activates the profile again. */
static NmmCheckResult *
report_silent(char **processes)
{
    g_autofree char *words = g_strjoinv(" ", processes);

    return nmm_check_result_new(NMM_CHECK_UNKNOWN,
                                g_strconcat("kill -KILL ", words, NULL),
                                _("the service does not answer, so it does not react to changes of "
                                  "the guest, and its problems are unknown"));
}

/* NULL if the service publishes nothing that the user may read. */
NmmCheckResult *
nmm_check_evaluate_service(const NmmCheckInput *input)
{
    if (!input->problems && input->profile.active && input->silent_services &&
        input->silent_services[0])
        return report_silent(input->silent_services);
    if (!input->problems)
        return NULL;
    for (guint i = 0; i < input->problems->len; i++) {
        const NmmProblem *problem = g_ptr_array_index(input->problems, i);

        if (nmm_problem_is_fault(problem))
            return broken(g_strdup(problem->remedy), "%s", problem->message);
    }
    return ok(_("the service reports no problem with the guest"));
}
