/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of the modes share and move: the host has a link of its own beside those of the
 * guests, and what keeps a guest from it is its macvtap mode, the lower device, or that nobody has
 * heard it yet.
 */

#include "config.h"

#include "nmm-check-private.h"

#include <glib/gi18n-lib.h>

static NmmCheckVerdict
judge_parent(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (facts->parent_problem) {
        *detail = g_strdup(facts->parent_problem);
        *remedy = nmm_check_make_command("nmcli", "connection", "edit", facts->profile, NULL);
        return NMM_CHECK_BROKEN;
    }
    if (!facts->parent_carrier) {
        *detail = g_strdup_printf(
            _("'%s' is down or its cable is out, and macvtap on it is silent"), facts->parent);
        *remedy = nmm_check_make_command("ip", "link", "show", facts->parent, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("a host link can be on '%s'"), facts->parent);
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_mode(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (g_strcmp0(facts->macvtap_mode, "bridge") == 0) {
        *detail = g_strdup(_("its macvtap mode is 'bridge', which reaches the host link"));
        return NMM_CHECK_OK;
    }
    if (facts->definition_is_bridge) {
        *detail = g_strdup_printf(_("it runs with macvtap mode '%s', which reaches no host link; "
                                    "its definition says 'bridge': it needs a restart (shut it "
                                    "down, then start it; a reboot is not enough)"),
                                  facts->macvtap_mode);
        *remedy = nmm_check_make_command("virsh", "-c", facts->uri, "shutdown", facts->guest, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("its macvtap mode is '%s', which reaches no host link: set "
                                "mode='bridge' in its definition and restart it, or use a profile "
                                "of mode 'isolated'"),
                              facts->macvtap_mode);
    *remedy = nmm_check_make_command("virsh", "-c", facts->uri, "edit", facts->guest, NULL);
    return NMM_CHECK_BROKEN;
}

static NmmCheckVerdict
judge_host_link(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (facts->link_problem || !facts->link_up) {
        *detail = facts->link_problem
                      ? g_strdup_printf(_("the host link is not there: %s"), facts->link_problem)
                      : g_strdup_printf(_("the host link '%s' is down"), facts->link);
        *remedy = nmm_check_make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NMM_CHECK_BROKEN;
    }
    if (!facts->host_address) {
        *detail = g_strdup_printf(_("the host has no address on '%s'"), facts->parent);
        *remedy = nmm_check_make_command("nmcli", "device", "show", facts->parent, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(
        _("the host link '%s' is up, and the host is at '%s'"), facts->link, facts->host_address);
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_heard(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->address) {
        *detail = g_strdup_printf(_("it has not been heard yet (MAC '%s'): it gets its route as "
                                    "soon as it speaks to the host, or the host to it"),
                                  facts->mac ? facts->mac : "?");
        return NMM_CHECK_WAITING;
    }
    *detail = g_strdup_printf(_("it was heard at '%s'"), facts->address);
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_known(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->address) {
        *detail = g_strdup_printf(_("the host has not spoken to it yet (MAC '%s'): it is reached "
                                    "at its own address without further ado"),
                                  facts->mac ? facts->mac : "?");
        return NMM_CHECK_WAITING;
    }
    *detail = g_strdup_printf(_("the host knows it at '%s'"), facts->address);
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_route(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->routed) {
        *detail = g_strdup_printf(
            _("the host's route to '%s' over '%s' is missing"), facts->address, facts->link);
        *remedy = nmm_check_make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail =
        g_strdup_printf(_("the host's route to '%s' goes over '%s'"), facts->address, facts->link);
    return NMM_CHECK_OK;
}

/* What a profile cannot do anything about comes before whether it is active. */
const NmmCheckStep nmm_check_share[] = {
    {"guest", nmm_check_judge_guest},
    {"macvtap", nmm_check_judge_macvtap},
    {"mode", judge_mode},
    {"parent", judge_parent},
    {"profile", nmm_check_judge_profile},
    {"host-link", judge_host_link},
    {"running", nmm_check_judge_running},
    {"plugged", nmm_check_judge_plugged},
    {"link", nmm_check_judge_link},
    {"address", judge_heard},
    {"route", judge_route},
    {"neighbour", nmm_check_judge_neighbour},
    {NULL, NULL},
};

const NmmCheckStep nmm_check_move[] = {
    {"guest", nmm_check_judge_guest},
    {"macvtap", nmm_check_judge_macvtap},
    {"mode", judge_mode},
    {"parent", judge_parent},
    {"profile", nmm_check_judge_profile},
    {"host-link", judge_host_link},
    {"running", nmm_check_judge_running},
    {"plugged", nmm_check_judge_plugged},
    {"link", nmm_check_judge_link},
    {"address", judge_known},
    {"neighbour", nmm_check_judge_neighbour},
    {NULL, NULL},
};
