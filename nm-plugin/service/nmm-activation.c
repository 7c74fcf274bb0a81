/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-activation.h"

#include <arpa/inet.h>
#include <limits.h>
#include <unistd.h>

#include "nmm-active.h"
#include "nmm-libvirt.h"
#include "nmm-links.h"
#include "nmm-lock-key.h"
#include "nmm-parent.h"

/* A desktop shows the banner in a notification. */
#define MAX_BANNER_PROBLEMS 10

typedef struct {
    NmmProfile *profile;
    NMClient *client;
    const NmmActivationCallbacks *callbacks; /* (nullable): NULL after close() */
    gpointer user_data;
    GHashTable *problems; /* (element-type utf8 GPtrArray(NmmProblem)): by source */

    /* What NetworkManager has; all (nullable), NULL while the profile is not up. */
    char *link;
    GVariant *gateway;
    char *note;
    char *banner;

    char *names; /* (nullable): of the guests whose addresses are known */
    char *
        given_names; /* (nullable): those that the callback has, NULL while the profile is not up */
} NmmActivationPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(NmmActivation, nmm_activation, G_TYPE_OBJECT)

static void
forget_up(NmmActivationPrivate *priv)
{
    g_clear_pointer(&priv->link, g_free);
    g_clear_pointer(&priv->gateway, g_variant_unref);
    g_clear_pointer(&priv->note, g_free);
    g_clear_pointer(&priv->banner, g_free);
}

static void
give_names(NmmActivationPrivate *priv)
{
    const char *names = priv->gateway ? priv->names : NULL;

    if (g_strcmp0(names, priv->given_names) == 0)
        return;
    g_free(priv->given_names);
    priv->given_names = g_strdup(names);
    if (priv->callbacks)
        priv->callbacks->names(names, priv->user_data);
}

NmmActivation *
nmm_activation_new(GType mode,
                   NmmProfile *profile,
                   NMClient *client,
                   const NmmActivationCallbacks *callbacks,
                   gpointer user_data)
{
    NmmActivation *self = g_object_new(mode, NULL);
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    priv->profile = nmm_profile_ref(profile);
    priv->client = g_object_ref(client);
    priv->callbacks = callbacks;
    priv->user_data = user_data;
    return self;
}

void
nmm_activation_close(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    priv->callbacks = NULL;
    g_object_unref(self);
}

GPtrArray *
nmm_activation_list_lock_keys(NmmActivation *self, GError **error)
{
    return NMM_ACTIVATION_GET_CLASS(self)->list_lock_keys(self, error);
}

void
nmm_activation_start(NmmActivation *self)
{
    NMM_ACTIVATION_GET_CLASS(self)->start(self);
}

void
nmm_activation_stop(NmmActivation *self, guint timeout_ms)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    forget_up(priv);
    give_names(priv);
    NMM_ACTIVATION_GET_CLASS(self)->stop(self, timeout_ms);
}

NmmProfile *
nmm_activation_get_profile(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return priv->profile;
}

NMClient *
nmm_activation_get_client(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return priv->client;
}

NmmHypervisor *
nmm_activation_new_hypervisor(NmmActivation *self)
{
    NmmHypervisor *hypervisor = nmm_libvirt_new(nmm_activation_get_profile(self)->libvirt_uri);

    nmm_hypervisor_set_links_reader(hypervisor, nmm_links_read_devices);
    return hypervisor;
}

/* Problems */

/* (transfer full): borrows the problems. */
static GPtrArray *
list_problems(NmmActivationPrivate *priv)
{
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter iter;
    gpointer list;

    g_hash_table_iter_init(&iter, priv->problems);
    while (g_hash_table_iter_next(&iter, NULL, &list))
        g_ptr_array_extend(all, list, NULL, NULL);
    nmm_problems_sort(all);
    return all;
}

/* NetworkManager */

/* (transfer full) (nullable) */
static char *
build_banner(NmmActivationPrivate *priv)
{
    g_autoptr(GPtrArray) all = list_problems(priv);
    g_autofree char *problems = nmm_problems_describe(all, MAX_BANNER_PROBLEMS);

    if (!priv->note || !problems)
        return g_strdup(priv->note ?: problems);
    return g_strjoin("\n", priv->note, problems, NULL);
}

static void
send_config(NmmActivationPrivate *priv)
{
    g_autoptr(GVariant) config = NULL;
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    if (priv->link)
        g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_TUNDEV, "s", priv->link);
    g_variant_dict_insert_value(&dict, NM_VPN_PLUGIN_CONFIG_EXT_GATEWAY, priv->gateway);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_HAS_IP4, "b", FALSE);
    g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_HAS_IP6, "b", FALSE);
    if (priv->banner)
        g_variant_dict_insert(&dict, NM_VPN_PLUGIN_CONFIG_BANNER, "s", priv->banner);
    config = g_variant_ref_sink(g_variant_dict_end(&dict));
    if (priv->callbacks)
        priv->callbacks->config(config, priv->user_data);
}

void
nmm_activation_emit_up(NmmActivation *self, const char *link, GVariant *gateway, const char *note)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);
    g_autoptr(GVariant) held = g_variant_ref_sink(gateway);

    forget_up(priv);
    priv->link = g_strdup(link);
    priv->gateway = g_steal_pointer(&held);
    priv->note = g_strdup(note);
    priv->banner = build_banner(priv);
    send_config(priv);
    give_names(priv);
}

static void
update_banner(NmmActivationPrivate *priv)
{
    g_autofree char *banner = build_banner(priv);

    if (!priv->gateway || g_strcmp0(banner, priv->banner) == 0)
        return;
    g_free(priv->banner);
    priv->banner = g_steal_pointer(&banner);
    send_config(priv);
}

void
nmm_activation_set_problems(NmmActivation *self, const char *source, GPtrArray *problems)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);
    g_autoptr(GPtrArray) all = NULL;

    if (problems)
        g_hash_table_replace(priv->problems, (gpointer)source, problems);
    else
        g_hash_table_remove(priv->problems, source);
    all = list_problems(priv);
    if (priv->callbacks)
        priv->callbacks->problems(all, priv->user_data);
    update_banner(priv);
}

/* Names */

void
nmm_activation_set_addresses(NmmActivation *self, const GArray *addresses)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);
    GPtrArray *problems;
    char own[HOST_NAME_MAX + 1] = "";

    if (!priv->profile->guest_names)
        return;
    problems = nmm_problems_new();
    gethostname(own, sizeof(own) - 1);
    g_free(priv->names);
    priv->names = nmm_host_name_build_file(addresses, priv->profile->libvirt_uri, own, problems);
    nmm_activation_set_problems(self, "names", problems);
    give_names(priv);
}

void
nmm_activation_emit_failed(NmmActivation *self, const GError *error)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    forget_up(priv);
    give_names(priv);
    if (priv->callbacks)
        priv->callbacks->failed(error, priv->user_data);
}

void
nmm_activation_emit_stopped(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    if (priv->callbacks)
        priv->callbacks->stopped(priv->user_data);
}

NMDevice *
nmm_activation_get_base(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return nmm_active_get_device(nmm_active_find(priv->client, priv->profile->uuid));
}

NMDevice *
nmm_activation_find_parent(NMClient *client, const NmmProfile *profile, GError **error)
{
    NMDevice *base = nmm_active_get_device(nmm_active_find(client, profile->uuid));
    const char *name = profile->parent;
    g_autoptr(GPtrArray) links = name ? nmm_links_read_devices(error) : NULL;
    const NmmLink *link = links ? nmm_links_find(links, name) : NULL;

    if (name && !links)
        return NULL;
    return nmm_parent_find(client, link ? link->name : name, base, error);
}

GPtrArray *
nmm_activation_list_link_keys(NmmActivation *self, GError **error)
{
    NmmProfile *profile = nmm_activation_get_profile(self);
    NMDevice *parent = nmm_activation_find_parent(nmm_activation_get_client(self), profile, error);
    g_autofree char *link = parent ? nmm_parent_name_link(profile, parent) : NULL;

    return parent ? nmm_lock_key_list(profile, link, nm_device_get_iface(parent)) : NULL;
}

static void
zone_changed_cb(const char *link, const char *zone, const GError *error, gpointer user_data)
{
    if (error)
        g_warning("host link '%s': cannot put it into the firewalld zone '%s': %s",
                  link,
                  zone ? zone : "",
                  error->message);
    else if (zone)
        g_info("host link '%s' is in the firewalld zone '%s' now", link, zone);
    else
        g_info("host link '%s' is in no firewalld zone now, as its parent", link);
}

NmmLinkZone *
nmm_activation_follow_zone(NmmActivation *self, const char *link, const char *parent)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    return nmm_link_zone_new(nm_client_get_dbus_connection(priv->client),
                             link,
                             parent,
                             priv->profile->zone,
                             zone_changed_cb,
                             NULL);
}

static const char *
get_first_address(NMIPConfig *config)
{
    GPtrArray *addresses = config ? nm_ip_config_get_addresses(config) : NULL;

    return addresses && addresses->len > 0 ? nm_ip_address_get_address(addresses->pdata[0]) : NULL;
}

/* NetworkManager requires an external gateway in a VPN's configuration and adds a host route to it
 * on the base device, except if the kernel resolves it as local there (read in NM 1.42, seen on
 * 1.42 and 1.52). So the base device's own address changes nothing. */
GVariant *
nmm_activation_build_gateway(NMDevice *device)
{
    const char *address4 = device ? get_first_address(nm_device_get_ip4_config(device)) : NULL;
    const char *address6 = device ? get_first_address(nm_device_get_ip6_config(device)) : NULL;
    struct in_addr in4;
    struct in6_addr in6;

    if (address4 && inet_pton(AF_INET, address4, &in4) == 1)
        return g_variant_new_uint32(in4.s_addr);
    if (address6 && inet_pton(AF_INET6, address6, &in6) == 1)
        return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, &in6, sizeof(in6), 1);
    return g_variant_new_uint32(htonl(INADDR_LOOPBACK));
}

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

    forget_up(priv);
    g_free(priv->names);
    g_free(priv->given_names);
    g_clear_pointer(&priv->problems, g_hash_table_unref);
    g_clear_pointer(&priv->profile, nmm_profile_unref);
    g_clear_object(&priv->client);

    G_OBJECT_CLASS(nmm_activation_parent_class)->finalize(object);
}

static void
nmm_activation_class_init(NmmActivationClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = finalize;
}

static void
nmm_activation_init(NmmActivation *self)
{
    NmmActivationPrivate *priv = nmm_activation_get_instance_private(self);

    priv->problems =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
}
