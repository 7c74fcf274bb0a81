/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which libvirt daemon runs, and which one a connection would start: pid files that another process
 * locks as libvirt does, and sockets that listen as systemd's do.
 */

#include "config.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nmm-daemon.h"

#define QEMU     "qemu:///system"
#define LXC      "lxc:///system"
#define PATIENCE (30 * G_USEC_PER_SEC)

typedef struct {
    char *run;
    GSocket *socket; /* (nullable) */
    GPid daemon;     /* 0: none */
    gboolean awake;
} Fixture;

static void
setup(Fixture *f, gconstpointer data)
{
    g_autofree char *dir = NULL;

    f->run = g_mkdtemp(g_strdup("/dev/shm/nm-macvtap-XXXXXX"));
    g_assert_nonnull(f->run);
    dir = g_build_filename(f->run, "libvirt", NULL);
    g_assert_no_errno(g_mkdir(dir, 0700));
}

static void
stop_daemon(Fixture *f)
{
    if (f->daemon == 0)
        return;
    kill(f->daemon, SIGKILL);
    waitpid(f->daemon, NULL, 0);
    f->daemon = 0;
}

static void
teardown(Fixture *f, gconstpointer data)
{
    g_autofree char *command = g_strdup_printf("rm -r %s", f->run);

    stop_daemon(f);
    g_clear_object(&f->socket);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(f->run);
}

static void
lock_pid_file(const char *path, int ready)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (fcntl(fd, F_SETLK, &lock) == 0 && write(fd, "1\n", 2) == 2 && write(ready, "x", 1) == 1)
        pause();
    _exit(1);
}

/* It runs when this returns. */
static void
start_daemon(Fixture *f, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/%s.pid", f->run, name);
    int ready[2];
    char byte;

    g_assert_no_errno(pipe(ready));
    f->daemon = fork();
    if (f->daemon == 0)
        lock_pid_file(path, ready[1]);
    close(ready[1]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
}

static void
listen_on(Fixture *f, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/libvirt/%s-sock", f->run, name);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GError) error = NULL;

    f->socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, &error);
    g_assert_no_error(error);
    g_socket_bind(f->socket, address, FALSE, &error);
    g_assert_no_error(error);
    g_socket_listen(f->socket, &error);
    g_assert_no_error(error);
}

static void
assert_asleep(Fixture *f, const char *uri, gboolean expected)
{
    g_assert_cmpint(nmm_daemon_is_asleep(f->run, uri, 0), ==, expected);
}

/* Nothing would start it: a connection fails, and does no harm. */
static void
test_absent(Fixture *f, gconstpointer data)
{
    assert_asleep(f, QEMU, FALSE);
    g_assert_cmpint(nmm_daemon_get_pid(f->run, QEMU), ==, 0);
}

static void
test_activation(Fixture *f, gconstpointer data)
{
    const char *daemon = data;

    listen_on(f, g_str_equal(daemon, "libvirtd") ? "libvirt" : daemon);
    assert_asleep(f, QEMU, TRUE);
    start_daemon(f, daemon);
    assert_asleep(f, QEMU, FALSE);
    g_assert_cmpint(nmm_daemon_get_pid(f->run, QEMU), ==, f->daemon);
    /* It has closed the connection, and is about to end. */
    g_assert_true(nmm_daemon_is_asleep(f->run, QEMU, f->daemon));
    stop_daemon(f);
    /* The pid file is still there. */
    assert_asleep(f, QEMU, TRUE);
}

/* Of the networks, beside virtqemud: only the daemon of the networks counts. */
static void
test_network_daemon(Fixture *f, gconstpointer data)
{
    listen_on(f, "virtnetworkd");
    start_daemon(f, "virtqemud");
    assert_asleep(f, "network:///system", TRUE);
    stop_daemon(f);
    start_daemon(f, "virtnetworkd");
    assert_asleep(f, "network:///system", FALSE);
}

/* The daemon of another driver does not serve the URI. */
static void
test_other_driver(Fixture *f, gconstpointer data)
{
    listen_on(f, "virtqemud");
    start_daemon(f, "virtlxcd");
    assert_asleep(f, QEMU, TRUE);
    assert_asleep(f, "lxc:///system", FALSE);
}

static void
test_other_uris(Fixture *f, gconstpointer data)
{
    static const char *const uris[] = {
        "test:///default",
        "qemu:///session",
        "qemu+tcp://host/system",
        "qemu+unix:///system",
        "qemu:///system?socket=/x",
        ":///system",
        "",
    };

    listen_on(f, "libvirt");
    assert_asleep(f, QEMU, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(uris); i++)
        assert_asleep(f, uris[i], FALSE);
}

static void
awake_cb(gpointer data)
{
    ((Fixture *)data)->awake = TRUE;
}

static gboolean
wait_awake(Fixture *f, gint64 time)
{
    gint64 limit = g_get_monotonic_time() + time;

    while (!f->awake && g_get_monotonic_time() < limit) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    return f->awake;
}

/* @data: whether the daemon has run, and left its pid file. */
static void
test_wait(Fixture *f, gconstpointer data)
{
    NmmDaemonWait *wait;

    listen_on(f, "libvirt");
    if (data) {
        start_daemon(f, "libvirtd");
        stop_daemon(f);
    }
    wait = nmm_daemon_wait_new(f->run, QEMU, 0, awake_cb, f);
    g_assert_false(wait_awake(f, G_USEC_PER_SEC / 2));
    start_daemon(f, "libvirtd");
    g_assert_true(wait_awake(f, PATIENCE));
    nmm_daemon_wait_free(wait);
}

/* It has been started between the check and the wait. */
static void
test_wait_late(Fixture *f, gconstpointer data)
{
    NmmDaemonWait *wait;

    listen_on(f, "libvirt");
    start_daemon(f, "libvirtd");
    wait = nmm_daemon_wait_new(f->run, QEMU, 0, awake_cb, f);
    g_assert_true(wait_awake(f, PATIENCE));
    nmm_daemon_wait_free(wait);
}

/* A daemon that closed the connection, but runs on. */
static void
test_wait_not_ending(Fixture *f, gconstpointer data)
{
    NmmDaemonWait *wait;

    listen_on(f, "libvirt");
    start_daemon(f, "libvirtd");
    wait = nmm_daemon_wait_new(f->run, QEMU, f->daemon, awake_cb, f);
    g_assert_false(wait_awake(f, G_USEC_PER_SEC));
    g_assert_true(wait_awake(f, PATIENCE));
    nmm_daemon_wait_free(wait);
}

static void
add(const char *path, gconstpointer data, void (*test)(Fixture *f, gconstpointer data))
{
    g_test_add(path, Fixture, data, setup, test, teardown);
}

/* Definitions */

static void
add_file(Fixture *f, const char *path)
{
    g_autofree char *full = g_build_filename(f->run, path, NULL);
    g_autofree char *dir = g_path_get_dirname(full);

    g_assert_no_errno(g_mkdir_with_parents(dir, 0700));
    g_assert_true(g_file_set_contents(full, "", -1, NULL));
}

/* Neither networks nor files of other kinds are guests. */
static void
test_definitions(Fixture *f, gconstpointer data)
{
    add_file(f, "etc/libvirt/qemu/networks/default.xml");
    add_file(f, "etc/libvirt/qemu/a.xml.new");
    g_assert_false(nmm_daemon_has_definitions(f->run, QEMU));
    g_assert_false(nmm_daemon_has_definitions(f->run, LXC));
    add_file(f, "etc/libvirt/lxc/a.xml");
    g_assert_false(nmm_daemon_has_definitions(f->run, QEMU));
    g_assert_true(nmm_daemon_has_definitions(f->run, LXC));
}

/* They are another host's, or cannot be read. */
static void
test_definitions_unknown(Fixture *f, gconstpointer data)
{
    g_assert_true(nmm_daemon_has_definitions(f->run, "qemu+ssh://host/system"));
    add_file(f, "etc/libvirt/lxc");
    g_assert_true(nmm_daemon_has_definitions(f->run, LXC));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/daemon/absent", NULL, test_absent);
    add("/daemon/activation/libvirtd", "libvirtd", test_activation);
    add("/daemon/activation/virtqemud", "virtqemud", test_activation);
    add("/daemon/network-daemon", NULL, test_network_daemon);
    add("/daemon/other-driver", NULL, test_other_driver);
    add("/daemon/other-uris", NULL, test_other_uris);
    add("/daemon/wait/new", NULL, test_wait);
    add("/daemon/wait/again", GINT_TO_POINTER(TRUE), test_wait);
    add("/daemon/wait/late", NULL, test_wait_late);
    add("/daemon/wait/not-ending", NULL, test_wait_not_ending);
    add("/daemon/definitions", NULL, test_definitions);
    add("/daemon/definitions/unknown", NULL, test_definitions_unknown);
    return g_test_run();
}
