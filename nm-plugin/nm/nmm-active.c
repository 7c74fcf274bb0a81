/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-active.h"

NMActiveConnection *
nmm_active_find(NMClient *client, const char *uuid)
{
    const GPtrArray *actives = nm_client_get_active_connections(client);
    NMActiveConnection *found = NULL;

    for (guint i = 0; i < actives->len; i++) {
        NMActiveConnection *active = actives->pdata[i];
        NMActiveConnectionState state = nm_active_connection_get_state(active);

        if (g_strcmp0(nm_active_connection_get_uuid(active), uuid) != 0 ||
            state == NM_ACTIVE_CONNECTION_STATE_DEACTIVATED)
            continue;
        found = active;
        if (state != NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
            break;
    }
    return found;
}

gboolean
nmm_active_is_up(NMClient *client, const char *uuid)
{
    NMActiveConnection *active = nmm_active_find(client, uuid);

    return active &&
           nm_active_connection_get_state(active) < NM_ACTIVE_CONNECTION_STATE_DEACTIVATING;
}

NmmActiveState
nmm_active_get_state(NMActiveConnection *active)
{
    switch (active ? nm_active_connection_get_state(active)
                   : NM_ACTIVE_CONNECTION_STATE_DEACTIVATED) {
    case NM_ACTIVE_CONNECTION_STATE_ACTIVATED:
        return NMM_ACTIVE_UP;
    case NM_ACTIVE_CONNECTION_STATE_DEACTIVATING:
        return NMM_ACTIVE_DEACTIVATING;
    case NM_ACTIVE_CONNECTION_STATE_DEACTIVATED:
        return NMM_ACTIVE_DOWN;
    default:
        return NMM_ACTIVE_ACTIVATING;
    }
}

NMDevice *
nmm_active_get_device(NMActiveConnection *active)
{
    const GPtrArray *devices = active ? nm_active_connection_get_devices(active) : NULL;

    return devices && devices->len > 0 ? devices->pdata[0] : NULL;
}

NMDevice *
nmm_active_get_primary_device(NMClient *client)
{
    return nmm_active_get_device(nm_client_get_primary_connection(client));
}
