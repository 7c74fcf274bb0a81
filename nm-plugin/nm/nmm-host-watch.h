/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as NetworkManager sees it, for mode share: gateways and DNS servers in use, on-link
 * prefixes of the parent, the host's addresses on other devices; and when any of it changes. Does
 * not read the parent's own addresses, because the kernel has them first.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-routing-host.h"

G_BEGIN_DECLS

typedef struct _NmmHostWatch NmmHostWatch;

/* Calls @changed when nmm_host_watch_read() may have another result, once for several changes. */
NmmHostWatch *
nmm_host_watch_new(NMClient *client, void (*changed)(gpointer user_data), gpointer user_data);
void nmm_host_watch_free(NmmHostWatch *self);

/* Fills @out except its addresses, which become NULL. Skips the host link @link, because its copy
 * of an address is not another device's. Free @out with nmm_routing_host_clear(). */
void
nmm_host_watch_read(NmmHostWatch *self, const char *parent, const char *link, NmmRoutingHost *out);

G_END_DECLS
