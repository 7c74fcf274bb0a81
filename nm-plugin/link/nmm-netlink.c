/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this layer share of libnl. Opens, converts and names errors; asks the kernel
 * nothing itself.
 */

#include "config.h"

#include "nmm-netlink.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/**
 * nmm_netlink_fail:
 * @code: a negative libnl error
 * @what: the libnl call that returned it
 * @error: return location
 *
 * Returns: FALSE, with %NMM_ERROR_FAILED set.
 */
gboolean
nmm_netlink_fail(int code, const char *what, GError **error)
{
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_FAILED,
                _("the kernel refused '%s': %s"),
                what,
                nl_geterror(code));
    return FALSE;
}

/**
 * nmm_netlink_connect:
 * @error: return location
 *
 * Opens a socket to the kernel's routing tables, in the network namespace of the calling thread.
 *
 * Returns: (transfer full): the socket, or NULL with %NMM_ERROR_FAILED.
 */
NmmNlSock *
nmm_netlink_connect(GError **error)
{
    g_autoptr(NmmNlSock) sock = nl_socket_alloc();
    int code;

    if (!sock)
        g_error("out of memory");
    code = nl_connect(sock, NETLINK_ROUTE);
    if (code < 0) {
        nmm_netlink_fail(code, "connect", error);
        return NULL;
    }
    return g_steal_pointer(&sock);
}

/**
 * nmm_netlink_addr_to_cidr:
 * @addr: an address as libnl holds it
 * @out: (out): where it goes, on success only
 *
 * Returns: whether @addr is an IPv4 or IPv6 address with all of its bytes.
 */
gboolean
nmm_netlink_addr_to_cidr(struct nl_addr *addr, NmmCidr *out)
{
    NmmCidr cidr = {.prefix = nl_addr_get_prefixlen(addr)};
    gsize size;

    switch (nl_addr_get_family(addr)) {
    case AF_INET:
        cidr.family = G_SOCKET_FAMILY_IPV4;
        size = 4;
        break;
    case AF_INET6:
        cidr.family = G_SOCKET_FAMILY_IPV6;
        size = 16;
        break;
    default:
        return FALSE;
    }
    if (nl_addr_get_len(addr) != size)
        return FALSE;
    memcpy(cidr.bytes, nl_addr_get_binary_addr(addr), size);
    *out = cidr;
    return TRUE;
}
