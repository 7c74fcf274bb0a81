/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-host-reader.h"

#include <glib/gi18n-lib.h>

#include "nmm-active.h"
#include "nmm-config.h"
#include "nmm-daemon.h"
#include "nmm-error.h"
#include "nmm-failure-file.h"
#include "nmm-identity.h"
#include "nmm-libvirt.h"
#include "nmm-links.h"
#include "nmm-manager-config.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-parent.h"
#include "nmm-profile-reader.h"
#include "nmm-profile-users.h"
#include "nmm-routes.h"
#include "nmm-status-reader.h"
#include "nmm-stored-profiles.h"

typedef struct {
    NmmHostState *state;
    NmmHostReadFlags flags;
    GPtrArray *uris; /* (element-type utf8): libvirt URIs to read, without duplicates */
    char *config_file;
    NmmConfig *config; /* (nullable): NULL if the state has a config_error */
    NmmHypervisorMaker maker;
    guint timeout_s;

    NMClient *client; /* (nullable) */
    GCancellable *client_cancellable;
    GSource *client_timeout; /* (nullable) */
    guint n_pending;         /* libvirt URIs that have not answered yet */
    GPtrArray *contents; /* (element-type NmmHostHypervisor) (nullable): in the order of @uris */
} Read;

static void
clear_source(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void
read_free(gpointer data)
{
    Read *read = data;

    clear_source(&read->client_timeout);
    g_clear_object(&read->client_cancellable);
    g_clear_object(&read->client);
    nmm_host_state_free(read->state);
    g_ptr_array_unref(read->uris);
    g_ptr_array_unref(read->contents);
    g_free(read->config_file);
    g_clear_pointer(&read->config, nmm_config_free);
    g_free(read);
}

/* The kernel */

static void
read_links(NmmHostState *state)
{
    g_autoptr(GPtrArray) links = NULL;

    g_clear_error(&state->links_error);
    g_ptr_array_set_size(state->links, 0);
    links = nmm_links_read("/sys", &state->links_error);
    if (!links)
        return;
    g_ptr_array_unref(state->links);
    state->links = g_steal_pointer(&links);
}

/* Profiles */

/* (nullable): the link that has the profile's mark. */
static const NmmLink *
find_marked(const NmmHostState *state, const char *uuid)
{
    for (guint i = 0; i < state->links->len; i++) {
        const NmmLink *link = g_ptr_array_index(state->links, i);

        if (link->profile_uuid && g_ascii_strcasecmp(link->profile_uuid, uuid) == 0)
            return link;
    }
    return NULL;
}

/* What the kernel has counts; without a link, what the service would decide. */
static void
read_parent(Read *read, NmmHostProfile *profile, NMActiveConnection *active)
{
    const NmmProfile *p = profile->profile;
    const NmmLink *marked = find_marked(read->state, profile->uuid);
    NMDevice *base =
        active ? nmm_active_get_device(active) : nmm_active_get_primary_device(read->client);
    NMDevice *device;

    if (active && marked && marked->parent) {
        profile->parent = g_strdup(marked->parent);
        profile->link = g_strdup(marked->name);
        return;
    }
    device = nmm_parent_find(read->client, p->parent, base, &profile->parent_error);
    profile->parent = device ? g_strdup(nm_device_get_iface(device)) : g_strdup(p->parent);
    if (p->link_name)
        profile->link = g_strdup(p->link_name);
    else if (profile->parent)
        profile->link = nmm_identity_link_name(profile->parent);
    if (device && (read->flags & NMM_HOST_READ_LINKS) && !read->state->links_error)
        nmm_links_check_parent(read->state->links, profile->parent, &profile->parent_error);
}

/* NetworkManager and the kernel's own messages know a device only by its first name. */
static void
resolve_parent(const NmmHostState *state, NmmProfile *profile)
{
    const NmmLink *link = nmm_links_find(state->links, profile->parent);

    if (!link)
        return;
    g_free(profile->parent);
    profile->parent = g_strdup(link->name);
}

/* A service that died before the profile was up leaves such a link, too. */
static void
read_moved(NMClient *client, NmmHostProfile *profile)
{
    const GPtrArray *devices = nm_client_get_devices(client);

    for (guint i = 0; i < devices->len && !profile->moved; i++) {
        const char *name = nm_device_get_iface(g_ptr_array_index(devices, i));
        g_autofree char *uuid = name ? nmm_move_profile_build_uuid(profile->uuid, name) : NULL;

        if (uuid && nm_client_get_connection_by_uuid(client, uuid))
            profile->moved = g_strdup(name);
    }
}

/* A user's profile may be in memory only, too, so its identity decides. */
static gboolean
is_suggested(const NmmHostProfile *profile)
{
    const NmmProfile *p = profile->profile;

    return p && profile->in_memory && profile->state == NMM_ACTIVE_DOWN &&
           nmm_identity_is_suggested(p->uuid,
                                     p->mode,
                                     nmm_mode_get_target(p->mode, p->network, p->parent),
                                     p->libvirt_uri);
}

/* Of mode move alone: can NetworkManager move what the parent has? What is active has passed. */
static gboolean
check_move(NMClient *client, const NmmHostProfile *profile, GError **error)
{
    NMDevice *parent;

    if (!profile->profile || !nmm_mode_get_info(profile->profile->mode)->moves_configuration ||
        profile->state != NMM_ACTIVE_DOWN || profile->parent_error || !profile->parent)
        return TRUE;
    parent = nm_client_get_device_by_iface(client, profile->parent);
    return !parent ||
           (nmm_parent_check(client, parent, error) &&
            nmm_manager_config_check_link(profile->link, profile->profile->link_name, error));
}

static void
read_refusal(Read *read, NMConnection *connection, NmmHostProfile *profile)
{
    const char *const *groups =
        read->config ? (const char *const *)read->config->admin_groups : NULL;

    if (!groups)
        profile->refusal = g_error_copy(read->state->config_error);
    else if (nmm_profile_users_check(connection, groups, &profile->refusal))
        check_move(read->client, profile, &profile->refusal);
}

/* Of @profile, what is in @connection. */
static void
read_content(const NmmHostState *state, NMConnection *connection, NmmHostProfile *profile)
{
    profile->profile = nmm_profile_reader_read(
        connection, (const char *const *)state->allowed_uris, &profile->error);
    if (profile->profile)
        resolve_parent(state, profile->profile);
    else
        profile->raw_network = nmm_profile_reader_read_raw_network(connection);
}

static void
read_profile(Read *read, NMRemoteConnection *remote)
{
    NMConnection *connection = NM_CONNECTION(remote);
    const char *uuid = nm_connection_get_uuid(connection);
    NMActiveConnection *active = nmm_active_find(read->client, uuid);
    NMDevice *base = nmm_active_get_device(active);
    NmmHostProfile *profile =
        nmm_host_state_add_profile(read->state, nm_connection_get_id(connection), uuid);

    profile->state = nmm_active_get_state(active);
    profile->base = base ? g_strdup(nm_device_get_iface(base)) : NULL;
    profile->autoconnect =
        nm_setting_connection_get_autoconnect(nm_connection_get_setting_connection(connection)) &&
        nm_remote_connection_get_visible(remote);
    profile->in_memory =
        (nm_remote_connection_get_flags(remote) & NM_SETTINGS_CONNECTION_FLAG_UNSAVED) != 0;
    read_content(read->state, connection, profile);
    if (profile->profile && !nmm_mode_get_info(profile->profile->mode)->has_network)
        read_parent(read, profile, active);
    profile->suggested = is_suggested(profile);
    read_moved(read->client, profile);
    if (read->flags & NMM_HOST_READ_STATUS)
        profile->failure = nmm_failure_file_read(NMM_RUN_DIR, profile->uuid);
    if (read->flags & NMM_HOST_READ_REFUSALS)
        read_refusal(read, connection, profile);
}

static void
read_stored_profiles(NmmHostState *state)
{
    g_autoptr(GPtrArray) profiles = nmm_stored_profiles_read();

    for (guint i = 0; i < profiles->len; i++) {
        const NmmStoredProfile *stored = g_ptr_array_index(profiles, i);
        NmmHostProfile *profile =
            nmm_host_state_add_profile(state,
                                       nm_connection_get_id(stored->connection),
                                       nm_connection_get_uuid(stored->connection));

        profile->in_memory = stored->in_memory;
        read_content(state, stored->connection, profile);
        profile->suggested = is_suggested(profile);
    }
}

/* NetworkManager */

static void
read_config(Read *read)
{
    NmmHostState *state = read->state;

    g_clear_error(&state->config_error);
    g_clear_pointer(&read->config, nmm_config_free);
    read->config = nmm_config_read(read->config_file, &state->config_error);
    g_strfreev(state->allowed_uris);
    state->allowed_uris = read->config ? g_strdupv(read->config->libvirt_uris) : g_new0(char *, 1);
}

static NmmDeviceState
translate_device_state(NMDevice *device)
{
    switch (nm_device_get_state(device)) {
    case NM_DEVICE_STATE_ACTIVATED:
        return NMM_DEVICE_ACTIVATED;
    case NM_DEVICE_STATE_UNMANAGED:
        return NMM_DEVICE_UNMANAGED;
    default:
        return NMM_DEVICE_DOWN;
    }
}

/* In mode move the default route is the host link's, and the device that counts is its parent. */
static char *
find_primary(NMClient *client)
{
    NMDevice *device = nmm_active_get_primary_device(client);
    NMDevice *parent = device ? nmm_parent_below(client, device) : NULL;

    if (!device)
        return NULL;
    return g_strdup(nm_device_get_iface(parent ? parent : device));
}

static void
read_devices(Read *read)
{
    const GPtrArray *devices = nm_client_get_devices(read->client);

    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = g_ptr_array_index(devices, i);

        if (nm_device_get_iface(device))
            nmm_host_state_add_device(read->state, nm_device_get_iface(device))->state =
                translate_device_state(device);
    }
}

static int
compare_profiles(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(NmmHostProfile *const *)a)->id, (*(NmmHostProfile *const *)b)->id);
}

static void
read_nm(Read *read)
{
    NmmHostState *state = read->state;
    const GPtrArray *connections = nm_client_get_connections(read->client);

    state->networking = nm_client_networking_get_enabled(read->client) &&
                        nm_client_get_state(read->client) != NM_STATE_ASLEEP;
    state->primary = find_primary(read->client);
    read_devices(read);
    for (guint i = 0; i < connections->len; i++) {
        if (nmm_profile_reader_is_macvtap(g_ptr_array_index(connections, i)))
            read_profile(read, g_ptr_array_index(connections, i));
    }
    g_ptr_array_sort(state->profiles, compare_profiles);
    if (read->flags & NMM_HOST_READ_SUBNETS) {
        nmm_routes_collect(state->subnets, &state->subnets_error);
        nmm_profile_reader_collect_addresses(connections, NULL, state->subnets);
    }
}

/* libvirt */

/* @task: (transfer full) */
static void
return_state(GTask *task)
{
    Read *read = g_task_get_task_data(task);

    for (guint i = 0; i < read->uris->len; i++) {
        NmmHostHypervisor *content = g_ptr_array_index(read->contents, i);

        nmm_host_state_set_hypervisor(read->state, nmm_host_hypervisor_ref(content));
    }
    g_task_return_boolean(task, TRUE);
    g_object_unref(task);
}

static guint
find_uri(const Read *read, const char *uri)
{
    guint index = 0;

    while (index < read->uris->len && !g_str_equal(read->uris->pdata[index], uri))
        index++;
    return index;
}

static void
hypervisor_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Read *read = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    NmmHostHypervisor *content = nmm_hypervisor_read_finish(result, &error);

    read->n_pending--;
    if (content)
        read->contents->pdata[find_uri(read, content->uri)] = content;
    if (g_task_get_completed(task))
        return;
    if (error)
        g_task_return_error(task, g_steal_pointer(&error));
    else if (read->n_pending == 0)
        return_state(g_steal_pointer(&task));
}

static void
add_uri(Read *read, const char *uri)
{
    if (find_uri(read, uri) == read->uris->len)
        g_ptr_array_add(read->uris, g_strdup(uri));
}

/* A connection to a libvirt without the driver would make it log an error each time. */
static void
add_local_uris(Read *read)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_LIBVIRT_URI);

    for (gsize i = 0; key->choices[i]; i++) {
        if (nmm_daemon_has_definitions("", key->choices[i]))
            add_uri(read, key->choices[i]);
    }
    if (read->uris->len == 0)
        add_uri(read, key->default_value);
}

/* @task: (transfer full) */
static void
start_hypervisors(GTask *task)
{
    Read *read = g_task_get_task_data(task);
    const GPtrArray *profiles = read->state->profiles;

    if (read->flags & NMM_HOST_READ_LOCAL_HYPERVISORS)
        add_local_uris(read);
    for (guint i = 0; (read->flags & NMM_HOST_READ_USED_HYPERVISORS) && i < profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(profiles, i);

        if (profile->profile)
            add_uri(read, profile->profile->libvirt_uri);
    }
    g_ptr_array_set_size(read->contents, (int)read->uris->len);
    read->n_pending = read->uris->len;
    for (guint i = 0; i < read->uris->len; i++)
        nmm_hypervisor_read_async(read->maker,
                                  read->uris->pdata[i],
                                  (read->flags & NMM_HOST_READ_LEASES) != 0,
                                  (read->flags & NMM_HOST_READ_AWAKE) == 0,
                                  read->timeout_s,
                                  g_task_get_cancellable(task),
                                  hypervisor_cb,
                                  g_object_ref(task));
    if (read->n_pending == 0)
        return_state(task);
    else
        g_object_unref(task);
}

/* What the services publish */

static void
statuses_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Read *read = g_task_get_task_data(task);
    g_autoptr(GPtrArray) statuses = NULL;

    g_clear_pointer(&read->state->silent_services, g_strfreev);
    statuses = nmm_status_read_finish(result, &read->state->silent_services);
    while (statuses->len > 0) {
        NmmProfileStatus *status = g_ptr_array_steal_index_fast(statuses, 0);
        NmmHostProfile *profile = nmm_host_state_find_profile(read->state, status->uuid);

        if (profile && !profile->status)
            profile->status = status;
        else
            nmm_profile_status_free(status);
    }
    start_hypervisors(g_steal_pointer(&task));
}

/* Start */

static void
client_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Read *read = g_task_get_task_data(task);
    NmmHostState *state = read->state;
    g_autoptr(GError) error = NULL;

    read->client = nm_client_new_finish(result, &error);
    clear_source(&read->client_timeout);
    if (g_task_return_error_if_cancelled(task))
        return;
    if (!read->client)
        g_set_error(&state->nm_error,
                    NMM_ERROR,
                    NMM_ERROR_UNREACHABLE,
                    _("NetworkManager does not answer: %s"),
                    error->message);
    else if (nm_client_get_nm_running(read->client))
        read_nm(read);
    else if (state->retired)
        read_stored_profiles(state);
    else
        g_set_error_literal(
            &state->nm_error, NMM_ERROR, NMM_ERROR_UNREACHABLE, _("NetworkManager is not running"));
    if ((read->flags & NMM_HOST_READ_STATUS) && read->client && !state->nm_error)
        nmm_status_read_async(
            nm_client_get_dbus_connection(read->client), statuses_cb, g_steal_pointer(&task));
    else
        start_hypervisors(g_steal_pointer(&task));
}

static gboolean
client_timeout_cb(gpointer user_data)
{
    Read *read = user_data;

    g_cancellable_cancel(read->client_cancellable);
    return G_SOURCE_REMOVE;
}

static void
cancel_client_cb(GCancellable *cancellable, gpointer client_cancellable)
{
    g_cancellable_cancel(client_cancellable);
}

/* @task: (transfer full) */
static void
start_nm(GTask *task)
{
    Read *read = g_task_get_task_data(task);
    GCancellable *cancellable = g_task_get_cancellable(task);

    nmm_host_state_clear_nm(read->state);
    read_config(read);
    if (cancellable)
        g_signal_connect_object(
            cancellable, "cancelled", G_CALLBACK(cancel_client_cb), read->client_cancellable, 0);
    if (read->timeout_s > 0) {
        read->client_timeout = g_timeout_source_new_seconds(read->timeout_s);
        g_source_set_callback(read->client_timeout, client_timeout_cb, read, NULL);
        g_source_attach(read->client_timeout, NULL);
    }
    nm_client_new_async(read->client_cancellable, client_cb, task);
}

void
nmm_host_read_async(NmmHostState *state,
                    const NmmHostRequest *request,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);
    Read *read = g_new0(Read, 1);

    read->state = state ? state : nmm_host_state_new();
    read->flags = request->flags;
    read->config_file = g_strdup(request->config_file ? request->config_file : NMM_CONFIG_FILE);
    read->maker = request->maker ? request->maker : nmm_libvirt_new;
    read->timeout_s = request->timeout_s;
    read->client_cancellable = g_cancellable_new();
    read->uris = g_ptr_array_new_with_free_func(g_free);
    read->contents = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_host_hypervisor_unref);
    for (gsize i = 0; request->uris && request->uris[i]; i++)
        add_uri(read, request->uris[i]);
    g_task_set_source_tag(task, nmm_host_read_async);
    g_task_set_task_data(task, read, read_free);

    if (read->flags & NMM_HOST_READ_LINKS)
        read_links(read->state);
    if (read->flags & NMM_HOST_READ_NM)
        start_nm(task);
    else
        start_hypervisors(task);
}

NmmHostState *
nmm_host_read_finish(GAsyncResult *result, NMClient **out_client, GError **error)
{
    Read *read = g_task_get_task_data(G_TASK(result));

    if (!g_task_propagate_boolean(G_TASK(result), error))
        return NULL;
    if (out_client)
        *out_client = g_steal_pointer(&read->client);
    return g_steal_pointer(&read->state);
}
