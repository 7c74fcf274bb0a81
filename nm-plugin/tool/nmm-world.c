/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads NetworkManager and libvirt for the commands. Judges nothing, changes nothing: libvirt is
 * opened read-only.
 */

#include "config.h"

#include "nmm-world.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-hostlink.h"
#include "nmm-identity.h"
#include "nmm-keys.h"
#include "nmm-libvirt.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-parent.h"

/**
 * nmm_world_profile_free:
 * @profile: (nullable): the profile
 */
void
nmm_world_profile_free(NmmWorldProfile *profile)
{
    if (!profile)
        return;
    g_free(profile->id);
    g_free(profile->uuid);
    g_clear_pointer(&profile->profile, nmm_profile_unref);
    g_free(profile->problem);
    g_free(profile->network);
    g_free(profile->parent);
    g_free(profile->parent_problem);
    g_free(profile->link);
    g_free(profile);
}

/**
 * nmm_world_host_free:
 * @host: (nullable): the host; its connection is closed
 */
void
nmm_world_host_free(NmmWorldHost *host)
{
    if (!host)
        return;
    if (host->hypervisor)
        nmm_hypervisor_close(host->hypervisor);
    g_clear_object(&host->hypervisor);
    g_clear_pointer(&host->guests, g_ptr_array_unref);
    g_clear_pointer(&host->networks, g_ptr_array_unref);
    g_free(host->problem);
    g_free(host->uri);
    g_free(host);
}

/**
 * nmm_world_new_empty:
 *
 * Returns: (transfer full): a world in which there is nothing.
 */
NmmWorld *
nmm_world_new_empty(void)
{
    NmmWorld *world = g_new0(NmmWorld, 1);

    world->allowed_uris = g_new0(char *, 1);
    world->links = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);
    world->profiles = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_world_profile_free);
    world->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_world_host_free);
    return world;
}

/**
 * nmm_world_free:
 * @world: (nullable): the world
 */
void
nmm_world_free(NmmWorld *world)
{
    if (!world)
        return;
    g_ptr_array_unref(world->hosts);
    g_ptr_array_unref(world->profiles);
    g_ptr_array_unref(world->links);
    g_free(world->links_problem);
    g_strfreev(world->allowed_uris);
    g_free(world->config_problem);
    g_free(world->nm_problem);
    g_clear_object(&world->client);
    g_free(world);
}

static const char *
describe_state(NMActiveConnection *active)
{
    switch (nm_active_connection_get_state(active)) {
    case NM_ACTIVE_CONNECTION_STATE_ACTIVATED:
        return "active";
    case NM_ACTIVE_CONNECTION_STATE_ACTIVATING:
        return "activating";
    case NM_ACTIVE_CONNECTION_STATE_DEACTIVATING:
        return "deactivating";
    default:
        return "down";
    }
}

/* (nullable): one that is not down. */
static NMActiveConnection *
find_active(NMClient *client, const char *uuid)
{
    const GPtrArray *actives = nm_client_get_active_connections(client);

    for (guint i = 0; i < actives->len; i++) {
        NMActiveConnection *active = g_ptr_array_index(actives, i);

        if (g_strcmp0(nm_active_connection_get_uuid(active), uuid) == 0 &&
            !g_str_equal(describe_state(active), "down"))
            return active;
    }
    return NULL;
}

/* (nullable): the one that the VPN @active (nullable) is on, or would be. */
static NMDevice *
find_base(NMClient *client, NMActiveConnection *active)
{
    NMActiveConnection *base = active ? active : nm_client_get_primary_connection(client);
    const GPtrArray *devices = base ? nm_active_connection_get_devices(base) : NULL;
    NMDevice *device = devices && devices->len > 0 ? g_ptr_array_index(devices, 0) : NULL;

    /* What needs no uplink is on lo, which is nobody's lower device. */
    return device && g_strcmp0(nm_device_get_iface(device), "lo") == 0 ? NULL : device;
}

/* (nullable): that bears the profile's mark. */
static const NmmLink *
find_marked(const NmmWorld *world, const char *uuid)
{
    for (guint i = 0; i < world->links->len; i++) {
        const NmmLink *link = g_ptr_array_index(world->links, i);

        if (link->profile_uuid && g_ascii_strcasecmp(link->profile_uuid, uuid) == 0)
            return link;
    }
    return NULL;
}

/* The kernel knows best; where it does not, what the service would decide. */
static void
read_parent(NmmWorld *world, NmmWorldProfile *profile, NMActiveConnection *active)
{
    const NmmProfile *p = profile->profile;
    const NmmLink *marked = find_marked(world, profile->uuid);
    g_autoptr(GError) error = NULL;
    NMDevice *device;

    if (active && marked && marked->parent) {
        profile->parent = g_strdup(marked->parent);
        profile->link = g_strdup(marked->name);
        return;
    }
    device = nmm_parent_find(world->client, p, find_base(world->client, active), &error);
    profile->parent = device ? g_strdup(nm_device_get_iface(device)) : g_strdup(p->parent);
    if (p->link_name || profile->parent)
        profile->link =
            p->link_name ? g_strdup(p->link_name) : nmm_identity_link_name(profile->parent);
    if (device && !world->links_problem)
        nmm_links_check_parent(world->links, profile->parent, &error);
    profile->parent_problem = error ? g_strdup(error->message) : NULL;
}

static int
compare_profiles(gconstpointer a, gconstpointer b)
{
    const NmmWorldProfile *first = *(NmmWorldProfile *const *)a;
    const NmmWorldProfile *second = *(NmmWorldProfile *const *)b;

    return g_strcmp0(first->id, second->id);
}

/* What a profile that is not valid says about its network, for those who must leave it alone. */
static char *
get_raw_network(NMConnection *connection)
{
    const char *network =
        nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(connection), NMM_KEY_NETWORK);

    return g_strdup(network ? network : nmm_keys_find(NMM_KEY_NETWORK)->default_value);
}

/* A profile of a person's may be in NetworkManager's memory alone, too, or be changed there. */
static gboolean
is_offer(const NmmWorldProfile *profile)
{
    const NmmProfile *p = profile->profile;

    return p && nmm_identity_is_suggested(
                    p->uuid, p->mode, nmm_mode_get_target(p->mode, p->network, p->parent));
}

static void
read_profiles(NmmWorld *world)
{
    const GPtrArray *connections = nm_client_get_connections(world->client);

    for (guint i = 0; i < connections->len; i++) {
        NMConnection *connection = g_ptr_array_index(connections, i);
        NmmWorldProfile *profile;
        NMActiveConnection *active;
        g_autoptr(GError) error = NULL;

        if (!nmm_profile_reader_is_macvtap(connection))
            continue;
        active = find_active(world->client, nm_connection_get_uuid(connection));
        profile = g_new0(NmmWorldProfile, 1);
        profile->id = g_strdup(nm_connection_get_id(connection));
        profile->uuid = g_strdup(nm_connection_get_uuid(connection));
        profile->state = active ? describe_state(active) : "down";
        profile->profile =
            nmm_profile_reader_read(connection, (const char *const *)world->allowed_uris, &error);
        if (error) {
            profile->problem = g_strdup(error->message);
            profile->network = get_raw_network(connection);
        } else if (nmm_mode_get_info(profile->profile->mode)->has_host_link) {
            read_parent(world, profile, active);
        }
        profile->offered = !active && is_offer(profile) &&
                           nm_remote_connection_get_unsaved(NM_REMOTE_CONNECTION(connection));
        g_ptr_array_add(world->profiles, profile);
    }
    g_ptr_array_sort(world->profiles, compare_profiles);
}

/* On a context of its own that nobody serves: what was read of NetworkManager then stays as it was
 * read, while another thread serves the default one. */
static NMClient *
new_client(GError **error)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    NMClient *client;

    g_main_context_push_thread_default(context);
    client = nm_client_new(NULL, error);
    g_main_context_pop_thread_default(context);
    return client;
}

/**
 * nmm_world_read_profiles:
 * @world: the world
 *
 * Asks NetworkManager anew; all that was known of profiles is forgotten.
 *
 * Returns: FALSE where it does not answer, with the problem in @world.
 */
gboolean
nmm_world_read_profiles(NmmWorld *world)
{
    g_autoptr(GError) error = NULL;

    g_ptr_array_set_size(world->profiles, 0);
    g_clear_pointer(&world->nm_problem, g_free);
    g_clear_object(&world->client);
    world->client = new_client(&error);
    if (!world->client)
        world->nm_problem =
            g_strdup_printf(_("NetworkManager does not answer: %s"), error->message);
    else if (!nm_client_get_nm_running(world->client))
        world->nm_problem = g_strdup(_("NetworkManager is not running"));
    else
        read_profiles(world);
    return !world->nm_problem;
}

static void
read_links(NmmWorld *world)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *links = nmm_links_read("/sys", &error);

    if (links) {
        g_ptr_array_unref(world->links);
        world->links = links;
    } else {
        world->links_problem = g_strdup(error->message);
    }
}

/**
 * nmm_world_new:
 *
 * Returns: (transfer full): NetworkManager's and the kernel's side of the world, without any
 *   libvirt yet.
 */
NmmWorld *
nmm_world_new(void)
{
    NmmWorld *world = nmm_world_new_empty();
    g_autoptr(GError) error = NULL;
    char **uris = nmm_profile_reader_read_allowed_uris(NMM_CONFIG_FILE, &error);

    if (uris) {
        g_strfreev(world->allowed_uris);
        world->allowed_uris = uris;
    } else {
        world->config_problem = g_strdup(error->message);
        g_clear_error(&error);
    }
    read_links(world);
    nmm_world_read_profiles(world);
    return world;
}

static int
compare_guests(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(NmmGuest *const *)a)->name, (*(NmmGuest *const *)b)->name);
}

static int
compare_networks(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(NmmNetwork *const *)a)->name, (*(NmmNetwork *const *)b)->name);
}

/**
 * nmm_world_host_read:
 * @host: a libvirt that is open
 * @error: return location
 *
 * Reads guests and networks anew, and sorts them by name. On error what was read before stays.
 *
 * Returns: FALSE with the hypervisor's error.
 */
gboolean
nmm_world_host_read(NmmWorldHost *host, GError **error)
{
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GPtrArray) networks = NULL;

    networks = nmm_hypervisor_list_networks(host->hypervisor, error);
    guests = networks ? nmm_hypervisor_list_guests(host->hypervisor, error) : NULL;
    if (!guests)
        return FALSE;
    g_ptr_array_sort(guests, compare_guests);
    g_ptr_array_sort(networks, compare_networks);
    g_clear_pointer(&host->guests, g_ptr_array_unref);
    g_clear_pointer(&host->networks, g_ptr_array_unref);
    host->guests = g_steal_pointer(&guests);
    host->networks = g_steal_pointer(&networks);
    return TRUE;
}

/**
 * nmm_world_add_host:
 * @world: the world
 * @uri: an allowed libvirt URI
 *
 * Returns: (transfer none): what is known of it; the same again for the same @uri.
 */
NmmWorldHost *
nmm_world_add_host(NmmWorld *world, const char *uri)
{
    NmmWorldHost *host = nmm_world_find_host(world, uri);
    g_autoptr(GError) error = NULL;

    if (host)
        return host;
    host = g_new0(NmmWorldHost, 1);
    host->uri = g_strdup(uri);
    host->hypervisor = nmm_libvirt_new(uri);
    host->guests = g_ptr_array_new();
    host->networks = g_ptr_array_new();
    g_ptr_array_add(world->hosts, host);
    if (!nmm_hypervisor_open(host->hypervisor, TRUE, &error) || !nmm_world_host_read(host, &error))
        host->problem = g_strdup(error->message);
    return host;
}

/**
 * nmm_world_add_used_hosts:
 * @world: the world
 *
 * Reads qemu:///system, where guests are looked for also before there is a profile, and every other
 * libvirt that a valid profile names.
 */
void
nmm_world_add_used_hosts(NmmWorld *world)
{
    nmm_world_add_host(world, nmm_keys_find(NMM_KEY_LIBVIRT_URI)->default_value);
    for (guint i = 0; i < world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(world->profiles, i);

        if (profile->profile)
            nmm_world_add_host(world, profile->profile->libvirt_uri);
    }
}

/**
 * nmm_world_find_host:
 * @world: the world
 * @uri: a libvirt URI
 *
 * Returns: (nullable) (transfer none): what was read of it.
 */
NmmWorldHost *
nmm_world_find_host(const NmmWorld *world, const char *uri)
{
    for (guint i = 0; i < world->hosts->len; i++) {
        NmmWorldHost *host = g_ptr_array_index(world->hosts, i);

        if (g_str_equal(host->uri, uri))
            return host;
    }
    return NULL;
}

/**
 * nmm_world_find_network:
 * @world: the world
 * @profile: a profile
 *
 * Returns: (nullable) (transfer none): its network; NULL where there is none, or none is known.
 */
NmmNetwork *
nmm_world_find_network(const NmmWorld *world, const NmmProfile *profile)
{
    NmmWorldHost *host = nmm_world_find_host(world, profile->libvirt_uri);

    if (!host || !nmm_mode_get_info(profile->mode)->has_network)
        return NULL;
    return nmm_network_find(host->networks, profile->network);
}

/**
 * nmm_world_find_host_link:
 * @world: the world
 * @profile: a profile of mode share or move
 * @error: return location; %NMM_ERROR_NOT_FOUND, %NMM_ERROR_CONFLICT
 *
 * In mode share the mark decides whose a link is; in mode move NetworkManager makes it, and a
 * macvtap interface over the parent is the profile's.
 *
 * Returns: (nullable) (transfer none): the profile's host link
 */
NmmLink *
nmm_world_find_host_link(const NmmWorld *world, const NmmWorldProfile *profile, GError **error)
{
    NmmLink *link = nmm_links_find(world->links, profile->link);
    g_autofree char *mark = NULL;

    if (!link) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_NOT_FOUND,
                    _("there is no network interface '%s'"),
                    profile->link ? profile->link : "?");
        return NULL;
    }
    if (nmm_mode_get_info(profile->profile->mode)->moves_configuration && !link->profile_uuid &&
        g_strcmp0(link->kind, "macvtap") == 0 && link->parent &&
        g_strcmp0(link->parent, profile->parent) == 0)
        return link;
    mark = link->profile_uuid ? nmm_hostlink_make_mark(link->profile_uuid) : NULL;
    return nmm_hostlink_check_mark(link->name, mark, profile->uuid, error) ? link : NULL;
}

/**
 * nmm_world_get_host_address:
 * @world: the world
 * @profile: a profile
 *
 * Returns: (nullable) (transfer none): the address at which its guests reach the host, with prefix
 */
const NmmCidr *
nmm_world_get_host_address(const NmmWorld *world, const NmmWorldProfile *profile)
{
    const NmmProfile *p = profile->profile;
    const NmmNetwork *network = p ? nmm_world_find_network(world, p) : NULL;
    const NmmLink *link = NULL;

    if (network)
        return nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);
    if (!p || !nmm_mode_get_info(p->mode)->has_host_link)
        return NULL;
    if (nmm_mode_get_info(p->mode)->moves_configuration)
        link = nmm_world_find_host_link(world, profile, NULL);
    if (!link || !nmm_link_get_address(link))
        link = nmm_links_find(world->links, profile->parent);
    return link ? nmm_link_get_address(link) : NULL;
}
