/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses guests have on a device, as the host hears them in ARP and neighbour discovery.
 * Only for the names of guests: nothing is routed by it. Decides without I/O and without a clock;
 * the time is in ms (monotonic).
 *
 * When a guest has a new address, it is asked for its others of that family, and loses those for
 * which it does not answer. A guest can claim any address on the device's subnets, but only for its
 * name.
 */

#pragma once

#include "nmm-host-name.h"
#include "nmm-routing.h"

G_BEGIN_DECLS

#define NMM_HEARD_MAX_PER_NIC 16
#define NMM_HEARD_REPEAT_MS   1000 /* between two requests for an address */
#define NMM_HEARD_DOUBT_MS    3000 /* until an address without a reply is gone */

/* An interface of a running guest. */
typedef struct {
    const char *guest; /* name */
    const char *mac;
} NmmHeardNic;

/* An address to ask a guest for, with a unicast frame. */
typedef struct {
    guint8 mac[NMM_MAC_BYTES];
    NmmCidr address;
} NmmHeardDoubt;

typedef struct _NmmHeardAddresses NmmHeardAddresses;

NmmHeardAddresses *nmm_heard_addresses_new(void);
void nmm_heard_addresses_free(NmmHeardAddresses *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmHeardAddresses, nmm_heard_addresses_free)

/* The inputs return whether the addresses changed. */

/* @nics: all. The addresses of others are forgotten. */
gboolean
nmm_heard_addresses_set_nics(NmmHeardAddresses *self, const NmmHeardNic *nics, gsize n_nics);
/* A frame or the kernel's neighbour table has @address for @mac. */
gboolean nmm_heard_addresses_claim(NmmHeardAddresses *self,
                                   const guint8 *mac,
                                   const NmmCidr *address,
                                   gint64 now_ms);
/* The deadline has come. @doubts: (element-type NmmHeardDoubt): gets what to ask for. */
gboolean nmm_heard_addresses_tick(NmmHeardAddresses *self, gint64 now_ms, GArray *doubts);

/* When to call tick(); -1: nothing is in doubt. */
gint64 nmm_heard_addresses_get_deadline(const NmmHeardAddresses *self);
/* (transfer full) (element-type NmmGuestAddress): those in the subnets of @own (element-type
 * NmmRoutingAddress), the host's addresses on the device, but not @own. Guests' names are valid
 * until the next set_nics(). */
GArray *nmm_heard_addresses_list(const NmmHeardAddresses *self, const GArray *own);

G_END_DECLS
