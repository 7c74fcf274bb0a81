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

#include "nm-macvtap-neighbour-frame.h"
#include "nm-macvtap-refusal.h"
#include "nm-macvtap-routing-host.h"

G_BEGIN_DECLS

#define NM_MACVTAP_ROUTING_MAX_PER_GUEST 64
#define NM_MACVTAP_ROUTING_MAX_ADDRESSES 4096

/* Times in ms. */
#define NM_MACVTAP_ROUTING_RELAY_MS     10 /* a LAN host answers the host's question sooner */
#define NM_MACVTAP_ROUTING_LAN_GRACE_MS 20 /* from the question to the LAN until silence counts */
#define NM_MACVTAP_ROUTING_CONTEST_MS                                                              \
    1000                                 /* the same where somebody is known to hold the address */
#define NM_MACVTAP_ROUTING_RETRY_MS  300 /* between questions while contested */
#define NM_MACVTAP_ROUTING_REPEAT_MS 900 /* the kernel repeats a question each 1000 ms */
#define NM_MACVTAP_ROUTING_LAN_FRESH_MS                                                            \
    10000 /* a LAN host heard since has the address, unasked                                       \
           */
#define NM_MACVTAP_ROUTING_LAN_KEEP_MS (5 * 60 * 1000) /* one heard longer ago is forgotten */

/* A macvtap interface of a selected guest on the parent. */
typedef struct {
    const char *guest; /* name */
    const char *mac;
    gboolean running;
    gboolean bridge; /* macvtap mode bridge: no other can be reached over a link */
} NMMacvtapRoutingNic;

typedef struct {
    NMMacvtapCidr address; /* prefix 32 or 128 */
    NMMacvtapCidr source;  /* the host's, preferred; prefix 32 or 128 */
    guint8 mac[NM_MACVTAP_MAC_BYTES];
    const char *guest;
    gint64 since_ms;
} NMMacvtapRoute;

/* A GCompareFunc: by address, IPv4 first; the order of every array of routes. */
int nm_macvtap_route_compare(gconstpointer a, gconstpointer b);

/* To be sent as nm_macvtap_neighbour_frame_build_question() builds it. */
typedef struct {
    gboolean lan; /* on the parent, to all; otherwise on the link, to @mac alone */
    guint8 mac[NM_MACVTAP_MAC_BYTES];
    NMMacvtapCidr source;
    NMMacvtapCidr address;
} NMMacvtapQuestion;

typedef struct _NMMacvtapRouting NMMacvtapRouting;

NMMacvtapRouting *nm_macvtap_routing_new(void);
void nm_macvtap_routing_free(NMMacvtapRouting *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapRouting, nm_macvtap_routing_free)

/*
 * Inputs. After each the caller takes the questions and refusals, asks for the routes where TRUE
 * ("the routes wanted are others now") came back, and sets its one timer to the deadline.
 */
gboolean nm_macvtap_routing_set_host(NMMacvtapRouting *self, const NMMacvtapRoutingHost *host);
gboolean nm_macvtap_routing_set_guests(NMMacvtapRouting *self,
                                       const NMMacvtapRoutingNic *nics,
                                       gsize n_nics);
/*
 * @mac claims @address. @from_wire: heard by the parent, so not from the bridge, whatever @mac
 * says; also for the parent's entries in the kernel's neighbour table.
 */
gboolean nm_macvtap_routing_claim(NMMacvtapRouting *self,
                                  const guint8 *mac,
                                  const NMMacvtapCidr *address,
                                  gboolean from_wire,
                                  gint64 now_ms);
/* The host asked the LAN who has @address. */
void nm_macvtap_routing_asked(NMMacvtapRouting *self, const NMMacvtapCidr *address, gint64 now_ms);
/* The deadline has come (earlier or later is harmless). */
gboolean nm_macvtap_routing_tick(NMMacvtapRouting *self, gint64 now_ms);

/* When to call tick(); -1: nothing is pending, no timer is needed. */
gint64 nm_macvtap_routing_get_deadline(NMMacvtapRouting *self);
/* (transfer full) (element-type NMMacvtapRoute): sorted by address, IPv4 first; guest names are
 * valid until the next set_guests(). */
GArray *nm_macvtap_routing_get_routes(NMMacvtapRouting *self);
/* (transfer full) (element-type NMMacvtapQuestion): since the last call. */
GArray *nm_macvtap_routing_take_questions(NMMacvtapRouting *self);
/* (transfer full) (element-type NMMacvtapRefusal): since the last call; each comes once only, until
 * the guest is gone or gets the address after all. */
GPtrArray *nm_macvtap_routing_take_refusals(NMMacvtapRouting *self);

G_END_DECLS
