/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-reachability.h"

gboolean
nmm_reachability_has_mode(const char *mode)
{
    return g_strcmp0(mode, "bridge") == 0;
}

gboolean
nmm_reachability_has_nic(const NmmNic *nic, const char *parent, GPtrArray *networks)
{
    return nmm_nic_is_macvtap(nic, parent, networks) &&
           nmm_reachability_has_mode(nmm_nic_get_macvtap_mode(nic, networks));
}
