/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libvirt <network> from a file as the keys of a profile.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-network.h"

G_BEGIN_DECLS

NMMacvtapNetwork *nm_macvtap_import_network(const char *text, NMSettingVpn *vpn, GError **error);

G_END_DECLS
