/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode isolated's network: is it active, and does its bridge work?
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

static NmmCheckResult *
evaluate_inactive_network(const NmmCheckInput *input)
{
    if (input->network.bridge_left)
        return nmm_check_report_bridge_left(input);
    return broken(nmm_check_make_virsh(input, "net-start", input->network.name, NULL),
                  _("the network '%s' is not active"),
                  input->network.name);
}

NmmCheckResult *
nmm_check_evaluate_network(const NmmCheckInput *input)
{
    if (input->network.problem)
        return broken(NULL, "%s", input->network.problem);
    if (!input->network.exists)
        return broken(nmm_check_make_again(input),
                      _("there is no libvirt network '%s'"),
                      input->network.name);
    if (!input->network.active)
        return evaluate_inactive_network(input);
    return ok(_("the network '%s' is active"), input->network.name);
}

static char *
make_restart(const NmmCheckInput *input)
{
    g_autofree char *stop = nmm_check_make_virsh(input, "net-destroy", input->network.name, NULL);
    g_autofree char *start = nmm_check_make_virsh(input, "net-start", input->network.name, NULL);

    return g_strdup_printf("%s && %s", stop, start);
}

static NmmCheckResult *
evaluate_bridge_device(const NmmCheckInput *input)
{
    const char *bridge = input->network.bridge;

    if (input->kernel_problem)
        return nmm_check_report_unread(bridge, input->kernel_problem);
    if (!input->network.bridge_exists)
        return broken(make_restart(input), _("the bridge '%s' is missing"), bridge);
    if (!input->network.bridge_up)
        return broken(nmm_check_make_command("ip", "link", "set", bridge, "up", NULL),
                      _("the bridge '%s' is down"),
                      bridge);
    if (!input->network.bridge_has_address)
        return broken(nmm_check_make_command(
                          "ip", "address", "add", input->host_address, "dev", bridge, NULL),
                      _("the bridge '%s' has lost the host's address '%s'"),
                      bridge,
                      input->host_address);
    return ok(_("the bridge '%s' has the host's address '%s'"), bridge, input->host_address);
}

NmmCheckResult *
nmm_check_evaluate_bridge(const NmmCheckInput *input)
{
    if (!input->network.bridge || !input->host_address)
        return broken_look(nmm_check_make_virsh(input, "net-edit", input->network.name, NULL),
                           _("the network '%s' gives the host no address"),
                           input->network.name);
    return evaluate_bridge_device(input);
}
