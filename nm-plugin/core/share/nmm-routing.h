/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode share: which guests' addresses are routed over the host link. A state machine without I/O
 * and without a clock: each input carries the time in ms (monotonic) and returns the work to do.
 *
 * A guest is asked for the addresses that the host solicits, and for the trusted ones that the host
 * never solicits because they are outside its subnets.
 *
 * A guest gets an address only if the LAN does not reply to a probe for it: within LAN_GRACE if no
 * other holder is known, within CONTEST if there is one (a LAN host heard lately, or another
 * guest). A holder that replies keeps the address. If a LAN host has it later, the route is removed
 * at once, and the host uses the path that it would use without this project. Only a frame on the
 * parent proves that the sender is a LAN host. A claim heard only on the link may come from another
 * macvtap interface on the bridge; it only makes the routing probe the LAN.
 */

#pragma once

#include "nmm-mac.h"
#include "nmm-rejection.h"
#include "nmm-routing-host.h"

G_BEGIN_DECLS

#define NMM_ROUTING_MAX_PER_GUEST 64
#define NMM_ROUTING_MAX_ADDRESSES 4096

/* Times in ms. */
#define NMM_ROUTING_RELAY_MS        10    /* a LAN host replies to the host's request sooner */
#define NMM_ROUTING_LAN_GRACE_MS    20    /* from the probe of the LAN until silence counts */
#define NMM_ROUTING_CONTEST_MS      1000  /* the same if a holder is known */
#define NMM_ROUTING_RETRY_MS        300   /* between probes during a contest */
#define NMM_ROUTING_REPEAT_MS       900   /* the kernel repeats a request each 1000 ms */
#define NMM_ROUTING_LAN_FRESH_MS    10000 /* a LAN host heard since keeps the address */
#define NMM_ROUTING_REFUSAL_KEEP_MS 60000 /* a refused claim that is not heard is in doubt */
#define NMM_ROUTING_LAN_KEEP_MS     (5 * 60 * 1000) /* a LAN host heard before is forgotten */

/* A macvtap interface of a selected guest on the parent, or a macvlan peer: an interface on the
 * parent that libvirt does not know. */
typedef struct {
    const char *guest; /* (nullable): name; NULL: a peer */
    const char *mac;
    gboolean running;
    gboolean bridge; /* macvtap mode bridge: the link reaches no other */
} NmmRoutingNic;

typedef struct {
    NmmCidr address; /* prefix 32 or 128 */
    NmmCidr source;  /* the host's, preferred; prefix 32 or 128 */
    guint8 mac[NMM_MAC_BYTES];
    const char *guest; /* (nullable): NULL: a peer's */
    gint64 since_ms;
} NmmRoute;

/* A GCompareFunc: by address, IPv4 first; the order of every array of routes. */
int nmm_route_compare(gconstpointer a, gconstpointer b);
/* The kernel's routes are the same; the guest's name and the time do not count. */
gboolean nmm_route_equal(const NmmRoute *a, const NmmRoute *b);

/* A request for an address, as nmm_neighbour_frame_build_probe() builds it. */
typedef struct {
    gboolean lan; /* on the parent, to all; otherwise on the link, to @mac only */
    guint8 mac[NMM_MAC_BYTES];
    NmmCidr source;
    NmmCidr address;
} NmmProbe;

/* What the caller must do after an input. */
typedef struct {
    GArray *probes;            /* (element-type NmmProbe): to send, in order */
    GPtrArray *rejections;     /* (element-type NmmRejection): to log, in order */
    gboolean refusals_changed; /* list_refusals() has another result */
    GArray *routes;     /* (nullable) (element-type NmmRoute): to install, sorted; NULL: no change.
                           Guests' names are valid until the next set_guests(). */
    gint64 deadline_ms; /* when to call tick(); -1: nothing is pending, no timer is needed */
} NmmRoutingWork;

void nmm_routing_work_free(NmmRoutingWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRoutingWork, nmm_routing_work_free)

typedef struct _NmmRouting NmmRouting;

NmmRouting *nmm_routing_new(void);
void nmm_routing_free(NmmRouting *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRouting, nmm_routing_free)

/* Inputs. The work is (transfer full). */

/* Always returns routes, because the kernel removes routes together with their source address. */
NmmRoutingWork *nmm_routing_set_host(NmmRouting *self, const NmmRoutingHost *host);
/* A guest that is gone, stopped or no longer in mode bridge loses its addresses at once. */
NmmRoutingWork *nmm_routing_set_guests(NmmRouting *self, const NmmRoutingNic *nics, gsize n_nics);
/*
 * @mac claims @address (prefix 32 or 128). @from_wire: the parent received the frame, so it does
 * not come from the bridge, whatever @mac is; also for an entry of the parent in the kernel's
 * neighbour table.
 */
NmmRoutingWork *nmm_routing_claim(NmmRouting *self,
                                  const guint8 *mac,
                                  const NmmCidr *address,
                                  gboolean from_wire,
                                  gint64 now_ms);
/* The host asked the LAN who has @address. Unless the LAN replies at once, the guests are asked
 * too, for each address at most once in a second. */
NmmRoutingWork *nmm_routing_solicited(NmmRouting *self, const NmmCidr *address, gint64 now_ms);
/* The deadline has come (earlier or later is harmless). */
NmmRoutingWork *nmm_routing_tick(NmmRouting *self, gint64 now_ms);

/* (transfer container) (element-type NmmRejection): the claims that are refused now, by address;
 * they are valid until the next input. */
GPtrArray *nmm_routing_list_refusals(NmmRouting *self);

G_END_DECLS
