/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract on a real libvirtd with QEMU guests, and faults of libvirt alone: hangs, leaks, an
 * idle process that wakes up. Runs in with-libvirtd.
 */

#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libvirt-host.h"
#include "nmm-error.h"
#include "nmm-libvirt.h"

/* A hung libvirtd must not delay a call for so long: far below the 20 s after which it is lost. */
#define AT_ONCE (5 * G_TIME_SPAN_SECOND)

#define N_HUNG 5

typedef struct {
    NmmHypervisor *hypervisor;
    gboolean (*run)(NmmHypervisor *hypervisor, GError **error);
    GThread *thread;
    GError *error;
    gboolean done; /* atomic */
} Background;

static gpointer
background_thread(gpointer data)
{
    Background *background = data;

    background->run(background->hypervisor, &background->error);
    g_atomic_int_set(&background->done, TRUE);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void
background_start(Background *background)
{
    background->thread = g_thread_new("background", background_thread, background);
}

static void
background_finish(Background *background)
{
    while (!g_atomic_int_get(&background->done))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(background->thread);
}

static gboolean
run_open(NmmHypervisor *hypervisor, GError **error)
{
    return nmm_hypervisor_open(hypervisor, FALSE, error);
}

static gboolean
run_list(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(GPtrArray) guests = nmm_hypervisor_list_guests(hypervisor, error);

    return guests != NULL;
}

static void
run(NmmHypervisor *hypervisor, gboolean (*what)(NmmHypervisor *hypervisor, GError **error))
{
    Background background = {.hypervisor = hypervisor, .run = what};

    background_start(&background);
    background_finish(&background);
    g_assert_no_error(background.error);
}

static void
count_cb(NmmHypervisor *hypervisor, const char *text, gpointer user_data)
{
    (*(guint *)user_data)++;
}

static void
test_unknown_uri(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new("nonsense:///system");
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hypervisor_open(hypervisor, FALSE, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
    g_assert_true(g_str_has_prefix(error->message, "cannot connect to 'nonsense:///system': "));
}

static guint
count_entries(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        n++;
    return n;
}

/* Soon after the last call, one connection is left, and the main loop has no timer. */
static void
test_idle(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    GMainContext *context = g_main_context_default();
    GPollFD fds[64];
    int priority, timeout;
    guint n;

    run(hypervisor, run_open);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    n = count_entries("/proc/self/fd");
    run(hypervisor, run_list);
    g_assert_cmpuint(count_entries("/proc/self/fd"), >, n);
    while (g_main_context_iteration(NULL, FALSE) || count_entries("/proc/self/fd") > n)
        g_usleep(G_USEC_PER_SEC / 100);
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, n);
    /* A closed connection is made again. */
    run(hypervisor, run_list);
    while (g_main_context_iteration(NULL, FALSE) || count_entries("/proc/self/fd") > n)
        g_usleep(G_USEC_PER_SEC / 100);
    g_assert_true(g_main_context_acquire(context));
    g_assert_false(g_main_context_prepare(context, &priority));
    g_assert_cmpint(g_main_context_query(context, G_MAXINT, &timeout, fds, G_N_ELEMENTS(fds)),
                    <=,
                    (int)G_N_ELEMENTS(fds));
    g_main_context_release(context);
    g_assert_cmpint(timeout, ==, -1);
}

static void
test_no_leak(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    guint i, n = 0;

    for (i = 0; i < 20; i++) {
        run(hypervisor, run_open);
        run(hypervisor, run_list);
        nmm_hypervisor_close(hypervisor);
        while (g_main_context_iteration(NULL, FALSE))
            ;
        if (i == 0)
            n = count_entries("/proc/self/fd");
    }
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, n);
}

static gboolean
run_list_networks(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(GPtrArray) networks = nmm_hypervisor_list_networks(hypervisor, error);

    return networks != NULL;
}

/* Modular libvirt: a separate daemon for networks, for which a proxy stands in */

#define NETWORK_SOCKET "/run/libvirt/virtnetworkd-sock"

static GPid
start_network_daemon(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "socket-proxy.py", NULL);
    const char *argv[] = {"python3", path, NETWORK_SOCKET, "/run/libvirt/libvirt-sock", NULL};
    g_autoptr(GError) error = NULL;
    GPid pid;

    unlink(NETWORK_SOCKET);
    g_spawn_async(NULL,
                  (char **)argv,
                  NULL,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                  NULL,
                  NULL,
                  &pid,
                  &error);
    g_assert_no_error(error);
    while (!g_file_test(NETWORK_SOCKET, G_FILE_TEST_EXISTS))
        g_usleep(G_USEC_PER_SEC / 100);
    g_usleep(G_USEC_PER_SEC / 10);
    return pid;
}

static void
stop_network_daemon(GPid pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_spawn_close_pid(pid);
}

static void
await_count(const guint *counter)
{
    while (*counter == 0)
        g_main_context_iteration(NULL, TRUE);
}

/* The main daemon does not notice that the one for networks was restarted. */
static void
test_network_daemon(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    GPid pid = start_network_daemon();
    guint closed = 0;
    guint changed = 0;

    libvirt_host.reset(NULL);
    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    g_signal_connect(hypervisor, "network-changed", G_CALLBACK(count_cb), &changed);
    run(hypervisor, run_open);
    libvirt_host.define_network(NULL, "<network><name>n</name></network>");
    await_count(&changed);

    stop_network_daemon(pid);
    await_count(&closed);
    g_assert_cmpuint(closed, ==, 1);

    /* Without it, the events come from the main daemon. */
    changed = 0;
    run(hypervisor, run_open);
    run(hypervisor, run_list_networks);
    libvirt_host.undefine_network(NULL, "n");
    await_count(&changed);
    g_assert_cmpuint(closed, ==, 1);

    /* It started between the connection and the reading. */
    pid = start_network_daemon();
    run(hypervisor, run_list_networks);
    while (closed < 2)
        g_main_context_iteration(NULL, TRUE);
    changed = 0;
    run(hypervisor, run_open);
    libvirt_host.define_network(NULL, "<network><name>n</name></network>");
    await_count(&changed);
    nmm_hypervisor_close(hypervisor);
    stop_network_daemon(pid);
    unlink(NETWORK_SOCKET);
    g_assert_cmpuint(closed, ==, 2);
}

/* Events and calls while connections come and go under them. */
static void
test_close_under_calls(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    guint closed = 0;
    guint i, j;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    for (i = 0; i < 20; i++) {
        Background calls[6] = {0};

        run(hypervisor, run_open);
        for (j = 0; j < G_N_ELEMENTS(calls); j++) {
            calls[j].hypervisor = hypervisor;
            calls[j].run = run_list;
            background_start(&calls[j]);
        }
        g_usleep(i * 200);
        nmm_hypervisor_close(hypervisor);
        for (j = 0; j < G_N_ELEMENTS(calls); j++) {
            background_finish(&calls[j]);
            if (calls[j].error)
                g_assert_error(calls[j].error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
            g_clear_error(&calls[j].error);
        }
    }
    g_assert_cmpuint(closed, ==, 0);
}

/* Calls on several threads to a libvirtd that runs but does not answer. */
static void
start_hung_calls(NmmHypervisor *hypervisor, Background calls[N_HUNG])
{
    guint i;

    for (i = 0; i < N_HUNG; i++) {
        calls[i] = (Background){.hypervisor = hypervisor, .run = run_list};
        background_start(&calls[i]);
    }
}

static void
finish_hung_calls(Background calls[N_HUNG])
{
    guint i;

    for (i = 0; i < N_HUNG; i++) {
        background_finish(&calls[i]);
        g_assert_error(calls[i].error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
        g_clear_error(&calls[i].error);
    }
}

static void
close_at_once(NmmHypervisor *hypervisor)
{
    gint64 begin = g_get_monotonic_time();

    nmm_hypervisor_close(hypervisor);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, AT_ONCE);
}

/* The calls end with an error. */
static void
test_hung_call(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    Background calls[N_HUNG];
    guint closed = 0;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    run(hypervisor, run_open);
    /* One of them takes an idle connection, the others cannot connect. */
    run(hypervisor, run_list);
    libvirt_host_signal_daemon(SIGSTOP);
    start_hung_calls(hypervisor, calls);
    finish_hung_calls(calls);
    while (closed == 0)
        g_main_context_iteration(NULL, TRUE);
    close_at_once(hypervisor);
    g_assert_cmpuint(closed, ==, 1);

    libvirt_host_revive_daemon();
    run(hypervisor, run_open);
    run(hypervisor, run_list);
}

/* close() waits neither for libvirtd nor for calls in progress. */
static void
test_hung_close(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    Background calls[N_HUNG];
    guint closed = 0;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    run(hypervisor, run_open);
    run(hypervisor, run_list);
    libvirt_host_signal_daemon(SIGSTOP);
    start_hung_calls(hypervisor, calls);
    g_usleep(G_USEC_PER_SEC / 10);
    close_at_once(hypervisor);
    finish_hung_calls(calls);

    libvirt_host_revive_daemon();
    run(hypervisor, run_open);
    run(hypervisor, run_list);
    g_assert_cmpuint(closed, ==, 0);
}

static gboolean
continue_cb(gpointer user_data)
{
    libvirt_host_signal_daemon(SIGCONT);
    return G_SOURCE_REMOVE;
}

/* A slow libvirtd is waited for, and a later hang is detected, too. */
static void
test_hung_twice(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    Background slow = {.hypervisor = hypervisor, .run = run_list};
    Background hung = {.hypervisor = hypervisor, .run = run_list};
    guint closed = 0;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    run(hypervisor, run_open);
    libvirt_host_signal_daemon(SIGSTOP);
    g_timeout_add_seconds(7, continue_cb, NULL);
    background_start(&slow);
    background_finish(&slow);
    g_assert_no_error(slow.error);

    run(hypervisor, run_list);
    g_assert_cmpuint(closed, ==, 0);
    libvirt_host_signal_daemon(SIGSTOP);
    background_start(&hung);
    background_finish(&hung);
    g_assert_error(hung.error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
    g_clear_error(&hung.error);
    libvirt_host_signal_daemon(SIGCONT);
    while (closed == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(closed, ==, 1);
}

static void
test_hung_open(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    Background call = {.hypervisor = hypervisor, .run = run_open};

    libvirt_host_signal_daemon(SIGSTOP);
    background_start(&call);
    background_finish(&call);
    g_assert_error(call.error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
    g_clear_error(&call.error);
    libvirt_host_revive_daemon();
    run(hypervisor, run_open);
    run(hypervisor, run_list);
}

static void
run_shell(const char *command)
{
    const char *const argv[] = {"sh", "-ec", command, NULL};
    int status = -1;

    g_assert_true(g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_cmpint(status, ==, 0);
}

/* libvirtd with other modules. */
static void
restart_daemon(const char *change)
{
    libvirt_host_signal_daemon(SIGKILL);
    run_shell("while kill -0 $(cat /run/libvirtd.pid) 2>/dev/null; do sleep 0.05; done");
    run_shell(change);
    libvirt_host.restore_daemon(NULL);
}

/* The driver's module is not installed: guests can be read and followed, and the error about
 * networks names the package. */
static void
test_no_network_driver(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    Background networks = {.hypervisor = hypervisor, .run = run_list_networks};
    g_autoptr(NmmHostHypervisor) content = NULL;

    restart_daemon("dir=$(echo /usr/lib/*/libvirt/connection-driver); mkdir /run/drivers;"
                   "mount --bind $dir /run/drivers; mount -t tmpfs none $dir;"
                   "for file in /run/drivers/*; do case $file in *_network.so) ;;"
                   "*) ln -s $file $dir/;; esac; done");
    run(hypervisor, run_open);
    run(hypervisor, run_list);
    background_start(&networks);
    background_finish(&networks);
    g_assert_error(networks.error, NMM_ERROR, NMM_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(networks.error->message, "libvirt-daemon-driver-network"));
    g_clear_error(&networks.error);
    nmm_hypervisor_close(hypervisor);
    content = nmm_hypervisor_read(hypervisor, URI, TRUE, TRUE);
    g_assert_no_error(content->error);
    g_assert_error(content->networks_error, NMM_ERROR, NMM_ERROR_UNSUPPORTED);
    restart_daemon("umount /usr/lib/*/libvirt/connection-driver; umount /run/drivers");
}

/* A guest that is saved to a pipe that is not read, as to a disk that does not answer. */

#define HELD_UUID "3c2f8a10-1111-4a6b-9c3d-000000000001"
#define PIPE      "/run/save-pipe"

static const char held_guest[] =
    "<domain type='qemu'><name>held</name><uuid>" HELD_UUID "</uuid><memory unit='MiB'>32</memory>"
    "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
    "<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>";

static gboolean
run_attach(NmmHypervisor *hypervisor, GError **error)
{
    const NmmEdit edit = {
        .kind = NMM_EDIT_NIC_ATTACH,
        .scope = NMM_SCOPE_CONFIG,
        .guest_uuid = (char *)HELD_UUID,
        .guest_name = (char *)"held",
        .network = (char *)"isolated",
        .alias = (char *)"ua-nm-macvtap-1c3d5bb9",
        .reason = (char *)"test",
        .xml = (char *)"<interface type='network'><source network='isolated'/>"
                       "<alias name='ua-nm-macvtap-1c3d5bb9'/></interface>",
    };

    return nmm_hypervisor_apply(hypervisor, &edit, error);
}

static void
changed_cb(NmmHypervisor *hypervisor, const char *uuid, gpointer user_data)
{
    if (g_str_equal(uuid, HELD_UUID))
        (*(guint *)user_data)++;
}

/* libvirt gives up after 30 seconds; an event follows when the guest is free. */
static void
test_held(void)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    Background attach = {.hypervisor = hypervisor, .run = run_attach};
    guint changed = 0;
    int pipe_fd;

    libvirt_host.reset(libvirt_host.data);
    libvirt_host.define_guest(libvirt_host.data, held_guest);
    libvirt_host.start_guest(libvirt_host.data, "held");
    run(hypervisor, run_open);
    pipe_fd = libvirt_host_save_to_pipe("held", PIPE);
    run(hypervisor, run_list);
    background_start(&attach);
    background_finish(&attach);
    g_assert_error(attach.error, NMM_ERROR, NMM_ERROR_BUSY);
    g_assert_true(g_str_has_prefix(attach.error->message, "guest 'held': "));
    g_clear_error(&attach.error);

    g_signal_connect(hypervisor, "guest-changed", G_CALLBACK(changed_cb), &changed);
    libvirt_host_drain(pipe_fd);
    while (changed == 0)
        g_main_context_iteration(NULL, TRUE);
    run(hypervisor, run_attach);
    close(pipe_fd);
    libvirt_host.reset(libvirt_host.data);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    hypervisor_contract_add_tests(&libvirt_host);
    g_test_add_func("/libvirt/unknown-uri", test_unknown_uri);
    g_test_add_func("/libvirt/idle", test_idle);
    g_test_add_func("/libvirt/no-leak", test_no_leak);
    g_test_add_func("/libvirt/network-daemon", test_network_daemon);
    g_test_add_func("/libvirt/close-under-calls", test_close_under_calls);
    g_test_add_func("/libvirt/no-network-driver", test_no_network_driver);
    /* 20 or 30 seconds each, libvirtd's time to answer. */
    if (g_test_slow()) {
        g_test_add_func("/libvirt/hung/call", test_hung_call);
        g_test_add_func("/libvirt/hung/close", test_hung_close);
        g_test_add_func("/libvirt/hung/twice", test_hung_twice);
        g_test_add_func("/libvirt/hung/open", test_hung_open);
        g_test_add_func("/libvirt/hung/held", test_held);
    }
    return g_test_run();
}
