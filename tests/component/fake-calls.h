/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of the fake hypervisor: a log, the number in flight, and the faults that a test orders.
 * A call is a line such as "open", "list-guests", "read-guest
 * NAME", "network-start NETWORK", "nic-attach live NAME"; every @pattern is a glob over that line.
 *
 * Every function may be called on any thread.
 */

#pragma once

#include <glib.h>

#include "nmm-error.h"

G_BEGIN_DECLS

typedef struct _FakeCalls FakeCalls;

FakeCalls *fake_calls_new(void);
void fake_calls_free(FakeCalls *calls);

/* For the fake: around each call, on @guest (nullable). After FALSE without end(). */
gboolean fake_calls_begin(FakeCalls *calls, const char *line, const char *guest, GError **error);
void fake_calls_end(FakeCalls *calls, const char *guest);

/* For tests: matching calls fail from the @nth on (1 is the next), @times times. */
void fake_calls_fail(FakeCalls *calls,
                     const char *pattern,
                     guint nth,
                     guint times,
                     NmmError code,
                     const char *message);
/* Matching calls block until fake_calls_release(). */
void fake_calls_hang(FakeCalls *calls, const char *pattern);
/* Matching calls take so many microseconds until fake_calls_release(). */
void fake_calls_delay(FakeCalls *calls, const char *pattern, gulong microseconds);
/* Clears every fault. */
void fake_calls_release(FakeCalls *calls);

guint fake_calls_count(FakeCalls *calls, const char *pattern);
/* How many calls are blocked by fake_calls_hang(). */
guint fake_calls_get_hanging(FakeCalls *calls);
/* (transfer full): one call a line. */
char *fake_calls_dump(FakeCalls *calls);
void fake_calls_clear(FakeCalls *calls);
/* The highest number of calls in flight at once, in all and on one guest. */
guint fake_calls_get_max_in_flight(FakeCalls *calls);
guint fake_calls_get_max_in_flight_per_guest(FakeCalls *calls);

G_END_DECLS
