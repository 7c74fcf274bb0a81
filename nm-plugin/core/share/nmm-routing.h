/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share: which guests' addresses are routed over the host link. A state machine without I/O
 * and without a clock: what was observed goes in with the time in ms (monotonic), and out come the
 * routes wanted, the questions to put on the wire, what was refused, and when to look again.
 *
 * A guest's claim of an address is believed only after the LAN, asked who has the address, was
 * silent: for LAN_GRACE where nobody else is known to hold it, for CONTEST where somebody is (a LAN
 * host heard lately, or another guest). Whoever answers keeps the address. An address that a LAN
 * host has later loses its route at once: without a route the host is where it was without us. The
 * proof that it is a LAN host is that the parent hears it; a claim that the link alone has heard is
 * reason to ask the LAN, no more, for it may be that of a stranger on the bridge.
 */

#pragma once

#include "nmm-neighbour-frame.h"
#include "nmm-rejection.h"
#include "nmm-routing-host.h"

G_BEGIN_DECLS

#define NMM_ROUTING_MAX_PER_GUEST 64
#define NMM_ROUTING_MAX_ADDRESSES 4096

/* Times in ms. */
#define NMM_ROUTING_RELAY_MS     10   /* a LAN host answers the host's question sooner */
#define NMM_ROUTING_LAN_GRACE_MS 20   /* from the question to the LAN until silence counts */
#define NMM_ROUTING_CONTEST_MS   1000 /* the same where somebody is known to hold the address */
#define NMM_ROUTING_RETRY_MS     300  /* between questions while contested */
#define NMM_ROUTING_REPEAT_MS    900  /* the kernel repeats a question each 1000 ms */
#define NMM_ROUTING_LAN_FRESH_MS                                                                   \
    10000                                       /* a LAN host heard since has the address, unasked \
                                                 */
#define NMM_ROUTING_LAN_KEEP_MS (5 * 60 * 1000) /* one heard longer ago is forgotten */

/* A macvtap interface of a selected guest on the parent. */
typedef struct {
    const char *guest; /* name */
    const char *mac;
    gboolean running;
    gboolean bridge; /* macvtap mode bridge: no other can be reached over a link */
} NmmRoutingNic;

typedef struct {
    NmmCidr address; /* prefix 32 or 128 */
    NmmCidr source;  /* the host's, preferred; prefix 32 or 128 */
    guint8 mac[NMM_MAC_BYTES];
    const char *guest;
    gint64 since_ms;
} NmmRoute;

/* A GCompareFunc: by address, IPv4 first; the order of every array of routes. */
int nmm_route_compare(gconstpointer a, gconstpointer b);

/* To be sent as nmm_neighbour_frame_build_question() builds it. */
typedef struct {
    gboolean lan; /* on the parent, to all; otherwise on the link, to @mac alone */
    guint8 mac[NMM_MAC_BYTES];
    NmmCidr source;
    NmmCidr address;
} NmmProbe;

typedef struct _NmmRouting NmmRouting;

NmmRouting *nmm_routing_new(void);
void nmm_routing_free(NmmRouting *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRouting, nmm_routing_free)

/*
 * Inputs. After each the caller takes the questions and refusals, asks for the routes where TRUE
 * ("the routes wanted are others now") came back, and sets its one timer to the deadline.
 */
gboolean nmm_routing_set_host(NmmRouting *self, const NmmRoutingHost *host);
gboolean nmm_routing_set_guests(NmmRouting *self, const NmmRoutingNic *nics, gsize n_nics);
/*
 * @mac claims @address. @from_wire: heard by the parent, so not from the bridge, whatever @mac
 * says; also for the parent's entries in the kernel's neighbour table.
 */
gboolean nmm_routing_claim(NmmRouting *self,
                           const guint8 *mac,
                           const NmmCidr *address,
                           gboolean from_wire,
                           gint64 now_ms);
/* The host asked the LAN who has @address. */
void nmm_routing_asked(NmmRouting *self, const NmmCidr *address, gint64 now_ms);
/* The deadline has come (earlier or later is harmless). */
gboolean nmm_routing_tick(NmmRouting *self, gint64 now_ms);

/* When to call tick(); -1: nothing is pending, no timer is needed. */
gint64 nmm_routing_get_deadline(NmmRouting *self);
/* (transfer full) (element-type NmmRoute): sorted by address, IPv4 first; guest names are
 * valid until the next set_guests(). */
GArray *nmm_routing_get_routes(NmmRouting *self);
/* (transfer full) (element-type NmmProbe): since the last call. */
GArray *nmm_routing_take_questions(NmmRouting *self);
/* (transfer full) (element-type NmmRejection): since the last call; each comes once only, until
 * the guest is gone or gets the address after all. */
GPtrArray *nmm_routing_take_refusals(NmmRouting *self);

G_END_DECLS
