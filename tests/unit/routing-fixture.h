/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tests of the routing decision share a host, two guests and a simulated clock.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

#define GRACE   NMM_ROUTING_LAN_GRACE_MS
#define CONTEST NMM_ROUTING_CONTEST_MS
#define RELAY   NMM_ROUTING_RELAY_MS
#define RETRY   NMM_ROUTING_RETRY_MS
#define KEEP    NMM_ROUTING_REFUSAL_KEEP_MS
#define FRESH   NMM_ROUTING_LAN_FRESH_MS

#define WEB "52:54:00:00:00:01"
#define DB  "52:54:00:00:00:02"
#define LAN "00:11:22:33:44:55"

#define WEB_ROUTE "10.0.0.5/32 web src 10.0.0.1/32"
#define DB_ROUTE  "10.0.0.5/32 db src 10.0.0.1/32"

/* "web" and "db", running, in mode bridge. */
extern const NmmRoutingNic routing_both[2];

/* The work that is not asserted yet is collected. */
typedef struct {
    NmmRouting *routing;
    gint64 now;
    gint64 deadline;       /* -1: none */
    GArray *routes;        /* (element-type NmmRoute): the last ones */
    GArray *probes;        /* (element-type NmmProbe) */
    GPtrArray *rejections; /* (element-type NmmRejection) */
    gboolean refused;      /* the refusals changed */
} Fixture;

/* Two running guests; a host with an address in each of 10.0.0.0/24, fd00::/64, 2001:db8::/64. */
void routing_setup(Fixture *f, gconstpointer data);
void routing_teardown(Fixture *f, gconstpointer data);

/* (transfer full): separated by spaces. */
GArray *routing_cidrs(const char *text);
/* (transfer full) (element-type NmmRoutingAddress): the same with flags and subnets:
 * "10.0.0.2/24,secondary fd00::1/64,deprecated 10.0.0.1/32,10.0.0.5/32". */
GArray *routing_addresses(const char *text);

/* Inputs. Return: whether the routes changed. */
/* @addresses: as for routing_addresses(). */
gboolean routing_set_host(Fixture *f, const char *addresses);
gboolean routing_set_host_config(Fixture *f, const NmmRoutingHost *host);
gboolean routing_set_guests(Fixture *f, const NmmRoutingNic *nics, gsize n_nics);
gboolean routing_claim(Fixture *f, const char *mac, const char *text);
gboolean routing_claim_from(Fixture *f, const char *mac, const char *text, gboolean from_wire);
gboolean
routing_claim_bytes(Fixture *f, const guint8 *mac, const NmmCidr *address, gboolean from_wire);
void routing_solicited(Fixture *f, const char *text);
/* Time passes, with a tick at each deadline. */
gboolean routing_pass(Fixture *f, gint64 ms);

/* "10.0.0.5/32 web src 10.0.0.1/32", separated by commas. */
void routing_assert_routes(Fixture *f, const char *expected);
/* Since the last call: "lan 10.0.0.5", "52:… 10.0.0.5", sorted by strcmp(). */
void routing_assert_probes(Fixture *f, const char *expected);
GArray *routing_take_probes(Fixture *f);
/* Since the last call: "gateway web 10.0.0.254 [holder]". */
void routing_assert_rejections(Fixture *f, const char *expected);
GPtrArray *routing_take_rejections(Fixture *f);
/* Now: "gateway web 10.0.0.254 [holder]", by address, separated by ", ". */
void routing_assert_refusals(Fixture *f, const char *expected);
/* The host of setup, and addresses that guests may have whatever they are. */
void routing_trust(Fixture *f, const char *cidrs);

#define ROUTING_ADD(name, function)                                                                \
    g_test_add(name, Fixture, NULL, routing_setup, function, routing_teardown)

G_END_DECLS
