/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds what is ours and belongs to no profile any more, and takes it out through the planner's
 * purge. When in doubt, a thing belongs to somebody: a network that any profile names, valid or
 * not, is left alone with everything on it.
 */

#include "config.h"

#include "nmm-orphans.h"

#include <glib/gi18n-lib.h>

#include "nmm-bridge.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-identity.h"
#include "nmm-plan.h"

/* A running guest lets go of an interface when it gets round to it. */
#define RELEASE_TRIES       20
#define RELEASE_INTERVAL_US (G_USEC_PER_SEC / 2)

/* The plan wants a profile; there is none any more. */
#define NO_PROFILE_UUID "00000000-0000-0000-0000-000000000000"

/**
 * nmm_orphan_free:
 * @leftover: (nullable): the leftover
 */
void
nmm_orphan_free(NmmOrphan *leftover)
{
    if (!leftover)
        return;
    g_free(leftover->uri);
    g_free(leftover->guest);
    g_free(leftover->guest_uuid);
    g_free(leftover->network);
    g_free(leftover->device);
    g_free(leftover->owner_uuid);
    g_free(leftover->problem);
    g_free(leftover);
}

/* A profile that is not valid keeps whatever it may mean, at every libvirt; one that is only
 * offered because of what is left keeps nothing. */
static gboolean
is_named(const NmmWorld *world, const char *uri, const char *network)
{
    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);
        const NmmProfile *p = profile->profile;

        if (profile->offered)
            continue;
        if (p ? p->mode == NMM_MODE_ISOLATED && g_str_equal(p->libvirt_uri, uri) &&
                    g_str_equal(p->network, network)
              : !profile->network || g_str_equal(profile->network, network))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_owner_alive(const NmmWorld *world, const char *uuid)
{
    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        if (!profile->offered && g_str_equal(profile->uuid, uuid))
            return TRUE;
    }
    return FALSE;
}

/* Ours for the network that it is on. */
static gboolean
is_our_nic(const NmmNic *nic)
{
    g_autofree char *alias = NULL;

    if (nic->type != NMM_NIC_NETWORK || !nic->network || !nmm_identity_is_our_alias(nic->alias))
        return FALSE;
    alias = nmm_identity_alias(nic->network);
    return g_str_equal(alias, nic->alias);
}

/* Calls @func for every interface of every state of every guest. */
typedef void (*NicFunc)(const NmmGuest *guest, const NmmNic *nic, gpointer user_data);

static void
foreach_nic(const NmmWorldHost *host, NicFunc func, gpointer user_data)
{
    for (guint i = 0; i < host->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(host->guests, i);
        const NmmGuestState *states[] = {guest->config, guest->live};

        for (guint s = 0; s < G_N_ELEMENTS(states); s++) {
            for (guint n = 0; states[s] && n < states[s]->nics->len; n++)
                func(guest, g_ptr_array_index(states[s]->nics, n), user_data);
        }
    }
}

typedef struct {
    const NmmWorld *world;
    const NmmWorldHost *host;
    GPtrArray *leftovers;
    const char *network; /* is it used by somebody else? */
    gboolean used;
} Search;

/* In definition and running guest it is one interface to the user. */
static const NmmOrphan *
find_interface(const Search *search, const NmmGuest *guest, const char *network)
{
    for (guint i = 0; i < search->leftovers->len; i++) {
        const NmmOrphan *leftover = g_ptr_array_index(search->leftovers, i);

        if (g_str_equal(leftover->uri, search->host->uri) &&
            g_strcmp0(leftover->guest_uuid, guest->uuid) == 0 &&
            g_strcmp0(leftover->network, network) == 0)
            return leftover;
    }
    return NULL;
}

static void
look_at_nic(const NmmGuest *guest, const NmmNic *nic, gpointer user_data)
{
    Search *search = user_data;
    NmmOrphan *leftover;

    if (!is_our_nic(nic) || is_named(search->world, search->host->uri, nic->network) ||
        find_interface(search, guest, nic->network))
        return;
    leftover = g_new0(NmmOrphan, 1);
    leftover->kind = "interface";
    leftover->uri = g_strdup(search->host->uri);
    leftover->guest = g_strdup(guest->name);
    leftover->guest_uuid = g_strdup(guest->uuid);
    leftover->network = g_strdup(nic->network);
    g_ptr_array_add(search->leftovers, leftover);
}

static void
find_interfaces(const NmmWorld *world, const NmmWorldHost *host, GPtrArray *leftovers)
{
    Search search = {.world = world, .host = host, .leftovers = leftovers};

    foreach_nic(host, look_at_nic, &search);
}

static void
look_for_user(const NmmGuest *guest, const NmmNic *nic, gpointer user_data)
{
    Search *search = user_data;

    if (g_strcmp0(nic->network, search->network) == 0 && !is_our_nic(nic))
        search->used = TRUE;
}

static void
find_networks(const NmmWorld *world, const NmmWorldHost *host, GPtrArray *leftovers)
{
    for (guint i = 0; i < host->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(host->networks, i);
        Search search = {.world = world, .host = host, .network = network->name};
        NmmOrphan *leftover;

        if (!network->owner_uuid || is_owner_alive(world, network->owner_uuid) ||
            is_named(world, host->uri, network->name))
            continue;
        foreach_nic(host, look_for_user, &search);
        if (search.used)
            continue;
        leftover = g_new0(NmmOrphan, 1);
        leftover->kind = "network";
        leftover->uri = g_strdup(host->uri);
        leftover->network = g_strdup(network->name);
        g_ptr_array_add(leftovers, leftover);
    }
}

static NmmPlan *
plan_purge(const NmmWorld *world, const NmmWorldHost *host, const char *network, GError **error)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(NmmProfile) profile = NULL;
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    NmmObserved observed = {
        .guests = host->guests,
        .networks = host->networks,
        .used = used,
        .host_id = "",
    };

    g_hash_table_insert(data, (gpointer)NMM_KEY_NETWORK, (gpointer)network);
    g_hash_table_insert(data, (gpointer)NMM_KEY_LIBVIRT_URI, host->uri);
    profile = nmm_profile_parse(
        "cleanup", NO_PROFILE_UUID, NULL, data, (const char *const *)world->allowed_uris, error);
    if (!profile)
        return NULL;
    return nmm_plan_isolated(profile, NMM_PURPOSE_PURGE, &observed, error);
}

/* Carries out the edits of the purge that are about @guest_uuid; NULL for those about the network.
 * @out_n: how many they were. */
static gboolean
purge_once(const NmmWorld *world,
           const NmmWorldHost *host,
           const NmmOrphan *leftover,
           guint *out_n,
           GError **error)
{
    g_autoptr(NmmPlan) plan = plan_purge(world, host, leftover->network, error);
    guint n = 0;

    if (!plan)
        return FALSE;
    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = g_ptr_array_index(plan->edits, i);

        if (g_strcmp0(edit->guest_uuid, leftover->guest_uuid) != 0)
            continue;
        if (!nmm_hypervisor_apply(host->hypervisor, edit, error))
            return FALSE;
        n++;
    }
    *out_n = n;
    return TRUE;
}

static gboolean
is_left(const NmmWorld *world, const NmmOrphan *leftover)
{
    g_autoptr(GPtrArray) leftovers = nmm_orphans_find(world);

    for (guint i = 0; i < leftovers->len; i++) {
        const NmmOrphan *other = g_ptr_array_index(leftovers, i);

        if (g_str_equal(other->kind, leftover->kind) && g_strcmp0(other->uri, leftover->uri) == 0 &&
            g_strcmp0(other->guest_uuid, leftover->guest_uuid) == 0 &&
            g_strcmp0(other->network, leftover->network) == 0 &&
            g_strcmp0(other->device, leftover->device) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
remove_from_libvirt(NmmWorld *world, const NmmOrphan *leftover, GError **error)
{
    NmmWorldHost *host = nmm_world_find_host(world, leftover->uri);
    guint n_edits;

    /* Read before each step: what was listed may have changed while the user made up his mind. */
    for (guint i = 0; i < RELEASE_TRIES; i++) {
        if (!nmm_world_host_read(host, error))
            return FALSE;
        if (!is_left(world, leftover))
            return TRUE;
        if (i > 0 && leftover->guest) {
            g_usleep(RELEASE_INTERVAL_US);
            continue;
        }
        if (!purge_once(world, host, leftover, &n_edits, error))
            return FALSE;
        if (n_edits == 0)
            g_usleep(RELEASE_INTERVAL_US);
    }
    if (leftover->guest)
        g_set_error_literal(error,
                            NMM_ERROR,
                            NMM_ERROR_UNSUPPORTED,
                            _("the running guest does not let go of it; it goes when the guest is "
                              "shut down"));
    else
        g_set_error_literal(error,
                            NMM_ERROR,
                            NMM_ERROR_CONFLICT,
                            _("guests still use it; it goes with the next cleanup"));
    return FALSE;
}

/**
 * nmm_orphans_find_bridge:
 * @world: the world
 * @network: a network
 *
 * Returns: (transfer none) (nullable): what keeps it from starting
 */
const NmmLink *
nmm_orphans_find_bridge(const NmmWorld *world, const NmmNetwork *network)
{
    /* One that forwards to a bridge of somebody's uses it, and does not make it. */
    if (network->active || g_strcmp0(network->forward_mode, "bridge") == 0)
        return NULL;
    return nmm_links_find(world->links, network->bridge);
}

/**
 * nmm_orphans_is_bridge_left:
 * @world: the world
 * @network: a network
 *
 * libvirt gives the bridge the network's own MAC when it makes it: that tells it from a bridge of
 * the user's with the same name.
 *
 * Returns: whether it can be removed
 */
gboolean
nmm_orphans_is_bridge_left(const NmmWorld *world, const NmmNetwork *network)
{
    const NmmLink *bridge = nmm_orphans_find_bridge(world, network);

    return bridge && g_strcmp0(bridge->kind, "bridge") == 0 && bridge->n_ports == 0 &&
           bridge->mac && network->mac && g_ascii_strcasecmp(bridge->mac, network->mac) == 0;
}

static void
find_bridges(const NmmWorld *world, const NmmWorldHost *host, GPtrArray *leftovers)
{
    for (guint i = 0; i < host->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(host->networks, i);
        NmmOrphan *leftover;

        if (!nmm_orphans_is_bridge_left(world, network))
            continue;
        leftover = g_new0(NmmOrphan, 1);
        leftover->kind = "bridge";
        leftover->uri = g_strdup(host->uri);
        leftover->network = g_strdup(network->name);
        leftover->device = g_strdup(network->bridge);
        g_ptr_array_add(leftovers, leftover);
    }
}

static gboolean
is_up(const NmmWorld *world, const char *uuid)
{
    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        if (g_ascii_strcasecmp(profile->uuid, uuid) == 0)
            return !g_str_equal(profile->state, "down");
    }
    return FALSE;
}

static void
find_links(const NmmWorld *world, GPtrArray *leftovers)
{
    for (guint i = 0; i < world->links->len; i++) {
        const NmmLink *link = g_ptr_array_index(world->links, i);
        NmmOrphan *leftover;

        if (!link->profile_uuid || is_up(world, link->profile_uuid))
            continue;
        leftover = g_new0(NmmOrphan, 1);
        leftover->kind = "link";
        leftover->device = g_strdup(link->name);
        leftover->owner_uuid = g_strdup(link->profile_uuid);
        g_ptr_array_add(leftovers, leftover);
    }
}

/* The profile may have come up, or the network, while the user made up his mind. */
static gboolean
look_again(const NmmOrphan *leftover, gboolean *out_left, GError **error)
{
    g_autoptr(NmmWorld) now = nmm_world_new();
    const char *problem = now->nm_problem ? now->nm_problem : now->links_problem;

    if (!problem && leftover->uri)
        problem = nmm_world_add_host(now, leftover->uri)->problem;
    if (problem) {
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_UNREACHABLE, problem);
        return FALSE;
    }
    *out_left = is_left(now, leftover);
    return TRUE;
}

static gboolean
remove_link(NmmWorld *world, const NmmOrphan *leftover, GError **error)
{
    g_autoptr(NmmHostlink) kernel = NULL;
    gboolean left;

    if (!look_again(leftover, &left, error))
        return FALSE;
    if (!left)
        return TRUE;
    kernel = nmm_hostlink_netlink_new("/sys", error);
    return kernel &&
           nmm_hostlink_remove_leftover(kernel, leftover->device, leftover->owner_uuid, error);
}

static gboolean
remove_bridge(NmmWorld *world, const NmmOrphan *leftover, GError **error)
{
    gboolean left;

    if (!look_again(leftover, &left, error))
        return FALSE;
    return !left || nmm_bridge_remove(leftover->device, error);
}

/* In the order of removal: a network goes when nothing is on it any more, and a bridge that is in
 * the way of a network is seen when the network is not active. */
typedef struct {
    const char *id;
    /* (nullable): of each libvirt */
    void (*find)(const NmmWorld *world, const NmmWorldHost *host, GPtrArray *leftovers);
    /* (nullable): of the machine */
    void (*find_here)(const NmmWorld *world, GPtrArray *leftovers);
    gboolean (*remove)(NmmWorld *world, const NmmOrphan *leftover, GError **error);
} Kind;

static const Kind kinds[] = {
    {"interface", find_interfaces, NULL, remove_from_libvirt},
    {"network", find_networks, NULL, remove_from_libvirt},
    {"bridge", find_bridges, NULL, remove_bridge},
    {"link", NULL, find_links, remove_link},
};

/**
 * nmm_orphans_find:
 * @world: every profile, and the libvirts to look at
 *
 * Returns: (transfer full) (element-type NmmOrphan): what no profile owns any more.
 */
GPtrArray *
nmm_orphans_find(const NmmWorld *world)
{
    GPtrArray *leftovers = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_orphan_free);

    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
        if (kinds[k].find_here)
            kinds[k].find_here(world, leftovers);
        for (guint h = 0; kinds[k].find && h < world->hosts->len; h++)
            kinds[k].find(world, g_ptr_array_index(world->hosts, h), leftovers);
    }
    return leftovers;
}

/**
 * nmm_orphan_remove:
 * @world: the same world; what is read anew on the way stays in it
 * @leftover: one that was found in it
 *
 * Waits up to 10 s for a running guest.
 */
void
nmm_orphan_remove(NmmWorld *world, NmmOrphan *leftover)
{
    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autoptr(GError) error = NULL;

        if (!g_str_equal(kinds[k].id, leftover->kind))
            continue;
        leftover->removed = kinds[k].remove(world, leftover, &error);
        leftover->problem = error ? g_strdup(error->message) : NULL;
    }
}
