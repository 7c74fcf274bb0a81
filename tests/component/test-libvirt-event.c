/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop as libvirt's client uses it, through libvirt's public functions. */

#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "nmm-libvirt-private.h"

typedef struct {
    int fds[2]; /* a pipe */
    int id;     /* of a watch or a timer */
    guint n_calls;
    int events;
    guint n_freed;
    gboolean removes_itself;
    GThread *thread; /* of the last call */
} Fixture;

static void
setup(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(pipe2(f->fds, O_CLOEXEC), ==, 0);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    close(f->fds[0]);
    if (f->fds[1] >= 0)
        close(f->fds[1]);
}

static void
run_main_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* Runs the main loop until @n is reached, for a minute at most. */
static void
wait_for(const guint *n, guint wanted)
{
    gint64 deadline = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;

    while (*n < wanted && g_get_monotonic_time() < deadline)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(1000);
    g_assert_cmpuint(*n, >=, wanted);
}

static void
freed_cb(void *data)
{
    Fixture *f = data;

    f->n_freed++;
}

/* Reads one byte of each that is there. */
static void
handle_cb(int watch, int fd, int events, void *data)
{
    Fixture *f = data;
    char byte;

    g_assert_cmpint(watch, ==, f->id);
    g_assert_cmpint(fd, ==, f->fds[0]);
    f->n_calls++;
    f->events = events;
    f->thread = g_thread_self();
    if (events & VIR_EVENT_HANDLE_READABLE)
        g_assert_cmpint(read(fd, &byte, 1), ==, 1);
    if (f->removes_itself)
        g_assert_cmpint(virEventRemoveHandle(watch), ==, 0);
    g_assert_cmpuint(f->n_freed, ==, 0);
}

static void
send_byte(Fixture *f)
{
    g_assert_cmpint(write(f->fds[1], "x", 1), ==, 1);
}

static void
watch(Fixture *f, int events)
{
    f->id = virEventAddHandle(f->fds[0], events, handle_cb, f, freed_cb);
    g_assert_cmpint(f->id, >, 0);
}

static void
unwatch(Fixture *f)
{
    g_assert_cmpint(virEventRemoveHandle(f->id), ==, 0);
    g_assert_cmpuint(f->n_freed, ==, 0);
    run_main_loop();
    g_assert_cmpuint(f->n_freed, ==, 1);
}

static void
test_handle_is_called_while_it_is_on(Fixture *f, gconstpointer data)
{
    watch(f, VIR_EVENT_HANDLE_READABLE);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 0);
    send_byte(f);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 1);
    g_assert_cmpint(f->events, ==, VIR_EVENT_HANDLE_READABLE);

    virEventUpdateHandle(f->id, 0);
    send_byte(f);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 1);
    virEventUpdateHandle(f->id, VIR_EVENT_HANDLE_READABLE);
    virEventUpdateHandle(f->id, VIR_EVENT_HANDLE_READABLE);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 2);

    unwatch(f);
    send_byte(f);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 2);
    g_assert_cmpint(virEventRemoveHandle(f->id), ==, -1);
}

/* The thread of a call reads the end itself. */
static void
test_end_of_a_connection(Fixture *f, gconstpointer data)
{
    watch(f, 0);
    close(f->fds[1]);
    f->fds[1] = -1;
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 0);

    virEventUpdateHandle(f->id, VIR_EVENT_HANDLE_HANGUP);
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(f->n_calls, ==, 1);
    g_assert_cmpint(f->events, ==, VIR_EVENT_HANDLE_HANGUP);
    virEventUpdateHandle(f->id, 0);
    run_main_loop();
    unwatch(f);
}

static void
test_handle_that_removes_itself(Fixture *f, gconstpointer data)
{
    f->removes_itself = TRUE;
    watch(f, VIR_EVENT_HANDLE_READABLE);
    send_byte(f);
    send_byte(f);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 1);
    g_assert_cmpuint(f->n_freed, ==, 1);
}

/* One of two that are ready at the same time removes the other. */
static void
remove_other_cb(int watch, int fd, int events, void *data)
{
    const int *other = data;

    virEventRemoveHandle(watch);
    virEventRemoveHandle(*other);
}

static void
test_handle_removed_by_another(Fixture *f, gconstpointer data)
{
    Fixture other = {0};

    setup(&other, NULL);
    f->id =
        virEventAddHandle(f->fds[0], VIR_EVENT_HANDLE_READABLE, remove_other_cb, &other.id, NULL);
    watch(&other, VIR_EVENT_HANDLE_READABLE);
    send_byte(f);
    send_byte(&other);
    run_main_loop();
    g_assert_cmpuint(other.n_calls, ==, 0);
    g_assert_cmpuint(other.n_freed, ==, 1);
    teardown(&other, NULL);
}

/* A file is always ready, so epoll does not take it. */
static void
test_descriptor_that_cannot_be_watched(Fixture *f, gconstpointer data)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(
        virEventAddHandle(fd, VIR_EVENT_HANDLE_READABLE, handle_cb, f, freed_cb), ==, -1);
    run_main_loop();
    g_assert_cmpuint(f->n_freed, ==, 0);
    close(fd);
}

static gpointer
call_thread(gpointer data)
{
    Fixture *f = data;

    for (guint i = 0; i < 1000; i++) {
        virEventUpdateHandle(f->id, 0);
        virEventUpdateHandle(f->id, VIR_EVENT_HANDLE_READABLE);
        send_byte(f);
    }
    return NULL;
}

/* As a call does, while the main loop sleeps or reads. */
static void
test_changes_by_another_thread(Fixture *f, gconstpointer data)
{
    GThread *thread;

    watch(f, VIR_EVENT_HANDLE_READABLE);
    thread = g_thread_new("call", call_thread, f);
    wait_for(&f->n_calls, 1000);
    g_assert_true(f->thread == g_thread_self());
    g_thread_join(thread);
    unwatch(f);
}

static void
timer_cb(int timer, void *data)
{
    Fixture *f = data;

    g_assert_cmpint(timer, ==, f->id);
    f->n_calls++;
    f->thread = g_thread_self();
    if (f->removes_itself)
        g_assert_cmpint(virEventRemoveTimeout(timer), ==, 0);
    else if (f->n_calls == 3)
        virEventUpdateTimeout(timer, -1);
    g_assert_cmpuint(f->n_freed, ==, 0);
}

static void
test_timer_repeats_until_it_is_off(Fixture *f, gconstpointer data)
{
    f->id = virEventAddTimeout(-1, timer_cb, f, freed_cb);
    g_assert_cmpint(f->id, >, 0);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 0);
    virEventUpdateTimeout(f->id, 0);
    wait_for(&f->n_calls, 3);
    run_main_loop();
    g_assert_cmpuint(f->n_calls, ==, 3);
    g_assert_true(f->thread == g_thread_self());

    virEventUpdateTimeout(f->id, 1);
    wait_for(&f->n_calls, 4);
    g_assert_cmpint(virEventRemoveTimeout(f->id), ==, 0);
    g_assert_cmpuint(f->n_freed, ==, 0);
    run_main_loop();
    g_assert_cmpuint(f->n_freed, ==, 1);
    g_assert_cmpint(virEventRemoveTimeout(f->id), ==, -1);
}

static void
test_timer_that_removes_itself(Fixture *f, gconstpointer data)
{
    f->removes_itself = TRUE;
    f->id = virEventAddTimeout(0, timer_cb, f, freed_cb);
    wait_for(&f->n_freed, 1);
    g_assert_cmpuint(f->n_calls, ==, 1);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *, gconstpointer);
    } tests[] = {
        {"/libvirt-event/handle/while-on", test_handle_is_called_while_it_is_on},
        {"/libvirt-event/handle/end", test_end_of_a_connection},
        {"/libvirt-event/handle/removes-itself", test_handle_that_removes_itself},
        {"/libvirt-event/handle/removed-by-another", test_handle_removed_by_another},
        {"/libvirt-event/handle/not-watchable", test_descriptor_that_cannot_be_watched},
        {"/libvirt-event/handle/other-thread", test_changes_by_another_thread},
        {"/libvirt-event/timer/repeats", test_timer_repeats_until_it_is_off},
        {"/libvirt-event/timer/removes-itself", test_timer_that_removes_itself},
    };

    g_test_init(&argc, &argv, NULL);
    nmm_libvirt_event_register();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].func, teardown);
    return g_test_run();
}
