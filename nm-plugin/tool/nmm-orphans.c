/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The planner's purge removes what is in libvirt. If in doubt, an object is no orphan: nothing on a
 * network that any profile names, valid or not, is an orphan, except if the profile is down and
 * removes everything then.
 */

#include "config.h"

#include "nmm-orphans.h"

#include <glib/gi18n-lib.h>

#include "nmm-bridge.h"
#include "nmm-error.h"
#include "nmm-host.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-identity.h"
#include "nmm-plan.h"

/* A running guest releases an interface some time after it was asked to. */
#define RELEASE_TRIES       20
#define RELEASE_INTERVAL_US (G_USEC_PER_SEC / 2)

/* The planner needs a profile, but there is none any more. */
#define NO_PROFILE_UUID "00000000-0000-0000-0000-000000000000"

void
nmm_orphan_free(NmmOrphan *orphan)
{
    if (!orphan)
        return;
    g_free(orphan->uri);
    g_free(orphan->guest);
    g_free(orphan->guest_uuid);
    g_free(orphan->network);
    g_free(orphan->device);
    g_free(orphan->owner_uuid);
    g_free(orphan->problem);
    g_free(orphan);
}

/* A suggested profile may exist only because of the orphan. One that is down and removes everything
 * then has no use for what it could not remove: what a saved guest needed, or a running guest kept.
 */
static gboolean
has_no_use(const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmProfile *p = profile->profile;

    if (state->retired)
        return profile->state == NMM_ACTIVE_DOWN &&
               (!p || p->on_disconnect != NMM_ON_DISCONNECT_KEEP);
    return profile->suggested ||
           (p && nmm_mode_get_info(p->mode)->has_network && profile->state == NMM_ACTIVE_DOWN &&
            p->on_disconnect == NMM_ON_DISCONNECT_REMOVE);
}

/* A profile that is not valid names its network at every libvirt. */
static gboolean
is_named(const NmmHostState *state, const char *uri, const char *network)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);
        const NmmProfile *p = profile->profile;

        if (has_no_use(state, profile))
            continue;
        if (p ? nmm_mode_get_info(p->mode)->has_network && g_str_equal(p->libvirt_uri, uri) &&
                    g_str_equal(p->network, network)
              : !profile->raw_network || g_str_equal(profile->raw_network, network))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_owner_alive(const NmmHostState *state, const char *uuid)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);

        if (!has_no_use(state, profile) && g_str_equal(profile->uuid, uuid))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_our_nic(const NmmNic *nic)
{
    return nic->type == NMM_NIC_NETWORK && nmm_nic_is_ours(nic);
}

/* @uri, @network, @device: (nullable). (transfer none) */
static NmmOrphan *
add_orphan(GPtrArray *orphans,
           const char *kind,
           const char *uri,
           const char *network,
           const char *device)
{
    NmmOrphan *orphan = g_new0(NmmOrphan, 1);

    orphan->kind = kind;
    orphan->uri = g_strdup(uri);
    orphan->network = g_strdup(network);
    orphan->device = g_strdup(device);
    g_ptr_array_add(orphans, orphan);
    return orphan;
}

/* An interface in both definition and running guest is one orphan. */
static gboolean
has_interface(const GPtrArray *orphans,
              const char *uri,
              const char *guest_uuid,
              const char *network)
{
    for (guint i = 0; i < orphans->len; i++) {
        const NmmOrphan *orphan = g_ptr_array_index(orphans, i);

        if (g_str_equal(orphan->uri, uri) && g_strcmp0(orphan->guest_uuid, guest_uuid) == 0 &&
            g_strcmp0(orphan->network, network) == 0)
            return TRUE;
    }
    return FALSE;
}

/* @guest_state: (nullable) */
static void
find_in_state(const NmmHostState *state,
              const char *uri,
              const NmmGuest *guest,
              const NmmGuestState *guest_state,
              GPtrArray *orphans)
{
    for (guint i = 0; guest_state && i < guest_state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(guest_state->nics, i);
        NmmOrphan *orphan;

        if (!is_our_nic(nic) || is_named(state, uri, nic->network) ||
            has_interface(orphans, uri, guest->uuid, nic->network))
            continue;
        orphan = add_orphan(orphans, "interface", uri, nic->network, NULL);
        orphan->guest = g_strdup(guest->name);
        orphan->guest_uuid = g_strdup(guest->uuid);
    }
}

static void
find_interfaces(const NmmHostState *state, const NmmHostHypervisor *hypervisor, GPtrArray *orphans)
{
    for (guint i = 0; i < hypervisor->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(hypervisor->guests, i);

        find_in_state(state, hypervisor->uri, guest, guest->config, orphans);
        find_in_state(state, hypervisor->uri, guest, guest->live, orphans);
    }
}

/* @state: (nullable) */
static gboolean
has_users_nic(const NmmGuestState *state, const char *network)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->network, network) == 0 && !is_our_nic(nic))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_used(const NmmHostHypervisor *hypervisor, const char *network)
{
    for (guint i = 0; i < hypervisor->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(hypervisor->guests, i);

        if (has_users_nic(guest->config, network) || has_users_nic(guest->live, network))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_without_use(const NmmHostState *state,
               const NmmHostHypervisor *hypervisor,
               const NmmNetwork *network)
{
    return network->owner_uuid && !is_owner_alive(state, network->owner_uuid) &&
           !is_named(state, hypervisor->uri, network->name) && !is_used(hypervisor, network->name);
}

/* (transfer full) (nullable) */
static char *
describe_saved_user(const NmmHostHypervisor *hypervisor, const char *network)
{
    for (guint i = 0; i < hypervisor->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(hypervisor->guests, i);
        const NmmSavedState *saved = nmm_guest_find_saved(guest, network);

        if (saved)
            return nmm_guest_describe_saved(guest, saved);
    }
    return NULL;
}

char *
nmm_orphans_describe_keeper(const NmmHostState *state,
                            const NmmHostHypervisor *hypervisor,
                            const NmmNetwork *network)
{
    return is_without_use(state, hypervisor, network)
               ? describe_saved_user(hypervisor, network->name)
               : NULL;
}

static void
find_networks(const NmmHostState *state, const NmmHostHypervisor *hypervisor, GPtrArray *orphans)
{
    for (guint i = 0; i < hypervisor->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(hypervisor->networks, i);
        g_autofree char *keeper = describe_saved_user(hypervisor, network->name);

        if (!keeper && is_without_use(state, hypervisor, network))
            add_orphan(orphans, "network", hypervisor->uri, network->name, NULL);
    }
}

static NmmPlan *
plan_purge(const NmmHostState *state,
           const NmmHostHypervisor *hypervisor,
           const char *network,
           GError **error)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(NmmProfile) profile = NULL;
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    NmmObserved observed = {
        .guests = hypervisor->guests,
        .networks = hypervisor->networks,
        .used = used,
        .host_id = "",
    };

    g_hash_table_insert(data, (gpointer)NMM_KEY_NETWORK, (gpointer)network);
    g_hash_table_insert(data, (gpointer)NMM_KEY_LIBVIRT_URI, hypervisor->uri);
    profile = nmm_profile_parse(
        "cleanup", NO_PROFILE_UUID, NULL, data, (const char *const *)state->allowed_uris, error);
    if (!profile)
        return NULL;
    return nmm_plan_isolated(profile, NMM_PURPOSE_PURGE, &observed, error);
}

/* Applies the edits of the purge that concern the orphan: its guest, or the network itself. @out_n:
 * how many. */
static gboolean
purge_once(const NmmHostState *state,
           const NmmHostHypervisor *hypervisor,
           const NmmOrphan *orphan,
           guint *out_n,
           GError **error)
{
    g_autoptr(NmmPlan) plan = plan_purge(state, hypervisor, orphan->network, error);
    g_autoptr(GPtrArray) edits = g_ptr_array_new();

    if (!plan)
        return FALSE;
    for (guint i = 0; i < plan->edits->len; i++) {
        NmmEdit *edit = g_ptr_array_index(plan->edits, i);

        if (g_strcmp0(edit->guest_uuid, orphan->guest_uuid) == 0)
            g_ptr_array_add(edits, edit);
    }
    *out_n = edits->len;
    return edits->len == 0 || nmm_host_apply(orphan->uri, edits, error);
}

static gboolean
is_left(const NmmHostState *state, const NmmOrphan *orphan)
{
    g_autoptr(GPtrArray) orphans = nmm_orphans_find(state);

    for (guint i = 0; i < orphans->len; i++) {
        const NmmOrphan *other = g_ptr_array_index(orphans, i);

        if (g_str_equal(other->kind, orphan->kind) && g_strcmp0(other->uri, orphan->uri) == 0 &&
            g_strcmp0(other->guest_uuid, orphan->guest_uuid) == 0 &&
            g_strcmp0(other->network, orphan->network) == 0 &&
            g_strcmp0(other->device, orphan->device) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Reads again what the orphan depends on, because the host may have changed since the orphans were
 * listed. */
static gboolean
look_again(NmmHostState *state,
           const NmmOrphan *orphan,
           NmmHostReadFlags flags,
           gboolean *out_left,
           GError **error)
{
    const char *const uris[] = {orphan->uri, NULL};
    const NmmHostHypervisor *hypervisor;
    const GError *problem;

    nmm_host_update(state, flags, uris);
    hypervisor = orphan->uri ? nmm_host_state_find_hypervisor(state, orphan->uri) : NULL;
    problem = state->nm_error ? state->nm_error : state->links_error;
    if (!problem && hypervisor)
        problem = hypervisor->error;
    if (problem) {
        g_propagate_error(error, g_error_copy(problem));
        return FALSE;
    }
    *out_left = is_left(state, orphan);
    return TRUE;
}

static gboolean
remove_from_libvirt(NmmHostState *state, const NmmOrphan *orphan, GError **error)
{
    gboolean left;
    guint n_edits;

    for (guint i = 0; i < RELEASE_TRIES; i++) {
        if (!look_again(state, orphan, 0, &left, error))
            return FALSE;
        if (!left)
            return TRUE;
        if (i > 0 && orphan->guest) {
            g_usleep(RELEASE_INTERVAL_US);
            continue;
        }
        if (!purge_once(
                state, nmm_host_state_find_hypervisor(state, orphan->uri), orphan, &n_edits, error))
            return FALSE;
        if (n_edits == 0)
            g_usleep(RELEASE_INTERVAL_US);
    }
    if (orphan->guest)
        g_set_error_literal(
            error,
            NMM_ERROR,
            NMM_ERROR_UNSUPPORTED,
            _("the running guest does not release it; shut the guest down to remove it"));
    else
        g_set_error_literal(
            error,
            NMM_ERROR,
            NMM_ERROR_CONFLICT,
            _("guests still use it; run 'nm-macvtap cleanup' again when no guest uses it"));
    return FALSE;
}

const NmmLink *
nmm_orphans_find_bridge(const NmmHostState *state, const NmmNetwork *network)
{
    /* A network that forwards to an existing bridge does not make it. */
    if (network->active || g_strcmp0(network->forward_mode, "bridge") == 0)
        return NULL;
    return nmm_links_find(state->links, network->bridge);
}

gboolean
nmm_orphans_is_bridge_left(const NmmHostState *state, const NmmNetwork *network)
{
    const NmmLink *bridge = nmm_orphans_find_bridge(state, network);

    return bridge && g_strcmp0(bridge->kind, "bridge") == 0 && bridge->n_ports == 0 &&
           bridge->mac && network->mac && g_ascii_strcasecmp(bridge->mac, network->mac) == 0;
}

static void
find_bridges(const NmmHostState *state, const NmmHostHypervisor *hypervisor, GPtrArray *orphans)
{
    for (guint i = 0; i < hypervisor->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(hypervisor->networks, i);

        if (nmm_orphans_is_bridge_left(state, network))
            add_orphan(orphans, "bridge", hypervisor->uri, network->name, network->bridge);
    }
}

static gboolean
is_up(const NmmHostState *state, const char *uuid)
{
    const NmmHostProfile *profile = nmm_host_state_find_profile(state, uuid);

    return profile && profile->state != NMM_ACTIVE_DOWN;
}

static void
find_links(const NmmHostState *state, GPtrArray *orphans)
{
    for (guint i = 0; i < state->links->len; i++) {
        const NmmLink *link = g_ptr_array_index(state->links, i);
        NmmOrphan *orphan;

        if (!link->profile_uuid || is_up(state, link->profile_uuid))
            continue;
        orphan = add_orphan(orphans, "link", NULL, NULL, link->name);
        orphan->owner_uuid = g_strdup(link->profile_uuid);
    }
}

static gboolean
remove_link(NmmHostState *state, const NmmOrphan *orphan, GError **error)
{
    gboolean left;

    if (!look_again(state, orphan, NMM_HOST_READ_NM | NMM_HOST_READ_LINKS, &left, error))
        return FALSE;
    return !left || nmm_hostlink_remove_orphan(orphan->device, orphan->owner_uuid, error);
}

static gboolean
remove_bridge(NmmHostState *state, const NmmOrphan *orphan, GError **error)
{
    gboolean left;

    if (!look_again(state, orphan, NMM_HOST_READ_NM | NMM_HOST_READ_LINKS, &left, error))
        return FALSE;
    return !left || nmm_bridge_remove(orphan->device, error);
}

/* In the order of removal: first what is on a network, then the network. */
typedef struct {
    const char *id;
    /* (nullable): of each libvirt */
    void (*find)(const NmmHostState *state,
                 const NmmHostHypervisor *hypervisor,
                 GPtrArray *orphans);
    /* (nullable): of the machine */
    void (*find_here)(const NmmHostState *state, GPtrArray *orphans);
    gboolean (*remove)(NmmHostState *state, const NmmOrphan *orphan, GError **error);
} Kind;

static const Kind kinds[] = {
    {"interface", find_interfaces, NULL, remove_from_libvirt},
    {"network", find_networks, NULL, remove_from_libvirt},
    {"bridge", find_bridges, NULL, remove_bridge},
    {"link", NULL, find_links, remove_link},
};

GPtrArray *
nmm_orphans_find(const NmmHostState *state)
{
    GPtrArray *orphans = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_orphan_free);

    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
        if (kinds[k].find_here)
            kinds[k].find_here(state, orphans);
        for (guint h = 0; kinds[k].find && h < state->hypervisors->len; h++)
            kinds[k].find(state, g_ptr_array_index(state->hypervisors, h), orphans);
    }
    return orphans;
}

void
nmm_orphan_remove(NmmHostState *state, NmmOrphan *orphan)
{
    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autoptr(GError) error = NULL;

        if (!g_str_equal(kinds[k].id, orphan->kind))
            continue;
        orphan->removed = kinds[k].remove(state, orphan, &error);
        orphan->problem = error ? g_strdup(error->message) : NULL;
    }
}
