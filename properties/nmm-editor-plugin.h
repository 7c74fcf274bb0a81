/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin that libnm loads into nmcli, GNOME Settings and nm-connection-editor. Does not link
 * GTK: loads the editor module when a program asks for a page.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

#define NMM_TYPE_EDITOR_PLUGIN (nmm_editor_plugin_get_type())
G_DECLARE_FINAL_TYPE(NmmEditorPlugin, nmm_editor_plugin, NMM, EDITOR_PLUGIN, GObject)

/* libnm 1.52's NM_VPN_EDITOR_PLUGIN_CAPABILITY_NO_EDITOR. Older libnm passes the number through. */
#define NMM_CAPABILITY_NO_EDITOR 0x08

/* The function that an editor module exports under NMM_EDITOR_FACTORY. */
typedef NMVpnEditor *(*NmmEditorFactory)(NMVpnEditorPlugin *plugin,
                                         NMConnection *connection,
                                         GError **error);

#define NMM_EDITOR_FACTORY "nm_vpn_editor_factory_macvtap"

G_END_DECLS
