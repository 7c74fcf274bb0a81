/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes of checkpoints: of a process that lives, of one that is dead, and whose a checkpoint is. A
 * note that is freed is what a process leaves that dies: the lock is gone, the text is not.
 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nm-macvtap-checkpoint.h"
#include "nm-macvtap-error.h"

#define PATH  "/org/freedesktop/NetworkManager/Checkpoint/3"
#define ASKED 1000000

typedef struct {
    char *top;
    char *dir;
    int over;  /* atomic: the reader is to end */
    int asked; /* atomic: how often it has asked */
} Fixture;

static void
setup(Fixture *fixture, gconstpointer data)
{
    fixture->top = g_dir_make_tmp("nm-macvtap-checkpoint-XXXXXX", NULL);
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

static NMMacvtapCheckpoint *
begin_at(Fixture *fixture, gint64 now)
{
    g_autoptr(GError) error = NULL;
    NMMacvtapCheckpoint *note = nm_macvtap_checkpoint_begin(fixture->dir, "eth0", now, &error);

    g_assert_no_error(error);
    g_assert_nonnull(note);
    return note;
}

static NMMacvtapCheckpoint *
begin(Fixture *fixture)
{
    return begin_at(fixture, ASKED);
}

static NMMacvtapCheckpointView
ours(void)
{
    return (NMMacvtapCheckpointView){
        .path = PATH,
        .created = ASKED + 5,
        .timeout_s = NM_MACVTAP_CHECKPOINT_TIMEOUT_S,
        .device = "eth0",
    };
}

static gboolean
is_left(Fixture *fixture, const NMMacvtapCheckpointView *view)
{
    return nm_macvtap_checkpoint_is_left(fixture->dir, "eth0", view);
}

static void
test_noted(Fixture *fixture, gconstpointer data)
{
    NMMacvtapCheckpoint *note;
    NMMacvtapCheckpointView view = ours();
    g_autofree char *file = g_build_filename(fixture->dir, "checkpoint-eth0", NULL);
    GStatBuf info;

    g_assert_false(is_left(fixture, &view));
    note = begin(fixture);
    g_assert_null(nm_macvtap_checkpoint_get_path(note));
    nm_macvtap_checkpoint_note(note, PATH, ASKED + 5);
    g_assert_cmpstr(nm_macvtap_checkpoint_get_path(note), ==, PATH);
    g_assert_cmpint(g_stat(file, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0600);

    /* Its process lives. */
    g_assert_false(is_left(fixture, &view));
    nm_macvtap_checkpoint_free(note);
    g_assert_true(is_left(fixture, &view));
    g_assert_false(nm_macvtap_checkpoint_is_left(fixture->dir, "eth1", &view));

    /* A stranger's: of a later NetworkManager, of another path, of other devices. */
    view.created++;
    g_assert_false(is_left(fixture, &view));
    view = ours();
    view.path = "/org/freedesktop/NetworkManager/Checkpoint/4";
    g_assert_false(is_left(fixture, &view));
    view = ours();
    view.device = NULL;
    g_assert_false(is_left(fixture, &view));
}

/* It died before NetworkManager's answer. */
static void
test_asked(Fixture *fixture, gconstpointer data)
{
    NMMacvtapCheckpointView view = ours();

    nm_macvtap_checkpoint_free(begin(fixture));
    g_assert_true(is_left(fixture, &view));
    view.created = ASKED - 1;
    g_assert_false(is_left(fixture, &view));
    view.created = ASKED + 60000;
    g_assert_false(is_left(fixture, &view));
    view = ours();
    view.timeout_s = 90;
    g_assert_false(is_left(fixture, &view));
    view = ours();
    view.device = "eth1";
    g_assert_false(is_left(fixture, &view));
}

static void
test_ended(Fixture *fixture, gconstpointer data)
{
    NMMacvtapCheckpointView view = ours();
    NMMacvtapCheckpoint *note = begin(fixture);

    nm_macvtap_checkpoint_note(note, PATH, ASKED + 5);
    nm_macvtap_checkpoint_end(note);
    g_assert_false(is_left(fixture, &view));
    /* The next one writes over it. */
    note = begin(fixture);
    nm_macvtap_checkpoint_free(note);
    g_assert_true(is_left(fixture, &view));
}

static void
test_two_processes(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    NMMacvtapCheckpoint *note = begin(fixture);

    g_assert_null(nm_macvtap_checkpoint_begin(fixture->dir, "eth0", ASKED, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "'eth0'"));
    nm_macvtap_checkpoint_end(note);
}

/* One process asks all the time while another begins and ends: the latter is never kept from it,
 * and the former never takes for left what is not. */
static gpointer
ask_until_told(gpointer data)
{
    Fixture *fixture = data;
    NMMacvtapCheckpointView view = ours();

    view.created = ASKED + 20000;
    while (!g_atomic_int_get(&fixture->over)) {
        g_assert_false(is_left(fixture, &view));
        g_atomic_int_inc(&fixture->asked);
    }
    return NULL;
}

static void
test_reader(Fixture *fixture, gconstpointer data)
{
    GThread *thread = g_thread_new("reader", ask_until_told, fixture);

    /* The view would be of each of them; no two are of the same moment. */
    for (int i = 0; i < 10000 || g_atomic_int_get(&fixture->asked) < 10000; i++)
        nm_macvtap_checkpoint_end(begin_at(fixture, ASKED + i % 10000));
    g_atomic_int_set(&fixture->over, TRUE);
    g_thread_join(thread);
}

/* Writes its note again and again until it is killed. */
static pid_t
start_writer(Fixture *fixture)
{
    int ready[2];
    pid_t pid;
    char byte;

    g_assert_no_errno(pipe(ready));
    pid = fork();
    g_assert_no_errno(pid);
    if (pid == 0) {
        NMMacvtapCheckpoint *note = begin(fixture);

        g_assert_cmpint(write(ready[1], "x", 1), ==, 1);
        while (TRUE)
            nm_macvtap_checkpoint_note(note, PATH, ASKED + 5);
    }
    close(ready[1]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    return pid;
}

static void
test_killed(Fixture *fixture, gconstpointer data)
{
    NMMacvtapCheckpointView view = ours();

    for (guint i = 0; i < 100; i++) {
        pid_t pid = start_writer(fixture);

        g_usleep((gulong)g_test_rand_int_range(0, 2000));
        g_assert_false(is_left(fixture, &view));
        g_assert_no_errno(kill(pid, SIGKILL));
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        g_assert_true(is_left(fixture, &view));
    }
}

/* Nothing of ours is at hand then to know a checkpoint by, so that there must be none. */
static void
test_cannot_write(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->dir, "checkpoint-eth0", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_no_errno(g_mkdir_with_parents(file, 0700));
    g_assert_null(nm_macvtap_checkpoint_begin(fixture->dir, "eth0", ASKED, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, fixture->dir));
    g_assert_no_errno(g_rmdir(file));
    nm_macvtap_checkpoint_end(begin(fixture));
}

static void
test_damaged(Fixture *fixture, gconstpointer data)
{
    static const char *const texts[] = {
        "", "\n", "[checkpoint]\n", "[check", "\xff\xfe", "[x]\na=b\n"};
    NMMacvtapCheckpointView view = ours();
    g_autofree char *file = g_build_filename(fixture->dir, "checkpoint-eth0", NULL);

    nm_macvtap_checkpoint_end(begin(fixture));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_true(g_file_set_contents(file, texts[i], -1, NULL));
        g_assert_false(is_left(fixture, &view));
    }
}

static void
test_no_directory(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nm_macvtap_checkpoint_begin("/proc/no", "eth0", ASKED, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/checkpoint/" name, Fixture, NULL, setup, function, teardown)
    ADD("noted", test_noted);
    ADD("asked", test_asked);
    ADD("ended", test_ended);
    ADD("two-processes", test_two_processes);
    ADD("reader", test_reader);
    ADD("killed", test_killed);
    ADD("cannot-write", test_cannot_write);
    ADD("damaged", test_damaged);
    ADD("no-directory", test_no_directory);
#undef ADD
    return g_test_run();
}
