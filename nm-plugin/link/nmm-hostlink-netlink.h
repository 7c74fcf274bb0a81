/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link through rtnetlink and /proc/sys.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

#define NMM_TYPE_HOSTLINK_NETLINK (nmm_hostlink_netlink_get_type())
G_DECLARE_FINAL_TYPE(NmmHostlinkNetlink, nmm_hostlink_netlink, NMM, HOSTLINK_NETLINK, GObject)

/*
 * @sysfs: where sysfs is, "/sys" but in tests. Acts on the network namespace of the calling thread.
 * Needs CAP_NET_ADMIN. The link outlives the object: remove() takes it away.
 */
NmmHostlink *nmm_hostlink_netlink_new(const char *sysfs, GError **error);

G_END_DECLS
