/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check-migration.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-steps.h"
#include "nmm-guest-selection.h"
#include "nmm-identity.h"

typedef struct {
    const NmmHostState *state;
    const NmmHostHypervisor *hypervisor;
    const NmmGuest *guest;
    const NmmMigrationTarget *target;
    GPtrArray *results;
} Migration;

NmmMigrationTarget *
nmm_migration_target_new(const char *uri)
{
    NmmMigrationTarget *target = g_new0(NmmMigrationTarget, 1);

    target->uri = g_strdup(uri);
    return target;
}

void
nmm_migration_target_free(NmmMigrationTarget *target)
{
    if (!target)
        return;
    g_free(target->uri);
    g_clear_error(&target->error);
    g_clear_pointer(&target->networks, g_ptr_array_unref);
    g_clear_error(&target->networks_error);
    g_clear_pointer(&target->links, g_ptr_array_unref);
    g_clear_error(&target->links_error);
    g_free(target);
}

/* @result: (transfer full) */
static void
add(const Migration *self, const char *step, NmmCheckResult *result)
{
    result->step = step;
    g_ptr_array_add(self->results, result);
}

static gboolean
evaluate_target(const Migration *self)
{
    const NmmMigrationTarget *target = self->target;

    if (target->error)
        add(self, "target", unknown("%s", target->error->message));
    else if (target->runs_guest)
        add(self, "target", broken(NULL, _("'%s' runs this guest already"), target->uri));
    else
        add(self, "target", ok(_("libvirt at '%s' answers"), target->uri));
    return !target->error && !target->runs_guest;
}

/* (nullable): the next active profile after @profile (nullable) that selects the guest. */
static const NmmHostProfile *
next_profile(const Migration *self, const NmmHostProfile *profile)
{
    gboolean passed = !profile;

    for (guint i = 0; i < self->state->profiles->len; i++) {
        const NmmHostProfile *candidate = g_ptr_array_index(self->state->profiles, i);

        if (passed && candidate->state == NMM_ACTIVE_UP &&
            nmm_guest_selection_has(candidate, self->hypervisor, self->guest))
            return candidate;
        passed = passed || candidate == profile;
    }
    return NULL;
}

/* Interfaces of the target */

static NmmCheckResult *
report_links_error(const Migration *self)
{
    return unknown(
        _("cannot list the interfaces of the target: %s; check that libvirt's driver for "
          "node devices (package libvirt-daemon-driver-nodedev) is installed there"),
        self->target->links_error->message);
}

static NmmCheckResult *
report_missing_link(const char *name)
{
    return broken(NULL,
                  _("the target has no interface '%s', so libvirt refuses the migration; rename "
                    "its interface, or attach the guest to a libvirt network that forwards through "
                    "macvtap"),
                  name);
}

static NmmCheckResult *
evaluate_link(const Migration *self, const char *name)
{
    const NmmLink *link;

    if (self->target->links_error)
        return report_links_error(self);
    link = nmm_links_find(self->target->links, name);
    if (!link)
        return report_missing_link(name);
    if (!link->up)
        return broken(NULL, _("the interface '%s' of the target is down"), name);
    return ok(_("the target has the interface '%s'"), name);
}

/* Networks of the target */

/* (nullable): the active profile that gives the guest its interface on @network. */
static const NmmHostProfile *
find_network_profile(const Migration *self, const char *network)
{
    const NmmHostProfile *profile = NULL;

    while ((profile = next_profile(self, profile))) {
        if (nmm_mode_get_info(profile->profile->mode)->has_network &&
            g_strcmp0(profile->profile->network, network) == 0)
            return profile;
    }
    return NULL;
}

static NmmCheckResult *
report_missing_network(const Migration *self, const char *network)
{
    const NmmHostProfile *profile = find_network_profile(self, network);

    if (profile)
        return broken(NULL,
                      _("the target has no libvirt network '%s', so libvirt refuses the migration; "
                        "activate the profile '%s' there"),
                      network,
                      profile->id);
    return broken_look(
        nmm_check_make_command(
            "virsh", "-c", self->hypervisor->uri, "net-dumpxml", "--inactive", network, NULL),
        _("the target has no libvirt network '%s', so libvirt refuses the migration; define and "
          "start it there"),
        network);
}

/* (nullable): of the devices that @network forwards through, one that the target has and that is
 * up, else the first. */
static const char *
choose_lower(const Migration *self, const NmmNetwork *network)
{
    for (guint i = 0; self->target->links && network->lower[i]; i++) {
        const NmmLink *link = nmm_links_find(self->target->links, network->lower[i]);

        if (link && link->up)
            return network->lower[i];
    }
    return network->lower[0];
}

static NmmCheckResult *
evaluate_active_network(const Migration *self, const NmmNetwork *network)
{
    const NmmNetwork *own = nmm_network_find(self->hypervisor->networks, network->name);
    const char *lower = network->macvtap ? choose_lower(self, network) : NULL;

    if (lower)
        return evaluate_link(self, lower);
    if (own && g_strcmp0(own->forward_mode, network->forward_mode) != 0)
        return hint(NULL,
                    _("the network '%s' of the target has another forward mode than here"),
                    network->name);
    return ok(_("the network '%s' of the target is active"), network->name);
}

static NmmCheckResult *
evaluate_network(const Migration *self, const NmmNic *nic)
{
    const NmmMigrationTarget *target = self->target;
    const NmmNetwork *network;

    if (target->networks_error)
        return unknown(_("cannot list the networks of the target: %s"),
                       target->networks_error->message);
    network = nmm_network_find(target->networks, nic->network);
    if (!network)
        return report_missing_network(self, nic->network);
    if (!network->active)
        return broken(
            nmm_check_make_command("virsh", "-c", target->uri, "net-start", network->name, NULL),
            _("the network '%s' of the target is not active, so libvirt refuses the migration"),
            network->name);
    return evaluate_active_network(self, network);
}

/* Interfaces of the guest */

/* (nullable): the interface that libvirt attaches the guest to, without a network. */
static const char *
find_device(const NmmNic *nic)
{
    if (nic->type == NMM_NIC_DIRECT)
        return nic->lower;
    return nic->unmanaged ? nic->target : nic->bridge;
}

/* libvirt lists the interfaces of the target by their first names. */
static NmmCheckResult *
evaluate_device(const Migration *self, const NmmNic *nic)
{
    if (nic->lower_altname)
        return unknown(_("cannot find out whether the target has an interface with the alternative "
                         "name '%s'"),
                       nic->lower_altname);
    return evaluate_link(self, find_device(nic));
}

/* libvirt migrates the definition: an interface on a network gets a device of the target's network,
 * even if its device here is known. */
static void
evaluate_nic(const Migration *self, const NmmNic *nic)
{
    if (nic->network)
        add(self, "interface", evaluate_network(self, nic));
    else if (find_device(nic))
        add(self, "interface", evaluate_device(self, nic));
}

/* Host links of the target */

/* (nullable): the lower device that the interface has on the target. */
static const char *
find_lower(const Migration *self, const NmmNic *nic)
{
    const NmmNetwork *network = nic->network && self->target->networks
                                    ? nmm_network_find(self->target->networks, nic->network)
                                    : NULL;

    if (!nic->network)
        return nic->lower;
    return network && network->macvtap ? choose_lower(self, network) : NULL;
}

static NmmCheckResult *
evaluate_host_link(const Migration *self, const NmmHostProfile *profile, const char *name)
{
    const NmmLink *link;

    if (self->target->links_error)
        return report_links_error(self);
    link = nmm_links_find(self->target->links, name);
    if (!link || !link->up)
        return broken(NULL,
                      _("the target has no host link '%s', so it will not reach the guest; "
                        "activate the profile '%s' there"),
                      name,
                      profile->id);
    return ok(_("the target has the host link '%s'"), name);
}

static void
evaluate_profile(const Migration *self, const NmmHostProfile *profile)
{
    const NmmNic *nic = nmm_guest_selection_find_nic(profile, self->hypervisor, self->guest);
    const char *lower = nic ? find_lower(self, nic) : NULL;
    g_autofree char *name = NULL;

    if (!nmm_mode_get_info(profile->profile->mode)->has_host_link || !lower)
        return;
    name = profile->profile->link_name ? g_strdup(profile->profile->link_name)
                                       : nmm_identity_link_name(lower);
    add(self, "host-link", evaluate_host_link(self, profile, name));
}

GPtrArray *
nmm_check_migration(const NmmHostState *state,
                    const NmmHostHypervisor *hypervisor,
                    const NmmGuest *guest,
                    const NmmMigrationTarget *target)
{
    const Migration self = {state, hypervisor, guest, target, nmm_check_results_new()};
    const NmmGuestState *machine = guest->live ? guest->live : guest->config;
    const NmmHostProfile *profile = NULL;

    if (!evaluate_target(&self))
        return self.results;
    for (guint i = 0; i < machine->nics->len; i++)
        evaluate_nic(&self, g_ptr_array_index(machine->nics, i));
    while ((profile = next_profile(&self, profile)))
        evaluate_profile(&self, profile);
    return self.results;
}
