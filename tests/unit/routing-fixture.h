/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the routing decision have in common: a host, two guests, a clock of their own.
 */

#pragma once

#include "nmm-routing.h"

G_BEGIN_DECLS

#define GRACE   NMM_ROUTING_LAN_GRACE_MS
#define CONTEST NMM_ROUTING_CONTEST_MS
#define RELAY   NMM_ROUTING_RELAY_MS
#define RETRY   NMM_ROUTING_RETRY_MS
#define FRESH   NMM_ROUTING_LAN_FRESH_MS

#define WEB "52:54:00:00:00:01"
#define DB  "52:54:00:00:00:02"
#define LAN "00:11:22:33:44:55"

#define WEB_ROUTE "10.0.0.5/32 web src 10.0.0.1/32"
#define DB_ROUTE  "10.0.0.5/32 db src 10.0.0.1/32"

/* "web" and "db", running, in mode bridge. */
extern const NmmRoutingNic routing_both[2];

typedef struct {
    NmmRouting *routing;
    gint64 now;
} Fixture;

/* (transfer full): separated by spaces. */
GArray *routing_cidrs(const char *text);
/* @addresses: with prefixes, separated by spaces. */
gboolean routing_set_host(Fixture *f, const char *addresses);
/* Two guests that run; a host with an address in each of 10.0.0.0/24, fd00::/64, 2001:db8::/64. */
void routing_setup(Fixture *f, gconstpointer data);
void routing_teardown(Fixture *f, gconstpointer data);
gboolean routing_claim_from(Fixture *f, const char *mac, const char *text, gboolean from_wire);
gboolean routing_claim(Fixture *f, const char *mac, const char *text);
void routing_asked(Fixture *f, const char *text);
/* Time passes, with a tick whenever one is due. Returns: whether a tick changed the routes. */
gboolean routing_pass(Fixture *f, gint64 ms);
/* "10.0.0.5/32 web src 10.0.0.1/32", one after the other. */
void routing_assert_routes(Fixture *f, const char *expected);
/* "lan 10.0.0.5", "52:… 10.0.0.5", in the order of strcmp(). */
void routing_assert_questions(Fixture *f, const char *expected);
/* "gateway web 10.0.0.254 [holder]", one after the other. */
void routing_assert_refusals(Fixture *f, const char *expected);

#define ROUTING_ADD(name, function)                                                                \
    g_test_add(name, Fixture, NULL, routing_setup, function, routing_teardown)

G_END_DECLS
