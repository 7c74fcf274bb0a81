/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a sync engine: from every state, with every on-disconnect, with guests and a libvirt
 * that do not answer.
 */

#include "config.h"

#include "test-sync-stop.h"

#include "sync-fixture.h"

#define LIVE   NMM_SCOPE_LIVE
#define CONFIG NMM_SCOPE_CONFIG

/* Never reached without an error. */
#define AMPLE (60 * 1000)

static const char *const remove_keys[] = {"on-disconnect", "remove", NULL};
static const char *const keep_keys[] = {"on-disconnect", "keep", NULL};

static void
test_unplug(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_define(fixture, "off");
    fixture_bring_up(fixture);
    g_assert_true(fixture_is_link_up(fixture, "web"));
    fixture_stop(fixture, AMPLE);
    g_assert_false(fixture_is_link_up(fixture, "web"));
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 1);
    g_assert_cmpuint(fake_host_count_joined(fixture->host), ==, 0);
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));
    g_assert_false(fixture_has_timer());

    fixture_replace_engine(fixture, keys);
    fixture_bring_up(fixture);
    g_assert_true(fixture_is_link_up(fixture, "web"));
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 1);
}

static void
test_keep(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fixture_stop(fixture, AMPLE);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
    g_assert_true(fixture_is_link_up(fixture, "web"));
    g_assert_cmpuint(fake_host_count_joined(fixture->host), ==, 0);
}

static void
test_remove(Fixture *fixture, gconstpointer keys)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    fixture_define_running(fixture, "web");
    fixture_define(fixture, "off");
    before = fake_host_dump_guest(fixture->host, "web", CONFIG);
    fixture_bring_up(fixture);
    fixture_stop(fixture, AMPLE);
    after = fake_host_dump_guest(fixture->host, "web", CONFIG);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 0);
    g_assert_cmpuint(fixture_count_nics(fixture, "off", CONFIG), ==, 0);
    g_assert_null(fake_host_read_network(fixture->host, "isolated"));
}

static void
test_remove_reluctant(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_define_running(fixture, "slow");
    fixture_bring_up(fixture);
    fake_host_set_reluctant(fixture->host, "slow", TRUE);
    nmm_sync_stop(fixture->sync, AMPLE);
    fixture_wait_calls(fixture, "read-guest web", 1);
    g_assert_cmpuint(fixture->n_stopped, ==, 0);
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));

    fake_host_release_nics(fixture->host, "slow");
    fixture_wait(fixture, &fixture->n_stopped, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "slow", LIVE), ==, 0);
    g_assert_null(fake_host_read_network(fixture->host, "isolated"));
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-detach live slow"), ==, 1);
}

/* A guest that is stopped has released its interface, too. */
static void
test_remove_reluctant_stopped(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "slow");
    fixture_bring_up(fixture);
    fake_host_set_reluctant(fixture->host, "slow", TRUE);
    nmm_sync_stop(fixture->sync, AMPLE);
    fixture_wait_calls(fixture, "nic-detach live slow", 1);
    g_assert_true(fake_host_stop_guest(fixture->host, "slow", NULL));
    fixture_wait(fixture, &fixture->n_stopped, 1);
    g_assert_null(fake_host_read_network(fixture->host, "isolated"));
}

static void
test_remove_stubborn(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "slow");
    fixture_bring_up(fixture);
    fake_host_set_reluctant(fixture->host, "slow", TRUE);
    fixture_stop(fixture, 200);
    fixture_assert_warned("*guests did not release their interface*'slow'");
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));
    g_assert_cmpuint(fixture_count_nics(fixture, "slow", CONFIG), ==, 0);
    g_assert_false(fixture_has_timer());
}

static void
test_remove_fault(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "bad");
    fixture_define(fixture, "good");
    fixture_bring_up(fixture);
    fake_calls_fail(
        fixture->calls, "nic-detach live bad", 1, 1, NMM_ERROR_FAILED, "device is busy");
    fixture_stop(fixture, AMPLE);
    fixture_assert_warned("guest 'bad': device is busy");
    g_assert_cmpuint(fixture_count_nics(fixture, "good", CONFIG), ==, 0);
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));
}

static void
test_hang(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fake_calls_hang(fixture->calls, "nic-update live web");
    fixture_stop(fixture, 1000);
    fixture_assert_warned("*libvirt does not answer in time*'web'");
    g_assert_cmpuint(fake_calls_get_hanging(fixture->calls), ==, 1);

    /* The pass that was left behind ends by itself, without the engine. */
    fixture_drop_engine(fixture);
    fake_calls_release(fixture->calls);
}

/* Nothing was read, so nothing was changed. */
static void
test_hang_in_first_pass(Fixture *fixture, gconstpointer keys)
{
    fake_calls_hang(fixture->calls, "open");
    nmm_sync_start(fixture->sync);
    fixture_wait_hanging(fixture, 1);
    fixture_stop(fixture, 50);
    fake_calls_release(fixture->calls);
    fixture_settle(fixture);
    g_assert_cmpuint(fake_host_count_joined(fixture->host), ==, 0);
    g_assert_cmpuint(fixture->n_up + fixture->n_failed, ==, 0);
    g_assert_cmpuint(fixture->n_stopped, ==, 1);
}

static void
test_before_start(Fixture *fixture, gconstpointer keys)
{
    fixture_stop(fixture, AMPLE);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "*"), ==, 0);
    g_assert_false(fixture_has_timer());
}

static void
test_during_start(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_define(fixture, "off");
    fake_calls_hang(fixture->calls, "nic-attach config web");
    nmm_sync_start(fixture->sync);
    fixture_wait_hanging(fixture, 1);
    nmm_sync_stop(fixture->sync, AMPLE);
    fake_calls_release(fixture->calls);
    fixture_wait(fixture, &fixture->n_stopped, 1);
    g_assert_cmpuint(fixture->n_up, ==, 0);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-attach live web"), ==, 0);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 0);
    g_assert_null(fake_host_read_network(fixture->host, "isolated"));
}

static void
test_twice(Fixture *fixture, gconstpointer keys)
{
    fixture_bring_up(fixture);
    nmm_sync_stop(fixture->sync, AMPLE);
    nmm_sync_stop(fixture->sync, 0);
    fixture_wait(fixture, &fixture->n_stopped, 1);
    nmm_sync_stop(fixture->sync, AMPLE);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture->n_stopped, ==, 1);
}

static void
test_at_once(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fixture_stop(fixture, 0);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
    g_assert_true(fixture_is_link_up(fixture, "web"));
}

static void
test_unref(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fixture_define(fixture, "new");
    fixture_drop_engine(fixture);
    g_assert_cmpuint(fake_host_count_joined(fixture->host), ==, 0);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_false(fixture_has_timer());
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
}

static void
test_unref_in_pass(Fixture *fixture, gconstpointer keys)
{
    fake_calls_hang(fixture->calls, "open");
    nmm_sync_start(fixture->sync);
    fixture_wait_hanging(fixture, 1);
    fixture_drop_engine(fixture);
    fake_calls_release(fixture->calls);
    g_assert_cmpuint(fixture->n_up, ==, 0);
}

static void
test_daemon_gone(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fake_host_kill(fixture->host, "daemon killed");
    fixture_wait_calls(fixture, "open", 1);
    fixture_assert_warned("the connection to libvirt is lost: *");
    fixture_stop(fixture, AMPLE);
    fixture_assert_warned("network 'isolated': could not undo everything: *'web'");
}

static void
test_daemon_gone_while_waiting(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "slow");
    fixture_bring_up(fixture);
    fake_host_set_reluctant(fixture->host, "slow", TRUE);
    nmm_sync_stop(fixture->sync, AMPLE);
    fixture_wait_calls(fixture, "nic-detach live slow", 1);
    fixture_settle(fixture);
    fake_host_kill(fixture->host, "daemon killed");
    fixture_wait(fixture, &fixture->n_stopped, 1);
    fixture_assert_warned("*guests did not release their interface*'slow'");
}

/* The guest can still be resumed; then the network is not needed any more. */
static void
test_saved_remove(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    g_assert_true(fake_host_save_guest(fixture->host, "web", NULL));
    fixture_settle(fixture);
    fixture_stop(fixture, AMPLE);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 0);
    fixture_start_guest(fixture, "web");
    g_assert_true(fake_host_stop_guest(fixture->host, "web", NULL));

    fixture_replace_engine(fixture, keys);
    fixture_bring_up(fixture);
    fixture_stop(fixture, AMPLE);
    g_assert_null(fake_host_read_network(fixture->host, "isolated"));
}

static void
test_snapshot_remove(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    g_assert_true(fake_host_snapshot_guest(fixture->host, "web", "clean", NULL));
    fixture_stop(fixture, AMPLE);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 0);
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));

    fixture_replace_engine(fixture, keys);
    fixture_bring_up(fixture);
    g_assert_true(fake_host_delete_snapshot(fixture->host, "web", "clean", NULL));
    fixture_stop(fixture, AMPLE);
    g_assert_null(fake_host_read_network(fixture->host, "isolated"));
}

static void
add(const char *path, const char *const *keys, void (*func)(Fixture *, gconstpointer))
{
    g_autofree char *full = g_strconcat("/sync/stop/", path, NULL);

    g_test_add(full, Fixture, keys, fixture_setup, func, fixture_teardown);
}

void
test_sync_stop_add_tests(void)
{
    add("unplug", NULL, test_unplug);
    add("keep", keep_keys, test_keep);
    add("remove", remove_keys, test_remove);
    add("remove/reluctant", remove_keys, test_remove_reluctant);
    add("remove/reluctant-stopped", remove_keys, test_remove_reluctant_stopped);
    add("remove/stubborn", remove_keys, test_remove_stubborn);
    add("remove/fault", remove_keys, test_remove_fault);
    add("hang", NULL, test_hang);
    add("hang-in-first-pass", NULL, test_hang_in_first_pass);
    add("before-start", NULL, test_before_start);
    add("during-start", remove_keys, test_during_start);
    add("twice", NULL, test_twice);
    add("at-once", NULL, test_at_once);
    add("unref", NULL, test_unref);
    add("unref-in-pass", NULL, test_unref_in_pass);
    add("saved/remove", remove_keys, test_saved_remove);
    add("saved/snapshot-remove", remove_keys, test_snapshot_remove);
    add("daemon-gone", NULL, test_daemon_gone);
    add("daemon-gone-while-waiting", remove_keys, test_daemon_gone_while_waiting);
}
