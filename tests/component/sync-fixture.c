/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits end on a condition; the time limit only ends a test that hangs. */

#include "config.h"

#include <string.h>

#include "sync-fixture.h"

#include "nmm-identity.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

#define MACVTAP_NIC                                                                                \
    "<interface type='direct'><source dev='eth0' mode='bridge'/><model type='virtio'/></interface>"
#define PLAIN_NIC                                                                                  \
    "<interface type='network'><source network='default'/><model type='virtio'/></interface>"

static const NmmSyncTiming timing = {
    .watcher = {.settle = 20, .settle_max = 200, .reconnect = 10, .reconnect_max = 40},
    .absent = 100,
    .link_down = 50,
    .hold = 1000,
    .retry = {20, 40, 0},
};

/* Warnings of all threads are collected; anything worse ends the program. */

static GMutex warnings_mutex;
static GPtrArray *warnings;

static GLogWriterOutput
log_writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    const char *message = "";

    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, "MESSAGE"))
            message = fields[i].value;
    }
    if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) {
        g_printerr("%s\n", message);
        g_abort();
    }
    g_assert_null(strstr(message, "<interface"));
    if (level & G_LOG_LEVEL_WARNING) {
        g_mutex_lock(&warnings_mutex);
        g_ptr_array_add(warnings, g_strdup(message));
        g_mutex_unlock(&warnings_mutex);
    }
    return G_LOG_WRITER_HANDLED;
}

/* (transfer full) (nullable): the oldest one. */
static char *
steal_warning(void)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&warnings_mutex);

    return warnings->len > 0 ? g_ptr_array_steal_index(warnings, 0) : NULL;
}

void
fixture_forget_warnings(void)
{
    char *message;

    while ((message = steal_warning()))
        g_free(message);
}

void
fixture_assert_warned(const char *pattern)
{
    g_autofree char *message = steal_warning();

    g_assert_nonnull(message);
    if (!g_pattern_match_simple(pattern, message))
        g_error("warning '%s' does not match '%s'", message, pattern);
}

/* Callbacks */

/* Returns: whether it is new. A guest that was never a macvtap guest is not. */
static gboolean
keep_report(Fixture *fixture, const NmmGuestReport *report)
{
    gpointer known = GINT_TO_POINTER(NMM_GUEST_NOT_MACVTAP);

    g_hash_table_lookup_extended(fixture->status, report->guest->name, NULL, &known);
    g_hash_table_replace(
        fixture->status, g_strdup(report->guest->name), GINT_TO_POINTER(report->status));
    return GPOINTER_TO_INT(known) != (int)report->status;
}

static gboolean
is_gone(gpointer name, gpointer status, gpointer data)
{
    Fixture *fixture = data;
    g_auto(GStrv) uuids = fake_host_list_guests(fixture->host);

    for (char **uuid = uuids; *uuid; uuid++) {
        g_autofree char *other = fake_host_get_guest_name(fixture->host, *uuid);

        if (g_strcmp0(name, other) == 0)
            return FALSE;
    }
    return TRUE;
}

/* Returns: whether the pass found or changed anything. What needs a restart did not succeed. */
static gboolean
keep_plan(Fixture *fixture, const NmmPlan *plan)
{
    gboolean news = g_hash_table_foreach_remove(fixture->status, is_gone, fixture) > 0;

    g_free(fixture->bridge);
    fixture->bridge = g_strdup(plan->bridge);
    for (guint i = 0; i < plan->reports->len; i++)
        news |= keep_report(fixture, plan->reports->pdata[i]);
    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = plan->edits->pdata[i];

        news |= !edit->guest_name ||
                GPOINTER_TO_INT(g_hash_table_lookup(fixture->status, edit->guest_name)) !=
                    NMM_GUEST_NEEDS_RESTART;
    }
    return news;
}

static void
up_cb(const NmmPlan *plan, gpointer data)
{
    Fixture *fixture = data;

    keep_plan(fixture, plan);
    fixture->n_up++;
}

static void
kept_cb(const NmmPlan *plan, gboolean all, gpointer data)
{
    Fixture *fixture = data;

    if (keep_plan(fixture, plan))
        fixture->n_report++;
}

static void
failed_cb(const GError *error, gpointer data)
{
    Fixture *fixture = data;

    g_clear_error(&fixture->failure);
    fixture->failure = g_error_copy(error);
    fixture->n_failed++;
}

static void
stopped_cb(gpointer data)
{
    Fixture *fixture = data;

    fixture->n_stopped++;
}

static GPtrArray *
collect_subnets_cb(gpointer data)
{
    Fixture *fixture = data;

    fixture->n_collected++;
    return g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
}

/* Life */

static const NmmSyncClient client = {
    .up = up_cb,
    .kept = kept_cb,
    .failed = failed_cb,
    .stopped = stopped_cb,
    .collect_subnets = collect_subnets_cb,
};

static NmmProfile *
make_profile(const char *const *keys, const char *zone)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    NmmProfile *profile;

    for (; keys && keys[0]; keys += 2)
        g_hash_table_insert(data, (gpointer)keys[0], (gpointer)keys[1]);
    profile = nmm_profile_parse(
        "guests", "5a2c7b1e-0000-4000-8000-000000000001", zone, data, NULL, &error);
    g_assert_no_error(error);
    return profile;
}

void
fixture_drop_engine(Fixture *fixture)
{
    g_clear_pointer(&fixture->sync, nmm_sync_free);
    g_clear_object(&fixture->hypervisor);
    g_clear_pointer(&fixture->alias, g_free);
}

void
fixture_replace_engine(Fixture *fixture, gconstpointer keys)
{
    fixture_replace_engine_in_zone(fixture, keys, NULL);
}

void
fixture_replace_engine_in_zone(Fixture *fixture, gconstpointer keys, const char *zone)
{
    g_autoptr(NmmProfile) profile = make_profile(keys, zone);

    fixture_drop_engine(fixture);
    fixture->hypervisor = fake_hypervisor_new(fixture->host);
    fixture->alias = nmm_identity_alias(profile->network);
    fixture->sync = nmm_sync_new(fixture->hypervisor,
                                 profile,
                                 "0123456789abcdef0123456789abcdef",
                                 &client,
                                 &timing,
                                 fixture);
}

void
fixture_setup(Fixture *fixture, gconstpointer keys)
{
    static gsize initialised = 0;

    if (g_once_init_enter(&initialised)) {
        warnings = g_ptr_array_new_with_free_func(g_free);
        g_log_set_writer_func(log_writer, NULL, NULL);
        g_once_init_leave(&initialised, 1);
    }
    fixture->host = fake_host_new();
    fixture->calls = fake_host_get_calls(fixture->host);
    fixture->status = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    fixture_replace_engine(fixture, keys);
}

static gboolean
is_left_alone(Fixture *fixture)
{
    return fake_host_count_joined(fixture->host) == 0;
}

/* One turn of the main loop; ends a test that hangs. */
static void
turn(gint64 limit)
{
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    if (!g_main_context_iteration(NULL, FALSE))
        g_usleep(500);
}

static void
wait_until(Fixture *fixture, gboolean (*condition)(Fixture *fixture))
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    while (!condition(fixture))
        turn(limit);
}

void
fixture_teardown(Fixture *fixture, gconstpointer keys)
{
    fake_calls_release(fixture->calls);
    fixture_drop_engine(fixture);
    wait_until(fixture, is_left_alone);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    for (guint i = 0; i < warnings->len; i++)
        g_test_message("not expected: %s", (const char *)warnings->pdata[i]);
    g_assert_cmpuint(warnings->len, ==, 0);
    g_clear_error(&fixture->failure);
    g_clear_pointer(&fixture->bridge, g_free);
    g_clear_pointer(&fixture->status, g_hash_table_unref);
    g_clear_pointer(&fixture->host, fake_host_unref);
}

/* Waiting */

void
fixture_wait(Fixture *fixture, const guint *counter, guint n)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    while (*counter < n)
        turn(limit);
}

void
fixture_wait_result(Fixture *fixture)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;
    guint n = fixture->n_up + fixture->n_failed;

    while (fixture->n_up + fixture->n_failed == n)
        turn(limit);
}

void
fixture_wait_calls(Fixture *fixture, const char *pattern, guint n)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    while (fake_calls_count(fixture->calls, pattern) < n)
        turn(limit);
}

void
fixture_wait_hanging(Fixture *fixture, guint n)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE;

    while (fake_calls_get_hanging(fixture->calls) < n)
        turn(limit);
}

static gboolean
is_settled(Fixture *fixture)
{
    return nmm_sync_is_settled(fixture->sync) && !g_main_context_pending(NULL);
}

void
fixture_settle(Fixture *fixture)
{
    wait_until(fixture, is_settled);
}

void
fixture_bring_up(Fixture *fixture)
{
    guint n = fixture->n_up;

    nmm_sync_start(fixture->sync);
    fixture_wait(fixture, &fixture->n_up, n + 1);
    fixture_settle(fixture);
    fake_calls_clear(fixture->calls);
}

void
fixture_stop(Fixture *fixture, guint timeout_ms)
{
    guint n = fixture->n_stopped;

    nmm_sync_stop(fixture->sync, timeout_ms);
    g_assert_cmpuint(fixture->n_stopped, ==, n);
    fixture_wait(fixture, &fixture->n_stopped, n + 1);
}

gboolean
fixture_has_timer(void)
{
    GMainContext *context = g_main_context_default();
    GPollFD fds[16];
    int priority;
    int timeout = 0;

    /* A source that is ready would hide the timers. */
    while (g_main_context_iteration(context, FALSE)) {
    }
    g_assert_true(g_main_context_acquire(context));
    g_main_context_prepare(context, &priority);
    g_main_context_query(context, G_MAXINT, &timeout, fds, G_N_ELEMENTS(fds));
    g_main_context_release(context);
    return timeout > 0;
}

/* The host */

char *
fixture_domain_xml(const char *name, const char *interfaces)
{
    return g_strdup_printf("<domain type='qemu'><name>%s</name><memory>65536</memory><os><type>hvm"
                           "</type></os><devices>%s</devices></domain>",
                           name,
                           interfaces);
}

static void
define(Fixture *fixture, const char *name, const char *interfaces)
{
    g_autofree char *xml = fixture_domain_xml(name, interfaces);
    g_autoptr(GError) error = NULL;

    fake_host_define_guest(fixture->host, xml, &error);
    g_assert_no_error(error);
}

void
fixture_define(Fixture *fixture, const char *name)
{
    define(fixture, name, MACVTAP_NIC);
}

void
fixture_define_plain(Fixture *fixture, const char *name)
{
    if (!fake_host_get_network_active(fixture->host, "default")) {
        fake_host_define_network(fixture->host,
                                 "<network><name>default</name><forward mode='nat'/>"
                                 "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>",
                                 NULL);
        fake_host_start_network(fixture->host, "default", NULL);
    }
    define(fixture, name, PLAIN_NIC);
}

void
fixture_start_guest(Fixture *fixture, const char *name)
{
    g_autoptr(GError) error = NULL;

    fake_host_start_guest(fixture->host, name, &error);
    g_assert_no_error(error);
}

void
fixture_define_running(Fixture *fixture, const char *name)
{
    fixture_define(fixture, name);
    fixture_start_guest(fixture, name);
}

static guint
count_alias(const char *xml, const char *alias)
{
    guint n = 0;

    while ((xml = strstr(xml, alias))) {
        n++;
        xml++;
    }
    return n;
}

guint
fixture_count_nics(Fixture *fixture, const char *guest, NmmScope scope)
{
    g_autofree char *xml = fake_host_dump_guest(fixture->host, guest, scope);

    return xml ? count_alias(xml, fixture->alias) : 0;
}

gboolean
fixture_is_link_up(Fixture *fixture, const char *guest)
{
    g_autofree char *xml = fake_host_dump_guest(fixture->host, guest, NMM_SCOPE_LIVE);
    g_autoptr(NmmGuest) read = nmm_guest_new_from_xml(NULL, xml, NULL);

    for (guint i = 0; i < read->live->nics->len; i++) {
        const NmmNic *nic = read->live->nics->pdata[i];

        if (g_strcmp0(nic->alias, fixture->alias) == 0)
            return !nic->link_down;
    }
    g_assert_not_reached();
}

guint
fixture_count_edits(Fixture *fixture)
{
    return fake_calls_count(fixture->calls, "nic-*") +
           fake_calls_count(fixture->calls, "network-*");
}

const char *
fixture_get_status(Fixture *fixture, const char *guest)
{
    gpointer status;

    if (!g_hash_table_lookup_extended(fixture->status, guest, NULL, &status))
        return NULL;
    return nmm_guest_status_to_string((NmmGuestStatus)GPOINTER_TO_INT(status));
}
