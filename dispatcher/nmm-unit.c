/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-unit.h"

#include <gio/gio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "nmm-error.h"

#define UNIT         "nm-macvtap-dispatcher.service"
#define BOOTED_DIR   "/run/systemd/system"
#define SYSTEMD      "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MASKED       SYSTEMD ".UnitMasked"
#define TIMEOUT_MS   5000

gboolean
nmm_unit_is_booted(void)
{
    return g_file_test(BOOTED_DIR, G_FILE_TEST_IS_DIR);
}

static gboolean
is_masked(const GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);

    return g_strcmp0(name, MASKED) == 0;
}

gboolean
nmm_unit_start(GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GVariant) job = NULL;
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &local);

    if (bus)
        job = g_dbus_connection_call_sync(bus,
                                          SYSTEMD,
                                          SYSTEMD_PATH,
                                          SYSTEMD ".Manager",
                                          "StartUnit",
                                          g_variant_new("(ss)", UNIT, "replace"),
                                          G_VARIANT_TYPE("(o)"),
                                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                          TIMEOUT_MS,
                                          NULL,
                                          &local);
    if (job)
        return TRUE;
    return nmm_fail(error,
                    is_masked(local) ? NMM_ERROR_DENIED : NMM_ERROR_UNREACHABLE,
                    "cannot start '%s': %s",
                    UNIT,
                    local->message);
}

void
nmm_unit_notify_stopping(void)
{
    static const char message[] = "STOPPING=1";
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length;
    int fd;

    if (!path || strlen(path) >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, strlen(path));
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        sendto(
            fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&address, length) <
            0)
        g_debug("cannot notify systemd: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
}
