/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link through rtnetlink and /proc/sys.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

/*
 * Acts on the network namespace of the calling thread. Needs CAP_NET_ADMIN. @sysfs: "/sys" except
 * in tests. NMM_ERROR_FAILED.
 */
NmmHostlink *nmm_hostlink_netlink_new(const char *sysfs, GError **error);

/* Removes the profile's link after its service died. NMM_ERROR_NOT_FOUND, NMM_ERROR_CONFLICT (it
 * does not have the profile's mark), NMM_ERROR_FAILED. */
gboolean nmm_hostlink_remove_orphan(const char *name, const char *profile_uuid, GError **error);

G_END_DECLS
