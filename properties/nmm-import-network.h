/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libvirt <network> from a file as the keys of a profile.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-network.h"

G_BEGIN_DECLS

NmmNetwork *nmm_import_network(const char *text, NMSettingVpn *vpn, GError **error);

G_END_DECLS
