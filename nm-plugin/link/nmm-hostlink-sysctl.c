/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of settings of one link.
 */

#include "config.h"

#include "nmm-hostlink-sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "nmm-error.h"

typedef struct {
    const char *path; /* below /proc/sys/net, in two parts around the link's name */
    const char *name;
    const char *value;
    gboolean ipv6;
} Sysctl;

/* Hosts on the LAN are to learn the parent's MAC for the host and no other. */
static const Sysctl sysctls[] = {
    /* An ARP question is answered only by the interface that the route back goes out of. */
    {"ipv4/conf", "arp_filter", "1", FALSE},
    /* Guests have permanent entries; without one, nobody is asked, since the LAN would hear it. */
    {"ipv4/neigh", "mcast_solicit", "0", FALSE},
    {"ipv6/neigh", "mcast_solicit", "0", TRUE},
    {"ipv6/conf", "accept_ra", "0", TRUE},
    {"ipv6/conf", "autoconf", "0", TRUE},
    /* 1: no link-local address, so no duplicate address detection, no report, no second host. */
    {"ipv6/conf", "addr_gen_mode", "1", TRUE},
};

static gboolean
write_sysctl(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    gboolean written;
    int code;

    if (fd < 0)
        return FALSE;
    written = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    code = errno;
    close(fd);
    errno = code;
    return written;
}

/**
 * nmm_hostlink_write_sysctls:
 * @link: the host link's name
 * @error: return location; %NMM_ERROR_FAILED
 *
 * Returns: whether all of them are set; those of IPv6 only where the kernel has IPv6
 */
gboolean
nmm_hostlink_write_sysctls(const char *link, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sysctls); i++) {
        const Sysctl *row = &sysctls[i];
        g_autofree char *path =
            g_strdup_printf("/proc/sys/net/%s/%s/%s", row->path, link, row->name);

        if (write_sysctl(path, row->value))
            continue;
        /* IPv6 may be switched off altogether. */
        if (row->ipv6 && errno == ENOENT)
            continue;
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_FAILED,
                    _("cannot write '%s' to '%s': %s"),
                    row->value,
                    path,
                    g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}
