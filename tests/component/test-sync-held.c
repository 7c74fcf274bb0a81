/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that another operation holds (a save, a dump, a migration, a hung disk): libvirt lets the
 * calls on them wait, at last with an error. They delay no other guest, and are served when free.
 */

#include "config.h"

#include "test-sync-stop.h"

#include "sync-fixture.h"

#define LIVE   NMM_SCOPE_LIVE
#define CONFIG NMM_SCOPE_CONFIG

/* Never reached without an error. */
#define AMPLE (60 * 1000)

#define HELD_WARNING "guest 'web': another operation holds the guest*"

static void
define_many(Fixture *fixture, const char *prefix, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%s%u", prefix, i);

        fixture_define_running(fixture, name);
    }
}

static void
assert_served(Fixture *fixture, const char *prefix, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%s%u", prefix, i);

        g_assert_cmpuint(fixture_count_nics(fixture, name, LIVE), ==, 1);
    }
}

static void
wait_nics(Fixture *fixture, const char *guest, guint n)
{
    while (fixture_count_nics(fixture, guest, LIVE) < n)
        g_main_context_iteration(NULL, TRUE);
}

/* The first pass ends without the guest; it is served when the call that waits returns, without a
 * further try. */
static void
test_at_activation(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    define_many(fixture, "free", 6);
    fake_calls_hang(fixture->calls, "nic-attach * web");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    assert_served(fixture, "free", 6);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 0);
    fixture_assert_warned(HELD_WARNING);

    /* It is asked once, however often it is read. */
    fixture_wait_calls(fixture, "read-guest web", 3);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-attach config web"), ==, 1);

    fake_calls_release(fixture->calls);
    wait_nics(fixture, "web", 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
    fixture_assert_status(fixture, "web", NMM_GUEST_SERVED);
    g_assert_false(fixture_has_timer());
}

/* More guests than there are threads. */
static void
test_many_at_activation(Fixture *fixture, gconstpointer keys)
{
    define_many(fixture, "held", 7);
    define_many(fixture, "free", 20);
    fake_calls_hang(fixture->calls, "nic-attach * held*");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    assert_served(fixture, "free", 20);
    for (guint i = 0; i < 7; i++)
        fixture_assert_warned("guest 'held*': another operation holds the guest*");

    fake_calls_release(fixture->calls);
    wait_nics(fixture, "held6", 1);
    fixture_settle(fixture);
    assert_served(fixture, "held", 7);
}

/* So many that nothing more is begun: the activation still ends. */
static void
test_all_at_activation(Fixture *fixture, gconstpointer keys)
{
    define_many(fixture, "held", 16);
    fake_calls_hang(fixture->calls, "nic-attach * held*");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    for (guint i = 0; i < 16; i++)
        fixture_assert_warned("guest 'held*': another operation holds the guest*");
    g_assert_cmpuint(fake_calls_get_hanging(fixture->calls), <=, 12);

    fake_calls_release(fixture->calls);
    wait_nics(fixture, "held15", 1);
    fixture_settle(fixture);
    assert_served(fixture, "held", 16);
}

/* libvirt gives up waiting after 30 seconds, again and again. */
static void
test_tried_until_free(Fixture *fixture, gconstpointer keys)
{
    fixture_bring_up(fixture);
    fake_calls_fail(fixture->calls,
                    "nic-attach config web",
                    1,
                    6,
                    NMM_ERROR_BUSY,
                    "cannot acquire state change lock");
    fixture_define_running(fixture, "web");
    fixture_define_running(fixture, "free");
    fixture_wait_calls(fixture, "nic-attach config web", 7);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
    fixture_assert_warned("guest 'web': cannot acquire state change lock");
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-attach config web"), ==, 7);
    g_assert_cmpuint(fixture_count_nics(fixture, "free", LIVE), ==, 1);
    g_assert_false(fixture_has_timer());
}

/* While it is held, its state may change: it is read again before it is edited again. */
static void
test_stopped_meanwhile(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fake_calls_hang(fixture->calls, "nic-attach config web");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    fixture_assert_warned(HELD_WARNING);
    g_assert_true(fake_host_stop_guest(fixture->host, "web", NULL));
    fake_calls_release(fixture->calls);
    while (fixture_count_nics(fixture, "web", CONFIG) == 0)
        g_main_context_iteration(NULL, TRUE);
    fixture_settle(fixture);
    fixture_assert_status(fixture, "web", NMM_GUEST_SHUT_OFF);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-attach live web"), ==, 0);
}

/* The call that waits attaches the interface when the profile is already going down: that is undone
 * too. */
static void
test_stop_while_held(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_define_running(fixture, "free");
    fake_calls_hang(fixture->calls, "nic-attach live web");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    fixture_assert_warned(HELD_WARNING);
    fixture_settle(fixture);
    fake_calls_clear(fixture->calls);
    nmm_sync_stop(fixture->sync, AMPLE);
    fixture_wait_calls(fixture, "nic-update live free", 1);
    g_assert_cmpuint(fixture->n_stopped, ==, 0);

    fake_calls_release(fixture->calls);
    fixture_wait(fixture, &fixture->n_stopped, 1);
    g_assert_false(fixture_is_link_up(fixture, "web"));
    g_assert_false(fixture_is_link_up(fixture, "free"));
}

/* Others are undone at once; this one has the rest of the time. */
static void
test_held_at_stop(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    define_many(fixture, "free", 6);
    fixture_bring_up(fixture);
    fake_calls_hang(fixture->calls, "nic-update live web");
    nmm_sync_stop(fixture->sync, AMPLE);
    fixture_wait_calls(fixture, "nic-update live free*", 6);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture->n_stopped, ==, 0);
    fixture_assert_warned(HELD_WARNING);

    fake_calls_release(fixture->calls);
    fixture_wait(fixture, &fixture->n_stopped, 1);
    g_assert_false(fixture_is_link_up(fixture, "web"));
}

static const char *const remove_keys[] = {"on-disconnect", "remove", NULL};

/* A guest that keeps its interface keeps the network. */
static void
test_held_to_the_end(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fake_calls_hang(fixture->calls, "nic-detach * web");
    fixture_stop(fixture, 3000);
    fixture_assert_warned(HELD_WARNING);
    fixture_assert_warned("*another operation holds them*'web'");
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));
    fixture_drop_engine(fixture);
    fake_calls_release(fixture->calls);
}

static void
add(const char *path, const char *const *keys, void (*func)(Fixture *, gconstpointer))
{
    g_autofree char *full = g_strconcat("/sync/held/", path, NULL);

    g_test_add(full, Fixture, keys, fixture_setup, func, fixture_teardown);
}

void
test_sync_held_add_tests(void)
{
    add("at-activation", NULL, test_at_activation);
    add("many-at-activation", NULL, test_many_at_activation);
    add("all-at-activation", NULL, test_all_at_activation);
    add("tried-until-free", NULL, test_tried_until_free);
    add("stopped-meanwhile", NULL, test_stopped_meanwhile);
    add("stop-while-held", NULL, test_stop_while_held);
    add("held-at-stop", NULL, test_held_at_stop);
    add("held-to-the-end", remove_keys, test_held_to_the_end);
}
