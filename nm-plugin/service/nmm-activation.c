/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the modes have in common while a profile is up. Which mode is which class is decided in one
 * table here; nothing else in the service asks for the mode.
 */

#include "config.h"

#include "nmm-activation.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>

#include "nmm-lock-key.h"
#include "nmm-isolated.h"
#include "nmm-move.h"
#include "nmm-parent.h"
#include "nmm-share.h"

typedef struct {
    NmmProfile *profile;
    NMClient *client;
} NmmActivationPrivate;

enum {
    SIGNAL_CONFIG,
    SIGNAL_FAILED,
    SIGNAL_STOPPED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(NmmActivation, nmm_activation, G_TYPE_OBJECT)

static GType (*const mode_types[])(void) = {
    [NMM_MODE_ISOLATED] = nmm_isolated_get_type,
    [NMM_MODE_SHARE] = nmm_share_get_type,
    [NMM_MODE_MOVE] = nmm_move_get_type,
};
G_STATIC_ASSERT(G_N_ELEMENTS(mode_types) == _NMM_MODE_NUM);

/**
 * nmm_activation_has_mode:
 * @mode: a mode
 *
 * Returns: whether this service can bring profiles of that mode up
 */
gboolean
nmm_activation_has_mode(NmmMode mode)
{
    return (gsize)mode < G_N_ELEMENTS(mode_types) && mode_types[mode];
}

/**
 * nmm_activation_new:
 * @profile: the profile to bring up; its mode passes nmm_activation_has_mode()
 * @client: a client that is ready
 *
 * Returns: (transfer full): an activation of the class that fits the profile's mode
 */
NmmActivation *
nmm_activation_new(NmmProfile *profile, NMClient *client)
{
    NmmActivation *self;
    NmmActivationPrivate *priv;

    g_return_val_if_fail(nmm_activation_has_mode(profile->mode), NULL);

    self = g_object_new(mode_types[profile->mode](), NULL);
    priv = nmm_activation_get_instance_private(self);
    priv->profile = nmm_profile_ref(profile);
    priv->client = g_object_ref(client);
    return self;
}

/**
 * nmm_activation_get_claims:
 * @self: an activation that has not been started
 * @error: return location; %NMM_ERROR_NOT_FOUND where the profile's lower device is not
 * there
 *
 * Returns: (transfer full) (nullable): what only one profile may hold at a time, in words for the
 *   user
 */
GPtrArray *
nmm_activation_get_claims(NmmActivation *self, GError **error)
{
    g_return_val_if_fail(NMM_IS_ACTIVATION(self), NULL);

    return NMM_ACTIVATION_GET_CLASS(self)->get_claims(self, error);
}

/**
 * nmm_activation_start:
 * @self: an activation that has not been started
 *
 * Begins to bring the profile up and returns at once; "config" or "failed" follows.
 */
void
nmm_activation_start(NmmActivation *self)
{
    g_return_if_fail(NMM_IS_ACTIVATION(self));

    NMM_ACTIVATION_GET_CLASS(self)->start(self);
}

/**
 * nmm_activation_stop:
 * @self: an activation
 * @timeout_ms: milliseconds after which "stopped" is emitted even where something hangs
 *
 * Begins to take the profile down and returns at once; "stopped" follows. Calling it again
 * meanwhile ends a wait for NetworkManager, and changes nothing else.
 */
void
nmm_activation_stop(NmmActivation *self, guint timeout_ms)
{
    g_return_if_fail(NMM_IS_ACTIVATION(self));

    NMM_ACTIVATION_GET_CLASS(self)->stop(self, timeout_ms);
}

/**
 * nmm_activation_get_profile:
 * @self: an activation
 *
 * Returns: (transfer none): the profile that it was made for
 */
NmmProfile *
nmm_activation_get_profile(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return priv->profile;
}

/**
 * nmm_activation_get_client:
 * @self: an activation
 *
 * Returns: (transfer none): the client through which NetworkManager is seen
 */
NMClient *
nmm_activation_get_client(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return priv->client;
}

/**
 * nmm_activation_emit_config:
 * @self: an activation
 * @config: (transfer floating): the Config dictionary
 * @ip4: (nullable) (transfer floating): the Ip4Config dictionary
 * @ip6: (nullable) (transfer floating): the Ip6Config dictionary
 *
 * Tells the service what NetworkManager is to know.
 */
void
nmm_activation_emit_config(NmmActivation *self, GVariant *config, GVariant *ip4, GVariant *ip6)
{
    g_autoptr(GVariant) config_ref = g_variant_ref_sink(config);
    g_autoptr(GVariant) ip4_ref = ip4 ? g_variant_ref_sink(ip4) : NULL;
    g_autoptr(GVariant) ip6_ref = ip6 ? g_variant_ref_sink(ip6) : NULL;

    g_signal_emit(self, signals[SIGNAL_CONFIG], 0, config_ref, ip4_ref, ip6_ref);
}

/**
 * nmm_activation_emit_up:
 * @self: an activation
 * @link: (nullable): the device that is to have the profile's firewall zone
 * @gateway: of nmm_activation_build_gateway(); consumed where it is floating
 * @banner: (nullable): what the user is to read
 *
 * Tells the service that NetworkManager has no address and no route to set.
 */
void
nmm_activation_emit_up(NmmActivation *self, const char *link, GVariant *gateway, const char *banner)
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
    nmm_activation_emit_config(self, g_variant_dict_end(&config), NULL, NULL);
}

/**
 * nmm_activation_emit_failed:
 * @self: an activation
 * @error: why the profile cannot be up
 */
void
nmm_activation_emit_failed(NmmActivation *self, const GError *error)
{
    g_signal_emit(self, signals[SIGNAL_FAILED], 0, error);
}

/**
 * nmm_activation_emit_stopped:
 * @self: an activation
 */
void
nmm_activation_emit_stopped(NmmActivation *self)
{
    g_signal_emit(self, signals[SIGNAL_STOPPED], 0);
}

/**
 * nmm_activation_get_base:
 * @self: an activation
 *
 * Returns: (transfer none) (nullable): the device of the VPN's base connection
 */
NMDevice *
nmm_activation_get_base(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);
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
 * nmm_activation_find_parent:
 * @self: an activation of mode share or move
 * @error: return location for what nmm_parent_find() says
 *
 * Returns: (transfer none) (nullable): the profile's lower device
 */
NMDevice *
nmm_activation_find_parent(NmmActivation *self, GError **error)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return nmm_parent_find(priv->client, priv->profile, nmm_activation_get_base(self), error);
}

/**
 * nmm_activation_list_link_claims:
 * @self: an activation of mode share or move
 * @error: return location for what nmm_parent_find() says
 *
 * Returns: (transfer full) (nullable): as nmm_activation_get_claims()
 */
GPtrArray *
nmm_activation_list_link_claims(NmmActivation *self, GError **error)
{
    NmmProfile *profile = nmm_activation_get_profile(self);
    NMDevice *parent = nmm_activation_find_parent(self, error);
    g_autofree char *link = parent ? nmm_parent_name_link(profile, parent) : NULL;

    return parent ? nmm_lock_key_list(profile, link, nm_device_get_iface(parent)) : NULL;
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
 * nmm_activation_build_gateway:
 * @self: an activation
 *
 * NetworkManager demands an external gateway in a VPN's configuration and adds a host route to it
 * on the base device, except where the kernel resolves it as local there (read in NM 1.42, seen on
 * 1.42 and 1.52). So the base device's own address is the one that changes nothing.
 *
 * Returns: (transfer floating): "u" in network byte order for IPv4, "ay" for IPv6
 */
GVariant *
nmm_activation_build_gateway(NmmActivation *self)
{
    return nmm_activation_build_gateway_of(nmm_activation_get_base(self));
}

/**
 * nmm_activation_build_gateway_of:
 * @device: (nullable): a device
 *
 * Returns: (transfer floating): the same, with an address of @device
 */
GVariant *
nmm_activation_build_gateway_of(NMDevice *device)
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
 * nmm_activation_is_loopback:
 * @gateway: of nmm_activation_build_gateway()
 *
 * Returns: whether no address of the base device was known
 */
gboolean
nmm_activation_is_loopback(GVariant *gateway)
{
    return g_variant_is_of_type(gateway, G_VARIANT_TYPE_UINT32) &&
           g_variant_get_uint32(gateway) == htonl(INADDR_LOOPBACK);
}

static void
finalize(GObject *object)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(NMM_ACTIVATION(object));

    g_clear_pointer(&priv->profile, nmm_profile_unref);
    g_clear_object(&priv->client);

    G_OBJECT_CLASS(nmm_activation_parent_class)->finalize(object);
}

static void
nmm_activation_class_init(NmmActivationClass *klass)
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
nmm_activation_init(NmmActivation *self)
{
}
