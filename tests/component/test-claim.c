/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: two open files lock each other out even within one process, so no second process is
 * needed but for the one that is killed.
 */

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nm-macvtap-claim.h"
#include "nm-macvtap-error.h"

typedef struct {
    char *top;
    char *dir;
} Fixture;

static void
setup(Fixture *fixture, gconstpointer data)
{
    fixture->top = g_dir_make_tmp("nm-macvtap-claim-XXXXXX", NULL);
    g_assert_nonnull(fixture->top);
    fixture->dir = g_build_filename(fixture->top, "run", NULL);
}

static void
teardown(Fixture *fixture, gconstpointer data)
{
    GDir *dir = g_dir_open(fixture->dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
        g_assert_no_errno(g_unlink(path));
    }
    if (dir) {
        g_dir_close(dir);
        g_assert_no_errno(g_rmdir(fixture->dir));
    }
    g_assert_no_errno(g_rmdir(fixture->top));
    g_free(fixture->dir);
    g_free(fixture->top);
}

static NMMacvtapClaim *
claim(Fixture *fixture, const char *what, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uuid = g_strconcat("uuid-of-", id, NULL);
    gboolean wait = TRUE;
    NMMacvtapClaim *result = nm_macvtap_claim_try(fixture->dir, what, uuid, id, &wait, &error);

    g_assert_no_error(error);
    g_assert_nonnull(result);
    g_assert_false(wait);
    return result;
}

static void
assert_refused(Fixture *fixture,
               const char *what,
               const char *id,
               const char *holder,
               gboolean wait)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uuid = g_strconcat("uuid-of-", id, NULL);
    g_autofree char *quoted = g_strdup_printf("'%s'", holder);
    gboolean out_wait = !wait;

    g_assert_null(nm_macvtap_claim_try(fixture->dir, what, uuid, id, &out_wait, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, quoted));
    g_assert_nonnull(strstr(error->message, what));
    g_assert_cmpint(out_wait, ==, wait);
}

static void
test_exclusive(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NMMacvtapClaim) first = claim(fixture, "network 'isolated'", "guests");
    g_autoptr(NMMacvtapClaim) other = claim(fixture, "network 'second'", "more guests");

    g_assert_true(first != other);
    assert_refused(fixture, "network 'isolated'", "more guests", "guests", FALSE);
    g_clear_pointer(&first, nm_macvtap_claim_release);
    first = claim(fixture, "network 'isolated'", "more guests");
    assert_refused(fixture, "network 'isolated'", "guests", "more guests", FALSE);
}

static void
test_same_profile_waits(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NMMacvtapClaim) first = claim(fixture, "network 'isolated'", "guests");

    assert_refused(fixture, "network 'isolated'", "guests", "guests", TRUE);
    g_clear_pointer(&first, nm_macvtap_claim_release);
    first = claim(fixture, "network 'isolated'", "guests");
}

static void
test_ending_holder_waits(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NMMacvtapClaim) first =
        claim(fixture, "network 'isolated'", "guests with a longer name");

    nm_macvtap_claim_set_ending(first);
    assert_refused(fixture, "network 'isolated'", "b", "guests with a longer name", TRUE);
    g_clear_pointer(&first, nm_macvtap_claim_release);

    /* The next holder is not taken for one that is ending, nor for the last. */
    first = claim(fixture, "network 'isolated'", "b");
    assert_refused(fixture, "network 'isolated'", "c", "b", FALSE);
}

static void
test_killed_holder(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NMMacvtapClaim) again = NULL;
    int ready[2];
    pid_t pid;
    char byte;

    g_assert_no_errno(pipe(ready));
    pid = fork();
    g_assert_no_errno(pid);
    if (pid == 0) {
        gboolean wait;

        if (!nm_macvtap_claim_try(fixture->dir, "link 'nmmveth0'", "u", "p", &wait, NULL))
            _exit(1);
        g_assert_cmpint(write(ready[1], "x", 1), ==, 1);
        pause();
    }
    close(ready[1]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    assert_refused(fixture, "link 'nmmveth0'", "guests", "p", FALSE);

    g_assert_no_errno(kill(pid, SIGKILL));
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    again = claim(fixture, "link 'nmmveth0'", "guests");
    assert_refused(fixture, "link 'nmmveth0'", "p", "guests", FALSE);
    g_clear_pointer(&again, nm_macvtap_claim_release);
}

static void
test_no_directory(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gboolean wait = TRUE;

    g_assert_null(nm_macvtap_claim_try("/proc/nowhere", "network 'x'", "u", "p", &wait, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "/proc/nowhere"));
    g_assert_false(wait);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/claim/exclusive", Fixture, NULL, setup, test_exclusive, teardown);
    g_test_add(
        "/claim/same-profile-waits", Fixture, NULL, setup, test_same_profile_waits, teardown);
    g_test_add(
        "/claim/ending-holder-waits", Fixture, NULL, setup, test_ending_holder_waits, teardown);
    g_test_add("/claim/killed-holder", Fixture, NULL, setup, test_killed_holder, teardown);
    g_test_add("/claim/no-directory", Fixture, NULL, setup, test_no_directory, teardown);
    return g_test_run();
}
