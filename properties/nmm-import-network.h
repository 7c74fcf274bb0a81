/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The <network> of a file that a user picked, as the values of a profile. */

#pragma once

#include <NetworkManager.h>

#include "nmm-network.h"

G_BEGIN_DECLS

/* (transfer full) (nullable): for its name and zone; adds its values to @vpn, which the service
 * still may refuse. NMM_ERROR_BAD_XML; NMM_ERROR_CONFLICT: names what a profile cannot express. */
NmmNetwork *nmm_import_network(const char *text, NMSettingVpn *vpn, GError **error);

G_END_DECLS
