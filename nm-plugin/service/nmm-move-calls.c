/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-calls.h"

#include <glib/gi18n-lib.h>

#include "nmm-activation.h"
#include "nmm-error.h"
#include "nmm-inet6.h"
#include "nmm-link-removal.h"
#include "nmm-mac-swap.h"
#include "nmm-move-call.h"
#include "nmm-move-context.h"
#include "nmm-move-mac.h"
#include "nmm-move-parent.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-parent.h"
#include "nmm-restore.h"
#include "nmm-standin.h"

/* READ */

static gboolean
check_link_name(const NmmMoveContext *move, GError **error)
{
    if (!nm_client_get_device_by_iface(move->client, move->link_name) ||
        nmm_move_context_get_link_device(move))
        return TRUE;
    return nmm_fail(error,
                    NMM_ERROR_CONFLICT,
                    _("device '%s' exists already, and is not a host link of this profile; set "
                      "vpn.data link-name to another name"),
                    move->link_name);
}

static gboolean
find_parent(NmmMoveContext *move, GError **error)
{
    NmmProfile *profile = move->profile;
    NMDevice *device = nmm_activation_find_parent(move->client, profile, error);

    if (!device)
        return FALSE;
    g_set_object(&move->device, device);
    g_free(move->parent_mac);
    move->parent_mac = nmm_mac_swap_find_own(NMM_RUN_DIR, nm_device_get_iface(device))
                           ?: g_strdup(nm_device_get_hw_address(device));
    g_free(move->link_name);
    g_free(move->link_uuid);
    move->link_name = nmm_parent_name_link(profile, device);
    move->link_uuid = nmm_move_profile_build_uuid(profile->uuid, nm_device_get_iface(device));
    move->is_name_free = !nm_client_get_device_by_iface(move->client, move->link_name);
    return nmm_parent_check(move->client, device, error) && check_link_name(move, error);
}

static void
note_state(NmmMoveContext *move, NMConnection *wanted)
{
    move->was_online = nm_client_get_connectivity(move->client) == NM_CONNECTIVITY_FULL;
    move->was_online4 = nm_device_get_connectivity(move->device, AF_INET) == NM_CONNECTIVITY_FULL;
    nmm_move_context_note_addresses(move, move->device);
    nmm_move_context_save(move, wanted);
}

/* What a dead process, or NetworkManager's restart, left. A link that is active is kept, because
 * the VPN's base connection may be on it. If the parent was stripped, its stored profile is all
 * that is known about its configuration. */
static NmmEvent
find_leftover(NmmMoveContext *move, NMConnection *applied)
{
    NMActiveConnection *parent = nm_device_get_active_connection(move->device);
    NMDevice *device = nmm_move_context_get_link_device(move);
    NMActiveConnection *link = device ? nm_device_get_active_connection(device) : NULL;
    gboolean is_stripped = nmm_restore_is_stripped(move->device, applied);

    note_state(move,
               is_stripped ? NM_CONNECTION(nm_active_connection_get_connection(parent)) : applied);
    nmm_move_decide_mac(move);
    if (link && nmm_move_context_get_link_profile(move) &&
        nm_active_connection_get_state(link) == NM_ACTIVE_CONNECTION_STATE_ACTIVATED) {
        g_set_object(&move->link, link);
        /* The process may have died before it gave the link all settings. */
        move->is_bare = !is_stripped;
        if (!is_stripped)
            return NMM_EVENT_DONE;
        nmm_move_context_note_addresses(move, device);
        return NMM_EVENT_ADOPT;
    }
    if (is_stripped) {
        move->has_address4 = nmm_move_profile_expects_address(move->saved, AF_INET);
        move->has_address6 = nmm_move_profile_expects_address(move->saved, AF_INET6);
    }
    if (is_stripped || device || nmm_move_context_get_link_profile(move))
        return NMM_EVENT_LEFTOVER;
    return NMM_EVENT_DONE;
}

/* The parent begins with its own MAC, unless the host stays moved; RETURN_MAC follows a leftover.
 */
static void
end_read(GTask *task, NmmEvent event)
{
    NmmMoveContext *move = g_task_get_task_data(task);

    if (event == NMM_EVENT_ADOPT)
        nmm_move_adopt_mac(move);
    else if (event == NMM_EVENT_DONE) {
        nmm_move_return_mac_now(move);
        nmm_move_end_silence(move);
    }
    nmm_move_call_end(task, event);
}

static void
applied_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(move->device, result, &move->version, &error);

    if (applied)
        end_read(task, find_leftover(move, applied));
    else
        nmm_move_call_end_with(task,
                               error,
                               _("cannot read the configuration of '%s'"),
                               nm_device_get_iface(move->device));
}

static void
read_applied(GTask *task)
{
    const NmmMoveContext *move = g_task_get_task_data(task);

    nm_device_get_applied_connection_async(move->device, 0, NULL, applied_cb, task);
}

static void
left_checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const NmmMoveContext *move = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;

    if (!nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error))
        g_warning("profile '%s': cannot end the checkpoint of an earlier activation: %s",
                  move->profile->id,
                  error->message);
    read_applied(task);
}

/* The checkpoint of a dead process would restore the parent under the next one, or not let it
 * begin. */
void
nmm_move_read(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autofree char *left = NULL;

    if (!find_parent(move, &error)) {
        nmm_move_call_fail(task, error);
        return;
    }
    left = nmm_checkpoint_find_left(move->client, NMM_RUN_DIR, nm_device_get_iface(move->device));
    if (left)
        nm_client_checkpoint_destroy(move->client, left, NULL, left_checkpoint_cb, task);
    else
        read_applied(task);
}

/* CHECKPOINT, COMMIT, RELEASE */

static void
checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(NMCheckpoint) checkpoint =
        nm_client_checkpoint_create_finish(NM_CLIENT(object), result, &error);

    /* After an error the note stays: the checkpoint may exist, and only the reply be lost. RELEASE
     * looks for it. */
    if (checkpoint)
        nmm_checkpoint_note(move->checkpoint,
                            nm_object_get_path(NM_OBJECT(checkpoint)),
                            nm_checkpoint_get_created(checkpoint));
    nmm_move_call_end_with(task,
                           error,
                           _("NetworkManager cannot make a checkpoint of '%s'"),
                           nm_device_get_iface(move->device));
}

/* In ms, the clock of a checkpoint's time. */
static gint64
read_clock(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Of the parent alone, because guests that start meanwhile have devices, too. */
void
nmm_move_create_checkpoint(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    GError *error = NULL;

    g_clear_pointer(&move->checkpoint, nmm_checkpoint_free);
    move->checkpoint =
        nmm_checkpoint_begin(NMM_RUN_DIR, nm_device_get_iface(move->device), read_clock(), &error);
    if (!move->checkpoint) {
        nmm_move_call_fail(task, error);
        return;
    }
    g_ptr_array_add(devices, move->device);
    nm_client_checkpoint_create(move->client,
                                devices,
                                NMM_CHECKPOINT_TIMEOUT_S,
                                NM_CHECKPOINT_CREATE_FLAG_NONE,
                                NULL,
                                checkpoint_cb,
                                task);
}

static void
destroy_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error);
    /* Otherwise NetworkManager may still have it: a later step tries again, and if that fails, the
     * note stays for the next activation. */
    if (move->checkpoint &&
        (!error || g_error_matches(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_INVALID_ARGUMENTS)))
        g_clear_pointer(&move->checkpoint, nmm_checkpoint_end);
    nmm_move_call_end_with(task,
                           error,
                           _("NetworkManager cannot end the checkpoint of '%s'"),
                           nm_device_get_iface(move->device));
}

/* (transfer full) (nullable): if the reply to the request was lost, the checkpoint is one of a
 * process that no longer holds its note. */
static char *
find_checkpoint(NmmMoveContext *move)
{
    const char *path = move->checkpoint ? nmm_checkpoint_get_path(move->checkpoint) : NULL;

    if (path || !move->checkpoint)
        return g_strdup(path);
    g_clear_pointer(&move->checkpoint, nmm_checkpoint_free);
    return nmm_checkpoint_find_left(move->client, NMM_RUN_DIR, nm_device_get_iface(move->device));
}

void
nmm_move_destroy_checkpoint(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);
    g_autofree char *path = find_checkpoint(move);

    if (path)
        nm_client_checkpoint_destroy(move->client, path, NULL, destroy_cb, task);
    else
        nmm_move_call_end(task, NMM_EVENT_DONE);
}

/* ADD */

static void
add_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(NMRemoteConnection) profile G_GNUC_UNUSED =
        nm_client_add_connection2_finish(NM_CLIENT(object), result, NULL, &error);

    nmm_move_call_end_with(
        task, error, _("cannot add a profile for the host link '%s'"), move->link_name);
}

static const char *
get_dhcp_option(NMDhcpConfig *config, const char *name)
{
    return config ? nm_dhcp_config_get_one_option(config, name) : NULL;
}

/* (transfer full) (nullable): the parent may have requested its lease under its stand-in MAC. */
static char *
read_dhcp_id(const NmmMoveContext *move, NMDhcpConfig *config, const char *name)
{
    return nmm_standin_replace_in_id(get_dhcp_option(config, name), move->parent_mac);
}

static gint64
read_metric(NMIPConfig *config)
{
    return nmm_move_profile_find_metric(config ? nm_ip_config_get_routes(config) : NULL);
}

/* (transfer full) (nullable) */
static char *
read_token(const NmmMoveContext *move)
{
    NMIPConfig *config = nm_device_get_ip6_config(move->device);
    g_auto(GStrv) temporary =
        nmm_inet6_list(nm_device_get_iface(move->device), NMM_INET6_TEMPORARY, NMM_INET6_TEMPORARY);
    g_autofree char *token =
        nmm_move_profile_find_token(config ? nm_ip_config_get_addresses(config) : NULL,
                                    nm_connection_get_setting_ip6_config(move->saved),
                                    (const char *const *)temporary);

    return nmm_standin_replace_in_address(token, move->parent_mac);
}

/* (nullable): NULL with an error if there is nothing to move. @is_bare: before it has its MAC. */
static NMConnection *
build_link(const NmmMoveContext *move, gboolean is_bare, GError **error)
{
    NMDhcpConfig *dhcp6 = nm_device_get_dhcp6_config(move->device);
    g_autofree char *client_id =
        read_dhcp_id(move, nm_device_get_dhcp4_config(move->device), "dhcp_client_identifier");
    g_autofree char *duid = read_dhcp_id(move, dhcp6, "dhcp6_client_id");
    g_autofree char *token = read_token(move);
    NmmMoveSource source = {
        .applied = move->saved,
        .parent = nm_device_get_iface(move->device),
        .parent_mac = move->parent_mac,
        .link = move->link_name,
        .profile_uuid = move->profile->uuid,
        .profile_id = move->profile->id,
        .ip4 =
            {
                .has_address = move->has_address4,
                .metric = read_metric(nm_device_get_ip4_config(move->device)),
                .dhcp_id = client_id,
            },
        .ip6 =
            {
                .has_address = move->has_address6,
                .metric = read_metric(nm_device_get_ip6_config(move->device)),
                .dhcp_id = duid,
                .iaid = get_dhcp_option(dhcp6, "iaid"),
                .token = token,
            },
    };
    g_autoptr(NMConnection) link = nmm_move_profile_build_link(&source, error);

    return link && is_bare ? nmm_move_profile_build_bare(link, &source) : g_steal_pointer(&link);
}

void
nmm_move_add_link(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(NMConnection) connection = NULL;

    if (move->link) {
        nmm_move_call_end(task, NMM_EVENT_DONE);
        return;
    }
    move->is_bare = move->takes_mac;
    connection = build_link(move, move->is_bare, &error);
    if (!connection) {
        nmm_move_call_fail(task, error);
        return;
    }
    nm_client_add_connection2(move->client,
                              nm_connection_to_dbus(connection, NM_CONNECTION_SERIALIZE_ALL),
                              NM_SETTINGS_ADD_CONNECTION2_FLAG_IN_MEMORY |
                                  NM_SETTINGS_ADD_CONNECTION2_FLAG_BLOCK_AUTOCONNECT,
                              NULL,
                              TRUE,
                              NULL,
                              add_cb,
                              task);
}

/* ACTIVATE, BIND */

static void
activate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *unmanaged = NULL;
    GError *error = NULL;

    g_clear_object(&move->link);
    move->link = nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);
    if (error && !nmm_move_context_check_managed(move, &unmanaged)) {
        g_error_free(error);
        nmm_move_call_fail(task, unmanaged);
        return;
    }
    nmm_move_call_end_with(task, error, _("cannot make the host link '%s'"), move->link_name);
}

/* Not bound to this process, so that the host stays online if it dies.
 *
 * NetworkManager sets the link up and disables the kernel's router advertisements a millisecond
 * later (seen on NM 1.42: 0.5 to 2 ms). One that arrives in between leaves the kernel's routes
 * beside NetworkManager's until that removes them. It cannot be done earlier: a profile has no
 * property for it, the device is NetworkManager's, and net.ipv6.conf.default is the
 * administrator's. */
void
nmm_move_activate_link(GTask *task)
{
    const NmmMoveContext *move = g_task_get_task_data(task);

    if (move->link) {
        nmm_move_call_end(task, NMM_EVENT_DONE);
        return;
    }
    nm_client_activate_connection_async(move->client,
                                        NM_CONNECTION(nmm_move_context_get_link_profile(move)),
                                        NULL,
                                        NULL,
                                        NULL,
                                        activate_cb,
                                        task);
}

static void
bind_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(GVariant) reply G_GNUC_UNUSED =
        nm_remote_connection_update2_finish(NM_REMOTE_CONNECTION(object), result, &error);

    nmm_move_call_end_with(
        task, error, _("cannot change the profile of the host link '%s'"), move->link_name);
}

/* (transfer full) (nullable): what NetworkManager gives the link if it activates it again. */
static GVariant *
build_settings(const NmmMoveContext *move)
{
    g_autoptr(NMConnection) link = move->is_bare ? build_link(move, FALSE, NULL) : NULL;

    return link ? nm_connection_to_dbus(link, NM_CONNECTION_SERIALIZE_ALL) : NULL;
}

/* AddAndActivateConnection2() could do all three, but not for a device that does not exist yet (NM
 * 1.42); and a volatile profile that is not active is removed at once. */
void
nmm_move_bind_link(GTask *task)
{
    const NmmMoveContext *move = g_task_get_task_data(task);
    NMRemoteConnection *profile = nmm_move_context_get_link_profile(move);

    if (profile)
        nm_remote_connection_update2(profile,
                                     build_settings(move),
                                     NM_SETTINGS_UPDATE2_FLAG_IN_MEMORY |
                                         NM_SETTINGS_UPDATE2_FLAG_VOLATILE,
                                     NULL,
                                     NULL,
                                     bind_cb,
                                     task);
    else
        nmm_move_call_end(task, NMM_EVENT_DONE);
}

/* CONFIGURE, FOLLOW */

static void
configure_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    NmmMoveContext *move = g_task_get_task_data(task);
    GError *error = NULL;

    if (nm_device_reapply_finish(NM_DEVICE(object), result, &error))
        move->is_bare = FALSE;
    nmm_move_call_end_with(
        task, error, _("NetworkManager cannot change the configuration of '%s'"), move->link_name);
}

static void
configure(GTask *task, gboolean is_needed)
{
    const NmmMoveContext *move = g_task_get_task_data(task);
    NMDevice *device = nmm_move_context_get_link_device(move);
    g_autoptr(NMConnection) connection = NULL;
    GError *error = NULL;

    if (!is_needed || !device) {
        nmm_move_call_end(task, NMM_EVENT_DONE);
        return;
    }
    connection = build_link(move, FALSE, &error);
    if (connection)
        nm_device_reapply_async(device, connection, 0, 0, NULL, configure_cb, task);
    else
        nmm_move_call_fail(task, error);
}

void
nmm_move_configure_link(GTask *task)
{
    configure(task, ((const NmmMoveContext *)g_task_get_task_data(task))->is_bare);
}

void
nmm_move_follow_parent(GTask *task)
{
    configure(task, ((const NmmMoveContext *)g_task_get_task_data(task))->is_changed);
}

/* REMOVE */

static void
checked_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    nmm_move_call_end(user_data, NMM_EVENT_DONE);
}

static void
removed_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const NmmMoveContext *move = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;

    if (!nmm_link_removal_remove_finish(result, &error))
        g_warning("profile '%s': cannot remove the host link '%s': %s",
                  move->profile->id,
                  move->link_name,
                  error->message);
    nmm_move_context_announce(move, move->device, AF_UNSPEC);
    nmm_link_removal_check_connectivity_async(move->client, checked_cb, task);
}

void
nmm_move_remove_link(GTask *task)
{
    NmmMoveContext *move = g_task_get_task_data(task);

    g_clear_object(&move->link);
    nmm_link_removal_remove_async(
        move->client, nmm_move_context_get_link_device(move), move->link_uuid, removed_cb, task);
}
