/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sync engine remembers of guests: what is new, and when a guest is tried again.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-guest-status-table.h"

#define MS 1000 /* in microseconds */

static const guint retry_ms[] = {20, 40, 0};

static gboolean
note(NmmGuestStatusTable *table, NmmGuestStatus status, gint code, const char *message, gint64 now)
{
    g_autoptr(GError) failure = message ? g_error_new_literal(NMM_ERROR, code, message) : NULL;

    return nmm_guest_status_table_note(table, "uuid-web", "web", status, failure, now);
}

static gboolean
note_ok(NmmGuestStatusTable *table, NmmGuestStatus status)
{
    return note(table, status, 0, NULL, 0);
}

static gboolean
note_failed(NmmGuestStatusTable *table, const char *message, gint64 now)
{
    return note(table, NMM_GUEST_SERVED, NMM_ERROR_FAILED, message, now);
}

static void
test_news(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    g_assert_false(note_ok(table, NMM_GUEST_NOT_MACVTAP));
    g_assert_true(note_ok(table, NMM_GUEST_SERVED));
    g_assert_false(note_ok(table, NMM_GUEST_SERVED));
    g_assert_true(note_ok(table, NMM_GUEST_SHUT_OFF));
    g_assert_true(note_ok(table, NMM_GUEST_NOT_SELECTED));
    g_assert_false(note_ok(table, NMM_GUEST_NOT_SELECTED));
}

/* The same failure is new once, another one is new again. */
static void
test_failure_news(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    g_assert_true(note_failed(table, "no space left", 0));
    g_assert_false(note_failed(table, "no space left", 0));
    g_assert_true(note_failed(table, "device is busy", 0));
    g_assert_true(note_ok(table, NMM_GUEST_SERVED));
}

static void
test_retries(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, -1);
    note_failed(table, "no space left", 1000);
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, 1000 + 20 * MS);
    note_failed(table, "no space left", 2000);
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, 2000 + 40 * MS);
    note_failed(table, "no space left", 3000);
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, -1);
}

static void
test_success_starts_anew(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    note_failed(table, "no space left", 0);
    note_failed(table, "no space left", 0);
    note_ok(table, NMM_GUEST_SERVED);
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, -1);
    note_failed(table, "no space left", 0);
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, 20 * MS);
}

static void
test_restart_is_not_retried(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    note(table, NMM_GUEST_NEEDS_RESTART, NMM_ERROR_UNSUPPORTED, "no free slot is left", 0);
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, -1);
}

/* A guest that another operation holds is tried until it is free. */
static void
test_busy_is_retried_for_ever(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    for (guint i = 0; i < 50; i++) {
        gint64 now = i * (gint64)MS;
        gint64 wait = (i == 0 ? 20 : 40) * (gint64)MS;

        note(table, NMM_GUEST_SERVED, NMM_ERROR_BUSY, "held", now);
        g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, now + wait);
    }
}

static void
test_take_due(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);
    g_autoptr(GHashTable) due = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    note_failed(table, "no space left", 0);
    nmm_guest_status_table_take_due(table, 20 * MS - 1, due);
    g_assert_cmpuint(g_hash_table_size(due), ==, 0);
    nmm_guest_status_table_take_due(table, 20 * MS, due);
    g_assert_true(g_hash_table_contains(due, "uuid-web"));
    g_hash_table_remove_all(due);
    nmm_guest_status_table_take_due(table, 20 * MS, due);
    g_assert_cmpuint(g_hash_table_size(due), ==, 0);
}

#define MINUTE (60 * (gint64)G_USEC_PER_SEC)

static gboolean
put_back(NmmGuestStatusTable *table, NmmScope scope, gint64 now)
{
    return nmm_guest_status_table_note_put_back(table, "uuid-web", scope, now);
}

/* Logged the second time within minutes, once. */
static void
test_put_back(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    g_assert_false(put_back(table, NMM_SCOPE_CONFIG, 1));
    note_ok(table, NMM_GUEST_SERVED);
    g_assert_false(put_back(table, NMM_SCOPE_CONFIG, 1 * MINUTE));
    /* The same removal, in the running guest. */
    g_assert_false(put_back(table, NMM_SCOPE_LIVE, 1 * MINUTE));
    g_assert_false(put_back(table, NMM_SCOPE_CONFIG, 20 * MINUTE));
    g_assert_true(put_back(table, NMM_SCOPE_CONFIG, 25 * MINUTE));
    g_assert_false(put_back(table, NMM_SCOPE_CONFIG, 26 * MINUTE));
    g_assert_false(put_back(table, NMM_SCOPE_LIVE, 26 * MINUTE));
}

/* A guest that had no interface before is served for the first time. */
static void
test_not_put_back(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);

    note_ok(table, NMM_GUEST_SHUT_OFF);
    for (guint i = 1; i < 5; i++)
        g_assert_false(put_back(table, NMM_SCOPE_LIVE, i * MINUTE));
    note_ok(table, NMM_GUEST_NEEDS_RESTART);
    note_failed(table, "no space left", 0);
    for (guint i = 1; i < 5; i++)
        g_assert_false(put_back(table, NMM_SCOPE_CONFIG, i * MINUTE));
}

static void
test_forget(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);
    g_autoptr(GPtrArray) none = g_ptr_array_new();

    note_failed(table, "no space left", 0);
    nmm_guest_status_table_forget(table, "uuid-web");
    g_assert_cmpint(nmm_guest_status_table_get_due(table), ==, -1);
    g_assert_true(note_ok(table, NMM_GUEST_SERVED));
    nmm_guest_status_table_forget_others(table, none);
    g_assert_true(note_ok(table, NMM_GUEST_SERVED));
}

static void
test_forget_others_keeps(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);
    g_autoptr(GPtrArray) reports = g_ptr_array_new();
    NmmGuest guest = {.uuid = (char *)"uuid-web"};
    NmmGuestReport report = {.guest = &guest};

    g_ptr_array_add(reports, &report);
    note_ok(table, NMM_GUEST_SERVED);
    nmm_guest_status_table_forget_others(table, reports);
    g_assert_false(note_ok(table, NMM_GUEST_SERVED));
}

/* A guest that is only here because it could not be read is no macvtap guest. */
static void
test_lists(void)
{
    g_autoptr(NmmGuestStatusTable) table = nmm_guest_status_table_new(retry_ms);
    g_autoptr(GError) failure = g_error_new_literal(NMM_ERROR, NMM_ERROR_BAD_XML, "not a domain");
    g_autoptr(GHashTable) guests = NULL;
    g_auto(GStrv) served = NULL;

    nmm_guest_status_table_note(table, "uuid-web", "web", NMM_GUEST_SERVED, NULL, 0);
    nmm_guest_status_table_note(table, "uuid-off", "off", NMM_GUEST_SHUT_OFF, NULL, 0);
    nmm_guest_status_table_note(table, "uuid-bad", "bad", NMM_GUEST_NOT_MACVTAP, failure, 0);
    served = nmm_guest_status_table_list_served(table);
    g_assert_cmpuint(g_strv_length(served), ==, 1);
    g_assert_cmpstr(served[0], ==, "web");
    guests = nmm_guest_status_table_list_guests(table);
    g_assert_cmpuint(g_hash_table_size(guests), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(guests, "uuid-off"), ==, "off");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest-status-table/news", test_news);
    g_test_add_func("/guest-status-table/failure-news", test_failure_news);
    g_test_add_func("/guest-status-table/retries", test_retries);
    g_test_add_func("/guest-status-table/success-starts-anew", test_success_starts_anew);
    g_test_add_func("/guest-status-table/restart-is-not-retried", test_restart_is_not_retried);
    g_test_add_func("/guest-status-table/busy-is-retried-for-ever", test_busy_is_retried_for_ever);
    g_test_add_func("/guest-status-table/take-due", test_take_due);
    g_test_add_func("/guest-status-table/put-back", test_put_back);
    g_test_add_func("/guest-status-table/not-put-back", test_not_put_back);
    g_test_add_func("/guest-status-table/forget", test_forget);
    g_test_add_func("/guest-status-table/forget-others-keeps", test_forget_others_keeps);
    g_test_add_func("/guest-status-table/lists", test_lists);
    return g_test_run();
}
