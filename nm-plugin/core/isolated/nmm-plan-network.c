/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans the network of a profile that goes up. Changes one that exists only if this project made it
 * and it is not active.
 */

#include "config.h"

#include "nmm-plan-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-keys.h"
#include "nmm-network-definition.h"

static void
add_network_subnets(GPtrArray *used, const NmmNetwork *network)
{
    g_autofree char *what = g_strdup_printf(_("libvirt network '%s'"), network->name);
    const GArray *const lists[] = {network->addresses, network->routes};

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint j = 0; j < lists[i]->len; j++) {
            const NmmCidr *cidr = &g_array_index(lists[i], NmmCidr, j);

            if (!nmm_cidr_is_default(cidr))
                g_ptr_array_add(used, nmm_used_subnet_new(cidr, what));
        }
    }
}

/* Every subnet that is taken, except by the profile's network. Networks come before routes, because
 * the name of an active network is clearer than the kernel route of its bridge. */
static GPtrArray *
collect_used(const NmmPlanner *planner, gboolean only_active)
{
    const NmmObserved *observed = planner->observed;
    GPtrArray *used = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);

    for (guint i = 0; i < observed->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(observed->networks, i);

        if (network != planner->network && (network->active || !only_active))
            add_network_subnets(used, network);
    }
    for (guint i = 0; i < observed->used->len; i++) {
        const NmmUsedSubnet *other = g_ptr_array_index(observed->used, i);

        g_ptr_array_add(used, nmm_used_subnet_new(&other->cidr, other->what));
    }
    return used;
}

static gboolean
check_key_is_free(const char *key, const NmmCidr *cidr, GPtrArray *used, GError **error)
{
    const NmmUsedSubnet *other = nmm_subnet_find_overlap(cidr, used);
    g_autofree char *text = NULL;

    if (!other)
        return TRUE;
    text = nmm_cidr_to_string(cidr);
    return nmm_fail(
        error,
        NMM_ERROR_CONFLICT,
        _("value '%s' of key '%s' overlaps %s; choose another address, or remove the key for its "
          "default"),
        text,
        key,
        other->what);
}

static gboolean
check_range_fits(const NmmPlanner *planner, GError **error)
{
    const NmmProfile *profile = planner->profile;

    if (profile->dhcp_type != NMM_DHCP_GIVEN ||
        nmm_range_check(&profile->dhcp_range, &planner->plan->address, error))
        return TRUE;
    g_prefix_error(error, _("key '%s': "), NMM_KEY_DHCP_RANGE);
    return FALSE;
}

static gboolean
choose_address(NmmPlanner *planner, GPtrArray *used, GError **error)
{
    const NmmProfile *profile = planner->profile;
    NmmPlan *plan = planner->plan;

    if (!profile->has_address) {
        if (!nmm_subnet_choose(used, &plan->address, error))
            return FALSE;
    } else {
        if (!check_key_is_free(NMM_KEY_ADDRESS, &profile->address, used, error))
            return FALSE;
        plan->address = profile->address;
    }
    return check_range_fits(planner, error);
}

static gboolean
choose_address6(NmmPlanner *planner, GPtrArray *used, GError **error)
{
    const NmmProfile *profile = planner->profile;
    NmmPlan *plan = planner->plan;

    switch (profile->address6_type) {
    case NMM_ADDRESS6_NONE:
        return TRUE;
    case NMM_ADDRESS6_AUTO:
        nmm_identity_ula(planner->observed->host_id, profile->network, &plan->address6);
        break;
    case NMM_ADDRESS6_GIVEN:
        plan->address6 = profile->address6;
        break;
    }
    plan->has_address6 = TRUE;
    return check_key_is_free(NMM_KEY_ADDRESS6, &plan->address6, used, error);
}

static gboolean
define_network(NmmPlanner *planner, GError **error)
{
    const NmmProfile *profile = planner->profile;
    NmmPlan *plan = planner->plan;
    g_autoptr(GPtrArray) used = collect_used(planner, FALSE);
    g_autofree char *address = NULL;

    if (!choose_address(planner, used, error) || !choose_address6(planner, used, error))
        return FALSE;

    address = nmm_cidr_to_string(&plan->address);
    nmm_planner_add_network_edit(
        planner,
        NMM_EDIT_NETWORK_DEFINE,
        nmm_network_build_xml(profile, &plan->address, plan->has_address6 ? &plan->address6 : NULL),
        g_strdup_printf(_("network '%s' does not exist; the host will have address '%s' on it"),
                        profile->network,
                        address));
    return TRUE;
}

static gboolean
fail_differs(const NmmPlanner *planner,
             const char *key,
             const char *wanted,
             const char *actual,
             GError **error)
{
    g_autofree char *quoted = g_shell_quote(planner->profile->network);

    return nmm_fail(
        error,
        NMM_ERROR_CONFLICT,
        _("network '%s' exists with %s '%s', but the profile asks for '%s'; change the key, or "
          "remove the network with \"virsh net-destroy %s\" and \"virsh net-undefine %s\" so that "
          "the profile defines it again"),
        planner->profile->network,
        key,
        actual,
        wanted,
        quoted,
        quoted);
}

static gboolean
check_address(const NmmPlanner *planner, const char *key, const NmmCidr *wanted, GError **error)
{
    const NmmCidr *actual = nmm_network_get_address(planner->network, wanted->family);
    g_autofree char *wanted_text = NULL;
    g_autofree char *actual_text = NULL;

    if (nmm_network_has_address(planner->network, wanted))
        return TRUE;
    wanted_text = nmm_cidr_to_string(wanted);
    actual_text = actual ? nmm_cidr_to_string(actual) : g_strdup("none");
    return fail_differs(planner, key, wanted_text, actual_text, error);
}

static char *
ranges_to_string(const GArray *ranges)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < ranges->len; i++) {
        g_autofree char *range = nmm_range_to_string(&g_array_index(ranges, NmmRange, i));

        if (i > 0)
            g_string_append_c(text, ' ');
        g_string_append(text, range);
    }
    if (ranges->len == 0)
        g_string_append(text, "none");
    return g_string_free(text, FALSE);
}

static gboolean
check_dhcp(const NmmPlanner *planner, GError **error)
{
    const NmmProfile *profile = planner->profile;
    g_autofree char *wanted = NULL;
    g_autofree char *actual = NULL;

    if (profile->dhcp_type == NMM_DHCP_DEFAULT)
        return TRUE;
    wanted = profile->dhcp_type == NMM_DHCP_NONE ? g_strdup("none")
                                                 : nmm_range_to_string(&profile->dhcp_range);
    actual = ranges_to_string(planner->network->ranges);
    if (g_str_equal(wanted, actual))
        return TRUE;
    return fail_differs(planner, NMM_KEY_DHCP_RANGE, wanted, actual, error);
}

static gboolean
check_kind(const NmmPlanner *planner, GError **error)
{
    const NmmNetwork *network = planner->network;

    if (network->forward_mode) {
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("network '%s' forwards traffic (mode '%s'), so it is not isolated; choose another "
              "name with key '%s'"),
            network->name,
            network->forward_mode,
            NMM_KEY_NETWORK);
    }
    if (!nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4)) {
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("network '%s' has no IPv4 address for the host; give it one with virsh "
                          "net-edit, or choose another name with key '%s'"),
                        network->name,
                        NMM_KEY_NETWORK);
    }
    return TRUE;
}

static gboolean
check_keys(const NmmPlanner *planner, GError **error)
{
    const NmmProfile *profile = planner->profile;

    if (profile->has_address && !check_address(planner, NMM_KEY_ADDRESS, &profile->address, error))
        return FALSE;
    if (profile->address6_type == NMM_ADDRESS6_GIVEN &&
        !check_address(planner, NMM_KEY_ADDRESS6, &profile->address6, error))
        return FALSE;
    return check_dhcp(planner, error);
}

/* libvirt's own check at start finds only equal IPv4 routes; with any other overlap, starting the
 * network would take a route from the host. */
static gboolean
check_can_start(const NmmPlanner *planner, GError **error)
{
    const NmmNetwork *network = planner->network;
    g_autoptr(GPtrArray) used = NULL;
    g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);

    if (network->active)
        return TRUE;

    used = collect_used(planner, TRUE);
    add_network_subnets(own, network);
    for (guint i = 0; i < own->len; i++) {
        const NmmUsedSubnet *subnet = g_ptr_array_index(own, i);
        const NmmUsedSubnet *other = nmm_subnet_find_overlap(&subnet->cidr, used);
        g_autofree char *text = NULL;

        if (!other)
            continue;
        text = nmm_cidr_network_to_string(&subnet->cidr);
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("cannot start network '%s' because its subnet '%s' overlaps %s; change the subnet "
              "with virsh net-edit, or choose another name with key '%s'"),
            network->name,
            text,
            other->what,
            NMM_KEY_NETWORK);
    }
    return TRUE;
}

/* The address that the profile asks for, if the network has it; else the network's first. */
static void
describe_addresses(NmmPlanner *planner)
{
    const NmmProfile *profile = planner->profile;
    NmmPlan *plan = planner->plan;
    const NmmCidr *address = nmm_network_get_address(planner->network, G_SOCKET_FAMILY_IPV4);
    const NmmCidr *address6 = nmm_network_get_address(planner->network, G_SOCKET_FAMILY_IPV6);

    if (profile->has_address && nmm_network_has_address(planner->network, &profile->address))
        address = &profile->address;
    if (profile->address6_type == NMM_ADDRESS6_GIVEN &&
        nmm_network_has_address(planner->network, &profile->address6))
        address6 = &profile->address6;

    if (address)
        plan->address = *address;
    plan->has_address6 = address6 != NULL;
    if (address6)
        plan->address6 = *address6;
}

/* The guests' addresses stay as they are if they can: check_keys() and check_can_start() refuse
 * what does not fit. Fixed DHCP addresses tie a network to its subnet. */
static gboolean
keeps_address(const NmmPlanner *planner)
{
    const NmmProfile *profile = planner->profile;

    return planner->network->has_hosts || !profile->has_address ||
           nmm_network_has_address(planner->network, &profile->address);
}

static gboolean
keeps_address6(const NmmPlanner *planner)
{
    const NmmProfile *profile = planner->profile;

    switch (profile->address6_type) {
    case NMM_ADDRESS6_NONE:
        return TRUE;
    case NMM_ADDRESS6_AUTO:
        return nmm_network_get_address(planner->network, G_SOCKET_FAMILY_IPV6) != NULL;
    case NMM_ADDRESS6_GIVEN:
        return nmm_network_has_address(planner->network, &profile->address6);
    }
    g_return_val_if_reached(TRUE);
}

static gboolean
choose_addresses(NmmPlanner *planner, GError **error)
{
    g_autoptr(GPtrArray) used = collect_used(planner, FALSE);

    describe_addresses(planner);
    if (keeps_address(planner) ? !check_range_fits(planner, error)
                               : !choose_address(planner, used, error))
        return FALSE;
    return keeps_address6(planner) || choose_address6(planner, used, error);
}

/* A network that this project made and that is not active follows the profile before it starts. */
static gboolean
follow_profile(NmmPlanner *planner, GError **error)
{
    NmmNetwork *network = planner->network;
    NmmPlan *plan = planner->plan;
    g_autofree char *xml = NULL;

    if (!choose_addresses(planner, error))
        return FALSE;
    xml = nmm_network_follow(
        network, planner->profile, &plan->address, plan->has_address6 ? &plan->address6 : NULL);
    if (!xml)
        return TRUE;
    planner->followed =
        nmm_network_new_from_xml(xml, FALSE, network->autostart, network->persistent, error);
    if (!planner->followed)
        return FALSE;
    planner->network = planner->followed;
    nmm_planner_add_network_edit(
        planner,
        NMM_EDIT_NETWORK_DEFINE,
        g_steal_pointer(&xml),
        g_strdup_printf(_("network '%s' is not active, and its zone, address or DHCP "
                          "range is not the profile's"),
                        network->name));
    return TRUE;
}

static void
note_differences(NmmPlanner *planner)
{
    const NmmProfile *profile = planner->profile;
    const NmmNetwork *network = planner->network;

    if (profile->address6_type == NMM_ADDRESS6_AUTO && !planner->plan->has_address6)
        nmm_planner_add_note(
            planner,
            _("network '%s' exists without IPv6; value '%s' of key '%s' has no effect"),
            network->name,
            "auto",
            NMM_KEY_ADDRESS6);
    if (profile->zone && !network->zone)
        nmm_planner_add_note(
            planner,
            _("network '%s' exists and is in libvirt's own firewalld zone, not in '%s'"),
            network->name,
            profile->zone);
    else if (profile->zone && !g_str_equal(profile->zone, network->zone))
        nmm_planner_add_note(planner,
                             _("network '%s' exists and is in firewalld zone '%s', not in '%s'"),
                             network->name,
                             network->zone,
                             profile->zone);
    if (!network->persistent)
        nmm_planner_add_note(
            planner,
            _("network '%s' is transient: libvirt does not start it after a reboot"),
            network->name);
}

static gboolean
adopt_network(NmmPlanner *planner, GError **error)
{
    gboolean follows = !planner->network->active && planner->network->owner_uuid;

    if (!check_kind(planner, error) || !nmm_planner_check_users(planner, error) ||
        (follows && !follow_profile(planner, error)) || !check_keys(planner, error) ||
        !check_can_start(planner, error))
        return FALSE;
    nmm_planner_describe_network(planner);
    note_differences(planner);
    return TRUE;
}

void
nmm_planner_describe_network(NmmPlanner *planner)
{
    if (!planner->network)
        return;
    planner->plan->bridge = g_strdup(planner->network->bridge);
    describe_addresses(planner);
}

gboolean
nmm_planner_bring_network_up(NmmPlanner *planner, GError **error)
{
    const NmmNetwork *network = planner->network;
    const char *name = planner->profile->network;

    /* What an activation changes here, nmm-plan-undo.c takes back. */
    if (!(network ? adopt_network(planner, error) : define_network(planner, error)))
        return FALSE;

    if (!network || (network->persistent && !network->autostart))
        nmm_planner_add_network_edit(
            planner,
            NMM_EDIT_NETWORK_AUTOSTART,
            NULL,
            g_strdup_printf(_("libvirt does not start network '%s' automatically"), name));
    if (!network || !network->active)
        nmm_planner_add_network_edit(planner,
                                     NMM_EDIT_NETWORK_START,
                                     NULL,
                                     g_strdup_printf(_("network '%s' is not active"), name));
    return TRUE;
}
