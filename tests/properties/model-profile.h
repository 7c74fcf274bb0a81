/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles for the tests of the editor's model. */

#pragma once

#include "nmm-editor-model.h"
#include "nmm-names.h"

#define UUID1 "c1b2a3d4-0001-4000-8000-000000000001"
#define UUID2 "c1b2a3d4-0002-4000-8000-000000000002"

static inline NMConnection *
new_connection(void)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();
    NMSetting *vpn = nm_setting_vpn_new();

    g_object_set(base,
                 NM_SETTING_CONNECTION_ID,
                 "guests",
                 NM_SETTING_CONNECTION_UUID,
                 "5f0e2b60-6a0c-4d0b-8d1c-111111111111",
                 NM_SETTING_CONNECTION_TYPE,
                 NM_SETTING_VPN_SETTING_NAME,
                 NULL);
    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, NMM_DBUS_SERVICE, NULL);
    nm_connection_add_setting(connection, base);
    nm_connection_add_setting(connection, vpn);
    return connection;
}

static inline void
put(NMConnection *connection, const char *key, const char *value)
{
    nm_setting_vpn_add_data_item(nm_connection_get_setting_vpn(connection), key, value);
}

static inline const char *
item(NMConnection *connection, const char *key)
{
    return nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(connection), key);
}

static inline guint
count_items(NMConnection *connection)
{
    return nm_setting_vpn_get_num_data_items(nm_connection_get_setting_vpn(connection));
}

static inline void
save(NmmEditorModel *model, NMConnection *connection)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(nmm_editor_model_save(model, connection, &error));
    g_assert_no_error(error);
}
