/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps, and their order in each mode, in which the path of a packet is set up.
 */

#include "config.h"

#include "nmm-check-steps.h"

/* Tables */

typedef struct {
    const char *id;                                          /* stable; NULL ends a table */
    NmmCheckResult *(*evaluate)(const NmmCheckInput *input); /* NULL: left out */
} Step;

static const Step isolated_steps[] = {
    {"guest", nmm_check_evaluate_guest},
    {"macvtap", nmm_check_evaluate_macvtap},
    {"profile", nmm_check_evaluate_profile},
    {"service", nmm_check_evaluate_service},
    {"definition", nmm_check_evaluate_definition},
    {"running", nmm_check_evaluate_running},
    {"plugged", nmm_check_evaluate_plugged},
    {"link", nmm_check_evaluate_link},
    {"network", nmm_check_evaluate_network},
    {"bridge", nmm_check_evaluate_bridge},
    {"device", nmm_check_evaluate_port},
    {"host", nmm_check_evaluate_host},
    {"firewall", nmm_check_evaluate_zone},
    {"rules", nmm_check_evaluate_rules},
    {"address", nmm_check_evaluate_lease},
    {"route", nmm_check_evaluate_way},
    {"neighbour", nmm_check_evaluate_neighbour},
    {"names", nmm_check_evaluate_names},
    {NULL},
};

/* What a profile cannot change comes before whether the profile is active. */
static const Step share_steps[] = {
    {"guest", nmm_check_evaluate_guest},
    {"macvtap", nmm_check_evaluate_macvtap},
    {"mode", nmm_check_evaluate_mode},
    {"parent", nmm_check_evaluate_parent},
    {"profile", nmm_check_evaluate_profile},
    {"host-link", nmm_check_evaluate_host_link},
    {"running", nmm_check_evaluate_running},
    {"plugged", nmm_check_evaluate_plugged},
    {"device", nmm_check_evaluate_device},
    {"link", nmm_check_evaluate_link},
    {"service", nmm_check_evaluate_service},
    {"host", nmm_check_evaluate_host},
    {"firewall", nmm_check_evaluate_zone},
    {"rules", nmm_check_evaluate_rules},
    {"address", nmm_check_evaluate_address},
    {"route", nmm_check_evaluate_route},
    {"neighbour", nmm_check_evaluate_neighbour},
    {"names", nmm_check_evaluate_names},
    {NULL},
};

static const Step move_steps[] = {
    {"guest", nmm_check_evaluate_guest},
    {"macvtap", nmm_check_evaluate_macvtap},
    {"mode", nmm_check_evaluate_mode},
    {"parent", nmm_check_evaluate_parent},
    {"profile", nmm_check_evaluate_profile},
    {"host-link", nmm_check_evaluate_host_link},
    {"running", nmm_check_evaluate_running},
    {"plugged", nmm_check_evaluate_plugged},
    {"device", nmm_check_evaluate_device},
    {"link", nmm_check_evaluate_link},
    {"service", nmm_check_evaluate_service},
    {"host", nmm_check_evaluate_host},
    {"firewall", nmm_check_evaluate_zone},
    {"rules", nmm_check_evaluate_rules},
    {"address", nmm_check_evaluate_address},
    {"route", nmm_check_evaluate_way},
    {"neighbour", nmm_check_evaluate_neighbour},
    {"names", nmm_check_evaluate_names},
    {NULL},
};

static const Step *const steps_by_mode[] = {
    [NMM_MODE_ISOLATED] = isolated_steps,
    [NMM_MODE_SHARE] = share_steps,
    [NMM_MODE_MOVE] = move_steps,
};
G_STATIC_ASSERT(G_N_ELEMENTS(steps_by_mode) == _NMM_MODE_NUM);

/* Results */

GPtrArray *
nmm_check_evaluate(const NmmCheckInput *input)
{
    GPtrArray *results = nmm_check_results_new();

    for (const Step *step = steps_by_mode[input->profile.mode]; step->id; step++) {
        NmmCheckResult *result = step->evaluate(input);

        if (!result)
            continue;
        result->step = step->id;
        g_ptr_array_add(results, result);
        if (result->verdict >= NMM_CHECK_WAITING)
            break;
    }
    return results;
}

const NmmCheckResult *
nmm_check_find_broken(const GPtrArray *results)
{
    const NmmCheckResult *last = g_ptr_array_index(results, results->len - 1);

    return last->verdict == NMM_CHECK_BROKEN ? last : NULL;
}

const NmmCheckResult *
nmm_check_find_reason(const GPtrArray *results)
{
    const NmmCheckResult *last = g_ptr_array_index(results, results->len - 1);

    if (last->verdict >= NMM_CHECK_WAITING)
        return last;
    for (guint i = 0; i < results->len; i++) {
        const NmmCheckResult *result = g_ptr_array_index(results, i);

        if (result->verdict == NMM_CHECK_UNKNOWN)
            return result;
    }
    return NULL;
}

const char *
nmm_check_verdict_to_string(NmmCheckVerdict verdict)
{
    static const char *const words[] = {
        [NMM_CHECK_OK] = "ok",
        [NMM_CHECK_HINT] = "hint",
        [NMM_CHECK_UNKNOWN] = "unknown",
        [NMM_CHECK_WAITING] = "waiting",
        [NMM_CHECK_BROKEN] = "broken",
    };
    G_STATIC_ASSERT(G_N_ELEMENTS(words) == _NMM_CHECK_VERDICT_NUM);

    return words[verdict];
}
