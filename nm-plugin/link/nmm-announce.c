/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet socket for as long as it takes: a gratuitous ARP request or an unsolicited advertisement
 * for each address.
 */

#include "config.h"

#include "nmm-announce.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netlink/route/link.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-neighbour-frame.h"
#include "nmm-netlink.h"
#include "nmm-rtnl.h"

static gboolean
fail(GError **error, const char *device, const char *what)
{
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_FAILED,
                "cannot announce the addresses of '%s': %s: %s",
                device,
                what,
                g_strerror(errno));
    return FALSE;
}

/* An IPv6 one belongs to the device and has not moved; an IPv4 one may have. */
static gboolean
is_announced(const NmmCidr *address)
{
    return address->family == G_SOCKET_FAMILY_IPV4 || !nmm_cidr_is_link_local(address);
}

static gboolean
send_all(const char *device,
         const struct sockaddr_ll *to,
         const guint8 *mac,
         const GArray *addresses,
         GError **error)
{
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gboolean sent = TRUE;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return fail(error, device, "socket");
    for (guint i = 0; i < addresses->len; i++) {
        const NmmCidr *address = &g_array_index(addresses, NmmCidr, i);
        gsize length;

        if (!is_announced(address))
            continue;
        length = nmm_neighbour_frame_build_announcement(frame, mac, address);
        /* One that cannot be sent does not keep the others back; the first error is told. */
        if (sendto(fd, frame, length, 0, (const struct sockaddr *)to, sizeof(*to)) < 0 && sent)
            sent = fail(error, device, "sendto");
    }
    close(fd);
    return sent;
}

/**
 * nmm_announce:
 * @device: a network device with an Ethernet MAC
 * @error: return location; %NMM_ERROR_NOT_FOUND, %NMM_ERROR_FAILED
 *
 * Returns: whether the LAN was told of each of its global addresses
 */
gboolean
nmm_announce(const char *device, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlLink) link = NULL;
    g_autoptr(GArray) addresses = NULL;
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = NMM_MAC_BYTES};
    struct nl_addr *mac;
    GError *local = NULL;

    if (!sock)
        return FALSE;
    link = nmm_rtnl_get_link(sock, device, &local);
    if (local) {
        g_propagate_error(error, local);
        return FALSE;
    }
    mac = link ? rtnl_link_get_addr(link) : NULL;
    if (!mac || nl_addr_get_len(mac) != NMM_MAC_BYTES) {
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_NOT_FOUND, "there is no Ethernet device '%s'", device);
        return FALSE;
    }
    to.sll_ifindex = rtnl_link_get_ifindex(link);
    addresses = nmm_rtnl_list_addresses(sock, to.sll_ifindex, error);
    return addresses && send_all(device, &to, nl_addr_get_binary_addr(mac), addresses, error);
}
