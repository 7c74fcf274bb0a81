/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as NetworkManager sees it, for mode share: gateways and DNS servers in use, on-link
 * prefixes of the parent, the host's addresses on other devices; and when any of it changes. The
 * parent's own addresses are not read here: the kernel knows them at once and first hand.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-routing-host.h"

G_BEGIN_DECLS

#define NMM_TYPE_HOST_WATCH (nmm_host_watch_get_type())
G_DECLARE_FINAL_TYPE(NmmHostWatch, nmm_host_watch, NMM, HOST_WATCH, GObject)

/* Signal "changed": something may read differently now. Several changes at once are one. */
NmmHostWatch *nmm_host_watch_new(NMClient *client);

/*
 * Fills @out but its addresses, which become NULL. @link: the host link, whose copy of an address
 * is no other device's. Free it with nmm_routing_host_clear().
 */
void
nmm_host_watch_read(NmmHostWatch *self, const char *parent, const char *link, NmmRoutingHost *out);

G_END_DECLS
