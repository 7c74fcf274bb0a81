/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debounce and back-off on the main loop. Only lower bounds of times are checked: a loaded machine
 * may be late.
 */

#include "config.h"

#include "nmm-timers.h"

#define MS 1000 /* in microseconds */

typedef struct {
    NmmDebounce debounce;
    NmmBackoff backoff;
    guint n_calls;
    gint64 called_at;
} Fixture;

static void
called_cb(gpointer data)
{
    Fixture *f = data;

    f->n_calls++;
    f->called_at = g_get_monotonic_time();
}

static void
setup(Fixture *f, gconstpointer data)
{
    nmm_debounce_init(&f->debounce, called_cb, f);
    f->debounce.settle_ms = 20;
    f->debounce.settle_max_ms = 100;
    nmm_backoff_init(&f->backoff, called_cb, f);
    nmm_backoff_set_timing(&f->backoff, 10, 40);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    nmm_debounce_cancel(&f->debounce);
    nmm_backoff_cancel(&f->backoff);
}

static void
wait_calls(Fixture *f, guint n)
{
    while (f->n_calls < n)
        g_main_context_iteration(NULL, TRUE);
}

/* Runs the main loop for a time in which every timer of these tests ends. */
static void
run_for_a_while(void)
{
    gint64 end = g_get_monotonic_time() + 200 * MS;

    while (g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(MS);
    }
}

static void
test_debounce_once(Fixture *f, gconstpointer data)
{
    gint64 start = g_get_monotonic_time();

    nmm_debounce_arm(&f->debounce);
    nmm_debounce_arm(&f->debounce);
    run_for_a_while();
    g_assert_cmpuint(f->n_calls, ==, 1);
    g_assert_cmpint(f->called_at - start, >=, 20 * MS);
    g_assert_cmpuint(f->debounce.source, ==, 0);
}

static void
test_debounce_event_prolongs(Fixture *f, gconstpointer data)
{
    gint64 last;

    f->debounce.settle_max_ms = 60 * 1000;
    nmm_debounce_arm(&f->debounce);
    g_usleep(10 * MS);
    nmm_debounce_note(&f->debounce);
    last = f->debounce.last_event;
    wait_calls(f, 1);
    g_assert_cmpint(f->called_at - last, >=, 20 * MS);
}

static void
test_debounce_event_alone(Fixture *f, gconstpointer data)
{
    nmm_debounce_note(&f->debounce);
    g_assert_cmpuint(f->debounce.source, ==, 0);
}

static gboolean
note_cb(gpointer data)
{
    Fixture *f = data;

    nmm_debounce_note(&f->debounce);
    return G_SOURCE_CONTINUE;
}

/* Events that never pause delay the call up to the limit. */
static void
test_debounce_limit(Fixture *f, gconstpointer data)
{
    gint64 start = g_get_monotonic_time();
    guint source;

    nmm_debounce_arm(&f->debounce);
    source = g_timeout_add(1, note_cb, f);
    wait_calls(f, 1);
    g_source_remove(source);
    g_assert_cmpint(f->called_at - start, >=, 20 * MS);
}

static void
test_debounce_fixed(Fixture *f, gconstpointer data)
{
    gint64 start = g_get_monotonic_time();

    nmm_debounce_arm_fixed(&f->debounce, 50);
    nmm_debounce_arm(&f->debounce);
    wait_calls(f, 1);
    g_assert_cmpint(f->called_at - start, >=, 50 * MS);
    run_for_a_while();
    g_assert_cmpuint(f->n_calls, ==, 1);
}

static void
test_debounce_cancel(Fixture *f, gconstpointer data)
{
    nmm_debounce_arm(&f->debounce);
    nmm_debounce_cancel(&f->debounce);
    nmm_debounce_cancel(&f->debounce);
    run_for_a_while();
    g_assert_cmpuint(f->n_calls, ==, 0);
}

static void
test_backoff_doubles(Fixture *f, gconstpointer data)
{
    static const guint waits[] = {10, 20, 40, 40};

    for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
        gint64 start = g_get_monotonic_time();

        g_assert_cmpuint(f->backoff.next_ms, ==, waits[i]);
        nmm_backoff_arm(&f->backoff);
        wait_calls(f, i + 1);
        g_assert_cmpint(f->called_at - start, >=, waits[i] * MS);
    }
}

static void
test_backoff_reset(Fixture *f, gconstpointer data)
{
    nmm_backoff_arm(&f->backoff);
    wait_calls(f, 1);
    nmm_backoff_reset(&f->backoff);
    g_assert_cmpuint(f->backoff.next_ms, ==, 10);
}

static void
test_backoff_cancel(Fixture *f, gconstpointer data)
{
    nmm_backoff_arm(&f->backoff);
    nmm_backoff_cancel(&f->backoff);
    run_for_a_while();
    g_assert_cmpuint(f->n_calls, ==, 0);
    g_assert_cmpuint(f->backoff.source, ==, 0);
}

static void
add(const char *path, void (*func)(Fixture *, gconstpointer))
{
    g_autofree char *full = g_strconcat("/timers/", path, NULL);

    g_test_add(full, Fixture, NULL, setup, func, teardown);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("debounce/once", test_debounce_once);
    add("debounce/event-prolongs", test_debounce_event_prolongs);
    add("debounce/event-alone", test_debounce_event_alone);
    add("debounce/limit", test_debounce_limit);
    add("debounce/fixed", test_debounce_fixed);
    add("debounce/cancel", test_debounce_cancel);
    add("backoff/doubles", test_backoff_doubles);
    add("backoff/reset", test_backoff_reset);
    add("backoff/cancel", test_backoff_cancel);
    return g_test_run();
}
