/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain of mode isolated: the guest's second interface, the network, its bridge, the firewall,
 * the lease.
 */

#include "config.h"

#include "nmm-check-private.h"

#include <glib/gi18n-lib.h>

static NmmCheckVerdict
judge_definition(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (facts->transient) {
        *detail = g_strdup(_("it has no persistent definition, only the running guest counts"));
        return NMM_CHECK_OK;
    }
    if (!facts->in_definition) {
        *detail = g_strdup_printf(_("its definition has no interface on the network '%s'; the "
                                    "journal tells why the profile could not add one"),
                                  facts->network);
        *remedy = g_strdup("journalctl -t nm-macvtap-service");
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("its definition has an interface on the network '%s' (%s)"),
                              facts->network,
                              facts->mac ? facts->mac : "?");
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_network(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->network_exists) {
        *detail = g_strdup_printf(_("there is no libvirt network '%s'"), facts->network);
        *remedy = nmm_check_make_command("nmcli", "connection", "up", facts->profile, NULL);
        return NMM_CHECK_BROKEN;
    }
    if (!facts->network_active && facts->bridge_left) {
        *detail = g_strdup_printf(
            _("the network '%s' is not active, and cannot start: the bridge '%s' was left behind"),
            facts->network,
            facts->bridge);
        *remedy = g_strdup("nm-macvtap cleanup");
        return NMM_CHECK_BROKEN;
    }
    if (!facts->network_active) {
        *detail = g_strdup_printf(_("the network '%s' is not active"), facts->network);
        *remedy =
            nmm_check_make_command("virsh", "-c", facts->uri, "net-start", facts->network, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("the network '%s' is active"), facts->network);
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_bridge(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->bridge || !facts->host_address) {
        *detail = g_strdup_printf(_("the network '%s' gives the host no address"), facts->network);
        *remedy =
            nmm_check_make_command("virsh", "-c", facts->uri, "net-edit", facts->network, NULL);
        return NMM_CHECK_BROKEN;
    }
    if (!facts->bridge_up) {
        *detail = g_strdup_printf(_("the bridge '%s' is missing or down"), facts->bridge);
        *remedy = nmm_check_make_command("ip", "link", "set", facts->bridge, "up", NULL);
        return NMM_CHECK_BROKEN;
    }
    if (!facts->bridge_has_address) {
        *detail = g_strdup_printf(_("the bridge '%s' has lost the host's address '%s'"),
                                  facts->bridge,
                                  facts->host_address);
        *remedy = nmm_check_make_command(
            "ip", "address", "add", facts->host_address, "dev", facts->bridge, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(
        _("the bridge '%s' has the host's address '%s'"), facts->bridge, facts->host_address);
    return NMM_CHECK_OK;
}

static char *
make_firewall_command(const NmmCheckInput *facts)
{
    g_autofree char *zone = g_strdup_printf("--zone=%s", facts->wanted_zone);
    g_autofree char *interface = g_strdup_printf("--change-interface=%s", facts->bridge);

    return nmm_check_make_command("firewall-cmd", zone, interface, NULL);
}

static NmmCheckVerdict
judge_firewall(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->firewalld) {
        *detail = g_strdup(_("firewalld does not run, there is no zone to be in"));
        return NMM_CHECK_OK;
    }
    if (g_strcmp0(facts->zone, facts->wanted_zone) != 0) {
        *detail = *facts->zone
                      ? g_strdup_printf(_("the bridge is in firewalld's zone '%s', not in '%s'"),
                                        facts->zone,
                                        facts->wanted_zone)
                      : g_strdup_printf(_("the bridge is in no zone of firewalld, not in '%s'"),
                                        facts->wanted_zone);
        *remedy = make_firewall_command(facts);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("the bridge is in firewalld's zone '%s'"), facts->zone);
    return NMM_CHECK_OK;
}

static NmmCheckVerdict
judge_address(const NmmCheckInput *facts, char **detail, char **remedy)
{
    if (!facts->address) {
        if (facts->has_dhcp)
            *detail = g_strdup_printf(_("the guest has asked for no address on the interface with "
                                        "MAC '%s': turn on DHCP for it in the guest"),
                                      facts->mac ? facts->mac : "?");
        else
            *detail = g_strdup_printf(_("the network gives no addresses, and none is known of the "
                                        "interface with MAC '%s': set one in the guest"),
                                      facts->mac ? facts->mac : "?");
        *remedy = nmm_check_make_command("virsh", "-c", facts->uri, "console", facts->guest, NULL);
        return NMM_CHECK_BROKEN;
    }
    *detail = g_strdup_printf(_("its address there is '%s'"), facts->address);
    return NMM_CHECK_OK;
}

const NmmCheckStep nmm_check_isolated[] = {
    {"guest", nmm_check_judge_guest},
    {"macvtap", nmm_check_judge_macvtap},
    {"profile", nmm_check_judge_profile},
    {"definition", judge_definition},
    {"running", nmm_check_judge_running},
    {"plugged", nmm_check_judge_plugged},
    {"link", nmm_check_judge_link},
    {"network", judge_network},
    {"bridge", judge_bridge},
    {"firewall", judge_firewall},
    {"address", judge_address},
    {"neighbour", nmm_check_judge_neighbour},
    {"names", nmm_check_judge_names},
    {NULL, NULL},
};
