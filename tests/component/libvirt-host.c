/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes libvirtd and its guests as virsh would. */

#include "config.h"

#include "libvirt-host.h"

#include <libvirt/virterror.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nmm-libvirt.h"

#define PID_FILE "/run/libvirtd.pid"

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
            check(virDomainUndefineFlags(domains[i],
                                         VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                                             VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA) == 0);
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

static NmmHypervisor *
world_new_hypervisor(gpointer data)
{
    return nmm_libvirt_new(URI);
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
world_save_guest(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check(virDomainManagedSave(domain, 0) == 0);
}

static void
world_pause_guest(gpointer data, const char *name, gboolean paused)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check((paused ? virDomainSuspend(domain) : virDomainResume(domain)) == 0);
}

static void
world_discard_image(gpointer data, const char *name)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);

    check(virDomainManagedSaveRemove(domain, 0) == 0);
}

/* The guests have no disk. */
static void
world_snapshot_guest(gpointer data, const char *name, const char *snapshot)
{
    g_autofree char *xml = g_strdup_printf("<domainsnapshot><name>%s</name><memory "
                                           "snapshot='external' file='/run/%s.memory'/>"
                                           "</domainsnapshot>",
                                           snapshot,
                                           snapshot);
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);
    virDomainSnapshotPtr made = virDomainSnapshotCreateXML(domain, xml, 0);

    check(made != NULL);
    virDomainSnapshotFree(made);
}

static void
world_delete_snapshot(gpointer data, const char *name, const char *snapshot)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);
    virDomainSnapshotPtr found = virDomainSnapshotLookupByName(domain, snapshot, 0);

    check(found && virDomainSnapshotDelete(found, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY) == 0);
    virDomainSnapshotFree(found);
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
world_guest_releases(gpointer data, const char *name)
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
world_define_filter(gpointer data, const char *xml)
{
    g_autoptr(virConnect) conn = connect_world();
    virNWFilterPtr filter = virNWFilterDefineXML(conn, xml);

    check(filter != NULL);
    virNWFilterFree(filter);
}

static pid_t
read_daemon_pid(void)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(PID_FILE, &text, NULL, &error);
    g_assert_no_error(error);
    return (pid_t)g_ascii_strtoll(text, NULL, 10);
}

void
libvirt_host_signal_daemon(int number)
{
    pid_t pid = read_daemon_pid();

    g_assert_cmpint(kill(pid, number), ==, 0);
    while (number == SIGKILL && kill(pid, 0) == 0)
        g_usleep(1000);
}

static void
world_lose_daemon(gpointer data)
{
    libvirt_host_signal_daemon(SIGKILL);
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
    g_spawn_check_exit_status(status, &error);
    g_assert_no_error(error);
}

void
libvirt_host_revive_daemon(void)
{
    pid_t pid = read_daemon_pid();

    libvirt_host_signal_daemon(SIGCONT);
    for (guint i = 0; i < 10; i++) {
        virConnect *conn = virConnectOpenReadOnly(URI);

        if (conn)
            virConnectClose(conn);
        g_usleep(G_USEC_PER_SEC / 20);
        if (kill(pid, 0) == 0)
            continue;
        g_test_message("libvirtd has ended by itself");
        world_restore_daemon(NULL);
        return;
    }
}

typedef struct {
    char *name;
    char *path;
} Save;

static gpointer
save_thread(gpointer data)
{
    g_autofree Save *save = data;
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, save->name);

    check(virDomainSave(domain, save->path) == 0);
    g_free(save->name);
    g_free(save->path);
    return NULL;
}

static gboolean
has_job(virDomainPtr domain)
{
    virDomainJobInfo info;

    check(virDomainGetJobInfo(domain, &info) == 0);
    return info.type != VIR_DOMAIN_JOB_NONE;
}

int
libvirt_host_save_to_pipe(const char *name, const char *path)
{
    g_autoptr(virConnect) conn = connect_world();
    g_autoptr(virDomain) domain = look_up_guest(conn, name);
    Save *save = g_new(Save, 1);
    int fd;

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    save->name = g_strdup(name);
    save->path = g_strdup(path);
    g_thread_unref(g_thread_new("save", save_thread, save));
    while (!has_job(domain))
        g_usleep(G_USEC_PER_SEC / 100);
    return fd;
}

void
libvirt_host_drain(int fd)
{
    char buffer[65536];

    g_assert_cmpint(fcntl(fd, F_SETFL, 0), ==, 0);
    while (read(fd, buffer, sizeof(buffer)) > 0)
        ;
}

const HypervisorHost libvirt_host = {
    .reset = world_reset,
    .new_hypervisor = world_new_hypervisor,
    .define_guest = world_define_guest,
    .undefine_guest = world_undefine_guest,
    .start_guest = world_start_guest,
    .stop_guest = world_stop_guest,
    .create_transient_guest = world_create_transient_guest,
    .define_rigid_guest = world_define_rigid_guest,
    .guest_releases = world_guest_releases,
    .define_network = world_define_network,
    .start_network = world_start_network,
    .stop_network = world_stop_network,
    .undefine_network = world_undefine_network,
    .save_guest = world_save_guest,
    .pause_guest = world_pause_guest,
    .discard_image = world_discard_image,
    .snapshot_guest = world_snapshot_guest,
    .delete_snapshot = world_delete_snapshot,
    .define_filter = world_define_filter,
    .lose_daemon = world_lose_daemon,
    .restore_daemon = world_restore_daemon,
};
