/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host link, neighbour monitor and routing decision together on the real kernel: a host, a LAN and
 * guests, each a network namespace, connected as on a host with macvtap guests. The kernel sends
 * every packet. Needs root.
 */

#pragma once

#include "nmm-hostlink.h"
#include "nmm-neighbour-monitor.h"

G_BEGIN_DECLS

#define WEB_MAC        "52:54:00:00:00:01"
#define UNSELECTED_MAC "52:54:00:00:00:09"

#define ROUTE4 "10.0.0.5/32 src 10.0.0.1 at " WEB_MAC "\n"
#define ROUTE6 "fd00::5/128 src fd00::1 at " WEB_MAC "\n"

/* host .1, web .5, a macvtap of no selected guest .9, LAN .20; the same in fd00::/64 */
typedef struct {
    int host;
    int lan;
    int web;
    int unselected;
    int previous;
    NmmHostlink *hostlink;
    NmmNeighbourMonitor *monitor;
    NmmRouting *routing;
    guint timer;
    GString *rejections; /* "reason address" lines */
    guint n_solicited;
    gint64 deadline;
    int tap; /* a packet socket on the LAN */
} Fixture;

/* The current namespace is the host's. */
void monitor_setup(Fixture *f, gconstpointer data);
void monitor_teardown(Fixture *f, gconstpointer data);

/* What NmmShareRouter does, without logging. @work: (transfer full) */
void monitor_carry_out(Fixture *f, NmmRoutingWork *work);

/* Runs the main loop until the host link has these routes, as netns_describe_routes(). */
void monitor_wait_routes(Fixture *f, const char *expected);
/* Expects these routes after a moment. */
void monitor_assert_routes_stay(const char *expected);

/* A packet socket in @ns. */
int monitor_open_tap(int ns);
/* Only eth0 has claimed the host's addresses on the LAN. Returns: how often it did. */
guint monitor_count_host_claims(Fixture *f);
void monitor_assert_lan_knows_eth0(Fixture *f, const char *address);

#define MONITOR_ADD(name, function)                                                                \
    g_test_add(name, Fixture, NULL, monitor_setup, function, monitor_teardown)

G_END_DECLS
