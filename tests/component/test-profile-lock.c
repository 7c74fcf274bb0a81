/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of profiles. Two open files lock each other out even within one process, so only the test
 * of a killed holder needs a second process.
 */

#include "config.h"

#include <unistd.h>

#include "nmm-error.h"
#include "nmm-profile-lock.h"
#include "run-dir.h"

/* A key as core makes it, of a network named @name. */
static NmmLockKey *
make_key(const char *name)
{
    NmmLockKey *key = g_new0(NmmLockKey, 1);

    key->id = g_strconcat("network qemu:///system ", name, NULL);
    key->label = g_strdup_printf("network '%s'", name);
    return key;
}

static NmmProfileLock *
take(RunDir *run, const char *name, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uuid = g_strconcat("uuid-of-", id, NULL);
    gboolean wait = TRUE;
    g_autoptr(NmmLockKey) key = make_key(name);
    NmmProfileLock *result = nmm_profile_lock_try(run->dir, key, uuid, id, &wait, &error);

    g_assert_no_error(error);
    g_assert_nonnull(result);
    g_assert_false(wait);
    return result;
}

static void
assert_refused(RunDir *run, const char *name, const char *id, const char *holder, gboolean wait)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uuid = g_strconcat("uuid-of-", id, NULL);
    g_autofree char *quoted = g_strdup_printf("'%s'", holder);
    g_autoptr(NmmLockKey) key = make_key(name);
    gboolean out_wait = !wait;

    g_assert_null(nmm_profile_lock_try(run->dir, key, uuid, id, &out_wait, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, quoted));
    g_assert_nonnull(strstr(error->message, key->label));
    g_assert_cmpint(out_wait, ==, wait);
}

static void
test_exclusive(RunDir *run, gconstpointer data)
{
    g_autoptr(NmmProfileLock) first = take(run, "isolated", "guests");
    g_autoptr(NmmProfileLock) other = take(run, "second", "more guests");

    g_assert_true(first != other);
    assert_refused(run, "isolated", "more guests", "guests", FALSE);
    g_clear_pointer(&first, nmm_profile_lock_release);
    first = take(run, "isolated", "more guests");
    assert_refused(run, "isolated", "guests", "more guests", FALSE);
}

static void
test_same_profile_waits(RunDir *run, gconstpointer data)
{
    g_autoptr(NmmProfileLock) first = take(run, "isolated", "guests");

    assert_refused(run, "isolated", "guests", "guests", TRUE);
    g_clear_pointer(&first, nmm_profile_lock_release);
    first = take(run, "isolated", "guests");
}

static void
test_ending_holder_waits(RunDir *run, gconstpointer data)
{
    g_autoptr(NmmProfileLock) first = take(run, "isolated", "guests with a longer name");

    nmm_profile_lock_set_ending(first);
    assert_refused(run, "isolated", "b", "guests with a longer name", TRUE);
    g_clear_pointer(&first, nmm_profile_lock_release);

    /* The next holder is not ending, and is not mistaken for the last one. */
    first = take(run, "isolated", "b");
    assert_refused(run, "isolated", "c", "b", FALSE);
}

static gpointer
hold(RunDir *run)
{
    return take(run, "nmmveth0", "p");
}

static void
wait_forever(gpointer held)
{
    pause();
}

static void
test_killed_holder(RunDir *run, gconstpointer data)
{
    g_autoptr(NmmProfileLock) again = NULL;
    GPid pid = run_dir_start(run, hold, wait_forever);

    assert_refused(run, "nmmveth0", "guests", "p", FALSE);
    run_dir_kill(pid);
    again = take(run, "nmmveth0", "guests");
    assert_refused(run, "nmmveth0", "p", "guests", FALSE);
    g_clear_pointer(&again, nmm_profile_lock_release);
}

static void
test_holders(RunDir *run, gconstpointer data)
{
    g_autoptr(NmmProfileLock) held G_GNUC_UNUSED = take(run, "isolated", "held");
    g_autoptr(NmmProfileLock) left = take(run, "second", "left");
    g_autoptr(GHashTable) uuids = NULL;

    g_clear_pointer(&left, nmm_profile_lock_release);
    uuids = nmm_profile_lock_list_holders(run->dir);
    g_assert_cmpuint(g_hash_table_size(uuids), ==, 1);
    g_assert_true(g_hash_table_contains(uuids, "uuid-of-held"));
    /* It took no lock. */
    left = take(run, "second", "left");

    g_clear_pointer(&uuids, g_hash_table_unref);
    uuids = nmm_profile_lock_list_holders("/no/such");
    g_assert_cmpuint(g_hash_table_size(uuids), ==, 0);
}

static void
test_no_directory(RunDir *run, gconstpointer data)
{
    g_autoptr(NmmLockKey) key = make_key("x");
    g_autoptr(GError) error = NULL;
    gboolean wait = TRUE;

    g_assert_null(nmm_profile_lock_try("/proc/nowhere", key, "u", "p", &wait, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "/proc/nowhere"));
    g_assert_false(wait);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/profile-lock/" name, RunDir, NULL, run_dir_set_up, function, run_dir_tear_down)
    ADD("exclusive", test_exclusive);
    ADD("same-profile-waits", test_same_profile_waits);
    ADD("ending-holder-waits", test_ending_holder_waits);
    ADD("killed-holder", test_killed_holder);
    ADD("holders", test_holders);
    ADD("no-directory", test_no_directory);
#undef ADD
    return g_test_run();
}
