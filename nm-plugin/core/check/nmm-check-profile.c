/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The step of the profile that selects the guest.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

static NmmCheckResult *
evaluate_inactive_profile(const NmmCheckInput *input)
{
    const char *refusal = input->profile.refusal ? input->profile.refusal : input->network.problem;

    if (input->network.bridge_left)
        return nmm_check_report_bridge_left(input);
    if (refusal)
        return broken(NULL,
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
