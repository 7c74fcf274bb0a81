/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move's host link: a profile in memory, the device that NetworkManager makes of it, and both
 * their ends. What is in the profile is decided in nm-macvtap-move-profile.c.
 */

#include "config.h"

#include "nm-macvtap-move-private.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-inet6.h"
#include "nm-macvtap-move-profile.h"
#include "nm-macvtap-parent.h"

NMDevice *
nm_macvtap_move_get_link_device(NMMacvtapMove *self)
{
    NMDevice *device =
        nm_client_get_device_by_iface(nm_macvtap_move_get_client(self), self->link_name);

    if (device && nm_macvtap_parent_owns_link(self->device, device, self->link_uuid))
        return device;
    return NULL;
}

NMRemoteConnection *
nm_macvtap_move_get_link_profile(NMMacvtapMove *self)
{
    return nm_client_get_connection_by_uuid(nm_macvtap_move_get_client(self), self->link_uuid);
}

static void
link_state_cb(NMActiveConnection *link, guint state, guint reason, gpointer user_data)
{
    NMMacvtapMove *self = user_data;

    if (self->transaction.step != NM_MACVTAP_STEP_UP ||
        state < NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
        return;
    nm_macvtap_move_end_step(self,
                             g_error_new(NM_MACVTAP_ERROR,
                                         NM_MACVTAP_ERROR_NOT_FOUND,
                                         _("the host link '%s' went down"),
                                         self->link_name));
}

void
nm_macvtap_move_watch_link(NMMacvtapMove *self, NMActiveConnection *link)
{
    g_set_object(&self->link, link);
    self->link_state_id = g_signal_connect(link, "state-changed", G_CALLBACK(link_state_cb), self);
}

void
nm_macvtap_move_drop_link(NMMacvtapMove *self)
{
    g_clear_signal_handler(&self->link_state_id, self->link);
    g_clear_object(&self->link);
}

/* ADD */

static void
add_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    NMRemoteConnection *profile =
        nm_client_add_connection2_finish(NM_CLIENT(object), result, NULL, &error);

    g_clear_object(&profile);
    nm_macvtap_move_end_call(
        self, error, _("cannot add a profile for the host link '%s'"), self->link_name);
}

static const char *
get_dhcp_option(NMDhcpConfig *config, const char *name)
{
    return config ? nm_dhcp_config_get_one_option(config, name) : NULL;
}

static NMMacvtapMoveFamily
read_family4(NMMacvtapMove *self)
{
    NMIPConfig *config = nm_device_get_ip4_config(self->device);

    return (NMMacvtapMoveFamily){
        .has_address = self->has_address4,
        .metric =
            nm_macvtap_move_profile_find_metric(config ? nm_ip_config_get_routes(config) : NULL),
        .dhcp_id =
            get_dhcp_option(nm_device_get_dhcp4_config(self->device), "dhcp_client_identifier"),
    };
}

static NMMacvtapMoveFamily
read_family6(NMMacvtapMove *self, const char *token)
{
    NMIPConfig *config = nm_device_get_ip6_config(self->device);
    NMDhcpConfig *dhcp = nm_device_get_dhcp6_config(self->device);

    return (NMMacvtapMoveFamily){
        .has_address = self->has_address6,
        .metric =
            nm_macvtap_move_profile_find_metric(config ? nm_ip_config_get_routes(config) : NULL),
        .dhcp_id = get_dhcp_option(dhcp, "dhcp6_client_id"),
        .iaid = get_dhcp_option(dhcp, "iaid"),
        .token = token,
    };
}

/* (nullable): NULL with an error where there is nothing to move. */
static NMConnection *
build_link(NMMacvtapMove *self, GError **error)
{
    NMIPConfig *config6 = nm_device_get_ip6_config(self->device);
    g_auto(GStrv) temporary = nm_macvtap_move_list_inet6(
        self->device, NM_MACVTAP_INET6_TEMPORARY, NM_MACVTAP_INET6_TEMPORARY);
    g_autofree char *token =
        nm_macvtap_move_profile_find_token(config6 ? nm_ip_config_get_addresses(config6) : NULL,
                                           nm_connection_get_setting_ip6_config(self->saved),
                                           (const char *const *)temporary);
    NMMacvtapMoveSource source = {
        .applied = self->saved,
        .parent = nm_device_get_iface(self->device),
        .parent_mac = nm_device_get_hw_address(self->device),
        .link = self->link_name,
        .profile_uuid = nm_macvtap_move_get_profile(self)->uuid,
        .profile_id = nm_macvtap_move_get_profile(self)->id,
        .ip4 = read_family4(self),
        .ip6 = read_family6(self, token),
    };

    return nm_macvtap_move_profile_build_link(&source, error);
}

void
nm_macvtap_move_step_add(NMMacvtapMove *self)
{
    GError *error = NULL;
    g_autoptr(NMConnection) connection = NULL;

    if (self->link) {
        nm_macvtap_move_end_step(self, NULL);
        return;
    }
    connection = build_link(self, &error);
    if (!connection) {
        nm_macvtap_move_end_step(self, error);
        return;
    }
    nm_client_add_connection2(nm_macvtap_move_get_client(self),
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
    NMMacvtapMove *self = user_data;
    g_autoptr(NMActiveConnection) link = NULL;
    GError *error = NULL;

    link = nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);
    if (link)
        nm_macvtap_move_watch_link(self, link);
    nm_macvtap_move_end_call(self, error, _("cannot make the host link '%s'"), self->link_name);
}

/* Not bound to this process: the host shall stay online where it dies.
 *
 * NetworkManager takes the link up and tells the kernel a millisecond later to leave router
 * advertisements alone (seen on NM 1.42: 0.5 to 2 ms). One that comes in between leaves the
 * kernel's own routes beside NetworkManager's until that removes them. There is no way to be
 * earlier: a profile has no property for it, the device is NetworkManager's, and
 * net.ipv6.conf.default is the administrator's. */
void
nm_macvtap_move_step_activate(NMMacvtapMove *self)
{
    if (self->link) {
        nm_macvtap_move_end_step(self, NULL);
        return;
    }
    nm_client_activate_connection_async(nm_macvtap_move_get_client(self),
                                        NM_CONNECTION(nm_macvtap_move_get_link_profile(self)),
                                        NULL,
                                        NULL,
                                        NULL,
                                        activate_cb,
                                        g_object_ref(self));
}

static void
bind_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    GVariant *answer =
        nm_remote_connection_update2_finish(NM_REMOTE_CONNECTION(object), result, &error);

    g_clear_pointer(&answer, g_variant_unref);
    nm_macvtap_move_end_call(
        self, error, _("cannot change the profile of the host link '%s'"), self->link_name);
}

/* AddAndActivateConnection2() could do all three, but not for a device that is yet to be made (NM
 * 1.42); and a volatile profile that is not active goes at once. */
void
nm_macvtap_move_step_bind(NMMacvtapMove *self)
{
    NMRemoteConnection *profile = nm_macvtap_move_get_link_profile(self);

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
        nm_macvtap_move_end_step(self, NULL);
}

/* REMOVE */

static void
forget_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NMMacvtapMove) self = user_data;
    g_autoptr(GError) error = NULL;

    /* Most often it has gone with the link meanwhile. */
    if (!nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error))
        g_debug(
            "profile '%s': host link: %s", nm_macvtap_move_get_profile(self)->id, error->message);
    nm_macvtap_move_end_step(self, NULL);
}

static void
forget_link(NMMacvtapMove *self)
{
    NMRemoteConnection *profile = nm_macvtap_move_get_link_profile(self);

    if (profile)
        nm_remote_connection_delete_async(profile, NULL, forget_cb, g_object_ref(self));
    else
        nm_macvtap_move_end_step(self, NULL);
}

static void
remove_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NMMacvtapMove) self = user_data;
    g_autoptr(GError) error = NULL;

    if (!nm_device_delete_finish(NM_DEVICE(object), result, &error))
        g_warning("profile '%s': cannot remove the host link '%s': %s",
                  nm_macvtap_move_get_profile(self)->id,
                  self->link_name,
                  error->message);
    nm_macvtap_move_announce(self, self->device);
    forget_link(self);
}

/* The device by itself, for one that NetworkManager does not know as its own any more. */
void
nm_macvtap_move_step_remove(NMMacvtapMove *self)
{
    NMDevice *device = nm_macvtap_move_get_link_device(self);

    nm_macvtap_move_drop_link(self);
    if (device)
        nm_device_delete_async(device, NULL, remove_cb, g_object_ref(self));
    else
        forget_link(self);
}
