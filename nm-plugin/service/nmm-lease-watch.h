/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows the DHCP leases of a libvirt network. libvirt has no event for them, so the watch reads
 * the leases from libvirt when the file in which libvirt keeps them changes.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

typedef struct _NmmLeaseWatch NmmLeaseWatch;

/* @leases: (element-type NmmLease): all of the network; valid during the call. */
typedef void (*NmmLeaseWatchFunc)(const GPtrArray *leases, gpointer user_data);

/* Reads nothing yet. @hypervisor: not open; takes a reference. */
NmmLeaseWatch *nmm_lease_watch_new(NmmHypervisor *hypervisor,
                                   const char *network,
                                   NmmLeaseWatchFunc func,
                                   gpointer user_data);
/* A reading that hangs continues, and ends by itself. */
void nmm_lease_watch_free(NmmLeaseWatch *self);

/* Reads the leases on a worker thread, and follows them from now on; @func is called when they were
 * read. @bridge: (nullable): of the network. Does nothing while libvirt is not running. */
void nmm_lease_watch_read(NmmLeaseWatch *self, const char *bridge);

G_END_DECLS
