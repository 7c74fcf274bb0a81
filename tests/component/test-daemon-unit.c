/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which unit a message about libvirt names. Each host is a directory with the units, programs and
 * sockets of a distribution.
 */

#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "nmm-daemon-unit.h"

#define QEMU    "qemu:///system"
#define UNITS   "/usr/lib/systemd/system/"
#define ETC     "/etc/systemd/system/"
#define SOCKETS ETC "sockets.target.wants/"
#define RUN     "/run/libvirt/"
#define MASKED  "!" /* a file that is a link to /dev/null */

/* DEBIAN: as in Debian 12. Fedora has the monolithic daemon and the modular ones. */
#define DEBIAN UNITS "libvirtd.service", UNITS "libvirtd.socket", "/usr/sbin/libvirtd"
#define QEMUD  UNITS "virtqemud.service", UNITS "virtqemud.socket", "/usr/sbin/virtqemud"
#define NETD   UNITS "virtnetworkd.service", UNITS "virtnetworkd.socket", "/usr/sbin/virtnetworkd"

typedef struct {
    const char *name;
    const char *files[12]; /* with MASKED before it: a link to /dev/null */
    const char *uri;
    const char *part; /* (nullable) */
    NmmDaemonUnitState state;
    const char *unit; /* (nullable) */
} Case;

static const Case cases[] = {
    {"debian", {DEBIAN}, QEMU, NULL, NMM_DAEMON_UNIT_INSTALLED, "libvirtd"},
    {"debian-network", {DEBIAN}, QEMU, "network", NMM_DAEMON_UNIT_INSTALLED, "libvirtd"},
    {"debian-lxc", {DEBIAN}, "lxc:///system", NULL, NMM_DAEMON_UNIT_INSTALLED, "libvirtd"},
    {"debian-in-lib",
     {"/lib/systemd/system/libvirtd.service"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "libvirtd"},
    {"fedora", {DEBIAN, QEMUD, NETD}, QEMU, NULL, NMM_DAEMON_UNIT_INSTALLED, "virtqemud"},
    {"fedora-network",
     {DEBIAN, QEMUD, NETD},
     QEMU,
     "network",
     NMM_DAEMON_UNIT_INSTALLED,
     "virtnetworkd"},
    {"fedora-monolithic",
     {DEBIAN, QEMUD, SOCKETS "libvirtd.socket"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "libvirtd"},
    {"fedora-monolithic-service",
     {DEBIAN, QEMUD, ETC "multi-user.target.wants/libvirtd.service"},
     QEMU,
     "network",
     NMM_DAEMON_UNIT_INSTALLED,
     "libvirtd"},
    {"both-enabled",
     {DEBIAN, QEMUD, SOCKETS "libvirtd.socket", SOCKETS "virtqemud.socket"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "virtqemud"},
    /* A client uses the socket that exists, no matter which unit is enabled. */
    {"monolithic-by-hand",
     {DEBIAN, QEMUD, SOCKETS "virtqemud.socket", RUN "libvirt-sock"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "libvirtd"},
    {"both-sockets",
     {DEBIAN, QEMUD, RUN "libvirt-sock", RUN "virtqemud-sock"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "virtqemud"},
    {"no-network-driver",
     {DEBIAN, QEMUD, RUN "virtqemud-sock"},
     QEMU,
     "network",
     NMM_DAEMON_UNIT_MISSING,
     "virtnetworkd"},
    {"network-masked",
     {DEBIAN, QEMUD, NETD, MASKED ETC "virtnetworkd.service", RUN "virtqemud-sock"},
     QEMU,
     "network",
     NMM_DAEMON_UNIT_MASKED,
     "virtnetworkd"},
    {"network-socket-masked-until-reboot",
     {QEMUD, NETD, MASKED "/run/systemd/system/virtnetworkd.socket"},
     QEMU,
     "network",
     NMM_DAEMON_UNIT_MASKED,
     "virtnetworkd"},
    {"masked",
     {QEMUD, MASKED ETC "virtqemud.service"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_MASKED,
     "virtqemud"},
    {"modular-masked-for-monolithic",
     {DEBIAN, QEMUD, MASKED ETC "virtqemud.service"},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "libvirtd"},
    {"monolithic-masked-for-modular",
     {DEBIAN, MASKED ETC "libvirtd.service", QEMUD},
     QEMU,
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "virtqemud"},
    /* An administrator's unit replaces that of the package. */
    {"own-unit", {ETC "virtqemud.service"}, QEMU, NULL, NMM_DAEMON_UNIT_INSTALLED, "virtqemud"},
    {"without-systemd", {"/usr/sbin/libvirtd"}, QEMU, NULL, NMM_DAEMON_UNIT_INSTALLED, "libvirtd"},
    {"arch", {"/usr/bin/virtqemud"}, QEMU, NULL, NMM_DAEMON_UNIT_INSTALLED, "virtqemud"},
    {"socket-only", {RUN "virtqemud-sock"}, QEMU, NULL, NMM_DAEMON_UNIT_MISSING, "virtqemud"},
    {"nothing", {NULL}, QEMU, NULL, NMM_DAEMON_UNIT_MISSING, NULL},
    {"lxc",
     {QEMUD, UNITS "virtlxcd.service"},
     "lxc:///system",
     NULL,
     NMM_DAEMON_UNIT_INSTALLED,
     "virtlxcd"},
    {"no-lxc", {QEMUD, RUN "virtqemud-sock"}, "lxc:///system", NULL, NMM_DAEMON_UNIT_MISSING, NULL},
    {"other-host", {DEBIAN}, "qemu+ssh://host/system", NULL, NMM_DAEMON_UNIT_ELSEWHERE, NULL},
    {"test-driver", {DEBIAN}, "test:///default", "network", NMM_DAEMON_UNIT_ELSEWHERE, NULL},
};

static void
add_file(const char *root, const char *file)
{
    gboolean masked = g_str_has_prefix(file, MASKED);
    g_autofree char *path = g_strconcat(root, masked ? file + 1 : file, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_no_errno(g_mkdir_with_parents(dir, 0700));
    if (masked)
        g_assert_no_errno(symlink("/dev/null", path));
    else
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
}

static void
test_case(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *root = g_dir_make_tmp("test-daemon-unit-XXXXXX", NULL);
    g_autofree char *command = g_strdup_printf("rm -r %s", root);
    g_auto(NmmDaemonUnit) unit = {0};

    for (const char *const *file = c->files; *file; file++)
        add_file(root, *file);
    nmm_daemon_unit_find(root, c->uri, c->part, &unit);
    g_assert_cmpint(unit.state, ==, c->state);
    g_assert_cmpstr(unit.name, ==, c->unit);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static void
assert_package(const char *uri, const char *part, const char *package)
{
    g_auto(NmmDaemonUnit) unit = {0};

    nmm_daemon_unit_find("/nonexistent", uri, part, &unit);
    g_assert_cmpstr(unit.package, ==, package);
}

static void
test_package(void)
{
    assert_package(QEMU, NULL, "libvirt-daemon-driver-qemu");
    assert_package(QEMU, "network", "libvirt-daemon-driver-network");
    assert_package("lxc:///system", NULL, "libvirt-daemon-driver-lxc");
    assert_package("qemu+tcp://host/system", "network", NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/daemon-unit/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/daemon-unit/package", test_package);
    return g_test_run();
}
