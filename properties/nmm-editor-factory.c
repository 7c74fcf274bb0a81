/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entry point of an editor module. The plugin has bound the translations before. */

#include "config.h"

#include <gmodule.h>

#include "nmm-editor.h"
#include "nmm-libvirt.h"

G_MODULE_EXPORT NMVpnEditor *
nm_vpn_editor_factory_macvtap(NMVpnEditorPlugin *plugin, NMConnection *connection, GError **error)
{
    return nmm_editor_new(connection, nmm_libvirt_new);
}
