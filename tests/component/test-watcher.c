/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watcher on the fake host: what it delivers, when it reads, and that it changes nothing. */

#include "config.h"

#include <string.h>

#include "fake-hypervisor.h"
#include "nmm-watcher.h"

#define PATIENCE (30 * G_USEC_PER_SEC)
#define NIC      "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"

typedef struct {
    FakeHost *host;
    FakeCalls *calls; /* the host's */
    NmmWatcher *watcher;
    guint n_guests; /* how often the guests came */
    GString *seen;  /* the last: names, sorted; a running guest with "*" and its number of NICs */
    GError *failure;
} Fixture;

static int
compare_names(gconstpointer a, gconstpointer b)
{
    const NmmGuest *const *first = a;
    const NmmGuest *const *second = b;

    return strcmp((*first)->name, (*second)->name);
}

static void
read_cb(const NmmReading *reading, gpointer data)
{
    Fixture *f = data;
    GPtrArray *guests = reading->guests;

    g_assert_nonnull(reading->networks);
    g_ptr_array_sort(guests, compare_names);
    g_string_truncate(f->seen, 0);
    for (guint i = 0; i < guests->len; i++) {
        const NmmGuest *guest = guests->pdata[i];

        g_string_append_printf(f->seen, "%s%s", i > 0 ? " " : "", guest->name);
        if (guest->live)
            g_string_append_printf(f->seen, "*%u", guest->live->nics->len);
    }
    f->n_guests++;
}

static void
failed_cb(const GError *error, gpointer data)
{
    Fixture *f = data;

    g_assert_null(f->failure);
    f->failure = g_error_copy(error);
}

static const NmmWatcherClient client = {
    .remember_guests = TRUE,
    .read = read_cb,
    .failed = failed_cb,
};

static const NmmWatcherTiming timing = {
    .settle = 10,
    .settle_max = 100,
    .reconnect = 10,
    .reconnect_max = 40,
};

/* The tests expect warnings. */
static GLogWriterOutput
log_writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
        g_log_writer_standard_streams(level, fields, n_fields, data);
    return G_LOG_WRITER_HANDLED;
}

static void
setup(Fixture *f, gconstpointer data)
{
    g_autoptr(NmmHypervisor) hypervisor = NULL;

    f->host = fake_host_new();
    f->calls = fake_host_get_calls(f->host);
    f->seen = g_string_new(NULL);
    hypervisor = fake_hypervisor_new(f->host);
    f->watcher = nmm_watcher_new(hypervisor, &client, &timing, f);
}

static void
turn(gint64 limit)
{
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    if (!g_main_context_iteration(NULL, FALSE))
        g_usleep(500);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    fake_calls_release(f->calls);
    nmm_watcher_free(f->watcher);
    /* A reading that is left behind closes what it opened. */
    while (fake_host_count_joined(f->host) > 0)
        turn(limit);
    g_clear_error(&f->failure);
    g_string_free(f->seen, TRUE);
    fake_host_unref(f->host);
}

static void
wait_seen(Fixture *f, const char *expected)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    while (f->n_guests == 0 || strcmp(f->seen->str, expected) != 0) {
        if (g_get_monotonic_time() >= limit)
            g_error("waited for '%s', have '%s'", expected, f->seen->str);
        turn(limit);
    }
}

static void
define(Fixture *f, const char *name, const char *interfaces)
{
    g_autofree char *xml = g_strdup_printf("<domain type='qemu'><name>%s</name><memory>65536"
                                           "</memory><os><type>hvm</type></os><devices>%s"
                                           "</devices></domain>",
                                           name,
                                           interfaces);
    g_autoptr(GError) error = NULL;

    fake_host_define_guest(f->host, xml, &error);
    g_assert_no_error(error);
}

static void
start_guest(Fixture *f, const char *name)
{
    g_autoptr(GError) error = NULL;

    fake_host_start_guest(f->host, name, &error);
    g_assert_no_error(error);
}

static void
test_follows(Fixture *f, gconstpointer data)
{
    define(f, "web", NIC);
    start_guest(f, "web");
    define(f, "off", NIC);
    nmm_watcher_start(f->watcher);
    wait_seen(f, "off web*1");
    fake_calls_clear(f->calls);

    start_guest(f, "off");
    wait_seen(f, "off*1 web*1");
    define(f, "late", "");
    wait_seen(f, "late off*1 web*1");
    g_assert_true(fake_host_strip_macvtap(f->host, "web"));
    wait_seen(f, "late off*1 web*0");
    g_assert_true(fake_host_stop_guest(f->host, "off", NULL));
    wait_seen(f, "late off web*0");
    g_assert_true(fake_host_undefine_guest(f->host, "off", NULL));
    wait_seen(f, "late web*0");
    /* Only guests that changed are read again, and nothing is changed. */
    g_assert_cmpuint(fake_calls_count(f->calls, "list-guests"), ==, 0);
    g_assert_cmpuint(
        fake_calls_count(f->calls, "*"), ==, fake_calls_count(f->calls, "read-guest *"));
}

/* Many events of one guest are one reading. */
static void
test_settles(Fixture *f, gconstpointer data)
{
    define(f, "web", NIC);
    nmm_watcher_start(f->watcher);
    wait_seen(f, "web");
    fake_calls_clear(f->calls);
    for (guint i = 0; i < 20; i++) {
        start_guest(f, "web");
        g_assert_true(fake_host_stop_guest(f->host, "web", NULL));
    }
    start_guest(f, "web");
    wait_seen(f, "web*1");
    g_assert_cmpuint(fake_calls_count(f->calls, "read-guest *"), <=, 3);
}

/* A change during a reading is not lost. */
static void
test_change_during_reading(Fixture *f, gconstpointer data)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    define(f, "web", NIC);
    start_guest(f, "web");
    nmm_watcher_start(f->watcher);
    wait_seen(f, "web*1");
    fake_calls_hang(f->calls, "read-guest *");
    g_assert_true(fake_host_strip_macvtap(f->host, "web"));
    while (fake_calls_get_hanging(f->calls) == 0)
        turn(limit);
    g_assert_true(fake_host_stop_guest(f->host, "web", NULL));
    fake_calls_release(f->calls);
    wait_seen(f, "web");
}

static void
test_unreachable(Fixture *f, gconstpointer data)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    fake_host_kill(f->host, "not there");
    nmm_watcher_start(f->watcher);
    while (!f->failure)
        turn(limit);
    g_assert_error(f->failure, NMM_ERROR, NMM_ERROR_UNREACHABLE);
    g_assert_cmpuint(f->n_guests, ==, 0);
}

/* The guests stay as they were read last; afterwards all are read again. */
static void
test_lost_and_back(Fixture *f, gconstpointer data)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;
    guint n;

    define(f, "web", NIC);
    start_guest(f, "web");
    nmm_watcher_start(f->watcher);
    wait_seen(f, "web*1");
    n = f->n_guests;
    fake_calls_clear(f->calls);
    fake_host_kill(f->host, "restarted");
    while (fake_calls_count(f->calls, "open") < 3)
        turn(limit);
    g_assert_cmpuint(f->n_guests, ==, n);
    g_assert_no_error(f->failure);
    g_assert_true(fake_host_stop_guest(f->host, "web", NULL));
    fake_host_revive(f->host);
    wait_seen(f, "web");
    start_guest(f, "web");
    wait_seen(f, "web*1");
}

/* What an administrator stopped is not started again by the watcher, but followed when it runs. */
static void
test_asleep(Fixture *f, gconstpointer data)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;
    gint64 end;

    define(f, "web", NIC);
    start_guest(f, "web");
    nmm_watcher_start(f->watcher);
    wait_seen(f, "web*1");
    fake_calls_clear(f->calls);
    fake_host_fall_asleep(f->host);
    end = g_get_monotonic_time() + 20 * (gint64)timing.reconnect_max * 1000;
    while (g_get_monotonic_time() < end)
        turn(limit);
    g_assert_cmpuint(fake_calls_count(f->calls, "open"), ==, 0);
    g_assert_true(nmm_watcher_is_settled(f->watcher));
    g_assert_no_error(f->failure);
    g_assert_true(fake_host_stop_guest(f->host, "web", NULL));
    fake_host_wake(f->host);
    wait_seen(f, "web");
    g_assert_cmpuint(fake_calls_count(f->calls, "open"), ==, 1);
    start_guest(f, "web");
    wait_seen(f, "web*1");
}

/* Modular libvirt: the networks do not matter to this client, so their daemon is left alone. */
static void
test_networks_asleep(Fixture *f, gconstpointer data)
{
    define(f, "web", NIC);
    fake_host_set_networks_asleep(f->host, TRUE);
    nmm_watcher_start(f->watcher);
    wait_seen(f, "web");
    start_guest(f, "web");
    wait_seen(f, "web*1");
    g_assert_cmpuint(fake_calls_count(f->calls, "list-networks"), ==, 0);
}

/* The activation of a profile starts it. */
static void
test_asleep_at_start(Fixture *f, gconstpointer data)
{
    define(f, "web", NIC);
    fake_host_fall_asleep(f->host);
    nmm_watcher_start(f->watcher);
    wait_seen(f, "web");
    g_assert_false(fake_host_is_asleep(f->host));
}

/* An unreadable guest does not affect another one. */
static void
test_unreadable(Fixture *f, gconstpointer data)
{
    define(f, "web", NIC);
    define(f, "db", NIC);
    nmm_watcher_start(f->watcher);
    wait_seen(f, "db web");
    fake_calls_fail(f->calls, "read-guest db", 1, 1, NMM_ERROR_BAD_XML, "broken");
    start_guest(f, "db");
    start_guest(f, "web");
    wait_seen(f, "web*1");
    g_assert_true(fake_host_stop_guest(f->host, "db", NULL));
    wait_seen(f, "db web*1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(log_writer, NULL, NULL);
    g_test_add("/watcher/follows", Fixture, NULL, setup, test_follows, teardown);
    g_test_add("/watcher/settles", Fixture, NULL, setup, test_settles, teardown);
    g_test_add("/watcher/change-during-reading",
               Fixture,
               NULL,
               setup,
               test_change_during_reading,
               teardown);
    g_test_add("/watcher/unreachable", Fixture, NULL, setup, test_unreachable, teardown);
    g_test_add("/watcher/lost-and-back", Fixture, NULL, setup, test_lost_and_back, teardown);
    g_test_add("/watcher/asleep", Fixture, NULL, setup, test_asleep, teardown);
    g_test_add("/watcher/networks-asleep", Fixture, NULL, setup, test_networks_asleep, teardown);
    g_test_add("/watcher/asleep-at-start", Fixture, NULL, setup, test_asleep_at_start, teardown);
    g_test_add("/watcher/unreadable", Fixture, NULL, setup, test_unreadable, teardown);
    return g_test_run();
}
