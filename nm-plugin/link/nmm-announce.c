/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-announce.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-neighbour-frame.h"
#include "nmm-rtnl.h"

static gboolean
fail(GError **error, const char *device, const char *what)
{
    return nmm_fail(error,
                    NMM_ERROR_FAILED,
                    "cannot announce the addresses of '%s': %s: %s",
                    device,
                    what,
                    g_strerror(errno));
}

/* An IPv6 link-local address belongs to the device and has not moved; an IPv4 one may have. */
static gboolean
is_announced(const NmmCidr *address, int family)
{
    if (family != AF_UNSPEC && family != (int)address->family)
        return FALSE;
    return address->family == G_SOCKET_FAMILY_IPV4 || !nmm_cidr_is_link_local(address);
}

static gboolean
send_all(const char *device,
         const struct sockaddr_ll *to,
         const guint8 *mac,
         const GArray *addresses,
         int family,
         GError **error)
{
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gboolean sent = TRUE;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return fail(error, device, "socket");
    for (guint i = 0; i < addresses->len; i++) {
        const NmmCidr *address = &g_array_index(addresses, NmmRoutingAddress, i).cidr;
        gsize length;

        if (!is_announced(address, family))
            continue;
        length = nmm_neighbour_frame_build_announcement(frame, mac, address);
        /* A failure does not stop the other addresses; the first error is returned. */
        if (sendto(fd, frame, length, 0, (const struct sockaddr *)to, sizeof(*to)) < 0 && sent)
            sent = fail(error, device, "sendto");
    }
    close(fd);
    return sent;
}

gboolean
nmm_announce(const char *device, int family, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlLink) link = sock ? nmm_rtnl_get_link(sock, device, error) : NULL;
    g_autoptr(GArray) addresses = NULL;
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = NMM_MAC_BYTES};
    struct nl_addr *mac;

    if (!link)
        return FALSE;
    mac = rtnl_link_get_addr(link);
    if (!mac || nl_addr_get_len(mac) != NMM_MAC_BYTES)
        return nmm_fail(error, NMM_ERROR_NOT_FOUND, "there is no Ethernet device '%s'", device);
    to.sll_ifindex = rtnl_link_get_ifindex(link);
    addresses = nmm_rtnl_list_addresses(sock, to.sll_ifindex, error);
    return addresses &&
           send_all(device, &to, nl_addr_get_binary_addr(mac), addresses, family, error);
}
