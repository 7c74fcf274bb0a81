/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the modes have in common while a profile is up. Which mode is which class is decided in one
 * table here; nothing else in the service asks for the mode.
 */

#include "config.h"

#include "nm-macvtap-activation.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>

#include "nm-macvtap-lock-key.h"
#include "nm-macvtap-isolated.h"
#include "nm-macvtap-move.h"
#include "nm-macvtap-parent.h"
#include "nm-macvtap-share.h"

typedef struct {
    NMMacvtapProfile *profile;
    NMClient *client;
} NMMacvtapActivationPrivate;

enum {
    SIGNAL_CONFIG,
    SIGNAL_FAILED,
    SIGNAL_STOPPED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(NMMacvtapActivation, nm_macvtap_activation, G_TYPE_OBJECT)

static GType (*const mode_types[])(void) = {
    [NM_MACVTAP_MODE_ISOLATED] = nm_macvtap_isolated_get_type,
    [NM_MACVTAP_MODE_SHARE] = nm_macvtap_share_get_type,
    [NM_MACVTAP_MODE_MOVE] = nm_macvtap_move_get_type,
};

/**
 * nm_macvtap_activation_has_mode:
 * @mode: a mode
 *
 * Returns: whether this service can bring profiles of that mode up
 */
gboolean
nm_macvtap_activation_has_mode(NMMacvtapMode mode)
{
    return (gsize)mode < G_N_ELEMENTS(mode_types) && mode_types[mode];
}

/**
 * nm_macvtap_activation_new:
 * @profile: the profile to bring up; its mode passes nm_macvtap_activation_has_mode()
 * @client: a client that is ready
 *
 * Returns: (transfer full): an activation of the class that fits the profile's mode
 */
NMMacvtapActivation *
nm_macvtap_activation_new(NMMacvtapProfile *profile, NMClient *client)
{
    NMMacvtapActivation *self;
    NMMacvtapActivationPrivate *priv;

    g_return_val_if_fail(nm_macvtap_activation_has_mode(profile->mode), NULL);

    self = g_object_new(mode_types[profile->mode](), NULL);
    priv = nm_macvtap_activation_get_instance_private(self);
    priv->profile = nm_macvtap_profile_ref(profile);
    priv->client = g_object_ref(client);
    return self;
}

/**
 * nm_macvtap_activation_get_claims:
 * @self: an activation that has not been started
 * @error: return location; %NM_MACVTAP_ERROR_NOT_FOUND where the profile's lower device is not
 * there
 *
 * Returns: (transfer full) (nullable): what only one profile may hold at a time, in words for the
 *   user
 */
GPtrArray *
nm_macvtap_activation_get_claims(NMMacvtapActivation *self, GError **error)
{
    g_return_val_if_fail(NM_MACVTAP_IS_ACTIVATION(self), NULL);

    return NM_MACVTAP_ACTIVATION_GET_CLASS(self)->get_claims(self, error);
}

/**
 * nm_macvtap_activation_start:
 * @self: an activation that has not been started
 *
 * Begins to bring the profile up and returns at once; "config" or "failed" follows.
 */
void
nm_macvtap_activation_start(NMMacvtapActivation *self)
{
    g_return_if_fail(NM_MACVTAP_IS_ACTIVATION(self));

    NM_MACVTAP_ACTIVATION_GET_CLASS(self)->start(self);
}

/**
 * nm_macvtap_activation_stop:
 * @self: an activation
 * @timeout_ms: milliseconds after which "stopped" is emitted even where something hangs
 *
 * Begins to take the profile down and returns at once; "stopped" follows. Calling it again
 * meanwhile ends a wait for NetworkManager, and changes nothing else.
 */
void
nm_macvtap_activation_stop(NMMacvtapActivation *self, guint timeout_ms)
{
    g_return_if_fail(NM_MACVTAP_IS_ACTIVATION(self));

    NM_MACVTAP_ACTIVATION_GET_CLASS(self)->stop(self, timeout_ms);
}

/**
 * nm_macvtap_activation_get_profile:
 * @self: an activation
 *
 * Returns: (transfer none): the profile that it was made for
 */
NMMacvtapProfile *
nm_macvtap_activation_get_profile(NMMacvtapActivation *self)
{
    NMMacvtapActivationPrivate *priv = nm_macvtap_activation_get_instance_private(self);

    return priv->profile;
}

/**
 * nm_macvtap_activation_get_client:
 * @self: an activation
 *
 * Returns: (transfer none): the client through which NetworkManager is seen
 */
NMClient *
nm_macvtap_activation_get_client(NMMacvtapActivation *self)
{
    NMMacvtapActivationPrivate *priv = nm_macvtap_activation_get_instance_private(self);

    return priv->client;
}

/**
 * nm_macvtap_activation_emit_config:
 * @self: an activation
 * @config: (transfer floating): the Config dictionary
 * @ip4: (nullable) (transfer floating): the Ip4Config dictionary
 * @ip6: (nullable) (transfer floating): the Ip6Config dictionary
 *
 * Tells the service what NetworkManager is to know.
 */
void
nm_macvtap_activation_emit_config(NMMacvtapActivation *self,
                                  GVariant *config,
                                  GVariant *ip4,
                                  GVariant *ip6)
{
    g_autoptr(GVariant) config_ref = g_variant_ref_sink(config);
    g_autoptr(GVariant) ip4_ref = ip4 ? g_variant_ref_sink(ip4) : NULL;
    g_autoptr(GVariant) ip6_ref = ip6 ? g_variant_ref_sink(ip6) : NULL;

    g_signal_emit(self, signals[SIGNAL_CONFIG], 0, config_ref, ip4_ref, ip6_ref);
}

/**
 * nm_macvtap_activation_emit_up:
 * @self: an activation
 * @link: (nullable): the device that is to have the profile's firewall zone
 * @gateway: of nm_macvtap_activation_build_gateway(); consumed where it is floating
 * @banner: (nullable): what the user is to read
 *
 * Tells the service that NetworkManager has no address and no route to set.
 */
void
nm_macvtap_activation_emit_up(NMMacvtapActivation *self,
                              const char *link,
                              GVariant *gateway,
                              const char *banner)
{
    GVariantDict config;

    g_variant_dict_init(&config, NULL);
    if (link)
        g_variant_dict_insert(&config, NM_VPN_PLUGIN_CONFIG_TUNDEV, "s", link);
    g_variant_dict_insert_value(&config, NM_VPN_PLUGIN_CONFIG_EXT_GATEWAY, gateway);
    g_variant_dict_insert(&config, NM_VPN_PLUGIN_CONFIG_HAS_IP4, "b", FALSE);
    g_variant_dict_insert(&config, NM_VPN_PLUGIN_CONFIG_HAS_IP6, "b", FALSE);
    if (banner)
        g_variant_dict_insert(&config, NM_VPN_PLUGIN_CONFIG_BANNER, "s", banner);
    nm_macvtap_activation_emit_config(self, g_variant_dict_end(&config), NULL, NULL);
}

/**
 * nm_macvtap_activation_emit_failed:
 * @self: an activation
 * @error: why the profile cannot be up
 */
void
nm_macvtap_activation_emit_failed(NMMacvtapActivation *self, const GError *error)
{
    g_signal_emit(self, signals[SIGNAL_FAILED], 0, error);
}

/**
 * nm_macvtap_activation_emit_stopped:
 * @self: an activation
 */
void
nm_macvtap_activation_emit_stopped(NMMacvtapActivation *self)
{
    g_signal_emit(self, signals[SIGNAL_STOPPED], 0);
}

/**
 * nm_macvtap_activation_get_base:
 * @self: an activation
 *
 * Returns: (transfer none) (nullable): the device of the VPN's base connection
 */
NMDevice *
nm_macvtap_activation_get_base(NMMacvtapActivation *self)
{
    NMMacvtapActivationPrivate *priv = nm_macvtap_activation_get_instance_private(self);
    const GPtrArray *actives = nm_client_get_active_connections(priv->client);

    for (guint i = 0; i < actives->len; i++) {
        NMActiveConnection *active = actives->pdata[i];
        const GPtrArray *devices = nm_active_connection_get_devices(active);

        if (g_strcmp0(nm_active_connection_get_uuid(active), priv->profile->uuid) == 0 &&
            devices->len > 0)
            return devices->pdata[0];
    }
    return NULL;
}

/**
 * nm_macvtap_activation_find_parent:
 * @self: an activation of mode share or move
 * @error: return location for what nm_macvtap_parent_find() says
 *
 * Returns: (transfer none) (nullable): the profile's lower device
 */
NMDevice *
nm_macvtap_activation_find_parent(NMMacvtapActivation *self, GError **error)
{
    NMMacvtapActivationPrivate *priv = nm_macvtap_activation_get_instance_private(self);

    return nm_macvtap_parent_find(
        priv->client, priv->profile, nm_macvtap_activation_get_base(self), error);
}

/**
 * nm_macvtap_activation_list_link_claims:
 * @self: an activation of mode share or move
 * @error: return location for what nm_macvtap_parent_find() says
 *
 * Returns: (transfer full) (nullable): as nm_macvtap_activation_get_claims()
 */
GPtrArray *
nm_macvtap_activation_list_link_claims(NMMacvtapActivation *self, GError **error)
{
    NMMacvtapProfile *profile = nm_macvtap_activation_get_profile(self);
    NMDevice *parent = nm_macvtap_activation_find_parent(self, error);
    g_autofree char *link = parent ? nm_macvtap_parent_name_link(profile, parent) : NULL;

    return parent ? nm_macvtap_lock_key_list(profile, link, nm_device_get_iface(parent)) : NULL;
}

static const char *
find_device_address(NMDevice *device, int family)
{
    NMIPConfig *config =
        family == AF_INET ? nm_device_get_ip4_config(device) : nm_device_get_ip6_config(device);
    GPtrArray *addresses = config ? nm_ip_config_get_addresses(config) : NULL;

    if (!addresses || addresses->len == 0)
        return NULL;
    return nm_ip_address_get_address(addresses->pdata[0]);
}

/**
 * nm_macvtap_activation_build_gateway:
 * @self: an activation
 *
 * NetworkManager demands an external gateway in a VPN's configuration and adds a host route to it
 * on the base device, except where the kernel resolves it as local there (read in NM 1.42, seen on
 * 1.42 and 1.52). So the base device's own address is the one that changes nothing.
 *
 * Returns: (transfer floating): "u" in network byte order for IPv4, "ay" for IPv6
 */
GVariant *
nm_macvtap_activation_build_gateway(NMMacvtapActivation *self)
{
    return nm_macvtap_activation_build_gateway_of(nm_macvtap_activation_get_base(self));
}

/**
 * nm_macvtap_activation_build_gateway_of:
 * @device: (nullable): a device
 *
 * Returns: (transfer floating): the same, with an address of @device
 */
GVariant *
nm_macvtap_activation_build_gateway_of(NMDevice *device)
{
    const char *address = device ? find_device_address(device, AF_INET) : NULL;
    struct in6_addr in6;
    struct in_addr in4 = {.s_addr = htonl(INADDR_LOOPBACK)};

    if (address && inet_pton(AF_INET, address, &in4) == 1)
        return g_variant_new_uint32(in4.s_addr);

    address = device ? find_device_address(device, AF_INET6) : NULL;
    if (address && inet_pton(AF_INET6, address, &in6) == 1)
        return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, &in6, sizeof(in6), 1);

    return g_variant_new_uint32(in4.s_addr);
}

/**
 * nm_macvtap_activation_is_loopback:
 * @gateway: of nm_macvtap_activation_build_gateway()
 *
 * Returns: whether no address of the base device was known
 */
gboolean
nm_macvtap_activation_is_loopback(GVariant *gateway)
{
    return g_variant_is_of_type(gateway, G_VARIANT_TYPE_UINT32) &&
           g_variant_get_uint32(gateway) == htonl(INADDR_LOOPBACK);
}

static void
finalize(GObject *object)
{
    NMMacvtapActivationPrivate *priv =
        nm_macvtap_activation_get_instance_private(NM_MACVTAP_ACTIVATION(object));

    g_clear_pointer(&priv->profile, nm_macvtap_profile_unref);
    g_clear_object(&priv->client);

    G_OBJECT_CLASS(nm_macvtap_activation_parent_class)->finalize(object);
}

static void
nm_macvtap_activation_class_init(NMMacvtapActivationClass *klass)
{
    GType type = G_TYPE_FROM_CLASS(klass);

    G_OBJECT_CLASS(klass)->finalize = finalize;

    signals[SIGNAL_CONFIG] = g_signal_new("config",
                                          type,
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          3,
                                          G_TYPE_VARIANT,
                                          G_TYPE_VARIANT,
                                          G_TYPE_VARIANT);
    signals[SIGNAL_FAILED] = g_signal_new(
        "failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
    signals[SIGNAL_STOPPED] =
        g_signal_new("stopped", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
nm_macvtap_activation_init(NMMacvtapActivation *self)
{
}
