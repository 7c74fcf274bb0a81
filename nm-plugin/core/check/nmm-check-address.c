/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the guest's address: is it known, routed, and does the guest answer there?
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

static NmmCheckResult *
report_address(const NmmCheckInput *input)
{
    if (input->nic.defined_mac)
        return ok(_("its address is '%s'; the guest has changed the MAC address of the interface "
                    "from '%s' to '%s'"),
                  input->address,
                  input->nic.defined_mac,
                  input->nic.mac);
    return ok(_("its address is '%s'"), input->address);
}

/* While the guest boots, silence is no fault. */
#define BOOT_S 120

static gboolean
is_booting(const NmmCheckInput *input)
{
    return input->guest.age_s >= 0 && input->guest.age_s < BOOT_S;
}

NmmCheckResult *
nmm_check_evaluate_lease(const NmmCheckInput *input)
{
    if (input->address)
        return report_address(input);
    if (input->network.lease_problem)
        return unknown(_("cannot read the leases of the network '%s': %s"),
                       input->network.name,
                       input->network.lease_problem);
    if (is_booting(input))
        return waiting(_("the guest started %d s ago, and its address is not known yet"),
                       (int)input->guest.age_s);
    if (input->network.has_dhcp && input->guest.container)
        return broken_look(
            nmm_check_make_virsh(input, "console", nmm_check_get_guest(input), NULL),
            _("the container has not requested an address on the interface with MAC '%s': enable "
              "DHCP for it in the container; an interface that was added while the container ran "
              "is down there and has a name such as 'vnet1'"),
            nmm_check_get_mac(input));
    if (input->network.has_dhcp)
        return broken_look(
            nmm_check_make_virsh(input, "console", nmm_check_get_guest(input), NULL),
            _("the guest has not requested an address on the interface with MAC '%s': enable "
              "DHCP for it in the guest"),
            nmm_check_get_mac(input));
    return broken_look(
        nmm_check_make_virsh(input, "console", nmm_check_get_guest(input), NULL),
        _("the network has no DHCP, and the interface with MAC '%s' has no known address: "
          "set one in the guest"),
        nmm_check_get_mac(input));
}

static NmmCheckResult *
evaluate_silence(const NmmCheckInput *input)
{
    const char *mac = nmm_check_get_mac(input);

    if (nmm_mode_get_info(input->profile.mode)->routes_guests)
        return waiting(
            _("no traffic from it yet (MAC '%s'): it gets its route when it first communicates "
              "with the host"),
            mac);
    return waiting(
        _("no traffic with it yet (MAC '%s'): the host reaches the guest directly at the guest's "
          "address"),
        mac);
}

NmmCheckResult *
nmm_check_evaluate_address(const NmmCheckInput *input)
{
    if (input->address)
        return report_address(input);
    if (input->kernel_problem)
        return unknown(_("cannot read its addresses: %s"), input->kernel_problem);
    return evaluate_silence(input);
}

/* (nullable): an address of the guest to which the host has no route, while it may have one to
 * another. */
static const char *
find_unrouted(const NmmCheckInput *input)
{
    if (!input->routed)
        return input->address;
    for (guint i = 0; input->link.addresses && i < input->link.addresses->len; i++) {
        const NmmCheckAddress *address = g_ptr_array_index(input->link.addresses, i);

        if (!address->source)
            return address->address;
    }
    return NULL;
}

/* A rule is asked before the main table; in it, the longest prefix decides. */
static char *
make_way_command(const NmmCheckInput *input, const char *device)
{
    const char *family = strchr(input->address, ':') ? "-6" : "-4";

    if (input->way.is_main)
        return nmm_check_make_command(
            "ip", family, "route", "replace", input->address, "dev", device, NULL);
    return nmm_check_make_command(
        "ip", family, "rule", "add", "pref", "1", "to", input->address, "lookup", "main", NULL);
}

NmmCheckResult *
nmm_check_evaluate_way(const NmmCheckInput *input)
{
    const char *device = input->network.bridge ? input->network.bridge : input->link.name;

    if (!input->address)
        return unknown(_("its address is not known"));
    if (input->way.problem)
        return unknown(
            _("cannot find the host's route to '%s': %s"), input->address, input->way.problem);
    if (g_strcmp0(input->way.device, device) != 0)
        return broken(make_way_command(input, device),
                      _("the host's packets to '%s' leave on '%s' instead of '%s', because of "
                        "another route or a rule of policy routing"),
                      input->address,
                      input->way.device,
                      device);
    return ok(_("the host's route to '%s' goes over '%s'"), input->address, device);
}

NmmCheckResult *
nmm_check_evaluate_route(const NmmCheckInput *input)
{
    const char *unrouted = find_unrouted(input);

    if (input->address && unrouted)
        return broken(nmm_check_make_again(input),
                      _("the host's route to '%s' over '%s' is missing"),
                      unrouted,
                      input->link.name);
    return nmm_check_evaluate_way(input);
}

NmmCheckResult *
nmm_check_evaluate_neighbour(const NmmCheckInput *input)
{
    if (input->answers)
        return ok(_("the guest answers at '%s'"), input->address);
    if (!input->address)
        return unknown(_("its address is not known"));
    if (input->unprivileged)
        return hint(NULL,
                    _("it has a route, but only root can probe whether it answers at '%s'"),
                    input->address);
    if (input->probe_problem)
        return unknown(_("cannot probe '%s': %s"), input->address, input->probe_problem);
    if (is_booting(input))
        return waiting(_("the guest started %d s ago, and does not answer at '%s' yet"),
                       (int)input->guest.age_s,
                       input->address);
    return broken_look(
        nmm_check_make_virsh(input, "console", nmm_check_get_guest(input), NULL),
        _("there is no answer from '%s': the interface may be down in the guest, or have "
          "another address by now"),
        input->address);
}
