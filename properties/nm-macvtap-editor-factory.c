/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door of an editor module. The plugin has bound the translations before it comes here.
 */

#include "config.h"

#include <gmodule.h>

#include "nm-macvtap-editor.h"
#include "nm-macvtap-libvirt.h"

/**
 * nm_vpn_editor_factory_macvtap:
 * @plugin: the plugin that loaded this module
 * @connection: the profile to edit
 * @error: unused
 *
 * Returns: (transfer full): an editor
 */
G_MODULE_EXPORT NMVpnEditor *
nm_vpn_editor_factory_macvtap(NMVpnEditorPlugin *plugin, NMConnection *connection, GError **error)
{
    return nm_macvtap_editor_new(connection, nm_macvtap_libvirt_new);
}
