/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads every network interface from the kernel, once. Changes nothing, sends nothing, and needs no
 * privilege.
 */

#pragma once

#include "nmm-link.h"

G_BEGIN_DECLS

/* (transfer full) (element-type NmmLink): of the calling thread's network namespace, in the
 * kernel's order. @sysfs: "/sys", except in tests. NMM_ERROR_FAILED. */
GPtrArray *nmm_links_read(const char *sysfs, GError **error);
/* The same without addresses and neighbours; on any thread. */
GPtrArray *nmm_links_read_devices(GError **error);
/* The same on @sock: a route socket without events. */
struct nl_sock;
GPtrArray *nmm_links_read_interfaces(struct nl_sock *sock, const char *sysfs, GError **error);

G_END_DECLS
