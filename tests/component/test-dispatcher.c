/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of events between the dispatcher's hook and its helper, and the helper's lock.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-events.h"
#include "nmm-lock.h"
#include "nmm-names.h"
#include "run-dir.h"

/* The hook creates the directory. */
static void
set_up(RunDir *run, gconstpointer data)
{
    run_dir_set_up(run, data);
    g_assert_no_errno(g_mkdir(run->dir, 0700));
}

static void
assert_event(GPtrArray *events,
             guint index,
             const char *action,
             const char *device,
             const char *uuid)
{
    const NmmEvent *event;

    g_assert_cmpuint(index, <, events->len);
    event = events->pdata[index];
    g_assert_cmpstr(event->action, ==, action);
    g_assert_cmpstr(event->device, ==, device);
    g_assert_cmpstr(event->uuid, ==, uuid);
}

static void
test_events_parse(void)
{
    g_autoptr(GPtrArray) events =
        nmm_events_parse("up eth0 a 1\nbroken line\n\nvpn-down - b 2\n a b 3\nrefresh - - 4\ndow");

    g_assert_cmpuint(events->len, ==, 3);
    assert_event(events, 0, "up", "eth0", "a");
    assert_event(events, 1, "vpn-down", NULL, "b");
    assert_event(events, 2, "refresh", NULL, NULL);
}

/* Hooks run in parallel: the line of a late one is not in its place. */
static void
test_events_order(void)
{
    g_autoptr(GPtrArray) events =
        nmm_events_parse("vpn-pre-down lo a 12884901889\nvpn-up lo a 8589934593\n"
                         "vpn-down lo a 12884901890\nup eth0 - 8589934593\n");

    g_assert_cmpuint(events->len, ==, 4);
    assert_event(events, 0, "vpn-up", "lo", "a");
    assert_event(events, 1, "up", "eth0", NULL);
    assert_event(events, 2, "vpn-pre-down", "lo", "a");
    assert_event(events, 3, "vpn-down", "lo", "a");
}

static GPtrArray *
take(RunDir *run)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *events = nmm_events_take(run->dir, &error);

    g_assert_no_error(error);
    return events;
}

static void
test_events_put_back_are_older(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) older = nmm_events_parse("up eth0 a 0\nvpn-up - b 0\n");
    g_autoptr(GPtrArray) events = take(run);

    g_assert_cmpuint(events->len, ==, 0);
    g_assert_false(nmm_events_wait(run->dir));
    nmm_events_add_refresh(run->dir, &error);
    g_assert_no_error(error);
    g_assert_true(nmm_events_wait(run->dir));
    nmm_events_put_back(run->dir, older, &error);
    g_assert_no_error(error);

    g_ptr_array_unref(events);
    events = take(run);
    g_assert_cmpuint(events->len, ==, 3);
    assert_event(events, 0, "up", "eth0", "a");
    assert_event(events, 1, "vpn-up", NULL, "b");
    assert_event(events, 2, "refresh", NULL, NULL);

    g_ptr_array_unref(events);
    events = take(run);
    g_assert_cmpuint(events->len, ==, 0);
}

/* Only events of that profile count, and none is removed. */
static void
test_events_of_one_profile(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) others = nmm_events_parse("up eth0 a 1\nvpn-up lo b 2\n");
    g_autoptr(GPtrArray) own = nmm_events_parse("vpn-pre-down lo c 3\n");
    g_autoptr(GPtrArray) events = NULL;

    g_assert_false(nmm_events_wait_of(run->dir, "c"));
    nmm_events_put_back(run->dir, others, &error);
    g_assert_no_error(error);
    g_assert_false(nmm_events_wait_of(run->dir, "c"));
    nmm_events_put_back(run->dir, own, &error);
    g_assert_no_error(error);
    g_assert_true(nmm_events_wait_of(run->dir, "c"));
    events = take(run);
    g_assert_cmpuint(events->len, ==, 3);
    g_assert_false(nmm_events_wait_of(run->dir, "c"));
    g_assert_false(nmm_events_wait_of("/proc/no/such", "c"));
}

static void
test_events_error(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_events_take("/proc/no/such", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_cmpint(nmm_lock_take("/proc/no/such", NMM_LOCK_FILE, FALSE, &error), ==, -1);
    g_assert_nonnull(error);
}

static void
test_lock_excludes(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int first = nmm_lock_take(run->dir, NMM_LOCK_FILE, FALSE, &error);
    int second;

    g_assert_no_error(error);
    g_assert_cmpint(first, >=, 0);
    g_assert_cmpint(nmm_lock_take(run->dir, NMM_LOCK_FILE, FALSE, &error), ==, -1);
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_clear_error(&error);
    close(first);
    second = nmm_lock_take(run->dir, NMM_LOCK_FILE, TRUE, &error);
    g_assert_no_error(error);
    close(second);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/events/parse", test_events_parse);
    g_test_add("/events/put-back",
               RunDir,
               NULL,
               set_up,
               test_events_put_back_are_older,
               run_dir_tear_down);
    g_test_add_func("/events/order", test_events_order);
    g_test_add("/events/of-one-profile",
               RunDir,
               NULL,
               set_up,
               test_events_of_one_profile,
               run_dir_tear_down);
    g_test_add_func("/events/error", test_events_error);
    g_test_add("/lock", RunDir, NULL, set_up, test_lock_excludes, run_dir_tear_down);
    return g_test_run();
}
