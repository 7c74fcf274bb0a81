/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The editor page of a profile, as GNOME Settings (GTK 4) and nm-connection-editor (GTK 3) show it.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-suggestions.h"

G_BEGIN_DECLS

#define NMM_TYPE_EDITOR (nmm_editor_get_type())
G_DECLARE_FINAL_TYPE(NmmEditor, nmm_editor, NMM, EDITOR, GObject)

/* @maker makes the hypervisor that guests and networks are read from. */
NMVpnEditor *nmm_editor_new(NMConnection *connection, NmmHypervisorMaker maker);

/* The only symbol that the module exports; the plugin looks it up by name. */
NMVpnEditor *
nm_vpn_editor_factory_macvtap(NMVpnEditorPlugin *plugin, NMConnection *connection, GError **error);

G_END_DECLS
