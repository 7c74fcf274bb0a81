/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-daemon-unit.h"

#include <gio/gio.h>

#include "nmm-daemon.h"

/* The directories in systemd.unit(5) for units of the administrator and of packages, in order of
 * precedence. */
static const char *const unit_dirs[] = {
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
};

/* Directories of the links that `systemctl enable` creates for libvirt's units. */
static const char *const wants[][2] = {
    {"/etc/systemd/system/sockets.target.wants", ".socket"},
    {"/etc/systemd/system/multi-user.target.wants", ".service"},
};

static const char *const program_dirs[] = {"/usr/sbin", "/usr/bin"};

/* (transfer full) */
static char *
build_path(const char *root, const char *dir, const char *name, const char *suffix)
{
    return g_strconcat(root, dir, "/", name, suffix, NULL);
}

/* A dangling symbolic link exists, too. */
static gboolean
exists(const char *root, const char *dir, const char *name, const char *suffix)
{
    g_autofree char *path = build_path(root, dir, name, suffix);

    return g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

static gboolean
is_program(const char *root, const char *daemon)
{
    for (gsize i = 0; i < G_N_ELEMENTS(program_dirs); i++) {
        if (exists(root, program_dirs[i], daemon, ""))
            return TRUE;
    }
    return FALSE;
}

static NmmDaemonUnitState
read_file(const char *root, const char *daemon, const char *suffix)
{
    for (gsize i = 0; i < G_N_ELEMENTS(unit_dirs); i++) {
        g_autofree char *path = build_path(root, unit_dirs[i], daemon, suffix);
        g_autofree char *target = g_file_read_link(path, NULL);

        if (g_strcmp0(target, "/dev/null") == 0)
            return NMM_DAEMON_UNIT_MASKED;
        if (exists(root, unit_dirs[i], daemon, suffix))
            return NMM_DAEMON_UNIT_INSTALLED;
    }
    return NMM_DAEMON_UNIT_MISSING;
}

/* If its socket is masked, nothing starts the service. Without systemd there is no unit. */
static NmmDaemonUnitState
read_state(const char *root, const char *daemon)
{
    NmmDaemonUnitState service = read_file(root, daemon, ".service");

    if (service == NMM_DAEMON_UNIT_MASKED ||
        read_file(root, daemon, ".socket") == NMM_DAEMON_UNIT_MASKED)
        return NMM_DAEMON_UNIT_MASKED;
    return service == NMM_DAEMON_UNIT_INSTALLED || is_program(root, daemon)
               ? NMM_DAEMON_UNIT_INSTALLED
               : NMM_DAEMON_UNIT_MISSING;
}

static gboolean
has_socket(const char *root, const char *daemon)
{
    return exists(
        root, NMM_DAEMON_RUN_DIR "/libvirt", nmm_daemon_get_socket_prefix(daemon), "-sock");
}

static gboolean
is_enabled(const char *root, const char *daemon)
{
    for (gsize i = 0; i < G_N_ELEMENTS(wants); i++) {
        if (exists(root, wants[i][0], daemon, wants[i][1]))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_installed(const char *root, const char *daemon)
{
    return read_state(root, daemon) == NMM_DAEMON_UNIT_INSTALLED;
}

static gboolean
is_masked(const char *root, const char *daemon)
{
    return read_state(root, daemon) == NMM_DAEMON_UNIT_MASKED;
}

/* (nullable) */
static const char *
choose(const char *root, const char *const *daemons)
{
    static gboolean (*const tests[])(const char *root, const char *daemon) = {
        has_socket,
        is_enabled,
        is_installed,
        is_masked,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        for (const char *const *daemon = daemons; *daemon; daemon++) {
            if (tests[i](root, *daemon))
                return *daemon;
        }
    }
    return NULL;
}

void
nmm_daemon_unit_find(const char *root, const char *uri, const char *part, NmmDaemonUnit *out_unit)
{
    g_autofree char *driver = nmm_daemon_get_driver(uri);
    g_autofree char *own = driver ? nmm_daemon_build_name(driver) : NULL;
    const char *const daemons[] = {own, NMM_DAEMON_MONOLITHIC, NULL};
    const char *chosen = own ? choose(root, daemons) : NULL;

    *out_unit = (NmmDaemonUnit){.state = NMM_DAEMON_UNIT_ELSEWHERE};
    if (!own)
        return;
    out_unit->package = g_strconcat("libvirt-daemon-driver-", part ? part : driver, NULL);
    out_unit->name = part && g_strcmp0(chosen, NMM_DAEMON_MONOLITHIC) != 0
                         ? nmm_daemon_build_name(part)
                         : g_strdup(chosen);
    out_unit->state = out_unit->name ? read_state(root, out_unit->name) : NMM_DAEMON_UNIT_MISSING;
}

void
nmm_daemon_unit_clear(NmmDaemonUnit *unit)
{
    g_free(unit->name);
    g_free(unit->package);
}
