/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The macvlan and macvtap interfaces on a device, also those in other network namespaces, which the
 * kernel does not list as links: each adds its MAC to the device's filter while it is up
 * (macvlan_open() in drivers/net/macvlan.c), and the kernel shows the filter with the MACs of
 * bridges.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * (transfer full) (element-type utf8): the MACs of interfaces that are up, in lower case, except
 * the host's own: those of host links, and of other interfaces in this network namespace than
 * macvtap.
 * NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED.
 */
GPtrArray *nmm_macvlan_list_macs(const char *parent, GError **error);

G_END_DECLS
