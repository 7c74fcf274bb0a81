/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-device.h"

#include "nmm-cidr.h"

#define MAC_TIMEOUT_MS 2000

/* (nullable) (element-type NMIPAddress) */
static GPtrArray *
get_addresses(NMDevice *device, int family)
{
    NMIPConfig *config =
        family == AF_INET ? nm_device_get_ip4_config(device) : nm_device_get_ip6_config(device);

    return config ? nm_ip_config_get_addresses(config) : NULL;
}

const char *
nmm_device_find_address(NMDevice *device, int family)
{
    GPtrArray *addresses = get_addresses(device, family);

    for (guint i = 0; addresses && i < addresses->len; i++) {
        const char *address = nm_ip_address_get_address(addresses->pdata[i]);
        NmmCidr cidr;

        if (nmm_cidr_init(&cidr, address, nm_ip_address_get_prefix(addresses->pdata[i]), NULL) &&
            !nmm_cidr_is_link_local(&cidr))
            return address;
    }
    return NULL;
}

gboolean
nmm_device_has_address(NMDevice *device, const char *address)
{
    GPtrArray *addresses = get_addresses(device, strchr(address, ':') ? AF_INET6 : AF_INET);

    for (guint i = 0; addresses && i < addresses->len; i++) {
        if (g_str_equal(nm_ip_address_get_address(addresses->pdata[i]), address))
            return TRUE;
    }
    return FALSE;
}

gboolean
nmm_device_is_off(NMDevice *device)
{
    NMDeviceState state = nm_device_get_state(device);
    NMDeviceStateReason reason = nm_device_get_state_reason(device);

    return state < NM_DEVICE_STATE_DISCONNECTED ||
           (state == NM_DEVICE_STATE_DISCONNECTED &&
            (reason == NM_DEVICE_STATE_REASON_USER_REQUESTED ||
             reason == NM_DEVICE_STATE_REASON_CONNECTION_REMOVED));
}

/* Waiting for a MAC */

typedef struct {
    NMClient *client;
    char *mac;
    guint timeout_id;
} MacWait;

static void
mac_wait_free(gpointer data)
{
    MacWait *wait = data;

    g_clear_handle_id(&wait->timeout_id, g_source_remove);
    g_object_unref(wait->client);
    g_free(wait->mac);
    g_free(wait);
}

/* Takes the task. */
static void
end_mac_wait(GTask *task)
{
    const MacWait *wait = g_task_get_task_data(task);

    g_signal_handlers_disconnect_by_data(g_task_get_source_object(task), task);
    g_signal_handlers_disconnect_by_data(wait->client, task);
    g_task_return_boolean(task, TRUE);
    g_object_unref(task);
}

static gboolean
mac_timeout_cb(gpointer user_data)
{
    MacWait *wait = g_task_get_task_data(user_data);

    wait->timeout_id = 0;
    end_mac_wait(user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
has_mac(NMDevice *device, const char *mac)
{
    const char *known = nm_device_get_hw_address(device);

    return known && g_ascii_strcasecmp(known, mac) == 0;
}

static void
mac_cb(GObject *object, GParamSpec *pspec, gpointer user_data)
{
    const MacWait *wait = g_task_get_task_data(user_data);

    if (!nm_client_get_nm_running(wait->client) ||
        has_mac(g_task_get_source_object(user_data), wait->mac))
        end_mac_wait(user_data);
}

void
nmm_device_wait_mac_async(NMClient *client,
                          NMDevice *device,
                          const char *mac,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
    GTask *task = g_task_new(device, NULL, callback, user_data);
    MacWait *wait = g_new(MacWait, 1);

    *wait = (MacWait){.client = g_object_ref(client), .mac = g_strdup(mac)};
    g_task_set_task_data(task, wait, mac_wait_free);
    wait->timeout_id = g_timeout_add(MAC_TIMEOUT_MS, mac_timeout_cb, task);
    g_signal_connect(device, "notify::" NM_DEVICE_HW_ADDRESS, G_CALLBACK(mac_cb), task);
    g_signal_connect(client, "notify::" NM_CLIENT_NM_RUNNING, G_CALLBACK(mac_cb), task);
    mac_cb(NULL, NULL, task);
}
