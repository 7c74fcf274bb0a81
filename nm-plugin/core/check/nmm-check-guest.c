/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the guest itself: its definition, its interface, and whether it runs.
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

#include "nmm-reachability.h"

NmmCheckResult *
nmm_check_evaluate_guest(const NmmCheckInput *input)
{
    if (!input->guest.exists)
        return broken_look(nmm_check_make_virsh(input, "list", "--all", NULL),
                           _("libvirt has no guest '%s'"),
                           input->guest.name);
    return ok(_("the guest exists (%s)"), input->guest.uri);
}

/* Attaches the interface to the running guest again, with the user's settings. */
static char *
make_reattach(const NmmCheckInput *input)
{
    const char *guest = nmm_check_get_guest(input);
    const char *mac = input->guest.defined_mac ? input->guest.defined_mac : input->guest.mac;
    g_autofree char *path = g_strdup_printf("//interface[mac/@address=\"%s\"]", mac);
    /* From the definition, because the running guest's XML lacks a network that chooses the device.
     */
    const char *inactive = input->guest.macvtap_in_definition ? "--inactive" : NULL;
    g_autofree char *dump =
        nmm_check_make_virsh(input, "dumpxml", guest, "--xpath", path, inactive, NULL);
    g_autofree char *detach = nmm_check_make_virsh(
        input, "detach-interface", guest, "direct", "--mac", mac, "--live", NULL);
    g_autofree char *attach =
        nmm_check_make_virsh(input, "attach-device", guest, "/dev/stdin", "--live", NULL);

    return g_strdup_printf("nic=$(%s) && %s && printf %%s \"$nic\" | %s", dump, detach, attach);
}

#define GONE                                                                                       \
    _("its interface '%s' disappeared together with the device '%s' while the guest was running: " \
      "restart the guest (shut it down, then start it), or detach the interface and attach it "    \
      "again")

static NmmCheckResult *
evaluate_no_macvtap(const NmmCheckInput *input)
{
    if (input->guest.missing)
        return broken_look(
            nmm_check_make_virsh(input, "domiflist", nmm_check_get_guest(input), NULL),
            _("it has no macvtap interface: its interface of type 'ethernet' uses the "
              "device '%s', which does not exist; make the device, then restart the "
              "guest"),
            input->guest.missing);
    return broken_look(nmm_check_make_virsh(input, "domiflist", nmm_check_get_guest(input), NULL),
                       _("it has no macvtap interface, so no profile applies to it"));
}

NmmCheckResult *
nmm_check_evaluate_macvtap(const NmmCheckInput *input)
{
    if (!input->guest.is_macvtap)
        return evaluate_no_macvtap(input);
    /* The host and the guest reach each other over another interface. */
    if (input->guest.gone && nmm_mode_get_info(input->profile.mode)->has_network)
        return hint(make_reattach(input), GONE, input->guest.device, input->guest.lower);
    if (input->guest.defined_mac)
        return ok(_("it is attached with macvtap to '%s', mode '%s'; the guest has changed the MAC "
                    "address from '%s' to '%s'"),
                  input->guest.lower,
                  input->guest.macvtap_mode,
                  input->guest.defined_mac,
                  input->guest.mac);
    if (input->guest.lower)
        return ok(_("it is attached with macvtap to '%s', mode '%s'"),
                  input->guest.lower,
                  input->guest.macvtap_mode);
    return ok(_("it is attached with macvtap through a libvirt network"));
}

static NmmCheckResult *
evaluate_target(const NmmCheckInput *input)
{
    const char *target = input->nic.target;

    if (!input->nic.is_up)
        return broken(nmm_check_make_command("ip", "link", "set", target, "up", NULL),
                      _("the guest's interface '%s' is down on the host"),
                      target);
    return ok(_("the guest's interface '%s' is up on the host"), target);
}

NmmCheckResult *
nmm_check_evaluate_device(const NmmCheckInput *input)
{
    if (input->guest.gone)
        return broken(make_reattach(input), GONE, input->guest.device, input->guest.lower);
    if (input->kernel_problem)
        return nmm_check_report_unread(input->guest.device ? input->guest.device : "?",
                                       input->kernel_problem);
    if (!input->nic.in_kernel)
        return hint(NULL,
                    _("its interface is in the guest's network namespace, which is not checked"));
    return evaluate_target(input);
}

NmmCheckResult *
nmm_check_evaluate_port(const NmmCheckInput *input)
{
    const char *target = input->nic.target;
    const char *bridge = input->network.bridge;

    if (input->kernel_problem || !target)
        return nmm_check_report_unread(target ? target : "?", input->kernel_problem);
    if (!input->nic.in_kernel)
        return broken_look(
            nmm_check_make_virsh(input, "domiflist", nmm_check_get_guest(input), NULL),
            _("the host has no interface '%s', which the running guest uses"),
            target);
    if (g_strcmp0(input->nic.master, bridge) != 0)
        return broken(nmm_check_make_command("ip", "link", "set", target, "master", bridge, NULL),
                      _("the guest's interface '%s' is not a port of the bridge '%s'"),
                      target,
                      bridge);
    return evaluate_target(input);
}

NmmCheckResult *
nmm_check_evaluate_mode(const NmmCheckInput *input)
{
    const char *mode = input->guest.macvtap_mode;

    if (nmm_reachability_has_mode(mode))
        return ok(_("its macvtap mode is 'bridge', which reaches the host link"));
    if (input->guest.definition_is_bridge)
        return broken(
            nmm_check_make_restart(input),
            _("it runs with macvtap mode '%s', which cannot reach the host link; its definition "
              "already has 'bridge': it needs a restart (shut it down, then start it; a reboot is "
              "not enough)"),
            mode);
    return broken_look(
        nmm_check_make_virsh(input, "edit", nmm_check_get_guest(input), NULL),
        _("its macvtap mode is '%s', which cannot reach the host link: set mode='bridge' in its "
          "definition and restart it, or use a profile of mode 'isolated'"),
        mode);
}

NmmCheckResult *
nmm_check_evaluate_definition(const NmmCheckInput *input)
{
    if (input->guest.transient)
        return hint(NULL,
                    _("it has no persistent definition, so only the running guest is checked"));
    if (!input->nic.in_definition)
        return broken_look(
            g_strdup("journalctl -t nm-macvtap-service"),
            _("its definition has no interface on the network '%s'; the journal shows why the "
              "profile could not add one"),
            input->network.name);
    return ok(_("its definition has an interface on the network '%s' (%s)"),
              input->network.name,
              nmm_check_get_mac(input));
}

NmmCheckResult *
nmm_check_evaluate_running(const NmmCheckInput *input)
{
    if (!input->guest.running)
        return broken(nmm_check_make_virsh(input, "start", nmm_check_get_guest(input), NULL),
                      _("the guest is shut off"));
    if (input->guest.paused)
        return nmm_check_result_new(
            NMM_CHECK_WAITING,
            nmm_check_make_virsh(input, "resume", nmm_check_get_guest(input), NULL),
            _("the guest is paused, so it does not answer"));
    return ok(_("the guest is running"));
}

NmmCheckResult *
nmm_check_evaluate_plugged(const NmmCheckInput *input)
{
    if (!input->nic.plugged)
        return broken(
            nmm_check_make_restart(input),
            _("the running guest does not have that interface: it needs a restart (shut it "
              "down, then start it; a reboot is not enough)"));
    return ok(_("the running guest has that interface"));
}

/* The only one that libvirt knows. */
static const char *
get_defined_mac(const NmmCheckInput *input)
{
    return input->nic.defined_mac ? input->nic.defined_mac : nmm_check_get_mac(input);
}

NmmCheckResult *
nmm_check_evaluate_link(const NmmCheckInput *input)
{
    if (input->nic.link_down)
        return broken(nmm_check_make_virsh(input,
                                           "domif-setlink",
                                           nmm_check_get_guest(input),
                                           get_defined_mac(input),
                                           "up",
                                           NULL),
                      _("the interface's cable is unplugged (link state down)"));
    return ok(_("its link is up"));
}
