/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The editor page of a profile, as GNOME Settings (GTK 4) and nm-connection-editor (GTK 3) show it.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-choices.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_EDITOR (nm_macvtap_editor_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapEditor, nm_macvtap_editor, NM_MACVTAP, EDITOR, GObject)

NMVpnEditor *nm_macvtap_editor_new(NMConnection *connection, NMMacvtapHypervisorMaker maker);

/* The only symbol that the module exports; the plugin looks it up by name. */
NMVpnEditor *
nm_vpn_editor_factory_macvtap(NMVpnEditorPlugin *plugin, NMConnection *connection, GError **error);

G_END_DECLS
