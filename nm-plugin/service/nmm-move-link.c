/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move's host link: a profile in memory, the device that NetworkManager makes of it, and both
 * their ends. What is in the profile is decided in nmm-move-profile.c.
 */

#include "config.h"

#include "nmm-move-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-inet6.h"
#include "nmm-move-profile.h"
#include "nmm-parent.h"

NMDevice *
nmm_move_get_link_device(NmmMove *self)
{
    NMDevice *device = nm_client_get_device_by_iface(nmm_move_get_client(self), self->link_name);

    if (device && nmm_parent_owns_link(self->device, device, self->link_uuid))
        return device;
    return NULL;
}

NMRemoteConnection *
nmm_move_get_link_profile(NmmMove *self)
{
    return nm_client_get_connection_by_uuid(nmm_move_get_client(self), self->link_uuid);
}

static void
link_state_cb(NMActiveConnection *link, guint state, guint reason, gpointer user_data)
{
    NmmMove *self = user_data;

    if (self->transaction.step != NMM_MOVE_STEP_UP ||
        state < NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
        return;
    nmm_move_end_step(
        self,
        g_error_new(
            NMM_ERROR, NMM_ERROR_NOT_FOUND, _("the host link '%s' went down"), self->link_name));
}

void
nmm_move_watch_link(NmmMove *self, NMActiveConnection *link)
{
    g_set_object(&self->link, link);
    self->link_state_id = g_signal_connect(link, "state-changed", G_CALLBACK(link_state_cb), self);
}

void
nmm_move_drop_link(NmmMove *self)
{
    g_clear_signal_handler(&self->link_state_id, self->link);
    g_clear_object(&self->link);
}

/* ADD */

static void
add_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;
    NMRemoteConnection *profile =
        nm_client_add_connection2_finish(NM_CLIENT(object), result, NULL, &error);

    g_clear_object(&profile);
    nmm_move_end_call(
        self, error, _("cannot add a profile for the host link '%s'"), self->link_name);
}

static const char *
get_dhcp_option(NMDhcpConfig *config, const char *name)
{
    return config ? nm_dhcp_config_get_one_option(config, name) : NULL;
}

static NmmMoveFamily
read_family4(NmmMove *self)
{
    NMIPConfig *config = nm_device_get_ip4_config(self->device);

    return (NmmMoveFamily){
        .has_address = self->has_address4,
        .metric = nmm_move_profile_find_metric(config ? nm_ip_config_get_routes(config) : NULL),
        .dhcp_id =
            get_dhcp_option(nm_device_get_dhcp4_config(self->device), "dhcp_client_identifier"),
    };
}

static NmmMoveFamily
read_family6(NmmMove *self, const char *token)
{
    NMIPConfig *config = nm_device_get_ip6_config(self->device);
    NMDhcpConfig *dhcp = nm_device_get_dhcp6_config(self->device);

    return (NmmMoveFamily){
        .has_address = self->has_address6,
        .metric = nmm_move_profile_find_metric(config ? nm_ip_config_get_routes(config) : NULL),
        .dhcp_id = get_dhcp_option(dhcp, "dhcp6_client_id"),
        .iaid = get_dhcp_option(dhcp, "iaid"),
        .token = token,
    };
}

/* (nullable): NULL with an error where there is nothing to move. */
static NMConnection *
build_link(NmmMove *self, GError **error)
{
    NMIPConfig *config6 = nm_device_get_ip6_config(self->device);
    g_auto(GStrv) temporary =
        nmm_move_list_inet6(self->device, NMM_INET6_TEMPORARY, NMM_INET6_TEMPORARY);
    g_autofree char *token =
        nmm_move_profile_find_token(config6 ? nm_ip_config_get_addresses(config6) : NULL,
                                    nm_connection_get_setting_ip6_config(self->saved),
                                    (const char *const *)temporary);
    NmmMoveSource source = {
        .applied = self->saved,
        .parent = nm_device_get_iface(self->device),
        .parent_mac = nm_device_get_hw_address(self->device),
        .link = self->link_name,
        .profile_uuid = nmm_move_get_profile(self)->uuid,
        .profile_id = nmm_move_get_profile(self)->id,
        .ip4 = read_family4(self),
        .ip6 = read_family6(self, token),
    };

    return nmm_move_profile_build_link(&source, error);
}

void
nmm_move_step_add(NmmMove *self)
{
    GError *error = NULL;
    g_autoptr(NMConnection) connection = NULL;

    if (self->link) {
        nmm_move_end_step(self, NULL);
        return;
    }
    connection = build_link(self, &error);
    if (!connection) {
        nmm_move_end_step(self, error);
        return;
    }
    nm_client_add_connection2(nmm_move_get_client(self),
                              nm_connection_to_dbus(connection, NM_CONNECTION_SERIALIZE_ALL),
                              NM_SETTINGS_ADD_CONNECTION2_FLAG_IN_MEMORY |
                                  NM_SETTINGS_ADD_CONNECTION2_FLAG_BLOCK_AUTOCONNECT,
                              NULL,
                              TRUE,
                              NULL,
                              add_cb,
                              g_object_ref(self));
}

/* ACTIVATE, BIND */

static void
activate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    g_autoptr(NMActiveConnection) link = NULL;
    GError *error = NULL;

    link = nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);
    if (link)
        nmm_move_watch_link(self, link);
    nmm_move_end_call(self, error, _("cannot make the host link '%s'"), self->link_name);
}

/* Not bound to this process: the host shall stay online where it dies.
 *
 * NetworkManager takes the link up and tells the kernel a millisecond later to leave router
 * advertisements alone (seen on NM 1.42: 0.5 to 2 ms). One that comes in between leaves the
 * kernel's own routes beside NetworkManager's until that removes them. There is no way to be
 * earlier: a profile has no property for it, the device is NetworkManager's, and
 * net.ipv6.conf.default is the administrator's. */
void
nmm_move_step_activate(NmmMove *self)
{
    if (self->link) {
        nmm_move_end_step(self, NULL);
        return;
    }
    nm_client_activate_connection_async(nmm_move_get_client(self),
                                        NM_CONNECTION(nmm_move_get_link_profile(self)),
                                        NULL,
                                        NULL,
                                        NULL,
                                        activate_cb,
                                        g_object_ref(self));
}

static void
bind_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = user_data;
    GError *error = NULL;
    GVariant *answer =
        nm_remote_connection_update2_finish(NM_REMOTE_CONNECTION(object), result, &error);

    g_clear_pointer(&answer, g_variant_unref);
    nmm_move_end_call(
        self, error, _("cannot change the profile of the host link '%s'"), self->link_name);
}

/* AddAndActivateConnection2() could do all three, but not for a device that is yet to be made (NM
 * 1.42); and a volatile profile that is not active goes at once. */
void
nmm_move_step_bind(NmmMove *self)
{
    NMRemoteConnection *profile = nmm_move_get_link_profile(self);

    if (profile)
        nm_remote_connection_update2(profile,
                                     NULL,
                                     NM_SETTINGS_UPDATE2_FLAG_IN_MEMORY |
                                         NM_SETTINGS_UPDATE2_FLAG_VOLATILE,
                                     NULL,
                                     NULL,
                                     bind_cb,
                                     g_object_ref(self));
    else
        nmm_move_end_step(self, NULL);
}

/* REMOVE */

static void
forget_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmMove) self = user_data;
    g_autoptr(GError) error = NULL;

    /* Most often it has gone with the link meanwhile. */
    if (!nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error))
        g_debug("profile '%s': host link: %s", nmm_move_get_profile(self)->id, error->message);
    nmm_move_end_step(self, NULL);
}

static void
forget_link(NmmMove *self)
{
    NMRemoteConnection *profile = nmm_move_get_link_profile(self);

    if (profile)
        nm_remote_connection_delete_async(profile, NULL, forget_cb, g_object_ref(self));
    else
        nmm_move_end_step(self, NULL);
}

static void
remove_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmMove) self = user_data;
    g_autoptr(GError) error = NULL;

    if (!nm_device_delete_finish(NM_DEVICE(object), result, &error))
        g_warning("profile '%s': cannot remove the host link '%s': %s",
                  nmm_move_get_profile(self)->id,
                  self->link_name,
                  error->message);
    nmm_move_announce(self, self->device);
    forget_link(self);
}

/* The device by itself, for one that NetworkManager does not know as its own any more. */
void
nmm_move_step_remove(NmmMove *self)
{
    NMDevice *device = nmm_move_get_link_device(self);

    nmm_move_drop_link(self);
    if (device)
        nm_device_delete_async(device, NULL, remove_cb, g_object_ref(self));
    else
        forget_link(self);
}
