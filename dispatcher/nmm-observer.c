/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and translates; what the facts mean is the decision's. Whatever cannot be read is left out,
 * and the decision takes that for "not known".
 */

#include "config.h"

#include "nmm-observer.h"

#include "nmm-held-locks.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-libvirt.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-parent.h"
#include "nmm-scene-libvirt.h"

#define HOSTS_TIMEOUT_S 10

#define CONFIG_GROUP "dispatcher"
#define CONFIG_OFFER "offer-profiles"

/* One libvirt, read on the thread. */
typedef struct {
    char *uri;
    NmmHypervisor *hypervisor;
    GPtrArray *guests;   /* (nullable): NULL where it does not answer */
    GPtrArray *networks; /* likewise */
} Host;

typedef struct {
    char *config_file;
    char *run_dir;
    NMClient *client;
    NmmScene *scene;
    guint timeout_id;
} Observation;

/* A thread that hangs in libvirt stays behind; one is enough. */
static gboolean hosts_hang;

static void
host_free(gpointer data)
{
    Host *host = data;

    g_clear_pointer(&host->guests, g_ptr_array_unref);
    g_clear_pointer(&host->networks, g_ptr_array_unref);
    g_clear_object(&host->hypervisor);
    g_free(host->uri);
    g_free(host);
}

static void
observation_free(gpointer data)
{
    Observation *observation = data;

    g_clear_handle_id(&observation->timeout_id, g_source_remove);
    g_clear_object(&observation->client);
    nmm_scene_free(observation->scene);
    g_free(observation->config_file);
    g_free(observation->run_dir);
    g_free(observation);
}

static void
read_host(Host *host)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) networks = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    if (nmm_hypervisor_open(host->hypervisor, TRUE, &error))
        networks = nmm_hypervisor_list_networks(host->hypervisor, &error);
    if (networks)
        guests = nmm_hypervisor_list_guests(host->hypervisor, &error);
    nmm_hypervisor_close(host->hypervisor);
    if (guests) {
        host->networks = g_steal_pointer(&networks);
        host->guests = g_steal_pointer(&guests);
    } else {
        g_debug("libvirt '%s': %s", host->uri, error->message);
    }
}

/* The hosts are the thread's alone until it has ended. */
static void
read_hosts(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const GPtrArray *hosts = task_data;

    for (guint i = 0; i < hosts->len; i++)
        read_host(hosts->pdata[i]);
    g_task_return_boolean(task, TRUE);
}

static NmmSceneDeviceState
translate_device_state(NMDevice *device)
{
    switch (nm_device_get_state(device)) {
    case NM_DEVICE_STATE_ACTIVATED:
        return NMM_SCENE_DEVICE_ACTIVATED;
    case NM_DEVICE_STATE_UNMANAGED:
        return NMM_SCENE_DEVICE_UNMANAGED;
    default:
        return NMM_SCENE_DEVICE_DOWN;
    }
}

static const char *
get_base(NMActiveConnection *active)
{
    const GPtrArray *devices = nm_active_connection_get_devices(active);

    return devices && devices->len > 0 ? nm_device_get_iface(devices->pdata[0]) : NULL;
}

/* In mode move the default route is the host link's; what it is about is the device below. */
static char *
find_primary(NMClient *client)
{
    NMActiveConnection *active = nm_client_get_primary_connection(client);
    const char *name = active ? get_base(active) : NULL;
    NMDevice *device = name ? nm_client_get_device_by_iface(client, name) : NULL;
    NMDevice *parent = device ? nmm_parent_below(client, device) : NULL;

    return g_strdup(parent ? nm_device_get_iface(parent) : name);
}

static void
read_state(NMClient *client, NmmSceneProfile *profile)
{
    const GPtrArray *actives = nm_client_get_active_connections(client);

    for (guint i = 0; i < actives->len; i++) {
        NMActiveConnection *active = actives->pdata[i];
        NMActiveConnectionState state = nm_active_connection_get_state(active);

        if (g_strcmp0(nm_active_connection_get_uuid(active), profile->uuid) != 0 ||
            state == NM_ACTIVE_CONNECTION_STATE_DEACTIVATED)
            continue;
        g_free(profile->base);
        profile->base = g_strdup(get_base(active));
        if (state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED)
            profile->state = NMM_SCENE_PROFILE_UP;
        else if (state == NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
            profile->state = NMM_SCENE_PROFILE_DEACTIVATING;
        else
            profile->state = NMM_SCENE_PROFILE_ACTIVATING;
        /* One that comes counts more than one that is still going. */
        if (profile->state != NMM_SCENE_PROFILE_DEACTIVATING)
            return;
    }
}

/* Also of a service that died before the profile was up, which no event tells of. */
static void
read_moved(NMClient *client, NmmSceneProfile *profile)
{
    const GPtrArray *devices = nm_client_get_devices(client);

    for (guint i = 0; i < devices->len && !profile->moved; i++) {
        const char *name = nm_device_get_iface(devices->pdata[i]);
        g_autofree char *uuid = name ? nmm_move_profile_build_uuid(profile->uuid, name) : NULL;

        if (uuid && nm_client_get_connection_by_uuid(client, uuid))
            profile->moved = g_strdup(name);
    }
}

static void
read_profile(NmmScene *scene,
             NMClient *client,
             NMRemoteConnection *remote,
             const char *const *allowed_uris)
{
    NMConnection *connection = NM_CONNECTION(remote);
    NmmSceneProfile *seen = nmm_scene_add_profile(
        scene, nm_connection_get_uuid(connection), nm_connection_get_id(connection));
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(connection, allowed_uris, &error);

    read_state(client, seen);
    read_moved(client, seen);
    seen->autoconnect =
        nm_setting_connection_get_autoconnect(nm_connection_get_setting_connection(connection)) &&
        nm_remote_connection_get_visible(remote);
    seen->in_memory =
        (nm_remote_connection_get_flags(remote) & NM_SETTINGS_CONNECTION_FLAG_UNSAVED) != 0;
    if (!profile) {
        seen->problem = g_strdup(error->message);
        return;
    }
    seen->mode = profile->mode;
    seen->parent = g_strdup(profile->parent);
    seen->network = g_strdup(profile->network);
    seen->uri = g_strdup(profile->libvirt_uri);
}

static void
read_nm(Observation *observation)
{
    NMClient *client = observation->client;
    NmmScene *scene = observation->scene;
    const GPtrArray *devices = nm_client_get_devices(client);
    const GPtrArray *connections = nm_client_get_connections(client);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) allowed_uris =
        nmm_profile_reader_read_allowed_uris(observation->config_file, &error);

    scene->now = g_get_monotonic_time() / G_USEC_PER_SEC;
    scene->networking =
        nm_client_networking_get_enabled(client) && nm_client_get_state(client) != NM_STATE_ASLEEP;
    scene->primary = find_primary(client);
    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];

        if (nm_device_get_iface(device))
            nmm_scene_add_device(scene, nm_device_get_iface(device))->state =
                translate_device_state(device);
    }
    for (guint i = 0; i < connections->len; i++) {
        if (nmm_profile_reader_is_macvtap(connections->pdata[i]))
            read_profile(scene, client, connections->pdata[i], (const char *const *)allowed_uris);
    }
}

static void
read_links(NmmScene *scene)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmHostlink) kernel = nmm_hostlink_netlink_new("/sys", &error);
    g_autoptr(GPtrArray) links = kernel ? nmm_hostlink_list(kernel, &error) : NULL;

    if (!links) {
        g_warning("cannot look for host links: %s", error->message);
        return;
    }
    for (guint i = 0; i < links->len; i++) {
        const NmmHostlinkInfo *link = links->pdata[i];

        nmm_scene_add_link(scene, link->name, link->profile_uuid);
    }
}

/* Here and not on the thread: also where libvirt hangs, a process that is ending is not to be got
 * in the way of. After the profiles' states: what was down then and has a claim now is ending. */
static void
read_claims(NmmScene *scene, const char *run_dir)
{
    g_autofree char *locks = NULL;
    g_autoptr(GHashTable) busy = NULL;

    if (!g_file_get_contents("/proc/locks", &locks, NULL, NULL))
        return;
    busy = nmm_held_locks_read(run_dir, locks);
    for (guint i = 0; i < scene->profiles->len; i++) {
        NmmSceneProfile *profile = scene->profiles->pdata[i];

        profile->busy = g_hash_table_contains(busy, profile->uuid);
    }
}

static gboolean
read_offer(const char *config_file)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    gboolean offer = TRUE;

    if (g_key_file_load_from_file(file, config_file, G_KEY_FILE_NONE, NULL) &&
        g_key_file_has_key(file, CONFIG_GROUP, CONFIG_OFFER, NULL)) {
        offer = g_key_file_get_boolean(file, CONFIG_GROUP, CONFIG_OFFER, &error);
        if (error)
            g_warning("'%s': %s", config_file, error->message);
    }
    return offer;
}

static void
add_host(GPtrArray *hosts, const char *uri)
{
    Host *host;

    for (guint i = 0; i < hosts->len; i++) {
        host = hosts->pdata[i];
        if (g_str_equal(host->uri, uri))
            return;
    }
    host = g_new0(Host, 1);
    host->uri = g_strdup(uri);
    host->hypervisor = nmm_libvirt_new(uri);
    g_ptr_array_add(hosts, host);
}

static void
take_hosts(NmmScene *scene, const GPtrArray *hosts)
{
    for (guint i = 0; i < hosts->len; i++) {
        Host *host = hosts->pdata[i];

        if (host->guests)
            nmm_scene_take_in(scene, host->uri, host->guests, host->networks);
    }
}

static void
hosts_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Observation *observation = g_task_get_task_data(task);

    if (g_task_get_completed(task))
        return;
    hosts_hang = FALSE;
    g_clear_handle_id(&observation->timeout_id, g_source_remove);
    take_hosts(observation->scene, g_task_get_task_data(G_TASK(result)));
    g_task_return_boolean(task, TRUE);
}

static gboolean
timeout_cb(gpointer user_data)
{
    GTask *task = user_data;
    Observation *observation = g_task_get_task_data(task);

    observation->timeout_id = 0;
    hosts_hang = TRUE;
    g_warning("libvirt has not answered for %u s", HOSTS_TIMEOUT_S);
    g_task_return_boolean(task, TRUE);
    return G_SOURCE_REMOVE;
}

/* Libvirts are asked for what profiles name, and the default one for what could be offered. */
static void
start_hosts(GTask *task)
{
    Observation *observation = g_task_get_task_data(task);
    GPtrArray *hosts = g_ptr_array_new_with_free_func(host_free);
    g_autoptr(GTask) thread = g_task_new(NULL, NULL, hosts_cb, g_object_ref(task));

    add_host(hosts, nmm_scene_get_default_uri());
    for (guint i = 0; i < observation->scene->profiles->len; i++) {
        const NmmSceneProfile *profile = observation->scene->profiles->pdata[i];

        if (profile->uri)
            add_host(hosts, profile->uri);
    }
    g_task_set_task_data(thread, hosts, (GDestroyNotify)g_ptr_array_unref);
    observation->timeout_id = g_timeout_add_seconds(HOSTS_TIMEOUT_S, timeout_cb, task);
    g_task_run_in_thread(thread, read_hosts);
}

static void
client_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Observation *observation = g_task_get_task_data(task);
    GError *error = NULL;

    observation->client = nm_client_new_finish(result, &error);
    if (!observation->client) {
        g_task_return_error(task, error);
        return;
    }
    if (!nm_client_get_nm_running(observation->client)) {
        g_task_return_new_error(
            task, NMM_ERROR, NMM_ERROR_UNREACHABLE, "NetworkManager does not run");
        return;
    }
    read_nm(observation);
    read_claims(observation->scene, observation->run_dir);
    read_links(observation->scene);
    observation->scene->offer = read_offer(observation->config_file);
    if (hosts_hang)
        g_task_return_boolean(task, TRUE);
    else
        start_hosts(task);
}

/**
 * nmm_observer_observe_async:
 * @config_file: the administrator's configuration file
 * @run_dir: the directory with the service's claims
 * @cancellable: (nullable): a cancellable
 * @callback: called when all is known that can be
 * @user_data: for @callback
 */
void
nmm_observer_observe_async(const char *config_file,
                           const char *run_dir,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
    Observation *observation = g_new0(Observation, 1);
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);

    observation->config_file = g_strdup(config_file);
    observation->run_dir = g_strdup(run_dir);
    observation->scene = nmm_scene_new();
    g_task_set_task_data(task, observation, observation_free);
    nm_client_new_async(cancellable, client_cb, task);
}

/**
 * nmm_observer_observe_finish:
 * @result: what @callback got
 * @out_client: (out) (transfer full): the client
 * @error: return location
 *
 * Returns: (transfer full): the scene, NULL with an error where NetworkManager does not run
 */
NmmScene *
nmm_observer_observe_finish(GAsyncResult *result, NMClient **out_client, GError **error)
{
    Observation *observation = g_task_get_task_data(G_TASK(result));

    if (!g_task_propagate_boolean(G_TASK(result), error))
        return NULL;
    *out_client = g_steal_pointer(&observation->client);
    return g_steal_pointer(&observation->scene);
}
