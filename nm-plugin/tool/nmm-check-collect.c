/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check-collect.h"

#include <glib/gstdio.h>
#include <gmodule.h>

#include "nmm-bridge.h"
#include "nmm-check-firewall.h"
#include "nmm-check-probe.h"
#include "nmm-check-refusal.h"
#include "nmm-check-switch.h"
#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-neighbour-probe.h"
#include "nmm-orphans.h"
#include "nmm-guest-selection.h"
#include "nmm-reachability.h"
#include "nmm-sysctl.h"
#include "nmm-way.h"

#define NSS_MODULE      "libnss_macvtap.so.2"
#define LIBVIRT_RUN_DIR "/run/libvirt"

typedef struct {
    const NmmHostState *state;
    NmmCheckFirewall *firewall;
    gboolean has_nss_module;
    char *nsswitch;
    char *nsswitch_problem;
    NmmCheckRefusals *refusals;
    GPtrArray *inputs;
} Collection;

/* Names */

static void
read_names(Collection *self)
{
    GModule *module = g_module_open(NSS_MODULE, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    g_autoptr(GError) error = NULL;

    self->has_nss_module = module != NULL;
    if (module)
        g_module_close(module);
    if (!g_file_get_contents(NMM_CHECK_NSSWITCH, &self->nsswitch, NULL, &error) &&
        !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        self->nsswitch_problem = g_strdup(error->message);
}

/* @profile: (nullable) */
static void
add_names(const Collection *self, const NmmHostProfile *profile, NmmCheckInput *input)
{
    input->names.wanted = profile && profile->profile->guest_names;
    input->names.module = self->has_nss_module;
    input->names.nsswitch = g_strdup(self->nsswitch);
    input->names.problem = g_strdup(self->nsswitch_problem);
}

/* Kernel parameters */

static void
read_switches(NmmCheckInput *input)
{
    g_autoptr(GPtrArray) paths = nmm_check_switch_list(input);

    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_autoptr(GError) error = NULL;
        char *value = NULL;

        if (!nmm_sysctl_read(path, &value, &error)) {
            g_free(input->switches.problem);
            input->switches.problem = g_strdup(error->message);
        } else if (value) {
            g_hash_table_insert(input->switches.values, g_strdup(path), value);
        }
    }
}

/* Mode isolated */

/* @link: (nullable) */
static gboolean
has_inet6(const NmmLink *link)
{
    if (!link)
        return FALSE;
    for (guint i = 0; i < link->addresses->len; i++) {
        const NmmCidr *address = &g_array_index(link->addresses, NmmCidr, i);

        if (address->family == G_SOCKET_FAMILY_IPV6 && !nmm_cidr_is_link_local(address))
            return TRUE;
    }
    return FALSE;
}

static void
add_bridge(const NmmHostState *state, const NmmNetwork *network, NmmCheckInput *input)
{
    const NmmLink *bridge = nmm_links_find(state->links, network->bridge);
    const NmmCidr *address = nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);

    input->network.bridge = g_strdup(network->bridge);
    input->host_address = address ? nmm_cidr_to_string(address) : NULL;
    input->network.bridge_left = nmm_orphans_is_bridge_left(state, network);
    input->network.bridge_exists = bridge != NULL;
    input->network.bridge_up = bridge && bridge->up;
    input->inet6 = has_inet6(bridge);
    input->network.bridge_has_address = bridge && address && nmm_link_has_address(bridge, address);
}

/* (transfer full) (nullable): from the lease, or from the kernel's neighbour table if it was set by
 * hand. */
static char *
find_address(const GPtrArray *leases, const char *bridge, const char *mac)
{
    g_autoptr(GError) error = NULL;
    char *address = NULL;

    for (guint i = 0; leases && i < leases->len; i++) {
        const NmmLease *lease = g_ptr_array_index(leases, i);

        if (g_ascii_strcasecmp(lease->mac, mac) == 0 && !strchr(lease->address, ':'))
            return g_strdup(lease->address);
    }
    if (bridge)
        address = nmm_neighbour_lookup(bridge, mac, &error);
    if (error)
        g_debug("%s: %s", bridge, error->message);
    return address;
}

/* The guest may use another MAC than libvirt gave its interface. */
static void
find_changed_mac(const GPtrArray *leases, NmmCheckInput *input)
{
    g_autoptr(GPtrArray) macs =
        input->nic.target ? nmm_bridge_list_macs(input->nic.target, NULL) : NULL;

    for (guint i = 0; macs && i < macs->len && !input->address; i++) {
        const char *mac = macs->pdata[i];

        input->address = find_address(leases, input->network.bridge, mac);
        if (!input->address)
            continue;
        input->nic.defined_mac = input->nic.mac;
        input->nic.mac = g_strdup(mac);
    }
}

static void
add_lease(const NmmHostHypervisor *hypervisor, NmmCheckInput *input)
{
    const GPtrArray *leases = g_hash_table_lookup(hypervisor->leases, input->network.name);

    if (!input->network.active || !input->nic.mac || !input->nic.plugged)
        return;
    input->address = find_address(leases, input->network.bridge, input->nic.mac);
    if (!input->address)
        find_changed_mac(leases, input);
}

static void
add_network(Collection *self, const NmmHostHypervisor *hypervisor, NmmCheckInput *input)
{
    const NmmNetwork *network =
        input->network.name ? nmm_network_find(hypervisor->networks, input->network.name) : NULL;

    input->network.problem = g_strdup(nmm_error_get_message(hypervisor->networks_error));
    if (!network)
        return;
    input->network.exists = TRUE;
    input->network.active = network->active;
    input->network.has_dhcp = network->ranges->len > 0;
    input->network.lease_problem =
        g_strdup(g_hash_table_lookup(hypervisor->lease_problems, network->name));
    add_bridge(self->state, network, input);
    nmm_check_firewall_add_bridge(self->firewall, network->zone, input);
    add_lease(hypervisor, input);
}

/* (nullable): one on @network; one that this project made if @network is NULL. */
static const NmmNic *
find_nic(const NmmGuestState *state, const char *network)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (nic->type != NMM_NIC_NETWORK)
            continue;
        if (network ? g_strcmp0(nic->network, network) == 0 : nmm_identity_is_our_alias(nic->alias))
            return nic;
    }
    return NULL;
}

static void
add_nic(const NmmNic *nic, NmmCheckInput *input)
{
    input->nic.link_down = input->nic.plugged && nic->link_down;
    input->nic.mac = g_strdup(nic->mac);
    input->nic.defined_mac = g_strdup(nic->defined_mac);
    input->nic.alias = g_strdup(nic->alias);
    input->nic.target = g_strdup(nic->target);
}

static void
add_network_nic(const NmmGuest *guest, const char *network, NmmCheckInput *input)
{
    const NmmNic *live = find_nic(guest->live, network);
    const NmmNic *config = find_nic(guest->config, network);
    const NmmNic *nic = live ? live : config;

    input->nic.in_definition = config != NULL;
    input->nic.plugged = live != NULL;
    if (nic)
        add_nic(nic, input);
    if (network || nic)
        input->network.name = g_strdup(network ? network : nic->network);
}

/* Modes share and move */

static void
add_macvtap_nic(const NmmHostHypervisor *hypervisor,
                const NmmGuest *guest,
                const NmmHostProfile *profile,
                NmmCheckInput *input)
{
    const NmmNic *nic = nmm_guest_selection_find_nic(profile, hypervisor, guest);
    const NmmGuest definition = {.config = guest->config};
    const NmmNic *config = nmm_guest_selection_find_nic(profile, hypervisor, &definition);

    input->nic.in_definition = config != NULL;
    input->guest.definition_is_bridge =
        config && nmm_reachability_has_nic(config, NULL, hypervisor->networks);
    input->nic.plugged = guest->live && nic && g_ptr_array_find(guest->live->nics, nic, NULL);
    if (nic)
        add_nic(nic, input);
}

static void
add_parent(const NmmHostState *state, const NmmHostProfile *profile, NmmCheckInput *input)
{
    const NmmLink *parent = nmm_links_find(state->links, profile->parent);
    const NmmCidr *address = nmm_host_state_get_address(state, profile);

    input->link.parent = g_strdup(profile->parent);
    input->link.parent_problem = g_strdup(nmm_error_get_message(profile->parent_error));
    input->link.parent_up = parent && parent->up;
    input->link.parent_carrier = parent && parent->carrier;
    input->inet6 = has_inet6(parent) || has_inet6(nmm_links_find(state->links, profile->link));
    input->link.name = g_strdup(profile->link);
    input->host_address = address ? nmm_cidr_to_string(address) : NULL;
}

/* The kernel does not count the time during which the machine was suspended. */
static void
add_neighbour(const NmmNeighbour *neighbour, NmmCheckInput *input)
{
    g_autofree char *address = nmm_cidr_address_to_string(&neighbour->address);
    g_autofree char *source =
        neighbour->source.prefix > 0 ? nmm_cidr_address_to_string(&neighbour->source) : NULL;
    gint64 since = g_get_real_time() / G_USEC_PER_SEC - neighbour->age_ms / 1000;

    nmm_check_input_add_address(input, address, neighbour->permanent ? since : 0, source);
}

/* Mode share leaves all there is to know in the kernel: a permanent neighbour entry and a route for
 * each address. In mode move the host is a LAN host like any other, and has learnt the neighbours
 * that it has communicated with. */
static void
add_neighbours(const NmmLink *link, NmmCheckInput *input)
{
    for (guint i = 0; input->nic.mac && i < link->neighbours->len; i++) {
        const NmmNeighbour *neighbour = g_ptr_array_index(link->neighbours, i);

        if (g_ascii_strcasecmp(neighbour->mac, input->nic.mac) == 0 &&
            (neighbour->permanent || !nmm_mode_get_info(input->profile.mode)->routes_guests))
            add_neighbour(neighbour, input);
    }
}

static void
add_host_link(const NmmHostState *state, const NmmHostProfile *profile, NmmCheckInput *input)
{
    g_autoptr(GError) error = NULL;
    const NmmLink *link = nmm_host_state_find_host_link(state, profile, &error);

    input->link.problem = error ? g_strdup(error->message) : NULL;
    input->link.up = link && link->up;
    if (link && input->nic.plugged)
        add_neighbours(link, input);
    nmm_check_input_choose_address(input);
}

/* Guests */

/* (nullable): the device of an interface that could be macvtap, but is not there. */
static const char *
find_missing(const NmmGuestState *state)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (nic->unmanaged && nic->gone)
            return nic->target;
    }
    return NULL;
}

static gboolean
has_mac(const NmmGuestState *state, const char *mac)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->mac, mac) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Of a guest of the system's libvirt, which has no call for it: in s since its driver wrote the
 * file with the process ID. -1 if there is no such file. */
static gint64
read_age(const char *uri, const char *guest)
{
    g_autofree char *driver = g_uri_parse_scheme(uri);
    g_autofree char *name = g_strconcat(guest, ".pid", NULL);
    g_autofree char *path = NULL;
    GStatBuf status;
    gint64 age;

    if (!driver)
        return -1;
    path = g_build_filename(LIBVIRT_RUN_DIR, driver, name, NULL);
    if (g_stat(path, &status) != 0)
        return -1;
    age = g_get_real_time() / G_USEC_PER_SEC - status.st_mtime;
    return MAX(age, -1);
}

/* @status: (nullable) */
static void
add_problems(NmmCheckInput *input, const NmmProfileStatus *status)
{
    if (!status)
        return;
    input->problems = nmm_problems_new();
    for (guint i = 0; i < status->problems->len; i++) {
        const NmmProblem *problem = g_ptr_array_index(status->problems, i);

        if (!nmm_problem_is_measured(problem) && g_strcmp0(problem->guest, input->guest.name) == 0)
            g_ptr_array_add(input->problems, nmm_problem_copy(problem));
    }
}

/* @profile: (nullable) */
static NmmCheckInput *
new_input(const NmmHostState *state,
          const NmmHostHypervisor *hypervisor,
          const NmmGuest *guest,
          const NmmHostProfile *profile)
{
    NmmCheckInput *input = nmm_check_input_new(guest->name, hypervisor->uri);
    const NmmNic *macvtap = nmm_guest_selection_find_nic(profile, hypervisor, guest);

    input->guest.uuid = g_strdup(guest->uuid);
    input->guest.exists = TRUE;
    input->guest.running = guest->live != NULL;
    input->guest.paused = guest->paused;
    input->guest.age_s = guest->live ? read_age(hypervisor->uri, guest->name) : -1;
    input->guest.transient = guest->config == NULL;
    input->guest.container = guest->container;
    input->guest.is_macvtap = macvtap != NULL;
    if (!macvtap)
        input->guest.missing = g_strdup(find_missing(guest->live));
    if (macvtap) {
        input->guest.device = guest->live ? g_strdup(macvtap->target) : NULL;
        input->guest.gone = macvtap->gone;
        input->guest.mac = g_strdup(macvtap->mac);
        input->guest.defined_mac = g_strdup(macvtap->defined_mac);
        input->guest.macvtap_in_definition =
            has_mac(guest->config, macvtap->defined_mac ? macvtap->defined_mac : macvtap->mac);
        input->guest.lower = g_strdup(macvtap->lower);
        input->guest.macvtap_mode =
            g_strdup(nmm_nic_get_macvtap_mode(macvtap, hypervisor->networks));
    }
    input->kernel_problem = g_strdup(nmm_error_get_message(state->links_error));
    input->profile.nm_problem = g_strdup(nmm_error_get_message(state->nm_error));
    if (profile) {
        input->profile.id = g_strdup(profile->id);
        input->profile.active = profile->state == NMM_ACTIVE_UP;
        input->profile.mode = profile->profile->mode;
        add_problems(input, profile->status);
        input->silent_services = g_strdupv(state->silent_services);
    }
    return input;
}

static void
add_target(const NmmHostState *state, NmmCheckInput *input)
{
    const NmmLink *link =
        input->nic.plugged ? nmm_links_find(state->links, input->nic.target) : NULL;

    input->nic.in_kernel = link != NULL;
    input->nic.is_up = link && link->up;
    input->nic.master = link ? g_strdup(link->master) : NULL;
}

/* @profile: (nullable) */
static void
add_input(Collection *self,
          const NmmHostHypervisor *hypervisor,
          const NmmGuest *guest,
          const NmmHostProfile *profile)
{
    NmmCheckInput *input = new_input(self->state, hypervisor, guest, profile);

    add_names(self, profile, input);
    if (nmm_mode_get_info(input->profile.mode)->has_network) {
        add_network_nic(guest, profile ? profile->profile->network : NULL, input);
        add_network(self, hypervisor, input);
        input->network.guests_isolated = profile && profile->profile->isolate_guests;
        if (profile)
            nmm_check_refusals_add(self->refusals, self->state, hypervisor, profile, input);
    } else {
        add_macvtap_nic(hypervisor, guest, profile, input);
        add_parent(self->state, profile, input);
        add_host_link(self->state, profile, input);
        nmm_check_firewall_add_link(self->firewall, profile->profile->zone, input);
    }
    add_target(self->state, input);
    read_switches(input);
    g_ptr_array_add(self->inputs, input);
}

/* A user's profile comes before a suggested one. */
static gboolean
is_better(const NmmHostProfile *profile, const NmmHostProfile *than)
{
    return !than || (than->suggested && !profile->suggested);
}

static void
add_guest(Collection *self, const NmmHostHypervisor *hypervisor, const NmmGuest *guest)
{
    const NmmHostProfile *first = NULL;
    gboolean found = FALSE;

    for (guint i = 0; i < self->state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(self->state->profiles, i);

        if (!nmm_guest_selection_has(profile, hypervisor, guest))
            continue;
        if (profile->state != NMM_ACTIVE_DOWN) {
            add_input(self, hypervisor, guest, profile);
            found = TRUE;
        } else if (is_better(profile, first)) {
            first = profile;
        }
    }
    if (!found)
        add_input(self, hypervisor, guest, first);
}

static void
add_host(Collection *self, const NmmHostHypervisor *hypervisor, const char *name)
{
    for (guint i = 0; i < hypervisor->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(hypervisor->guests, i);

        if (name ? nmm_profile_names_guest(name, guest->name, guest->uuid)
                 : nmm_guest_selection_find_nic(NULL, hypervisor, guest) != NULL)
            add_guest(self, hypervisor, guest);
    }
}

/* A link-local address belongs to its interface. */
static void
read_way(NmmCheckInput *input)
{
    const char *device = input->network.bridge ? input->network.bridge : input->link.name;
    g_autoptr(GError) error = NULL;
    NmmCidr address;

    if (!input->address || !nmm_cidr_init_host(&address, input->address, NULL))
        return;
    if (nmm_cidr_is_link_local(&address))
        input->way.device = g_strdup(device);
    else if (!nmm_way_find(&address, &input->way.device, &input->way.is_main, &error))
        input->way.problem = g_strdup(error->message);
}

GPtrArray *
nmm_check_collect(const NmmHostState *state, const char *guest)
{
    g_autoptr(NmmCheckFirewall) firewall = nmm_check_firewall_new();
    g_autoptr(NmmCheckRefusals) refusals = nmm_check_refusals_new();
    Collection self = {.state = state, .firewall = firewall, .refusals = refusals};

    self.inputs = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    read_names(&self);
    for (guint i = 0; i < state->hypervisors->len; i++)
        add_host(&self, g_ptr_array_index(state->hypervisors, i), guest);
    nmm_check_probe(self.inputs);
    for (guint i = 0; i < self.inputs->len; i++)
        read_way(g_ptr_array_index(self.inputs, i));
    g_free(self.nsswitch);
    g_free(self.nsswitch_problem);
    return self.inputs;
}

GPtrArray *
nmm_check_predict(const NmmHostState *state, const NmmHostProfile *profile)
{
    GPtrArray *inputs = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    const NmmHostHypervisor *hypervisor =
        nmm_host_state_find_hypervisor(state, profile->profile->libvirt_uri);

    for (guint i = 0; hypervisor && i < hypervisor->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(hypervisor->guests, i);
        NmmCheckInput *input;

        if (!nmm_guest_selection_has(profile, hypervisor, guest))
            continue;
        input = new_input(state, hypervisor, guest, profile);
        add_macvtap_nic(hypervisor, guest, profile, input);
        add_parent(state, profile, input);
        input->profile.active = TRUE;
        input->link.up = TRUE;
        g_ptr_array_add(inputs, input);
    }
    return inputs;
}
