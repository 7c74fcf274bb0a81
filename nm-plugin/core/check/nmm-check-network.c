/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode isolated's network: its bridge, and the firewall zone of the bridge.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

static NmmCheckResult *
evaluate_inactive_network(const NmmCheckInput *input)
{
    if (input->network.bridge_left)
        return nmm_check_report_bridge_left(input);
    return broken(nmm_check_make_virsh(input, "net-start", input->network.name),
                  _("the network '%s' is not active"),
                  input->network.name);
}

NmmCheckResult *
nmm_check_evaluate_network(const NmmCheckInput *input)
{
    if (input->network.problem)
        return broken(NULL, "%s", input->network.problem);
    if (!input->network.exists)
        return broken(nmm_check_make_activate(input),
                      _("there is no libvirt network '%s'"),
                      input->network.name);
    if (!input->network.active)
        return evaluate_inactive_network(input);
    return ok(_("the network '%s' is active"), input->network.name);
}

static NmmCheckResult *
evaluate_bridge_device(const NmmCheckInput *input)
{
    const char *bridge = input->network.bridge;

    if (input->kernel_problem)
        return nmm_check_report_unread(bridge, input->kernel_problem);
    if (!input->network.bridge_up)
        return broken(nmm_check_make_command("ip", "link", "set", bridge, "up", NULL),
                      _("the bridge '%s' is missing or down"),
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
        return broken(nmm_check_make_virsh(input, "net-edit", input->network.name),
                      _("the network '%s' gives the host no address"),
                      input->network.name);
    return evaluate_bridge_device(input);
}

static char *
make_firewall_command(const NmmCheckInput *input)
{
    g_autofree char *zone = g_strdup_printf("--zone=%s", input->network.wanted_zone);
    g_autofree char *interface = g_strdup_printf("--change-interface=%s", input->network.bridge);

    return nmm_check_make_command("firewall-cmd", zone, interface, NULL);
}

NmmCheckResult *
nmm_check_evaluate_firewall(const NmmCheckInput *input)
{
    const char *zone = input->network.zone;
    const char *wanted = input->network.wanted_zone;

    if (input->network.zone_problem)
        return unknown(_("cannot read the bridge's firewalld zone: %s"),
                       input->network.zone_problem);
    if (!input->network.firewalld)
        return ok(_("firewalld is not running, so the bridge needs no zone"));
    if (g_strcmp0(zone, wanted) == 0)
        return ok(_("the bridge is in firewalld's zone '%s'"), zone);
    if (zone && *zone)
        return broken(make_firewall_command(input),
                      _("the bridge is in firewalld's zone '%s', but should be in '%s'"),
                      zone,
                      wanted);
    return broken(make_firewall_command(input),
                  _("the bridge is in no firewalld zone, but should be in '%s'"),
                  wanted);
}
