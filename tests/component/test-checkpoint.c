/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes of checkpoints: of a process that lives, of one that died, and which checkpoint they match.
 * To free a note is like the death of its process: the lock is gone, the text remains.
 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "nmm-checkpoint.h"
#include "nmm-error.h"
#include "run-dir.h"

#define PATH  "/org/freedesktop/NetworkManager/Checkpoint/3"
#define ASKED 1000000

static NmmCheckpoint *
begin_at(RunDir *run, gint64 now)
{
    g_autoptr(GError) error = NULL;
    NmmCheckpoint *note = nmm_checkpoint_begin(run->dir, "eth0", now, &error);

    g_assert_no_error(error);
    g_assert_nonnull(note);
    return note;
}

static NmmCheckpoint *
begin(RunDir *run)
{
    return begin_at(run, ASKED);
}

static NmmCheckpointView
ours(void)
{
    return (NmmCheckpointView){
        .path = PATH,
        .created = ASKED + 5,
        .timeout_s = NMM_CHECKPOINT_TIMEOUT_S,
        .device = "eth0",
    };
}

static gboolean
is_left(RunDir *run, const NmmCheckpointView *view)
{
    return nmm_checkpoint_is_left(run->dir, "eth0", view);
}

static void
test_noted(RunDir *run, gconstpointer data)
{
    NmmCheckpoint *note;
    NmmCheckpointView view = ours();
    g_autofree char *file = g_build_filename(run->dir, "checkpoint-eth0", NULL);
    GStatBuf info;

    g_assert_false(is_left(run, &view));
    note = begin(run);
    g_assert_null(nmm_checkpoint_get_path(note));
    nmm_checkpoint_note(note, PATH, ASKED + 5);
    g_assert_cmpstr(nmm_checkpoint_get_path(note), ==, PATH);
    g_assert_cmpint(g_stat(file, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0600);

    /* Its process lives. */
    g_assert_false(is_left(run, &view));
    nmm_checkpoint_free(note);
    g_assert_true(is_left(run, &view));
    g_assert_false(nmm_checkpoint_is_left(run->dir, "eth1", &view));

    /* Checkpoints of other programs: another time, path or set of devices. */
    view.created++;
    g_assert_false(is_left(run, &view));
    view = ours();
    view.path = "/org/freedesktop/NetworkManager/Checkpoint/4";
    g_assert_false(is_left(run, &view));
    view = ours();
    view.device = NULL;
    g_assert_false(is_left(run, &view));
}

/* The process died before NetworkManager replied. */
static void
test_asked(RunDir *run, gconstpointer data)
{
    NmmCheckpointView view = ours();

    nmm_checkpoint_free(begin(run));
    g_assert_true(is_left(run, &view));
    view.created = ASKED - 1;
    g_assert_false(is_left(run, &view));
    view.created = ASKED + 60000;
    g_assert_false(is_left(run, &view));
    view = ours();
    view.timeout_s = 90;
    g_assert_false(is_left(run, &view));
    view = ours();
    view.device = "eth1";
    g_assert_false(is_left(run, &view));
}

static void
test_ended(RunDir *run, gconstpointer data)
{
    NmmCheckpointView view = ours();
    NmmCheckpoint *note = begin(run);

    nmm_checkpoint_note(note, PATH, ASKED + 5);
    nmm_checkpoint_end(note);
    g_assert_false(is_left(run, &view));
    /* The next note replaces it. */
    note = begin(run);
    nmm_checkpoint_free(note);
    g_assert_true(is_left(run, &view));
}

static void
test_two_processes(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    NmmCheckpoint *note = begin(run);

    g_assert_null(nmm_checkpoint_begin(run->dir, "eth0", ASKED, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "'eth0'"));
    nmm_checkpoint_end(note);
}

/* One thread reads all the time while another begins and ends notes: the reader never blocks the
 * writer, and never mistakes a live note for one of a dead process. */
typedef struct {
    RunDir *run;
    int over;  /* atomic: the thread ends */
    int asked; /* atomic: number of reads */
} Reader;

static gpointer
read_until_over(gpointer data)
{
    Reader *reader = data;
    NmmCheckpointView view = ours();

    view.created = ASKED + 20000;
    while (!g_atomic_int_get(&reader->over)) {
        g_assert_false(is_left(reader->run, &view));
        g_atomic_int_inc(&reader->asked);
    }
    return NULL;
}

static void
test_reader(RunDir *run, gconstpointer data)
{
    Reader reader = {.run = run};
    GThread *thread = g_thread_new("reader", read_until_over, &reader);

    /* The view matches each of them; no two have the same time. */
    for (int i = 0; i < 10000 || g_atomic_int_get(&reader.asked) < 10000; i++)
        nmm_checkpoint_end(begin_at(run, ASKED + i % 10000));
    g_atomic_int_set(&reader.over, TRUE);
    g_thread_join(thread);
}

static gpointer
begin_writer(RunDir *run)
{
    return begin(run);
}

static void
write_again(gpointer note)
{
    nmm_checkpoint_note(note, PATH, ASKED + 5);
}

/* A writer leaves a note whenever it dies. */
static void
test_killed(RunDir *run, gconstpointer data)
{
    NmmCheckpointView view = ours();

    for (guint i = 0; i < 100; i++) {
        GPid pid = run_dir_start(run, begin_writer, write_again);

        g_usleep((gulong)g_test_rand_int_range(0, 2000));
        g_assert_false(is_left(run, &view));
        run_dir_kill(pid);
        g_assert_true(is_left(run, &view));
    }
}

/* Without a note the checkpoint could not be found again, so there must be none. */
static void
test_cannot_write(RunDir *run, gconstpointer data)
{
    g_autofree char *file = g_build_filename(run->dir, "checkpoint-eth0", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_no_errno(g_mkdir_with_parents(file, 0700));
    g_assert_null(nmm_checkpoint_begin(run->dir, "eth0", ASKED, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, run->dir));
    g_assert_no_errno(g_rmdir(file));
    nmm_checkpoint_end(begin(run));
}

static void
test_damaged(RunDir *run, gconstpointer data)
{
    static const char *const texts[] = {
        "", "\n", "[checkpoint]\n", "[check", "\xff\xfe", "[x]\na=b\n"};
    NmmCheckpointView view = ours();
    g_autofree char *file = g_build_filename(run->dir, "checkpoint-eth0", NULL);

    nmm_checkpoint_end(begin(run));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_true(g_file_set_contents(file, texts[i], -1, NULL));
        g_assert_false(is_left(run, &view));
    }
}

static void
test_no_directory(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_checkpoint_begin("/proc/no", "eth0", ASKED, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/checkpoint/" name, RunDir, NULL, run_dir_set_up, function, run_dir_tear_down)
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
