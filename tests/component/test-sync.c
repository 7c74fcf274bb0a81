/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sync engine on the fake host until it is stopped; see test-sync-stop.c for its end.
 */

#include "config.h"

#include <string.h>

#include "sync-fixture.h"
#include "test-sync-stop.h"
#include "test-sync-undo.h"

#define LIVE   NMM_SCOPE_LIVE
#define CONFIG NMM_SCOPE_CONFIG

static void
test_first_activation(Fixture *fixture, gconstpointer keys)
{
    g_autofree char *transient = fixture_domain_xml(
        "transient", "<interface type='direct'><source dev='eth0' mode='vepa'/></interface>");
    g_autofree char *plain_before = NULL;
    g_autofree char *plain_after = NULL;
    g_autoptr(NmmNetwork) network = NULL;

    fixture_define_running(fixture, "running");
    fixture_define(fixture, "off");
    fixture_define_plain(fixture, "plain");
    fixture_start_guest(fixture, "plain");
    g_assert_true(fake_host_create_guest(fixture->host, transient, NULL));
    plain_before = fake_host_dump_guest(fixture->host, "plain", CONFIG);

    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);

    network = fake_host_read_network(fixture->host, "isolated");
    g_assert_nonnull(network);
    g_assert_true(network->active);
    g_assert_true(network->autostart);
    g_assert_cmpstr(fixture->bridge, ==, network->bridge);
    g_assert_nonnull(fixture->bridge);
    g_assert_cmpuint(fixture_count_nics(fixture, "running", CONFIG), ==, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "running", LIVE), ==, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "off", CONFIG), ==, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "transient", LIVE), ==, 1);
    plain_after = fake_host_dump_guest(fixture->host, "plain", CONFIG);
    g_assert_cmpstr(plain_after, ==, plain_before);
    fixture_assert_status(fixture, "running", NMM_GUEST_SERVED);
    fixture_assert_status(fixture, "transient", NMM_GUEST_SERVED);
    fixture_assert_status(fixture, "off", NMM_GUEST_SHUT_OFF);
    fixture_assert_status(fixture, "plain", NMM_GUEST_NOT_MACVTAP);
    g_assert_cmpuint(fixture->n_collected, ==, 1);

    /* The events of the engine's edits cause no report. */
    fixture_settle(fixture);
    g_assert_cmpuint(fixture->n_report, ==, 0);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-*"), ==, 4);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "network-*"), ==, 3);
}

static void
test_idempotent(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "running");
    fixture_define(fixture, "off");
    fixture_bring_up(fixture);
    fixture_stop(fixture, 0);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);

    fixture_replace_engine(fixture, keys);
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 2);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
    g_assert_nonnull(fixture->bridge);
}

static void
test_idle(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    g_assert_false(fixture_has_timer());
}

static void
test_guest_events(Fixture *fixture, gconstpointer keys)
{
    g_autofree char *bare = fixture_domain_xml("web", "");
    g_autofree char *with_nic = fixture_domain_xml(
        "web", "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>");

    fixture_bring_up(fixture);

    fixture_define(fixture, "web");
    fixture_wait(fixture, &fixture->n_report, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
    fixture_assert_status(fixture, "web", NMM_GUEST_SHUT_OFF);

    fixture_start_guest(fixture, "web");
    fixture_wait(fixture, &fixture->n_report, 2);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 1);
    fixture_assert_status(fixture, "web", NMM_GUEST_SERVED);

    g_assert_true(fake_host_stop_guest(fixture->host, "web", NULL));
    fixture_wait(fixture, &fixture->n_report, 3);
    fixture_assert_status(fixture, "web", NMM_GUEST_SHUT_OFF);

    g_assert_true(fake_host_undefine_guest(fixture->host, "web", NULL));
    fixture_wait(fixture, &fixture->n_report, 4);

    g_assert_true(fake_host_define_guest(fixture->host, bare, NULL));
    fixture_settle(fixture);
    g_assert_cmpuint(fixture->n_report, ==, 4);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 0);

    g_assert_true(fake_host_define_guest(fixture->host, with_nic, NULL));
    fixture_wait(fixture, &fixture->n_report, 5);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "list-guests"), ==, 0);
}

/* A guest that loses its macvtap interface loses the second one, too. */
static void
test_stripped(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "web");
    fixture_start_guest(fixture, "web");
    fixture_bring_up(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 1);

    g_assert_true(fake_host_strip_macvtap(fixture->host, "web"));
    fixture_wait(fixture, &fixture->n_report, 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 0);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 0);
}

/* A guest that does not release its interface is asked once, whatever events come; after it has
 * released it, the next interface is asked for again. */
static void
test_stripped_reluctant(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "slow");
    fixture_bring_up(fixture);
    fake_host_set_reluctant(fixture->host, "slow", TRUE);
    g_assert_true(fake_host_strip_macvtap(fixture->host, "slow"));
    fixture_wait_calls(fixture, "nic-detach live slow", 1);
    fixture_settle(fixture);
    g_assert_true(fake_host_strip_macvtap(fixture->host, "slow"));
    fixture_wait_calls(fixture, "read-guest slow", 2);
    fixture_settle(fixture);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-detach live slow"), ==, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "slow", LIVE), ==, 1);

    fake_host_release_nics(fixture->host, "slow");
    fixture_wait_calls(fixture, "read-guest slow", 3);
    fixture_settle(fixture);
    g_assert_true(fake_host_stop_guest(fixture->host, "slow", NULL));
    fixture_define_running(fixture, "slow");
    fixture_wait_calls(fixture, "nic-attach * slow", 2);
    fixture_settle(fixture);
    fake_host_set_reluctant(fixture->host, "slow", TRUE);
    g_assert_true(fake_host_strip_macvtap(fixture->host, "slow"));
    fixture_wait_calls(fixture, "nic-detach live slow", 2);
}

/* A guest that stops during the edit is no error. */
static void
test_stopped_meanwhile(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fake_calls_hang(fixture->calls, "nic-attach live web");
    nmm_sync_start(fixture->sync);
    fixture_wait_hanging(fixture, 1);
    g_assert_true(fake_host_stop_guest(fixture->host, "web", NULL));
    fake_calls_release(fixture->calls);
    fixture_wait(fixture, &fixture->n_report, 1);
    fixture_assert_status(fixture, "web", NMM_GUEST_SHUT_OFF);
}

/* Another network that begins to forward through macvtap turns its guests into macvtap guests. */
static void
test_other_network(Fixture *fixture, gconstpointer keys)
{
    g_autofree char *xml =
        fixture_domain_xml("web", "<interface type='network'><source network='lan'/></interface>");

    g_assert_true(fake_host_define_guest(fixture->host, xml, NULL));
    fixture_bring_up(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 0);

    g_assert_true(fake_host_define_network(fixture->host,
                                           "<network><name>lan</name><forward mode='bridge'>"
                                           "<interface dev='eth0'/></forward></network>",
                                           NULL));
    fixture_wait(fixture, &fixture->n_report, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
}

static void
test_storm(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    for (guint i = 0; i < 500; i++) {
        g_assert_true(fake_host_stop_guest(fixture->host, "web", NULL));
        fixture_start_guest(fixture, "web");
    }
    fixture_wait_calls(fixture, "read-guest web", 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "list-networks"), <=, 20);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", LIVE), ==, 1);
    g_assert_false(fixture_has_timer());
}

static gboolean
emit_cb(gpointer data)
{
    Fixture *fixture = data;
    g_auto(GStrv) uuids = fake_host_list_guests(fixture->host);

    nmm_hypervisor_emit(fixture->hypervisor, "guest-changed", uuids[0]);
    return G_SOURCE_CONTINUE;
}

/* Events that never pause do not delay a pass for ever. */
static void
test_endless_storm(Fixture *fixture, gconstpointer keys)
{
    guint source;

    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    source = g_timeout_add(1, emit_cb, fixture);
    fixture_wait_calls(fixture, "read-guest web", 3);
    g_source_remove(source);
    fixture_settle(fixture);
}

static void
test_fault_of_one(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "bad");
    fixture_define_running(fixture, "good");
    fake_calls_fail(
        fixture->calls, "nic-attach config bad", 1, 2, NMM_ERROR_FAILED, "no space left");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "good", CONFIG), ==, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "bad", CONFIG), ==, 0);
    fixture_assert_warned("guest 'bad': no space left");

    /* The timer tries again, twice here; the same failure is logged once. */
    fixture_wait_calls(fixture, "nic-attach config bad", 3);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "bad", CONFIG), ==, 1);
    g_assert_false(fixture_has_timer());
}

static void
test_retries_end(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "bad");
    fake_calls_fail(
        fixture->calls, "nic-attach config bad", 1, 3, NMM_ERROR_FAILED, "no space left");
    nmm_sync_start(fixture->sync);
    fixture_wait_calls(fixture, "nic-attach config bad", 3);
    fixture_settle(fixture);
    fixture_assert_warned("guest 'bad': no space left");
    g_assert_false(fixture_has_timer());
    g_assert_cmpuint(fixture_count_nics(fixture, "bad", CONFIG), ==, 0);

    /* From now on only an event causes a try. */
    fixture_start_guest(fixture, "bad");
    fixture_wait_calls(fixture, "nic-attach config bad", 4);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "bad", CONFIG), ==, 1);
}

static void
test_needs_restart(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "rigid");
    fixture_define_running(fixture, "web");
    fake_host_set_rigid(fixture->host, "rigid", TRUE);
    fixture_bring_up(fixture);
    fixture_assert_warned("guest 'rigid': no free slot is left; the guest needs a restart");
    fixture_assert_status(fixture, "rigid", NMM_GUEST_NEEDS_RESTART);
    fixture_assert_status(fixture, "web", NMM_GUEST_SERVED);
    g_assert_cmpuint(fixture_count_nics(fixture, "rigid", CONFIG), ==, 1);
    g_assert_false(fixture_has_timer());

    g_assert_true(fake_host_stop_guest(fixture->host, "rigid", NULL));
    fixture_start_guest(fixture, "rigid");
    fixture_wait(fixture, &fixture->n_report, 1);
    fixture_assert_status(fixture, "rigid", NMM_GUEST_SERVED);
}

static const char *const unmatched_keys[] = {"guests", "web1 db1", NULL};

/* Logged once, and again when it changes. */
static void
test_unmatched(Fixture *fixture, gconstpointer keys)
{
    fixture_define_plain(fixture, "web1");
    fixture_bring_up(fixture);
    fixture_assert_warned("*'web1', 'db1'*");
    fixture_settle(fixture);
    fixture_define(fixture, "db1");
    fixture_settle(fixture);
    fixture_assert_warned("*called 'web1';*");
    fixture_define(fixture, "web1");
    fixture_settle(fixture);
}

static void
test_unreadable_guest(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "web");
    fixture_bring_up(fixture);
    fake_calls_fail(fixture->calls, "read-guest web", 1, 1, NMM_ERROR_BAD_XML, "not a domain");
    fixture_start_guest(fixture, "web");
    fixture_wait_calls(fixture, "read-guest web", 2);
    fixture_settle(fixture);
    fixture_assert_warned("guest '*': not a domain");
    fixture_assert_status(fixture, "web", NMM_GUEST_SERVED);
}

/* A tool that restores its own definition of the guest, again and again. */
static void
test_removed_again(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "web");
    fixture_bring_up(fixture);
    for (guint i = 1; i <= 4; i++) {
        fixture_define(fixture, "web");
        fixture_wait_calls(fixture, "nic-attach config web", i);
        fixture_settle(fixture);
        if (i == 2)
            fixture_assert_warned("guest 'web': another program*nmcli connection modify 'guests' "
                                  "+vpn.data 'exclude-guests=db1 web', *");
    }
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
}

static const char *const exclude_keys[] = {"exclude-guests", "db1", NULL};

/* Its link goes down and up once; another guest's does not. */
static void
test_arrived(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_define_running(fixture, "other");
    fixture_bring_up(fixture);
    g_assert_true(fake_host_arrive(fixture->host, "web"));
    fixture_wait_calls(fixture, "nic-update live web", 2);
    fixture_settle(fixture);
    g_assert_true(fixture_is_link_up(fixture, "web"));
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 2);
    g_assert_false(fixture_has_timer());
}

/* The user's own interface is left alone, and so is a guest without macvtap. */
static void
test_arrived_unserved(Fixture *fixture, gconstpointer keys)
{
    fixture_define_plain(fixture, "plain");
    fixture_start_guest(fixture, "plain");
    fixture_bring_up(fixture);
    g_assert_true(fake_host_arrive(fixture->host, "plain"));
    fixture_wait_calls(fixture, "read-guest plain", 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
    g_assert_false(fixture_has_timer());
}

/* The network */

static void
test_network_stopped(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    g_assert_true(fake_host_stop_network(fixture->host, "isolated", NULL));
    fixture_wait(fixture, &fixture->n_failed, 1);
    g_assert_error(fixture->failure, NMM_ERROR, NMM_ERROR_NOT_FOUND);
    g_assert_cmpstr(fixture->failure->message, ==, "network 'isolated' was stopped");
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
    g_assert_false(fixture_has_timer());

    fixture_stop(fixture, 30 * 1000);
    g_assert_false(fixture_is_link_up(fixture, "web"));
}

static void
test_network_removed(Fixture *fixture, gconstpointer keys)
{
    fixture_bring_up(fixture);
    g_assert_true(fake_host_stop_network(fixture->host, "isolated", NULL));
    g_assert_true(fake_host_undefine_network(fixture->host, "isolated", NULL));
    fixture_wait(fixture, &fixture->n_failed, 1);
    g_assert_cmpstr(fixture->failure->message, ==, "network 'isolated' was removed");
}

static void
test_network_restarted(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "web");
    fixture_bring_up(fixture);
    g_assert_true(fake_host_stop_network(fixture->host, "isolated", NULL));
    fixture_wait_calls(fixture, "list-networks", 1);
    g_assert_true(fake_host_start_network(fixture->host, "isolated", NULL));
    fixture_settle(fixture);
    g_assert_cmpuint(fixture->n_failed, ==, 0);

    /* No event was lost meanwhile, and the next stop gets its own time. */
    fixture_start_guest(fixture, "web");
    fixture_wait(fixture, &fixture->n_report, 1);
    g_assert_true(fake_host_stop_network(fixture->host, "isolated", NULL));
    fixture_wait(fixture, &fixture->n_failed, 1);
}

static void
test_network_forwards(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "web");
    g_assert_true(fake_host_define_network(fixture->host,
                                           "<network><name>isolated</name><forward mode='nat'/>"
                                           "<ip address='10.1.1.1' prefix='24'/></network>",
                                           NULL));
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_failed, 1);
    g_assert_error(fixture->failure, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_assert_cmpuint(fixture_count_edits(fixture), ==, 0);
    g_assert_cmpuint(fixture->n_up, ==, 0);
}

/* An adopted network that differs from the profile is logged, once. */
static void
test_network_differs(Fixture *fixture, gconstpointer keys)
{
    static const char *const address6[] = {"address6", "auto", NULL};

    g_assert_true(fake_host_define_network(fixture->host,
                                           "<network><name>isolated</name>"
                                           "<ip address='10.1.1.1' prefix='24'/></network>",
                                           NULL));
    fixture_replace_engine(fixture, address6);
    fixture_bring_up(fixture);
    fixture_assert_warned("network 'isolated' exists without IPv6; *");

    fixture_define(fixture, "web");
    fixture_wait(fixture, &fixture->n_report, 1);
    g_assert_cmpuint(fixture_count_nics(fixture, "web", CONFIG), ==, 1);
}

static void
test_network_fails(Fixture *fixture, gconstpointer keys)
{
    fixture_define(fixture, "web");
    fake_calls_fail(
        fixture->calls, "network-start isolated", 1, 1, NMM_ERROR_FAILED, "no bridges left");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_failed, 1);
    g_assert_cmpstr(fixture->failure->message, ==, "network 'isolated': no bridges left");
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-*"), ==, 0);
}

/* The connection */

static void
test_unreachable(Fixture *fixture, gconstpointer keys)
{
    fake_host_kill(fixture->host, "killed");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_failed, 1);
    g_assert_error(fixture->failure, NMM_ERROR, NMM_ERROR_UNREACHABLE);
    g_assert_false(fixture_has_timer());
    fixture_stop(fixture, 30 * 1000);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "open"), ==, 1);
}

static void
test_reconnect(Fixture *fixture, gconstpointer keys)
{
    fixture_define_running(fixture, "web");
    fixture_bring_up(fixture);
    fake_host_kill(fixture->host, "daemon killed");
    fixture_define_running(fixture, "new");
    fixture_wait_calls(fixture, "open", 3);
    fixture_assert_warned("the connection to libvirt is lost: daemon killed; *");
    g_assert_cmpuint(fixture->n_report, ==, 0);

    fake_host_revive(fixture->host);
    fixture_wait(fixture, &fixture->n_report, 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "new", LIVE), ==, 1);
    g_assert_cmpuint(fixture->n_failed, ==, 0);
    g_assert_false(fixture_has_timer());

    /* Events flow on the new connection. */
    fixture_define(fixture, "newer");
    fixture_wait(fixture, &fixture->n_report, 2);
    g_assert_cmpuint(fixture_count_nics(fixture, "newer", CONFIG), ==, 1);
}

static void
test_reconnect_without_network(Fixture *fixture, gconstpointer keys)
{
    fixture_bring_up(fixture);
    fake_host_kill(fixture->host, "daemon killed");
    g_assert_true(fake_host_stop_network(fixture->host, "isolated", NULL));
    fake_host_revive(fixture->host);
    fixture_wait(fixture, &fixture->n_failed, 1);
    fixture_assert_warned("the connection to libvirt is lost: *");
    g_assert_cmpstr(fixture->failure->message, ==, "network 'isolated' was stopped");
}

/* The daemon dies during the edits of the first pass. */
static void
test_lost_in_pass(Fixture *fixture, gconstpointer keys)
{
    for (guint i = 0; i < 12; i++) {
        g_autofree char *name = g_strdup_printf("guest%u", i);

        fixture_define(fixture, name);
    }
    fake_calls_hang(fixture->calls, "nic-attach config *");
    nmm_sync_start(fixture->sync);
    fixture_wait_hanging(fixture, 4);
    fake_host_kill(fixture->host, "daemon killed");
    fake_calls_release(fixture->calls);
    fixture_wait(fixture, &fixture->n_up, 1);
    fixture_wait_calls(fixture, "open", 3);
    fixture_assert_warned("the connection to libvirt is lost: *");
    fake_host_revive(fixture->host);
    fixture_wait(fixture, &fixture->n_report, 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fixture_count_nics(fixture, "guest11", CONFIG), ==, 1);
}

static void
test_many(Fixture *fixture, gconstpointer keys)
{
    for (guint i = 0; i < 300; i++) {
        g_autofree char *name = g_strdup_printf("guest%u", i);

        if (i % 2)
            fixture_define(fixture, name);
        else
            fixture_define_running(fixture, name);
    }
    fake_calls_delay(fixture->calls, "nic-*", 100);
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, 1);
    fixture_settle(fixture);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-attach config *"), ==, 300);
    g_assert_cmpuint(fake_calls_count(fixture->calls, "nic-attach live *"), ==, 150);
    g_assert_cmpuint(fake_calls_get_max_in_flight(fixture->calls), ==, 4);
    g_assert_cmpuint(fake_calls_get_max_in_flight_per_guest(fixture->calls), ==, 1);
    g_assert_cmpuint(fixture->n_report, ==, 0);
    g_assert_cmpuint(fixture_count_nics(fixture, "guest299", CONFIG), ==, 1);
}

static void
add(const char *path, void (*func)(Fixture *, gconstpointer))
{
    g_autofree char *full = g_strconcat("/sync/", path, NULL);

    g_test_add(full, Fixture, NULL, fixture_setup, func, fixture_teardown);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("first-activation", test_first_activation);
    add("idempotent", test_idempotent);
    add("idle", test_idle);
    add("event/guest", test_guest_events);
    add("event/stripped", test_stripped);
    add("event/stripped-reluctant", test_stripped_reluctant);
    add("event/other-network", test_other_network);
    add("event/storm", test_storm);
    add("event/endless-storm", test_endless_storm);
    add("guest/fault-of-one", test_fault_of_one);
    add("guest/retries-end", test_retries_end);
    add("guest/needs-restart", test_needs_restart);
    add("guest/stopped-meanwhile", test_stopped_meanwhile);
    add("guest/unreadable", test_unreadable_guest);
    add("guest/arrived", test_arrived);
    add("guest/arrived-unserved", test_arrived_unserved);
    g_test_add("/sync/guest/removed-again",
               Fixture,
               exclude_keys,
               fixture_setup,
               test_removed_again,
               fixture_teardown);
    g_test_add("/sync/guest/unmatched",
               Fixture,
               unmatched_keys,
               fixture_setup,
               test_unmatched,
               fixture_teardown);
    add("network/stopped", test_network_stopped);
    add("network/removed", test_network_removed);
    add("network/restarted", test_network_restarted);
    add("network/forwards", test_network_forwards);
    add("network/differs", test_network_differs);
    add("network/fails", test_network_fails);
    add("connection/unreachable", test_unreachable);
    add("connection/reconnect", test_reconnect);
    add("connection/reconnect-without-network", test_reconnect_without_network);
    add("connection/lost-in-pass", test_lost_in_pass);
    add("many", test_many);
    test_sync_stop_add_tests();
    test_sync_undo_add_tests();
    test_sync_held_add_tests();
    return g_test_run();
}
