/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-device.h"

#include "nmm-cidr.h"

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
