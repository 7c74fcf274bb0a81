/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network's part of the plan: define, adopt or refuse; start; remove. A network that exists is
 * never changed, and one that somebody uses is never removed.
 */

#include "config.h"

#include "nm-macvtap-plan-private.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-identity.h"
#include "nm-macvtap-keys.h"

static void
add_network_edit(NMMacvtapPlanner *planner, NMMacvtapEditKind kind, char *xml, char *reason)
{
    const NMMacvtapEdit edit = {.kind = kind, .xml = xml, .reason = reason};

    nm_macvtap_planner_add_edit(planner, &edit);
}

static void
add_network_subnets(GPtrArray *used, const NMMacvtapNetwork *network)
{
    g_autofree char *what = g_strdup_printf(_("libvirt network '%s'"), network->name);
    const GArray *const lists[] = {network->addresses, network->routes};

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint j = 0; j < lists[i]->len; j++) {
            const NMMacvtapCidr *cidr = &g_array_index(lists[i], NMMacvtapCidr, j);

            if (!nm_macvtap_cidr_is_default(cidr))
                g_ptr_array_add(used, nm_macvtap_used_subnet_new(cidr, what));
        }
    }
}

/*
 * Every subnet that is taken by others. Networks come first: an active one has a kernel route as
 * well, and its name says more than the route. With @only_active, networks that are merely defined
 * do not count.
 */
static GPtrArray *
collect_used(const NMMacvtapPlanner *planner, gboolean only_active)
{
    const NMMacvtapObserved *observed = planner->observed;
    GPtrArray *used = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_used_subnet_free);

    for (guint i = 0; i < observed->networks->len; i++) {
        const NMMacvtapNetwork *network = g_ptr_array_index(observed->networks, i);

        if (network != planner->network && (network->active || !only_active))
            add_network_subnets(used, network);
    }
    for (guint i = 0; i < observed->used->len; i++) {
        const NMMacvtapUsedSubnet *other = g_ptr_array_index(observed->used, i);

        g_ptr_array_add(used, nm_macvtap_used_subnet_new(&other->cidr, other->what));
    }
    return used;
}

static gboolean
check_key_is_free(const char *key, const NMMacvtapCidr *cidr, GPtrArray *used, GError **error)
{
    const NMMacvtapUsedSubnet *other = nm_macvtap_subnet_find_overlap(cidr, used);
    g_autofree char *text = NULL;

    if (!other)
        return TRUE;
    text = nm_macvtap_cidr_to_string(cidr);
    g_set_error(error,
                NM_MACVTAP_ERROR,
                NM_MACVTAP_ERROR_CONFLICT,
                _("'%s' of key '%s' overlaps %s; choose another address or leave the key out"),
                text,
                key,
                other->what);
    return FALSE;
}

static gboolean
choose_address(NMMacvtapPlanner *planner, GPtrArray *used, GError **error)
{
    const NMMacvtapProfile *profile = planner->profile;
    NMMacvtapPlan *plan = planner->plan;

    if (!profile->has_address) {
        if (!nm_macvtap_subnet_choose(used, &plan->address, error))
            return FALSE;
    } else {
        if (!check_key_is_free(NM_MACVTAP_KEY_ADDRESS, &profile->address, used, error))
            return FALSE;
        plan->address = profile->address;
    }

    if (profile->dhcp_type == NM_MACVTAP_DHCP_GIVEN &&
        !nm_macvtap_range_check(&profile->dhcp_range, &plan->address, error)) {
        g_prefix_error(error, _("key '%s': "), NM_MACVTAP_KEY_DHCP_RANGE);
        return FALSE;
    }
    return TRUE;
}

static gboolean
choose_address6(NMMacvtapPlanner *planner, GPtrArray *used, GError **error)
{
    const NMMacvtapProfile *profile = planner->profile;
    NMMacvtapPlan *plan = planner->plan;

    switch (profile->address6_type) {
    case NM_MACVTAP_ADDRESS6_NONE:
        return TRUE;
    case NM_MACVTAP_ADDRESS6_AUTO:
        nm_macvtap_identity_ula(planner->observed->host_id, profile->network, &plan->address6);
        break;
    case NM_MACVTAP_ADDRESS6_GIVEN:
        plan->address6 = profile->address6;
        break;
    }
    plan->has_address6 = TRUE;
    return check_key_is_free(NM_MACVTAP_KEY_ADDRESS6, &plan->address6, used, error);
}

static gboolean
define_network(NMMacvtapPlanner *planner, GError **error)
{
    const NMMacvtapProfile *profile = planner->profile;
    NMMacvtapPlan *plan = planner->plan;
    g_autoptr(GPtrArray) used = collect_used(planner, FALSE);
    g_autofree char *address = NULL;

    if (!choose_address(planner, used, error) || !choose_address6(planner, used, error))
        return FALSE;

    address = nm_macvtap_cidr_to_string(&plan->address);
    add_network_edit(planner,
                     NM_MACVTAP_EDIT_NETWORK_DEFINE,
                     nm_macvtap_network_build_xml(
                         profile, &plan->address, plan->has_address6 ? &plan->address6 : NULL),
                     g_strdup_printf(_("network '%s' does not exist; the host will be '%s' on it"),
                                     profile->network,
                                     address));
    return TRUE;
}

/* A key that the profile sets and the network does not have so. */
static gboolean
set_differs(GError **error,
            const NMMacvtapPlanner *planner,
            const char *key,
            const char *wanted,
            const char *actual)
{
    g_autofree char *quoted = g_shell_quote(planner->profile->network);

    g_set_error(
        error,
        NM_MACVTAP_ERROR,
        NM_MACVTAP_ERROR_CONFLICT,
        _("network '%s' exists with %s '%s', but the profile asks for '%s'; change the key, "
          "or remove the network with \"virsh net-destroy %s\" and \"virsh net-undefine %s\" "
          "so that it is made anew"),
        planner->profile->network,
        key,
        actual,
        wanted,
        quoted,
        quoted);
    return FALSE;
}

static gboolean
has_address(const NMMacvtapNetwork *network, const NMMacvtapCidr *address)
{
    for (guint i = 0; i < network->addresses->len; i++) {
        if (nm_macvtap_cidr_equal(&g_array_index(network->addresses, NMMacvtapCidr, i), address))
            return TRUE;
    }
    return FALSE;
}

/* The network has @wanted (of key @key), where the profile gives it. */
static gboolean
check_address(const NMMacvtapPlanner *planner,
              const char *key,
              const NMMacvtapCidr *wanted,
              GError **error)
{
    const NMMacvtapCidr *actual = nm_macvtap_network_get_address(planner->network, wanted->family);
    g_autofree char *wanted_text = NULL;
    g_autofree char *actual_text = NULL;

    if (has_address(planner->network, wanted))
        return TRUE;
    wanted_text = nm_macvtap_cidr_to_string(wanted);
    actual_text = actual ? nm_macvtap_cidr_to_string(actual) : g_strdup("none");
    return set_differs(error, planner, key, wanted_text, actual_text);
}

static char *
range_to_string(const NMMacvtapRange *range)
{
    g_autofree char *first = nm_macvtap_range_first_to_string(range);
    g_autofree char *last = nm_macvtap_range_last_to_string(range);

    return g_strdup_printf("%s-%s", first, last);
}

static char *
ranges_to_string(const GArray *ranges)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < ranges->len; i++) {
        g_autofree char *range = range_to_string(&g_array_index(ranges, NMMacvtapRange, i));

        if (i > 0)
            g_string_append_c(text, ' ');
        g_string_append(text, range);
    }
    if (ranges->len == 0)
        g_string_append(text, "none");
    return g_string_free(text, FALSE);
}

static gboolean
check_dhcp(const NMMacvtapPlanner *planner, GError **error)
{
    const NMMacvtapProfile *profile = planner->profile;
    g_autofree char *wanted = NULL;
    g_autofree char *actual = NULL;

    if (profile->dhcp_type == NM_MACVTAP_DHCP_DEFAULT)
        return TRUE;
    wanted = profile->dhcp_type == NM_MACVTAP_DHCP_NONE ? g_strdup("none")
                                                        : range_to_string(&profile->dhcp_range);
    actual = ranges_to_string(planner->network->ranges);
    if (g_str_equal(wanted, actual))
        return TRUE;
    return set_differs(error, planner, NM_MACVTAP_KEY_DHCP_RANGE, wanted, actual);
}

static gboolean
check_kind(const NMMacvtapPlanner *planner, GError **error)
{
    const NMMacvtapNetwork *network = planner->network;

    if (network->forward_mode) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_CONFLICT,
                    _("network '%s' forwards (mode '%s') and is not isolated; choose another name "
                      "with key '%s'"),
                    network->name,
                    network->forward_mode,
                    NM_MACVTAP_KEY_NETWORK);
        return FALSE;
    }
    if (!nm_macvtap_network_get_address(network, G_SOCKET_FAMILY_IPV4)) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_CONFLICT,
                    _("network '%s' has no IPv4 address for the host; give it one with virsh "
                      "net-edit, or choose another name with key '%s'"),
                    network->name,
                    NM_MACVTAP_KEY_NETWORK);
        return FALSE;
    }
    return TRUE;
}

static gboolean
check_keys(const NMMacvtapPlanner *planner, GError **error)
{
    const NMMacvtapProfile *profile = planner->profile;

    if (profile->has_address &&
        !check_address(planner, NM_MACVTAP_KEY_ADDRESS, &profile->address, error))
        return FALSE;
    if (profile->address6_type == NM_MACVTAP_ADDRESS6_GIVEN &&
        !check_address(planner, NM_MACVTAP_KEY_ADDRESS6, &profile->address6, error))
        return FALSE;
    return check_dhcp(planner, error);
}

/* libvirt's own check at start sees only IPv4 routes that are exactly equal; with any other overlap
 * the start would take a route from the host. */
static gboolean
check_can_start(const NMMacvtapPlanner *planner, GError **error)
{
    const NMMacvtapNetwork *network = planner->network;
    g_autoptr(GPtrArray) used = NULL;
    g_autoptr(GPtrArray) own =
        g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_used_subnet_free);

    if (network->active)
        return TRUE;

    used = collect_used(planner, TRUE);
    add_network_subnets(own, network);
    for (guint i = 0; i < own->len; i++) {
        const NMMacvtapUsedSubnet *subnet = g_ptr_array_index(own, i);
        const NMMacvtapUsedSubnet *other = nm_macvtap_subnet_find_overlap(&subnet->cidr, used);
        g_autofree char *text = NULL;

        if (!other)
            continue;
        text = nm_macvtap_cidr_network_to_string(&subnet->cidr);
        g_set_error(
            error,
            NM_MACVTAP_ERROR,
            NM_MACVTAP_ERROR_CONFLICT,
            _("network '%s' cannot be started: its subnet '%s' overlaps %s; give it another "
              "with virsh net-edit, or choose another name with key '%s'"),
            network->name,
            text,
            other->what,
            NM_MACVTAP_KEY_NETWORK);
        return FALSE;
    }
    return TRUE;
}

static void
note_differences(NMMacvtapPlanner *planner)
{
    const NMMacvtapProfile *profile = planner->profile;
    const NMMacvtapNetwork *network = planner->network;

    if (profile->address6_type == NM_MACVTAP_ADDRESS6_AUTO && !planner->plan->has_address6)
        nm_macvtap_planner_add_note(
            planner,
            _("network '%s' exists without IPv6; '%s' of key '%s' has no effect"),
            network->name,
            "auto",
            NM_MACVTAP_KEY_ADDRESS6);
    if (profile->zone && !network->zone)
        nm_macvtap_planner_add_note(
            planner,
            _("network '%s' exists and is in libvirt's own firewalld zone, not in '%s'"),
            network->name,
            profile->zone);
    else if (profile->zone && !g_str_equal(profile->zone, network->zone))
        nm_macvtap_planner_add_note(
            planner,
            _("network '%s' exists and is in firewalld zone '%s', not in '%s'"),
            network->name,
            network->zone,
            profile->zone);
    if (!network->persistent)
        nm_macvtap_planner_add_note(
            planner,
            _("network '%s' is transient: libvirt cannot start it by itself after a reboot"),
            network->name);
}

static gboolean
adopt_network(NMMacvtapPlanner *planner, GError **error)
{
    if (!check_kind(planner, error) || !check_keys(planner, error) ||
        !check_can_start(planner, error))
        return FALSE;
    nm_macvtap_planner_describe_network(planner);
    note_differences(planner);
    return TRUE;
}

/* Puts the network's own address first, the one that the profile asks for where it has several. */
static void
describe_addresses(NMMacvtapPlanner *planner)
{
    const NMMacvtapProfile *profile = planner->profile;
    NMMacvtapPlan *plan = planner->plan;
    const NMMacvtapCidr *address =
        nm_macvtap_network_get_address(planner->network, G_SOCKET_FAMILY_IPV4);
    const NMMacvtapCidr *address6 =
        nm_macvtap_network_get_address(planner->network, G_SOCKET_FAMILY_IPV6);

    if (profile->has_address && has_address(planner->network, &profile->address))
        address = &profile->address;
    if (profile->address6_type == NM_MACVTAP_ADDRESS6_GIVEN &&
        has_address(planner->network, &profile->address6))
        address6 = &profile->address6;

    if (address)
        plan->address = *address;
    plan->has_address6 = address6 != NULL;
    if (address6)
        plan->address6 = *address6;
}

/* Fills in the plan's description of the network, as far as there is one. */
void
nm_macvtap_planner_describe_network(NMMacvtapPlanner *planner)
{
    if (!planner->network)
        return;
    planner->plan->bridge = g_strdup(planner->network->bridge);
    describe_addresses(planner);
}

/* The network as an active profile needs it. */
gboolean
nm_macvtap_planner_bring_network_up(NMMacvtapPlanner *planner, GError **error)
{
    const NMMacvtapNetwork *network = planner->network;
    const char *name = planner->profile->network;

    if (!(network ? adopt_network(planner, error) : define_network(planner, error)))
        return FALSE;

    if (!network || (network->persistent && !network->autostart))
        add_network_edit(planner,
                         NM_MACVTAP_EDIT_NETWORK_AUTOSTART,
                         NULL,
                         g_strdup_printf(_("network '%s' is not started by libvirt itself"), name));
    if (!network || !network->active)
        add_network_edit(planner,
                         NM_MACVTAP_EDIT_NETWORK_START,
                         NULL,
                         g_strdup_printf(_("network '%s' is not active"), name));
    return TRUE;
}

/* Whether an interface will still be on the network when the plan has been carried out. Ours in a
 * running guest counts: it goes when the guest lets it go. */
static gboolean
is_state_on_network(const NMMacvtapPlanner *planner,
                    const NMMacvtapGuestState *state,
                    NMMacvtapScope scope)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NMMacvtapNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->network, planner->profile->network) != 0)
            continue;
        if (scope == NM_MACVTAP_SCOPE_LIVE || !nm_macvtap_planner_is_our_nic(planner, nic))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_network_used(const NMMacvtapPlanner *planner)
{
    for (guint i = 0; i < planner->observed->guests->len; i++) {
        const NMMacvtapGuest *guest = g_ptr_array_index(planner->observed->guests, i);

        if (is_state_on_network(planner, guest->config, NM_MACVTAP_SCOPE_CONFIG) ||
            is_state_on_network(planner, guest->live, NM_MACVTAP_SCOPE_LIVE))
            return TRUE;
    }
    return FALSE;
}

/* Removes a network that we defined, for this profile or, in a purge, for whichever. */
void
nm_macvtap_planner_remove_network(NMMacvtapPlanner *planner)
{
    const NMMacvtapNetwork *network = planner->network;
    gboolean ours = network && network->owner_uuid &&
                    (planner->purpose == NM_MACVTAP_PURPOSE_PURGE ||
                     g_str_equal(network->owner_uuid, planner->profile->uuid));

    if (!ours || planner->observed->guests_partial || is_network_used(planner))
        return;
    if (network->active)
        add_network_edit(planner,
                         NM_MACVTAP_EDIT_NETWORK_DESTROY,
                         NULL,
                         g_strdup_printf(_("no guest uses network '%s' any more"), network->name));
    if (network->persistent)
        add_network_edit(
            planner,
            NM_MACVTAP_EDIT_NETWORK_UNDEFINE,
            NULL,
            g_strdup_printf(_("network '%s' was made for a profile that no longer needs "
                              "it"),
                            network->name));
}
