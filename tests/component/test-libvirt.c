/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract on a real libvirtd with QEMU guests, and what only libvirt can do wrong: hang, leak,
 * keep an idle process awake. Runs in with-libvirtd; the world is changed through connections of
 * the test's own.
 */

#include "config.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "hypervisor-contract.h"
#include "nm-macvtap-error.h"
#include "nm-macvtap-libvirt.h"

#define URI      "qemu:///system"
#define PID_FILE "/run/libvirtd.pid"

/* Where a hung libvirtd must not hold anything up: far from the 20 s after which it is given up. */
#define AT_ONCE (5 * G_TIME_SPAN_SECOND)

#define N_HUNG 5

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

/*****************************************************************************/
/* The world */

static gboolean
check(gboolean ok)
{
    if (!ok)
        g_error("libvirt: %s", virGetLastErrorMessage());
    return ok;
}

static virConnectPtr
connect_world(void)
{
    virConnectPtr conn = virConnectOpen(URI);

    check(conn != NULL);
    return conn;
}

static virDomainPtr
look_up_guest(virConnectPtr conn, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(conn, name);

    check(domain != NULL);
    return domain;
}

static virNetworkPtr
look_up_network(virConnectPtr conn, const char *name)
{
    virNetworkPtr network = virNetworkLookupByName(conn, name);

    check(network != NULL);
    return network;
}

static void
remove_guests(virConnectPtr conn)
{
    virDomainPtr *domains = NULL;
    int i, n = virConnectListAllDomains(conn, &domains, 0);

    check(n >= 0);
    for (i = 0; i < n; i++) {
        int persistent = virDomainIsPersistent(domains[i]);

        if (virDomainIsActive(domains[i]))
            check(virDomainDestroy(domains[i]) == 0);
        if (persistent)
            check(virDomainUndefine(domains[i]) == 0);
        virDomainFree(domains[i]);
    }
    free(domains);
}

static void
remove_networks(virConnectPtr conn)
{
    virNetworkPtr *networks = NULL;
    int i, n = virConnectListAllNetworks(conn, &networks, 0);

    check(n >= 0);
    for (i = 0; i < n; i++) {
        if (virNetworkIsActive(networks[i]))
            check(virNetworkDestroy(networks[i]) == 0);
        check(virNetworkUndefine(networks[i]) == 0);
        virNetworkFree(networks[i]);
    }
    free(networks);
}

static void
world_reset(gpointer data)
{
    g_autoptr(virConnect) conn = connect_world();

    remove_guests(conn);
    remove_networks(conn);
}

static NMMacvtapHypervisor *
world_new_hypervisor(gpointer data)
{
    return nm_macvtap_libvirt_new(URI);
}

static void
world_define_guest(gpointer data, const char *xml)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = virDomainDefineXML(conn, xml);

    check(domain != NULL);
}

static void
world_undefine_guest(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check(virDomainUndefine(domain) == 0);
}

static void
world_start_guest(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check(virDomainCreate(domain) == 0);
}

static void
world_stop_guest(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check(virDomainDestroy(domain) == 0);
}

static void
world_create_transient_guest(gpointer data, const char *xml)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = virDomainCreateXML(conn, xml, 0);

    check(domain != NULL);
}

/* The PC machine has no PCI hotplug without ACPI. */
static void
world_define_rigid_guest(gpointer data, const char *name, const char *uuid)
{
    g_autofree char *xml =
        g_strdup_printf("<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                        "<memory unit='MiB'>32</memory>"
                        "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
                        "<devices><controller type='usb' model='none'/>"
                        "<interface type='direct'><source dev='eth0' mode='bridge'/>"
                        "<model type='virtio'/></interface>"
                        "<memballoon model='none'/></devices></domain>",
                        name,
                        uuid);

    world_define_guest(data, xml);
}

/* Firmware does not answer a request to unplug; a reset carries it out. */
static void
world_guest_lets_go(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check(virDomainReset(domain, 0) == 0);
}

static void
world_define_network(gpointer data, const char *xml)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virNetwork) network = virNetworkDefineXML(conn, xml);

    check(network != NULL);
}

static void
world_start_network(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virNetwork) network = look_up_network(conn, name);

    check(virNetworkCreate(network) == 0);
}

static void
world_stop_network(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virNetwork) network = look_up_network(conn, name);

    check(virNetworkDestroy(network) == 0);
}

static void
world_undefine_network(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virNetwork) network = look_up_network(conn, name);

    check(virNetworkUndefine(network) == 0);
}

static void
signal_daemon(int number)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    pid_t pid;

    g_file_get_contents(PID_FILE, &text, NULL, &error);
    g_assert_no_error(error);
    pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    g_assert_cmpint(kill(pid, number), ==, 0);
    while (number == SIGKILL && kill(pid, 0) == 0)
        g_usleep(1000);
}

static void
world_lose_daemon(gpointer data)
{
    signal_daemon(SIGKILL);
}

static void
world_restore_daemon(gpointer data)
{
    const char *argv[] = {"libvirtd", "--daemon", NULL};
    g_autoptr(GError) error = NULL;
    int status = -1;

    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_spawn_check_wait_status(status, &error);
    g_assert_no_error(error);
}

static const HypervisorWorld world = {
    .reset = world_reset,
    .new_hypervisor = world_new_hypervisor,
    .define_guest = world_define_guest,
    .undefine_guest = world_undefine_guest,
    .start_guest = world_start_guest,
    .stop_guest = world_stop_guest,
    .create_transient_guest = world_create_transient_guest,
    .define_rigid_guest = world_define_rigid_guest,
    .guest_lets_go = world_guest_lets_go,
    .define_network = world_define_network,
    .start_network = world_start_network,
    .stop_network = world_stop_network,
    .undefine_network = world_undefine_network,
    .lose_daemon = world_lose_daemon,
    .restore_daemon = world_restore_daemon,
};

/*****************************************************************************/

typedef struct {
    NMMacvtapHypervisor *hypervisor;
    gboolean (*run)(NMMacvtapHypervisor *hypervisor, GError **error);
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
run_open(NMMacvtapHypervisor *hypervisor, GError **error)
{
    return nm_macvtap_hypervisor_open(hypervisor, FALSE, error);
}

static gboolean
run_list(NMMacvtapHypervisor *hypervisor, GError **error)
{
    g_autoptr(GPtrArray) guests = nm_macvtap_hypervisor_list_guests(hypervisor, error);

    return guests != NULL;
}

static void
run(NMMacvtapHypervisor *hypervisor,
    gboolean (*what)(NMMacvtapHypervisor *hypervisor, GError **error))
{
    Background background = {.hypervisor = hypervisor, .run = what};

    background_start(&background);
    background_finish(&background);
    g_assert_no_error(background.error);
}

static void
count_cb(NMMacvtapHypervisor *hypervisor, const char *text, gpointer user_data)
{
    (*(guint *)user_data)++;
}

/*****************************************************************************/

static void
test_unknown_uri(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new("nonsense:///system");
    g_autoptr(GError) error = NULL;

    g_assert_false(nm_macvtap_hypervisor_open(hypervisor, FALSE, &error));
    g_assert_error(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE);
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

/* Soon after the last call, one connection is left, and no source of the main loop is waiting for a
 * point in time. */
static void
test_idle(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
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
    /* What was closed is made anew. */
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
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
    guint i, n = 0;

    for (i = 0; i < 20; i++) {
        run(hypervisor, run_open);
        run(hypervisor, run_list);
        nm_macvtap_hypervisor_close(hypervisor);
        while (g_main_context_iteration(NULL, FALSE))
            ;
        if (i == 0)
            n = count_entries("/proc/self/fd");
    }
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, n);
}

/* Events and calls while connections come and go under them. */
static void
test_close_under_calls(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
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
        nm_macvtap_hypervisor_close(hypervisor);
        for (j = 0; j < G_N_ELEMENTS(calls); j++) {
            background_finish(&calls[j]);
            if (calls[j].error)
                g_assert_error(calls[j].error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE);
            g_clear_error(&calls[j].error);
        }
    }
    g_assert_cmpuint(closed, ==, 0);
}

/*****************************************************************************/

/* Calls on several threads that libvirtd, which is there, does not answer. */
static void
start_hung_calls(NMMacvtapHypervisor *hypervisor, Background calls[N_HUNG])
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
        g_assert_error(calls[i].error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE);
        g_clear_error(&calls[i].error);
    }
}

static void
close_at_once(NMMacvtapHypervisor *hypervisor)
{
    gint64 begin = g_get_monotonic_time();

    nm_macvtap_hypervisor_close(hypervisor);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, AT_ONCE);
}

/* The calls end, and say so. */
static void
test_hung_call(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
    Background calls[N_HUNG];
    guint closed = 0;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    run(hypervisor, run_open);
    /* One of them finds a connection that has been used, the others make theirs in vain. */
    run(hypervisor, run_list);
    signal_daemon(SIGSTOP);
    start_hung_calls(hypervisor, calls);
    finish_hung_calls(calls);
    while (closed == 0)
        g_main_context_iteration(NULL, TRUE);
    close_at_once(hypervisor);
    g_assert_cmpuint(closed, ==, 1);

    signal_daemon(SIGCONT);
    run(hypervisor, run_open);
    run(hypervisor, run_list);
}

/* close() waits neither for libvirtd nor for the calls that do. */
static void
test_hung_close(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
    Background calls[N_HUNG];
    guint closed = 0;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    run(hypervisor, run_open);
    run(hypervisor, run_list);
    signal_daemon(SIGSTOP);
    start_hung_calls(hypervisor, calls);
    g_usleep(G_USEC_PER_SEC / 10);
    close_at_once(hypervisor);
    finish_hung_calls(calls);

    signal_daemon(SIGCONT);
    run(hypervisor, run_open);
    run(hypervisor, run_list);
    g_assert_cmpuint(closed, ==, 0);
}

static gboolean
continue_cb(gpointer user_data)
{
    signal_daemon(SIGCONT);
    return G_SOURCE_REMOVE;
}

/* A libvirtd that is only slow is waited for, and the next time that it hangs is noticed as well.
 */
static void
test_hung_twice(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
    Background slow = {.hypervisor = hypervisor, .run = run_list};
    Background hung = {.hypervisor = hypervisor, .run = run_list};
    guint closed = 0;

    g_signal_connect(hypervisor, "closed", G_CALLBACK(count_cb), &closed);
    run(hypervisor, run_open);
    signal_daemon(SIGSTOP);
    g_timeout_add_seconds(7, continue_cb, NULL);
    background_start(&slow);
    background_finish(&slow);
    g_assert_no_error(slow.error);

    run(hypervisor, run_list);
    g_assert_cmpuint(closed, ==, 0);
    signal_daemon(SIGSTOP);
    background_start(&hung);
    background_finish(&hung);
    g_assert_error(hung.error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE);
    g_clear_error(&hung.error);
    signal_daemon(SIGCONT);
    while (closed == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(closed, ==, 1);
}

static void
test_hung_open(void)
{
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(URI);
    Background call = {.hypervisor = hypervisor, .run = run_open};

    signal_daemon(SIGSTOP);
    background_start(&call);
    background_finish(&call);
    g_assert_error(call.error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE);
    g_clear_error(&call.error);
    signal_daemon(SIGCONT);
    run(hypervisor, run_open);
    run(hypervisor, run_list);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    hypervisor_contract_add_tests(&world);
    g_test_add_func("/libvirt/unknown-uri", test_unknown_uri);
    g_test_add_func("/libvirt/idle", test_idle);
    g_test_add_func("/libvirt/no-leak", test_no_leak);
    g_test_add_func("/libvirt/close-under-calls", test_close_under_calls);
    /* 20 seconds each, libvirtd's time to answer. */
    if (g_test_slow()) {
        g_test_add_func("/libvirt/hung/call", test_hung_call);
        g_test_add_func("/libvirt/hung/close", test_hung_close);
        g_test_add_func("/libvirt/hung/twice", test_hung_twice);
        g_test_add_func("/libvirt/hung/open", test_hung_open);
    }
    return g_test_run();
}
