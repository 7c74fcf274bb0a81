/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fake host with a sync engine on it, and what the engine has reported so far. */

#pragma once

#include "nmm-sync.h"

#include "fake-hypervisor.h"

G_BEGIN_DECLS

typedef struct {
    FakeHost *host;
    FakeCalls *calls; /* the host's */
    NmmSync *sync;
    NmmHypervisor *hypervisor; /* of @sync */
    char *alias;               /* of its interfaces */

    guint n_up;
    guint n_report; /* further passes that found or changed anything */
    guint n_failed;
    guint n_stopped;
    guint n_collected;  /* calls of the function that collects subnets */
    GError *failure;    /* of the last "failed" */
    char *bridge;       /* of the last plan */
    GHashTable *status; /* guest name → NmmGuestStatus, of all plans */
} Fixture;

/* @keys: vpn.data as "key", "value", …, NULL. The engine is not started. */
void fixture_setup(Fixture *fixture, gconstpointer keys);
void fixture_teardown(Fixture *fixture, gconstpointer keys);
/* Replaces the engine by another one on the same host, on its own connection. */
void fixture_replace_engine(Fixture *fixture, gconstpointer keys);
void fixture_replace_engine_in_zone(Fixture *fixture, gconstpointer keys, const char *zone);

/* Frees the engine. */
void fixture_drop_engine(Fixture *fixture);

/* Runs the main loop until *@counter reaches @n, or the test fails. */
void fixture_wait(Fixture *fixture, const guint *counter, guint n);
/* … until the activation has succeeded or failed. */
void fixture_wait_result(Fixture *fixture);
/* … until so many matching calls have been made. */
void fixture_wait_calls(Fixture *fixture, const char *pattern, guint n);
/* … until so many calls hang. */
void fixture_wait_hanging(Fixture *fixture, guint n);
/* … until nothing is under way and no event waits for a pass. */
void fixture_settle(Fixture *fixture);
/* Start, wait for "up", settle; the log of calls is empty afterwards. */
void fixture_bring_up(Fixture *fixture);
/* Stop and wait for "stopped". */
void fixture_stop(Fixture *fixture, guint timeout_ms);
/* Whether a timer or anything else of the main context could wake an idle process. */
gboolean fixture_has_timer(void);

/* Guests with one macvtap interface on eth0, or (plain) with one on network 'default'. */
void fixture_define(Fixture *fixture, const char *name);
void fixture_define_plain(Fixture *fixture, const char *name);
void fixture_define_running(Fixture *fixture, const char *name);
void fixture_start_guest(Fixture *fixture, const char *name);
/* (transfer full): a domain document with these <interface> elements. */
char *fixture_domain_xml(const char *name, const char *interfaces);

/* How often the engine's interface is there in a scope, and whether its link is up. */
guint fixture_count_nics(Fixture *fixture, const char *guest, NmmScope scope);
gboolean fixture_is_link_up(Fixture *fixture, const char *guest);
/* Calls that change anything. */
guint fixture_count_edits(Fixture *fixture);
#define fixture_assert_status(fixture, guest, expected)                                            \
    g_assert_cmpstr(fixture_get_status(fixture, guest), ==, nmm_guest_status_to_string(expected))
const char *fixture_get_status(Fixture *fixture, const char *guest);

/* Takes the oldest warning off the list and compares it (a glob); none may be left at the end. */
void fixture_assert_warned(const char *pattern);
void fixture_forget_warnings(void);

G_END_DECLS
