/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First contact: which addresses a guest that has sent nothing is asked for, and when. Without it
 * the host's first packet to such a guest is lost, and TCP repeats it after 1 s. Without I/O and
 * without a clock: times are in ms (monotonic).
 *
 * Each guest is asked for the addresses that it was last heard with, for all nodes (one ICMPv6 echo
 * for each IPv6 subnet), and for each address of the parent's IPv4 subnets that is at most a /22.
 * This is one pass. Because the guest may still boot, further passes ask for the families in which
 * it has not replied. Each pause is twice as long as the one before. After the last pass nothing is
 * pending. A sign that the guest sets up its interface begins the passes again, with short pauses.
 *
 * The replies are claims like any others: NmmRouting decides about them.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

#define NMM_SWEEP_PER_TICK      40 /* probes, of all guests together … */
#define NMM_SWEEP_TICK_MS       10
#define NMM_SWEEP_PAUSE_MS      1000   /* after the first pass */
#define NMM_SWEEP_MAX_PAUSE_MS  128000 /* the last pass begins after about 4 minutes */
#define NMM_SWEEP_SIGN_MS       250   /* from a sign to the first pass, and from that to the next */
#define NMM_SWEEP_MAX_SIGNS     16    /* of a guest in short order; after that … */
#define NMM_SWEEP_SIGN_PRICE_MS 10000 /* … one in this time */
#define NMM_SWEEP_MIN_PREFIX    22    /* of IPv4 subnets; larger subnets are not swept */
#define NMM_SWEEP_MAX_KNOWN     16    /* addresses of a MAC that are remembered */

typedef struct _NmmSweep NmmSweep;

NmmSweep *nmm_sweep_new(void);
void nmm_sweep_free(NmmSweep *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmSweep, nmm_sweep_free)

/* If the parent's subnets changed, all guests are asked again. */
void nmm_sweep_set_host(NmmSweep *self, const NmmRoutingHost *host);
/* A guest that was not there, did not run or was not in mode bridge is asked from now on. */
void nmm_sweep_set_guests(NmmSweep *self, const NmmRoutingNic *nics, gsize n_nics);
/* Any claim, as for nmm_routing_claim(). */
void nmm_sweep_hear(NmmSweep *self, const guint8 *mac, const NmmCidr *address, gboolean from_wire);
/* The guest sets up an interface (nmm-setup-frame.h, or it asks whether an address is free), so it
 * soon has an address. Ignored for others than guests, and if it comes too often. */
void nmm_sweep_expect(NmmSweep *self, const guint8 *mac, gint64 now_ms);

/* (transfer full) (element-type NmmProbe): to send to guests now. Earlier or later is harmless. */
GArray *nmm_sweep_tick(NmmSweep *self, gint64 now_ms);
/* When to call tick(), 0 for at once; -1: nothing is pending, no timer is needed. */
gint64 nmm_sweep_get_deadline(const NmmSweep *self);

G_END_DECLS
