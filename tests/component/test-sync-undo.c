/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activations that fail: whatever call it is that fails, guests and networks are as before.
 * Compared are whole documents and the states of all networks.
 */

#include "config.h"

#include "test-sync-undo.h"

#include "sync-fixture.h"

#define LIVE   NMM_SCOPE_LIVE
#define CONFIG NMM_SCOPE_CONFIG

#define AMPLE (60 * 1000)

#define UUID  "5a2c7b1e-0000-4000-8000-000000000001"
#define OWNER "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' uuid='" UUID "'/></metadata>"
#define HOSTS                                                                                      \
    "<ip address='192.168.77.1' prefix='24'><dhcp><range start='192.168.77.9' end='192.168.77.99'" \
    "/><host mac='52:54:00:00:00:01' ip='192.168.77.5'/></dhcp></ip>"

/* What is there before the activation. */
typedef struct {
    const char *name;
    const char *network; /* (nullable): XML */
    gboolean autostart;
    const char *const *keys; /* (nullable) */
} Case;

static const char *const keep_keys[] = {"on-disconnect", "keep", NULL};
static const char *const remove_keys[] = {"on-disconnect", "remove", NULL};
static const char *const range_keys[] = {"dhcp-range", "192.168.77.20-192.168.77.30", NULL};

static const Case cases[] = {
    {"new", NULL, FALSE, NULL},
    {"new-keep", NULL, FALSE, keep_keys},
    {"new-remove", NULL, FALSE, remove_keys},
    {"users", "<network><name>isolated</name>" HOSTS "</network>", FALSE, NULL},
    {"users-autostart", "<network><name>isolated</name>" HOSTS "</network>", TRUE, NULL},
    {"ours",
     "<network><name>isolated</name>" OWNER "<bridge name='virbr7' zone='gone'/>" HOSTS
     "</network>",
     FALSE,
     range_keys},
    {"ours-remove",
     "<network><name>isolated</name>" OWNER "<bridge name='virbr7' zone='gone'/>" HOSTS
     "</network>",
     TRUE,
     remove_keys},
};

/* (transfer full): everything that an activation could change. */
static char *
take_snapshot(FakeHost *host)
{
    g_autoptr(GPtrArray) networks = fake_host_list_networks(host, NULL);
    g_auto(GStrv) guests = fake_host_list_guests(host);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < networks->len; i++) {
        const NmmNetwork *network = networks->pdata[i];

        g_string_append_printf(text,
                               "active %d, autostart %d, persistent %d\n%s",
                               network->active,
                               network->autostart,
                               network->persistent,
                               network->xml);
    }
    for (char **guest = guests; *guest; guest++) {
        g_autofree char *config = fake_host_dump_guest(host, *guest, CONFIG);
        g_autofree char *live = fake_host_dump_guest(host, *guest, LIVE);

        g_string_append_printf(text, "%s\n%s\n", config, live);
    }
    return g_string_free(text, FALSE);
}

static void
prepare(Fixture *fixture, const Case *c)
{
    g_autoptr(GError) error = NULL;

    fixture_replace_engine(fixture, c->keys);
    if (c->network)
        fake_host_define_network(fixture->host, c->network, &error);
    g_assert_no_error(error);
    if (c->network && c->autostart)
        fake_host_autostart_network(fixture->host, "isolated", TRUE, NULL);
    fixture_define_running(fixture, "running");
    fixture_define(fixture, "off");
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Returns: whether the activation failed: the call was one of it. */
static gboolean
fail_call(Fixture *fixture, const Case *c, guint number, NmmError code)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    guint n_up = fixture->n_up;

    fake_host_reset(fixture->host);
    prepare(fixture, c);
    before = take_snapshot(fixture->host);
    fake_calls_fail(fixture->calls, "*", number, 1, code, "ordered by the test");
    nmm_sync_start(fixture->sync);
    fixture_wait_result(fixture);
    if (fixture->n_up > n_up)
        return FALSE;
    fake_calls_release(fixture->calls);
    fixture_stop(fixture, AMPLE);
    after = take_snapshot(fixture->host);
    g_assert_cmpstr(after, ==, before);
    return TRUE;
}

static void
test_each_call(Fixture *fixture, gconstpointer data)
{
    const Case *c = data;
    guint n_failures = 0;

    /* More calls than an activation of two guests makes. */
    for (guint number = 1; number <= 16; number++) {
        if (fail_call(fixture, c, number, NMM_ERROR_FAILED))
            n_failures++;
        if (fail_call(fixture, c, number, NMM_ERROR_UNREACHABLE))
            n_failures++;
        fixture_forget_warnings();
    }
    /* At least: open, two lists, the start of the network. */
    g_assert_cmpuint(n_failures, >=, 8);
}

/* The user cancels while a call is in progress. */
static void
test_cancelled(Fixture *fixture, gconstpointer data)
{
    static const char *const calls[] = {
        "network-start *",
        "nic-attach config running",
        "nic-attach live running",
        "nic-attach config off",
    };
    const Case *c = data;

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;
        guint n_stopped = fixture->n_stopped;

        fake_host_reset(fixture->host);
        prepare(fixture, c);
        before = take_snapshot(fixture->host);
        fake_calls_hang(fixture->calls, calls[i]);
        nmm_sync_start(fixture->sync);
        fixture_wait_hanging(fixture, 1);
        nmm_sync_stop(fixture->sync, AMPLE);
        fake_calls_release(fixture->calls);
        fixture_wait(fixture, &fixture->n_stopped, n_stopped + 1);
        after = take_snapshot(fixture->host);
        g_assert_cmpstr(after, ==, before);
    }
}

/* A running guest that releases its interface late: the network waits for it. */
static void
test_reluctant(Fixture *fixture, gconstpointer data)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    prepare(fixture, &cases[0]);
    before = take_snapshot(fixture->host);
    fake_calls_hang(fixture->calls, "nic-attach config off");
    nmm_sync_start(fixture->sync);
    fixture_wait_calls(fixture, "nic-attach live running", 1);
    fixture_wait_hanging(fixture, 1);
    fake_host_set_reluctant(fixture->host, "running", TRUE);
    nmm_sync_stop(fixture->sync, AMPLE);
    fake_calls_release(fixture->calls);
    fixture_wait_calls(fixture, "nic-detach live running", 1);
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));
    fake_host_release_nics(fixture->host, "running");
    fixture_wait(fixture, &fixture->n_stopped, 1);
    after = take_snapshot(fixture->host);
    g_assert_cmpstr(after, ==, before);
}

/* The daemon dies in the middle and comes back. */
static void
test_daemon_restarted(Fixture *fixture, gconstpointer data)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    prepare(fixture, &cases[0]);
    before = take_snapshot(fixture->host);
    fake_calls_hang(fixture->calls, "network-start *");
    nmm_sync_start(fixture->sync);
    fixture_wait_hanging(fixture, 1);
    fake_host_kill(fixture->host, "daemon killed");
    fake_calls_fail(
        fixture->calls, "network-start *", 1, 1, NMM_ERROR_UNREACHABLE, "daemon killed");
    fake_host_revive(fixture->host);
    fake_calls_release(fixture->calls);
    fixture_wait_result(fixture);
    fixture_stop(fixture, AMPLE);
    after = take_snapshot(fixture->host);
    g_assert_cmpstr(after, ==, before);
    fixture_forget_warnings();
}

/* A zone that firewalld does not have, and then none: the network follows the profile. */
static void
test_zone(Fixture *fixture, gconstpointer data)
{
    g_autofree char *before = take_snapshot(fixture->host);
    g_autofree char *after = NULL;

    fixture_replace_engine_in_zone(fixture, NULL, "gone");
    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_failed, 1);
    g_assert_true(g_pattern_match_simple("network 'isolated': *'gone'*'connection.zone'*",
                                         fixture->failure->message));
    fixture_stop(fixture, AMPLE);
    after = take_snapshot(fixture->host);
    g_assert_cmpstr(after, ==, before);

    fixture_replace_engine(fixture, NULL);
    fixture_bring_up(fixture);
    g_assert_true(fake_host_get_network_active(fixture->host, "isolated"));
}

/* What an earlier version or a killed service left behind. */
static void
test_left_network_follows(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NmmNetwork) before = NULL;
    g_autoptr(NmmNetwork) after = NULL;

    fake_host_define_network(fixture->host, cases[5].network, NULL);
    before = fake_host_read_network(fixture->host, "isolated");
    fixture_replace_engine(fixture, range_keys);
    fixture_bring_up(fixture);
    after = fake_host_read_network(fixture->host, "isolated");
    g_assert_true(after->active && after->autostart && after->has_hosts);
    g_assert_null(after->zone);
    g_assert_cmpstr(after->uuid, ==, before->uuid);
    g_assert_cmpstr(after->bridge, ==, "virbr7");
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture_setup(fixture, NULL);
}

static void
add(const char *group, const char *name, gconstpointer data, void (*func)(Fixture *, gconstpointer))
{
    g_autofree char *path = g_strconcat("/sync/undo/", group, name, NULL);

    g_test_add(path, Fixture, data, set_up, func, fixture_teardown);
}

void
test_sync_undo_add_tests(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        add("call/", cases[i].name, &cases[i], test_each_call);
        add("cancelled/", cases[i].name, &cases[i], test_cancelled);
    }
    add("reluctant", "", NULL, test_reluctant);
    add("daemon-restarted", "", NULL, test_daemon_restarted);
    add("zone", "", NULL, test_zone);
    add("left-network-follows", "", NULL, test_left_network_follows);
}
