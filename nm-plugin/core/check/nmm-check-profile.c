/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The step of the profile that selects the guest.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

#include "nmm-keys.h"

/* (transfer full) (nullable): the command that gives the profile its own network. */
static char *
make_network_command(const NmmCheckInput *input)
{
    g_autofree char *item = NULL;
    g_autofree char *modify = NULL;
    g_autofree char *up = nmm_check_make_activate(input);

    if (!input->profile.other_network)
        return NULL;
    item = g_strdup_printf(NMM_KEY_NETWORK "=%s", input->profile.other_network);
    modify = nmm_check_make_command(
        "nmcli", "connection", "modify", input->profile.id, "+vpn.data", item, NULL);
    return g_strdup_printf("%s && %s", modify, up);
}

static NmmCheckResult *
evaluate_inactive_profile(const NmmCheckInput *input)
{
    const char *refusal = input->profile.refusal ? input->profile.refusal : input->network.problem;

    if (input->network.bridge_left)
        return nmm_check_report_bridge_left(input);
    if (refusal)
        return broken(make_network_command(input),
                      _("the profile '%s' selects it, but cannot be activated: %s"),
                      input->profile.id,
                      refusal);
    return broken(nmm_check_make_activate(input),
                  _("the profile '%s' selects it, but is not active"),
                  input->profile.id);
}

NmmCheckResult *
nmm_check_evaluate_profile(const NmmCheckInput *input)
{
    if (input->profile.nm_problem)
        return broken(g_strdup("systemctl start NetworkManager"),
                      _("no profile can be active because NetworkManager has a problem: %s"),
                      input->profile.nm_problem);
    if (!input->profile.id)
        return broken(g_strdup("nmcli connection add type vpn vpn-type macvtap con-name guests"),
                      _("no profile selects it"));
    if (!input->profile.active)
        return evaluate_inactive_profile(input);
    return ok(_("the profile '%s' selects it and is active"), input->profile.id);
}
