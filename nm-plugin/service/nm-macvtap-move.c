/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move while a profile is up. What comes next is the transaction's to say; here each step is
 * carried out through libnm, and its end reported back. The parent's stored profile is never
 * written: what changes is the applied connection alone, so that a reboot, or NetworkManager
 * activating the parent again for whatever reason, undoes everything.
 */

#include "config.h"

#include "nm-macvtap-move.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-identity.h"
#include "nm-macvtap-move-profile.h"
#include "nm-macvtap-parent.h"
#include "nm-macvtap-transaction.h"

/* Shorter together than NM's patience with a VPN that comes up (vpn.timeout, 60 s). */
#define LINK_TIMEOUT_S   30
#define ONLINE_TIMEOUT_S 20
/* Shorter than the service's patience with a profile that goes down. */
#define RESTORE_TIMEOUT_S 25
/* Longer than the way up, and back down from there. */
#define CHECKPOINT_TIMEOUT_S 90
/* What is waited for is spread over devices, active connections and IP configurations that come and
 * go meanwhile. No timer runs while the profile is up. */
#define WAIT_INTERVAL_MS 100

struct _NMMacvtapMove {
    NMMacvtapActivation parent;

    NMMacvtapTransaction transaction;
    GError *error; /* (nullable): the first */

    NMDevice *device;     /* the parent; NULL before start, or where there is none */
    NMConnection *saved;  /* (nullable): its connection, to be restored */
    NMConnection *bare;   /* (nullable): the same without IP */
    guint64 version;      /* of the applied connection that was saved */
    gboolean was_online;  /* the host */
    gboolean was_online4; /* the parent */
    gboolean has_address4;
    gboolean has_address6;
    char *address4; /* (nullable): the parent's before */

    char *link_name;
    char *link_uuid;
    NMActiveConnection *link; /* (nullable) */
    gulong link_state_id;
    char *checkpoint; /* (nullable): D-Bus path */

    guint wait_id;
    gint64 deadline; /* of the wait, monotonic, in µs */
    guint stop_timeout_id;
    gboolean is_stopped; /* "stopped" was emitted */
};

G_DEFINE_TYPE(NMMacvtapMove, nm_macvtap_move, NM_MACVTAP_TYPE_ACTIVATION)

static void begin_step(NMMacvtapMove *self);
static void
end_call(NMMacvtapMove *self, GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/**
 * nm_macvtap_move_get_claim:
 * @profile: a profile of mode move
 *
 * Returns: (transfer full): the host link, in words for the user
 */
char *
nm_macvtap_move_get_claim(const NMMacvtapProfile *profile)
{
    g_autofree char *derived = NULL;

    if (!profile->link_name && !profile->parent)
        return g_strdup(_("the host link on the base device"));
    if (!profile->link_name)
        derived = nm_macvtap_identity_link_name(profile->parent);
    return g_strdup_printf(_("host link '%s'"), profile->link_name ?: derived);
}

static NMMacvtapProfile *
get_profile(NMMacvtapMove *self)
{
    return nm_macvtap_activation_get_profile(NM_MACVTAP_ACTIVATION(self));
}

static NMClient *
get_client(NMMacvtapMove *self)
{
    return nm_macvtap_activation_get_client(NM_MACVTAP_ACTIVATION(self));
}

static void
advance(NMMacvtapMove *self, NMMacvtapEvent event)
{
    if (nm_macvtap_transaction_handle(&self->transaction, event)) {
        g_debug("profile '%s': %s",
                get_profile(self)->id,
                nm_macvtap_step_to_string(self->transaction.step));
        begin_step(self);
    }
}

/* @error: (transfer full) (nullable): the step's end. What went wrong on the way up is kept for the
 * user; what does on the way down is only logged. */
static void
end_step(NMMacvtapMove *self, GError *error)
{
    if (error && !self->error)
        self->error = g_error_copy(error);
    else if (error)
        g_warning("profile '%s': %s", get_profile(self)->id, error->message);
    advance(self, error ? NM_MACVTAP_EVENT_FAILED : NM_MACVTAP_EVENT_DONE);
    g_clear_error(&error);
}

/* The end of a call that was given a reference to @self. @error: (transfer full) (nullable);
 * @format: what was tried, put before the error. */
static void
end_call(NMMacvtapMove *self, GError *error, const char *format, ...)
{
    va_list args;
    g_autofree char *place = NULL;

    if (error) {
        va_start(args, format);
        place = g_strdup_vprintf(format, args);
        va_end(args);
        g_dbus_error_strip_remote_error(error);
        g_prefix_error(&error, "%s: ", place);
    }
    end_step(self, error);
    g_object_unref(self);
}

/* Addresses and routes of a device */

static gboolean
is_global(const char *address)
{
    return !g_str_has_prefix(address, "fe80:") && !g_str_has_prefix(address, "169.254.");
}

/* (nullable): the first address that others than neighbours can use. */
static const char *
find_address(NMDevice *device, int family)
{
    NMIPConfig *config =
        family == AF_INET ? nm_device_get_ip4_config(device) : nm_device_get_ip6_config(device);
    GPtrArray *addresses = config ? nm_ip_config_get_addresses(config) : NULL;

    for (guint i = 0; addresses && i < addresses->len; i++) {
        const char *address = nm_ip_address_get_address(addresses->pdata[i]);

        if (is_global(address))
            return address;
    }
    return NULL;
}

static gboolean
has_addresses(NMMacvtapMove *self, NMDevice *device)
{
    return (!self->has_address4 || find_address(device, AF_INET)) &&
           (!self->has_address6 || find_address(device, AF_INET6));
}

static NMDevice *
get_link_device(NMMacvtapMove *self)
{
    NMDevice *device = nm_client_get_device_by_iface(get_client(self), self->link_name);

    if (device && nm_macvtap_parent_owns_link(self->device, device, self->link_uuid))
        return device;
    return NULL;
}

static NMRemoteConnection *
get_link_profile(NMMacvtapMove *self)
{
    return nm_client_get_connection_by_uuid(get_client(self), self->link_uuid);
}

/* READ */

static gboolean
is_bare_by_us(NMMacvtapMove *self, NMConnection *applied)
{
    NMActiveConnection *active = nm_device_get_active_connection(self->device);
    NMRemoteConnection *stored = active ? nm_active_connection_get_connection(active) : NULL;

    return stored && nm_macvtap_move_profile_is_bare(applied) &&
           !nm_macvtap_move_profile_is_bare(NM_CONNECTION(stored));
}

static void
note_state(NMMacvtapMove *self)
{
    self->was_online = nm_client_get_connectivity(get_client(self)) == NM_CONNECTIVITY_FULL;
    self->was_online4 = nm_device_get_connectivity(self->device, AF_INET) == NM_CONNECTIVITY_FULL;
    self->has_address4 = find_address(self->device, AF_INET) != NULL;
    self->has_address6 = find_address(self->device, AF_INET6) != NULL;
    g_free(self->address4);
    self->address4 = g_strdup(find_address(self->device, AF_INET));
}

/* What a process that died left: a parent without IP, a host link, or both. */
static gboolean
find_leftover(NMMacvtapMove *self, NMConnection *applied)
{
    NMActiveConnection *active = nm_device_get_active_connection(self->device);

    if (is_bare_by_us(self, applied)) {
        g_set_object(&self->saved, NM_CONNECTION(nm_active_connection_get_connection(active)));
        return TRUE;
    }
    g_set_object(&self->saved, applied);
    return get_link_device(self) || get_link_profile(self);
}

static void
read_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(self->device, result, &self->version, &error);

    if (applied && !self->transaction.recovering && find_leftover(self, applied)) {
        g_message("profile '%s': restoring '%s', which an earlier activation has left moved",
                  get_profile(self)->id,
                  nm_device_get_iface(self->device));
        g_clear_object(&self->bare);
        advance(self, NM_MACVTAP_EVENT_LEFTOVER);
        g_object_unref(self);
        return;
    }
    if (applied) {
        note_state(self);
        g_clear_object(&self->bare);
        self->bare = nm_macvtap_move_profile_build_parent(applied);
    }
    end_call(
        self, error, _("cannot read the configuration of '%s'"), nm_device_get_iface(self->device));
}

static gboolean
check_link_name(NMMacvtapMove *self, GError **error)
{
    if (!nm_client_get_device_by_iface(get_client(self), self->link_name) || get_link_device(self))
        return TRUE;
    g_set_error(error,
                NM_MACVTAP_ERROR,
                NM_MACVTAP_ERROR_CONFLICT,
                _("there is a device '%s' already, which is not ours; set vpn.data link-name to "
                  "another name"),
                self->link_name);
    return FALSE;
}

static gboolean
find_parent(NMMacvtapMove *self, GError **error)
{
    NMMacvtapProfile *profile = get_profile(self);
    NMDevice *device =
        nm_macvtap_parent_find(get_client(self),
                               profile,
                               nm_macvtap_activation_get_base(NM_MACVTAP_ACTIVATION(self)),
                               error);

    if (!device)
        return FALSE;
    g_set_object(&self->device, device);
    g_free(self->link_name);
    g_free(self->link_uuid);
    self->link_name = profile->link_name
                          ? g_strdup(profile->link_name)
                          : nm_macvtap_identity_link_name(nm_device_get_iface(device));
    self->link_uuid =
        nm_macvtap_move_profile_build_uuid(profile->uuid, nm_device_get_iface(device));
    return nm_macvtap_parent_check(get_client(self), device, error) && check_link_name(self, error);
}

static void
step_read(NMMacvtapMove *self)
{
    GError *error = NULL;

    if (!find_parent(self, &error)) {
        end_step(self, error);
        return;
    }
    nm_device_get_applied_connection_async(self->device, 0, NULL, read_cb, g_object_ref(self));
}

/* CHECKPOINT, COMMIT, RELEASE */

static void
checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    g_autoptr(NMCheckpoint) checkpoint =
        nm_client_checkpoint_create_finish(NM_CLIENT(object), result, &error);

    if (checkpoint)
        self->checkpoint = g_strdup(nm_object_get_path(NM_OBJECT(checkpoint)));
    end_call(self,
             error,
             _("NetworkManager cannot make a checkpoint of '%s'"),
             nm_device_get_iface(self->device));
}

/* Of the parent alone: guests that are started meanwhile have devices, too. */
static void
step_checkpoint(NMMacvtapMove *self)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new();

    g_ptr_array_add(devices, self->device);
    nm_client_checkpoint_create(get_client(self),
                                devices,
                                CHECKPOINT_TIMEOUT_S,
                                NM_CHECKPOINT_CREATE_FLAG_NONE,
                                NULL,
                                checkpoint_cb,
                                g_object_ref(self));
}

static void
destroy_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error);
    end_call(self, error, _("the checkpoint of '%s' is lost"), nm_device_get_iface(self->device));
}

static void
destroy_checkpoint(NMMacvtapMove *self)
{
    g_autofree char *path = g_steal_pointer(&self->checkpoint);

    if (path)
        nm_client_checkpoint_destroy(get_client(self), path, NULL, destroy_cb, g_object_ref(self));
    else
        end_step(self, NULL);
}

/* ADD */

static void
link_state_cb(NMActiveConnection *link, guint state, guint reason, gpointer user_data)
{
    NMMacvtapMove *self = user_data;

    if (self->transaction.step != NM_MACVTAP_STEP_UP ||
        state < NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
        return;
    end_step(self,
             g_error_new(NM_MACVTAP_ERROR,
                         NM_MACVTAP_ERROR_NOT_FOUND,
                         _("the host link '%s' went down"),
                         self->link_name));
}

static void
drop_link(NMMacvtapMove *self)
{
    g_clear_signal_handler(&self->link_state_id, self->link);
    g_clear_object(&self->link);
}

static void
add_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    g_autoptr(NMRemoteConnection) profile =
        nm_client_add_connection2_finish(NM_CLIENT(object), result, NULL, &error);

    end_call(self, error, _("cannot add a profile for the host link '%s'"), self->link_name);
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

static void
step_add(NMMacvtapMove *self)
{
    NMIPConfig *config6 = nm_device_get_ip6_config(self->device);
    g_autofree char *token =
        nm_macvtap_move_profile_find_token(config6 ? nm_ip_config_get_addresses(config6) : NULL,
                                           nm_connection_get_setting_ip6_config(self->saved));
    NMMacvtapMoveSource source = {
        .applied = self->saved,
        .parent = nm_device_get_iface(self->device),
        .parent_mac = nm_device_get_hw_address(self->device),
        .link = self->link_name,
        .profile_uuid = get_profile(self)->uuid,
        .profile_id = get_profile(self)->id,
        .ip4 = read_family4(self),
        .ip6 = read_family6(self, token),
    };
    GError *error = NULL;
    g_autoptr(NMConnection) connection = nm_macvtap_move_profile_build_link(&source, &error);

    if (!connection) {
        end_step(self, error);
        return;
    }
    nm_client_add_connection2(get_client(self),
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
    GError *error = NULL;

    self->link = nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);
    if (self->link)
        self->link_state_id =
            g_signal_connect(self->link, "state-changed", G_CALLBACK(link_state_cb), self);
    end_call(self, error, _("cannot make the host link '%s'"), self->link_name);
}

/* Not bound to this process: the host shall stay online where it dies. */
static void
step_activate(NMMacvtapMove *self)
{
    nm_client_activate_connection_async(get_client(self),
                                        NM_CONNECTION(get_link_profile(self)),
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
    g_autoptr(GVariant) answer =
        nm_remote_connection_update2_finish(NM_REMOTE_CONNECTION(object), result, &error);

    end_call(self, error, _("cannot change the profile of the host link '%s'"), self->link_name);
}

/* AddAndActivateConnection2() could do all three, but not for a device that is yet to be made (NM
 * 1.42); and a volatile profile that is not active goes at once. */
static void
step_bind(NMMacvtapMove *self)
{
    NMRemoteConnection *profile = get_link_profile(self);

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
        end_step(self, NULL);
}

/* Waiting */

static gboolean
is_link_ready(NMMacvtapMove *self, GError **error)
{
    NMActiveConnectionState state = nm_active_connection_get_state(self->link);
    NMDevice *device = get_link_device(self);

    if (state >= NM_ACTIVE_CONNECTION_STATE_DEACTIVATING) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_UNREACHABLE,
                    _("the host link '%s' could not be activated, so that nothing was moved: does "
                      "the DHCP server answer it, and does nobody else have the address?"),
                    self->link_name);
        return FALSE;
    }
    return state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED && device && has_addresses(self, device) &&
           (!self->was_online4 ||
            nm_device_get_connectivity(device, AF_INET) == NM_CONNECTIVITY_FULL);
}

static gboolean
is_online(NMMacvtapMove *self, GError **error)
{
    return !self->was_online ||
           nm_client_get_connectivity(get_client(self)) == NM_CONNECTIVITY_FULL;
}

/* With the cable out there is nothing to wait for, and without a link nothing to keep meanwhile. */
static gboolean
is_restored(NMMacvtapMove *self, GError **error)
{
    NMDevice *link = get_link_device(self);

    return nm_device_get_state(self->device) < NM_DEVICE_STATE_PREPARE || !link ||
           nm_device_get_state(link) != NM_DEVICE_STATE_ACTIVATED ||
           (nm_device_get_state(self->device) == NM_DEVICE_STATE_ACTIVATED &&
            has_addresses(self, self->device));
}

typedef struct {
    guint timeout_s;
    gboolean (*is_done)(NMMacvtapMove *self, GError **error);
    const char *timeout;
} WaitInfo;

static const WaitInfo waits[] = {
    [NM_MACVTAP_STEP_WAIT_LINK] = {LINK_TIMEOUT_S,
                                   is_link_ready,
                                   N_("the host link does not get online in time, so that "
                                      "nothing was moved")},
    [NM_MACVTAP_STEP_WAIT_ONLINE] = {ONLINE_TIMEOUT_S,
                                     is_online,
                                     N_("the host is not online over the host link, so that "
                                        "everything was moved back")},
    [NM_MACVTAP_STEP_WAIT_RESTORED] = {RESTORE_TIMEOUT_S,
                                       is_restored,
                                       N_("the parent does not get its address back; the host "
                                          "link stays up, so that the host has one")},
};

static gboolean
wait_cb(gpointer user_data)
{
    g_autoptr(NMMacvtapMove) self = g_object_ref(user_data);
    const WaitInfo *info = &waits[self->transaction.step];
    GError *error = NULL;
    gboolean done = info->is_done(self, &error);

    if (!done && !error && g_get_monotonic_time() < self->deadline)
        return G_SOURCE_CONTINUE;

    self->wait_id = 0;
    if (!done && !error)
        error =
            g_error_new_literal(NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE, _(info->timeout));
    end_step(self, error);
    return G_SOURCE_REMOVE;
}

static void
step_wait(NMMacvtapMove *self)
{
    self->deadline =
        g_get_monotonic_time() + waits[self->transaction.step].timeout_s * G_USEC_PER_SEC;
    self->wait_id = g_timeout_add(WAIT_INTERVAL_MS, wait_cb, self);
}

/* REAPPLY, RESTORE, REACTIVATE */

static void
reapply_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;

    nm_device_reapply_finish(self->device, result, &error);
    end_call(self,
             error,
             _("NetworkManager cannot change the configuration of '%s'"),
             nm_device_get_iface(self->device));
}

/* Refused where somebody else has changed the configuration meanwhile. */
static void
step_reapply(NMMacvtapMove *self)
{
    nm_device_reapply_async(
        self->device, self->bare, self->version, 0, NULL, reapply_cb, g_object_ref(self));
}

static void
restore_read_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    g_autoptr(GError) error = NULL;
    guint64 version = 0;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(self->device, result, &version, &error);

    /* Activated anew, or given another configuration: then that is what somebody wants. */
    if (applied && nm_macvtap_move_profile_is_bare(applied)) {
        nm_device_reapply_async(self->device, self->saved, version, 0, NULL, reapply_cb, self);
        return;
    }
    end_step(self, NULL);
    g_object_unref(self);
}

/* A parent that has gone down meanwhile comes up with its stored profile, when it does. */
static void
step_restore(NMMacvtapMove *self)
{
    if (nm_device_get_state(self->device) == NM_DEVICE_STATE_ACTIVATED)
        nm_device_get_applied_connection_async(
            self->device, 0, NULL, restore_read_cb, g_object_ref(self));
    else
        end_step(self, NULL);
}

static void
reactivate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NMMacvtapMove *self = user_data;
    GError *error = NULL;
    g_autoptr(NMActiveConnection) active =
        nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);

    end_call(self, error, _("cannot activate '%s' again"), nm_device_get_iface(self->device));
}

static void
step_reactivate(NMMacvtapMove *self)
{
    nm_client_activate_connection_async(
        get_client(self), NULL, self->device, NULL, NULL, reactivate_cb, g_object_ref(self));
}

/* UP */

/* What the user is told where the server does not go by the client identifier. */
static char *
describe_new_address(NMMacvtapMove *self, NMDevice *link)
{
    const char *now = link ? find_address(link, AF_INET) : NULL;

    if (!now || !self->address4 || g_str_equal(now, self->address4))
        return NULL;
    return g_strdup_printf(
        _("the DHCP server gave the host the address %s instead of %s"), now, self->address4);
}

static void
step_up(NMMacvtapMove *self)
{
    NMDevice *link = get_link_device(self);
    g_autofree char *banner = describe_new_address(self, link);
    GVariantBuilder config;

    g_message("profile '%s': up, the configuration of '%s' is on '%s'",
              get_profile(self)->id,
              nm_device_get_iface(self->device),
              self->link_name);
    if (banner)
        g_warning("profile '%s': %s", get_profile(self)->id, banner);

    g_variant_builder_init(&config, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&config,
                          "{sv}",
                          NM_VPN_PLUGIN_CONFIG_EXT_GATEWAY,
                          nm_macvtap_activation_build_gateway_of(link));
    g_variant_builder_add(
        &config, "{sv}", NM_VPN_PLUGIN_CONFIG_HAS_IP4, g_variant_new_boolean(FALSE));
    g_variant_builder_add(
        &config, "{sv}", NM_VPN_PLUGIN_CONFIG_HAS_IP6, g_variant_new_boolean(FALSE));
    if (banner)
        g_variant_builder_add(
            &config, "{sv}", NM_VPN_PLUGIN_CONFIG_BANNER, g_variant_new_string(banner));
    nm_macvtap_activation_emit_config(
        NM_MACVTAP_ACTIVATION(self), g_variant_builder_end(&config), NULL, NULL);
}

/* REMOVE */

static void
forget_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NMMacvtapMove) self = user_data;
    g_autoptr(GError) error = NULL;

    /* Most often it has gone with the link meanwhile. */
    if (!nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error))
        g_debug("profile '%s': host link: %s", get_profile(self)->id, error->message);
    end_step(self, NULL);
}

static void
forget_link(NMMacvtapMove *self)
{
    NMRemoteConnection *profile = get_link_profile(self);

    if (profile)
        nm_remote_connection_delete_async(profile, NULL, forget_cb, g_object_ref(self));
    else
        end_step(self, NULL);
}

static void
remove_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NMMacvtapMove) self = user_data;
    g_autoptr(GError) error = NULL;

    if (!nm_device_delete_finish(NM_DEVICE(object), result, &error))
        g_warning("profile '%s': cannot remove the host link '%s': %s",
                  get_profile(self)->id,
                  self->link_name,
                  error->message);
    forget_link(self);
}

/* The device by itself, for one that NetworkManager does not know as its own any more. */
static void
step_remove(NMMacvtapMove *self)
{
    NMDevice *device = get_link_device(self);

    drop_link(self);
    if (device)
        nm_device_delete_async(device, NULL, remove_cb, g_object_ref(self));
    else
        forget_link(self);
}

/* DOWN */

static void
emit_stopped(NMMacvtapMove *self)
{
    g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    if (self->is_stopped)
        return;
    self->is_stopped = TRUE;
    nm_macvtap_activation_emit_stopped(NM_MACVTAP_ACTIVATION(self));
}

/* The user is told of a failure when the host has its configuration back. */
static void
step_down(NMMacvtapMove *self)
{
    if (self->transaction.stopping)
        emit_stopped(self);
    else
        nm_macvtap_activation_emit_failed(NM_MACVTAP_ACTIVATION(self), self->error);
}

static void (*const runners[])(NMMacvtapMove *self) = {
    [NM_MACVTAP_STEP_READ] = step_read,
    [NM_MACVTAP_STEP_CHECKPOINT] = step_checkpoint,
    [NM_MACVTAP_STEP_ADD] = step_add,
    [NM_MACVTAP_STEP_ACTIVATE] = step_activate,
    [NM_MACVTAP_STEP_BIND] = step_bind,
    [NM_MACVTAP_STEP_WAIT_LINK] = step_wait,
    [NM_MACVTAP_STEP_REAPPLY] = step_reapply,
    [NM_MACVTAP_STEP_WAIT_ONLINE] = step_wait,
    [NM_MACVTAP_STEP_COMMIT] = destroy_checkpoint,
    [NM_MACVTAP_STEP_UP] = step_up,
    [NM_MACVTAP_STEP_RESTORE] = step_restore,
    [NM_MACVTAP_STEP_REACTIVATE] = step_reactivate,
    [NM_MACVTAP_STEP_WAIT_RESTORED] = step_wait,
    [NM_MACVTAP_STEP_REMOVE] = step_remove,
    [NM_MACVTAP_STEP_RELEASE] = destroy_checkpoint,
    [NM_MACVTAP_STEP_DOWN] = step_down,
};

static void
begin_step(NMMacvtapMove *self)
{
    g_clear_handle_id(&self->wait_id, g_source_remove);
    runners[self->transaction.step](self);
}

static void
start(NMMacvtapActivation *activation)
{
    NMMacvtapMove *self = NM_MACVTAP_MOVE(activation);

    nm_macvtap_transaction_init(&self->transaction);
    begin_step(self);
}

static gboolean
stop_timeout_cb(gpointer user_data)
{
    NMMacvtapMove *self = user_data;

    self->stop_timeout_id = 0;
    g_warning("profile '%s': NetworkManager does not answer in time (step '%s')",
              get_profile(self)->id,
              nm_macvtap_step_to_string(self->transaction.step));
    emit_stopped(self);
    return G_SOURCE_REMOVE;
}

static void
stop(NMMacvtapActivation *activation, guint timeout_ms)
{
    NMMacvtapMove *self = NM_MACVTAP_MOVE(activation);

    if (self->transaction.step == NM_MACVTAP_STEP_DOWN) {
        emit_stopped(self);
        return;
    }
    if (!self->stop_timeout_id)
        self->stop_timeout_id = g_timeout_add(timeout_ms, stop_timeout_cb, self);
    advance(self, NM_MACVTAP_EVENT_STOP);
}

static void
dispose(GObject *object)
{
    NMMacvtapMove *self = NM_MACVTAP_MOVE(object);

    g_clear_handle_id(&self->wait_id, g_source_remove);
    g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    drop_link(self);
    g_clear_object(&self->device);
    g_clear_object(&self->saved);
    g_clear_object(&self->bare);

    G_OBJECT_CLASS(nm_macvtap_move_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NMMacvtapMove *self = NM_MACVTAP_MOVE(object);

    g_clear_error(&self->error);
    g_free(self->address4);
    g_free(self->link_name);
    g_free(self->link_uuid);
    g_free(self->checkpoint);

    G_OBJECT_CLASS(nm_macvtap_move_parent_class)->finalize(object);
}

static void
nm_macvtap_move_class_init(NMMacvtapMoveClass *klass)
{
    NMMacvtapActivationClass *activation_class = NM_MACVTAP_ACTIVATION_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nm_macvtap_move_init(NMMacvtapMove *self)
{
}
