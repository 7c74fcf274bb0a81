/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the host link of the modes share and move, and of its parent.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

NmmCheckResult *
nmm_check_evaluate_parent(const NmmCheckInput *input)
{
    const char *parent = input->link.parent;

    if (input->link.parent_problem)
        return broken_look(
            nmm_check_make_command("nmcli", "connection", "edit", input->profile.id, NULL),
            "%s",
            input->link.parent_problem);
    if (input->kernel_problem)
        return nmm_check_report_unread(parent, input->kernel_problem);
    if (!input->link.parent_up)
        return broken(nmm_check_make_command("ip", "link", "set", parent, "up", NULL),
                      _("'%s' is down, so macvtap passes no traffic"),
                      parent);
    if (!input->link.parent_carrier)
        return broken_look(nmm_check_make_command("ip", "link", "show", parent, NULL),
                           _("'%s' has no carrier, so macvtap passes no traffic"),
                           parent);
    return ok(_("'%s' can carry a host link"), parent);
}

NmmCheckResult *
nmm_check_evaluate_host_link(const NmmCheckInput *input)
{
    const char *link = input->link.name;

    if (input->kernel_problem)
        return nmm_check_report_unread(link, input->kernel_problem);
    if (input->link.problem)
        return broken(
            nmm_check_make_again(input), _("there is no host link: %s"), input->link.problem);
    if (!input->link.up)
        return broken(nmm_check_make_again(input), _("the host link '%s' is down"), link);
    if (!input->host_address)
        return broken_look(
            nmm_check_make_command("nmcli", "device", "show", input->link.parent, NULL),
            _("the host has no address on '%s'"),
            input->link.parent);
    return ok(_("the host link '%s' is up, and the host has the address '%s'"),
              link,
              input->host_address);
}
