/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-neighbour-monitor.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-neighbour-frame.h"
#include "nmm-setup-frame.h"

/* Frames read before the main loop has its turn again. */
#define FRAMES_PER_WAKE_UP 64

typedef struct {
    int fd;
    int ifindex;
    guint8 mac[NMM_MAC_BYTES];
    GSource *source;
    int error; /* of the last frame that was sent, or 0 */
} Socket;

struct _NmmNeighbourMonitor {
    const NmmNeighbourCallbacks *callbacks;
    gpointer user_data;
    Socket link;
    Socket parent;
    GArray *addresses;  /* NmmCidr: the host's, for which guests get replies */
    GHashTable *guests; /* set of NmmMacKey: those that get replies … */
    GHashTable *routes; /* … from these addresses: NmmCidr → NmmMacKey */
};

/* Filters: offsets into the Ethernet frame; jumps count the instructions skipped. */

#define DROP            BPF_STMT(BPF_RET | BPF_K, 0)
#define ACCEPT          BPF_STMT(BPF_RET | BPF_K, NMM_NEIGHBOUR_FRAME_MAX)
#define ANCILLARY(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (guint32)SKF_AD_OFF + SKF_AD_##what)

#define DROP_VLAN ANCILLARY(VLAN_TAG_PRESENT), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), DROP

/* ARP, neighbour solicitation, neighbour advertisement, reply to our echo request. */
#define KEEP_NEIGHBOURS                                                                            \
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 10, 0), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 8),                                     \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 6),     \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 135, 5, 0),    \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 4, 0),                                            \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 129, 0, 2), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 58),    \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NMM_NEIGHBOUR_ECHO, 1, 0), DROP, ACCEPT

/* Of what nmm_setup_frame_parse() takes: IPv4, UDP to port 67; IPv6 with options, MLDv2 report of a
 * change. Reports that answer a query begin with a record of type 1 or 2. */
#define KEEP_SETUP                                                                                 \
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 4),   \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 10),    \
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 36), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, 7, 8),     \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 7),                                     \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5),      \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 62), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 143, 0, 3),    \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 70), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 3, 0, 1),      \
        ACCEPT

/* The link: incoming frames. */
#define KEEP_INCOMING                                                                              \
    ANCILLARY(PKTTYPE), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1), DROP, DROP_VLAN
static const struct sock_filter link_filter[] = {KEEP_INCOMING, KEEP_NEIGHBOURS};
static const struct sock_filter setup_filter[] = {KEEP_INCOMING, KEEP_SETUP, KEEP_NEIGHBOURS};

/* The parent: unicast frames to the host, and the host's multicast frames. The guests' frames leave
 * by the parent too, with other source MACs than the parent's (see PARENT_MAC_AT). */
#define PARENT_MAC_AT 5
static const struct sock_filter parent_filter[] = {
    ANCILLARY(PKTTYPE),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 9, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0),
    DROP,
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 10),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0),
    DROP,
    DROP_VLAN,
    KEEP_NEIGHBOURS,
};

static gboolean
fail(GError **error, const char *ifname, const char *what)
{
    int code = errno;

    return nmm_fail(error,
                    code == ENODEV ? NMM_ERROR_NOT_FOUND : NMM_ERROR_FAILED,
                    _("interface '%s': cannot listen for neighbours (%s): %s"),
                    ifname,
                    what,
                    g_strerror(code));
}

static gboolean
read_interface(Socket *sock, const char *ifname, GError **error)
{
    struct ifreq request = {0};

    if (g_strlcpy(request.ifr_name, ifname, sizeof(request.ifr_name)) >= sizeof(request.ifr_name)) {
        errno = ENODEV;
        return fail(error, ifname, "name");
    }
    if (ioctl(sock->fd, SIOCGIFHWADDR, &request) < 0)
        return fail(error, ifname, "SIOCGIFHWADDR");
    memcpy(sock->mac, request.ifr_hwaddr.sa_data, sizeof(sock->mac));
    if (ioctl(sock->fd, SIOCGIFINDEX, &request) < 0)
        return fail(error, ifname, "SIOCGIFINDEX");
    sock->ifindex = request.ifr_ifindex;
    return TRUE;
}

static gboolean
open_socket(Socket *sock, const char *ifname, GError **error)
{
    /* Protocol 0 receives nothing until bind(), so no frame precedes the filter. */
    sock->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sock->fd < 0)
        return fail(error, ifname, "socket");
    return read_interface(sock, ifname, error);
}

static gboolean
start_socket(Socket *sock,
             const char *ifname,
             const struct sock_filter *filter,
             gsize n_filter,
             GError **error)
{
    const struct sock_fprog program = {.len = (unsigned short)n_filter,
                                       .filter = (struct sock_filter *)filter};
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = g_htons(ETH_P_ALL),
        .sll_ifindex = sock->ifindex,
    };

    if (setsockopt(sock->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
        return fail(error, ifname, "SO_ATTACH_FILTER");
    if (bind(sock->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return fail(error, ifname, "bind");
    return TRUE;
}

/* The device passes on frames to these groups only. */
static void
set_membership(Socket *sock, const guint8 *mac, int option)
{
    struct packet_mreq group = {
        .mr_ifindex = sock->ifindex,
        .mr_type = PACKET_MR_MULTICAST,
        .mr_alen = NMM_MAC_BYTES,
    };

    memcpy(group.mr_address, mac, NMM_MAC_BYTES);
    if (setsockopt(sock->fd, SOL_PACKET, option, &group, sizeof(group)) < 0)
        g_warning("cannot change the multicast groups of the host link: %s", g_strerror(errno));
}

static gboolean
start_link(Socket *sock, const char *ifname, gboolean setup, GError **error)
{
    static const guint8 mld_routers[] = {0x33, 0x33, 0, 0, 0, 0x16};
    const int yes = 1;
    const int unlimited = G_MAXINT;

    /* Saves the kernel a copy of every frame sent; if it is too old, the filter drops them. */
    (void)setsockopt(sock->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
    /* The kernel counts a frame until the guest reads it. A guest that boots or is paused must not
     * stop the frames to the others; the queue of its interface, 500 frames, is the limit. */
    (void)setsockopt(sock->fd, SOL_SOCKET, SO_SNDBUFFORCE, &unlimited, sizeof(unlimited));
    if (!setup)
        return start_socket(sock, ifname, link_filter, G_N_ELEMENTS(link_filter), error);
    set_membership(sock, mld_routers, PACKET_ADD_MEMBERSHIP);
    return start_socket(sock, ifname, setup_filter, G_N_ELEMENTS(setup_filter), error);
}

static gboolean
start_parent(Socket *sock, const char *ifname, GError **error)
{
    struct sock_filter filter[G_N_ELEMENTS(parent_filter)];
    const guint8 *mac = sock->mac;

    memcpy(filter, parent_filter, sizeof(filter));
    filter[PARENT_MAC_AT].k =
        (guint32)mac[0] << 24 | (guint32)mac[1] << 16 | (guint32)mac[2] << 8 | mac[3];
    filter[PARENT_MAC_AT + 2].k = (guint32)mac[4] << 8 | mac[5];
    return start_socket(sock, ifname, filter, G_N_ELEMENTS(filter), error);
}

/* Without a carrier or after a shutdown, every frame of a sweep fails with the same error. */
static void
send_frame(Socket *sock, const guint8 *frame, gsize length)
{
    int error = send(sock->fd, frame, length, 0) < 0 ? errno : 0;

    if (error != 0 && error != sock->error)
        g_warning("cannot send a neighbour discovery frame: %s", g_strerror(error));
    sock->error = error;
}

/* With a reply the guest would send packets at once, and the host would reply to an address without
 * a route on the parent. A guest also solicits from its link-local address. */
static gboolean
is_served(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame)
{
    NmmMacKey key = nmm_mac_key_from_bytes(frame->mac);
    const NmmMacKey *holder;

    if (!frame->has_sender || !nmm_routing_is_routable(&frame->sender))
        return g_hash_table_contains(self->guests, &key);
    holder = g_hash_table_lookup(self->routes, &frame->sender);
    return holder && *holder == key;
}

static gboolean
wants_reply(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame)
{
    if (!frame->has_target || !is_served(self, frame))
        return FALSE;
    for (guint i = 0; i < self->addresses->len; i++) {
        if (nmm_cidr_equal_address(&frame->target, &g_array_index(self->addresses, NmmCidr, i)))
            return TRUE;
    }
    return FALSE;
}

/* A request without a sender is a probe whether the address is free. */
static void
send_reply(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame)
{
    const NmmCidr unspecified = {.family = frame->target.family};
    guint8 reply[NMM_NEIGHBOUR_FRAME_MAX];
    gsize length =
        nmm_neighbour_frame_build_reply(reply,
                                        self->link.mac,
                                        frame->mac,
                                        &frame->target,
                                        frame->has_sender ? &frame->sender : &unspecified);

    send_frame(&self->link, reply, length);
}

static void
report_setup(NmmNeighbourMonitor *self, const guint8 *mac)
{
    if (self->callbacks->set_up)
        self->callbacks->set_up(mac, self->user_data);
}

/* One without a sender asks whether an address is free. */
static void
handle_link_frame(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame)
{
    if (frame->has_sender)
        self->callbacks->claimed(frame->mac, &frame->sender, FALSE, self->user_data);
    else
        report_setup(self, frame->mac);
    /* After the handler: a guest whose first solicitation made its route gets a reply. */
    if (wants_reply(self, frame))
        send_reply(self, frame);
}

static void
handle_parent_frame(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame, gboolean from_host)
{
    if (!frame->has_sender || frame->is_echo)
        return;
    if (!from_host)
        self->callbacks->claimed(frame->mac, &frame->sender, TRUE, self->user_data);
    else if (frame->has_target && self->callbacks->solicited)
        self->callbacks->solicited(&frame->target, self->user_data);
}

static gboolean
readable_cb(int fd, GIOCondition condition, gpointer data)
{
    NmmNeighbourMonitor *self = data;

    for (guint i = 0; i < FRAMES_PER_WAKE_UP; i++) {
        guint8 bytes[NMM_NEIGHBOUR_FRAME_MAX];
        NmmNeighbourFrame frame;
        struct sockaddr_ll from = {0};
        socklen_t from_length = sizeof(from);
        ssize_t n = recvfrom(
            fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &from_length);

        /* An interface that goes down or away gives one error; the host link's watch reports it. */
        if (n < 0)
            return G_SOURCE_CONTINUE;
        if (nmm_setup_frame_parse(bytes, (gsize)n, frame.mac))
            report_setup(self, frame.mac);
        else if (!nmm_neighbour_frame_parse(bytes, (gsize)n, &frame))
            continue;
        else if (fd == self->link.fd)
            handle_link_frame(self, &frame);
        else
            handle_parent_frame(self, &frame, from.sll_pkttype == PACKET_OUTGOING);
    }
    return G_SOURCE_CONTINUE;
}

static void
watch_socket(NmmNeighbourMonitor *self, Socket *sock)
{
    sock->source = g_unix_fd_source_new(sock->fd, G_IO_IN);
    g_source_set_callback(sock->source, G_SOURCE_FUNC(readable_cb), self, NULL);
    g_source_attach(sock->source, g_main_context_get_thread_default());
}

static void
close_socket(Socket *sock)
{
    if (sock->source)
        g_source_destroy(sock->source);
    g_clear_pointer(&sock->source, g_source_unref);
    if (sock->fd >= 0)
        close(sock->fd);
    sock->fd = -1;
}

void
nmm_neighbour_monitor_free(NmmNeighbourMonitor *self)
{
    close_socket(&self->link);
    close_socket(&self->parent);
    g_array_unref(self->addresses);
    g_hash_table_unref(self->guests);
    g_hash_table_unref(self->routes);
    g_free(self);
}

NmmNeighbourMonitor *
nmm_neighbour_monitor_new(const char *link,
                          const char *parent,
                          const NmmNeighbourCallbacks *callbacks,
                          gpointer user_data,
                          GError **error)
{
    g_autoptr(NmmNeighbourMonitor) self = g_new0(NmmNeighbourMonitor, 1);

    self->callbacks = callbacks;
    self->user_data = user_data;
    self->link.fd = self->parent.fd = -1;
    self->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    self->guests = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->routes =
        g_hash_table_new_full(nmm_cidr_hash_address, nmm_cidr_equal_address, g_free, g_free);
    if (!open_socket(&self->link, link, error) ||
        (parent && !open_socket(&self->parent, parent, error)) ||
        !start_link(&self->link, link, callbacks->set_up != NULL, error) ||
        (parent && !start_parent(&self->parent, parent, error)))
        return NULL;
    watch_socket(self, &self->link);
    if (parent)
        watch_socket(self, &self->parent);
    return g_steal_pointer(&self);
}

void
nmm_neighbour_monitor_probe(NmmNeighbourMonitor *self, const NmmProbe *probe)
{
    Socket *sock = probe->lan ? &self->parent : &self->link;
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gsize length = nmm_neighbour_frame_build_probe(
        frame, sock->mac, probe->lan ? NULL : probe->mac, &probe->source, &probe->address);

    send_frame(sock, frame, length);
}

/* The guests send solicitations to the addresses' multicast groups. */
static void
set_solicited(NmmNeighbourMonitor *self, const NmmCidr *address, int option)
{
    guint8 mac[NMM_MAC_BYTES];

    if (address->family != G_SOCKET_FAMILY_IPV6)
        return;
    nmm_neighbour_solicited_mac(address, mac);
    set_membership(&self->link, mac, option);
}

void
nmm_neighbour_monitor_set_replies(NmmNeighbourMonitor *self,
                                  const GArray *addresses,
                                  const GArray *routes)
{
    g_autoptr(GArray) old = g_steal_pointer(&self->addresses);

    self->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    for (guint i = 0; i < addresses->len; i++) {
        const NmmCidr *address = &g_array_index(addresses, NmmRoutingAddress, i).cidr;

        if (!nmm_routing_is_routable(address))
            continue;
        g_array_append_val(self->addresses, *address);
        set_solicited(self, address, PACKET_ADD_MEMBERSHIP);
    }
    /* The kernel counts memberships: an address that stays is added before it is dropped. */
    for (guint i = 0; i < old->len; i++)
        set_solicited(self, &g_array_index(old, NmmCidr, i), PACKET_DROP_MEMBERSHIP);
    g_hash_table_remove_all(self->guests);
    g_hash_table_remove_all(self->routes);
    for (guint i = 0; i < routes->len; i++) {
        const NmmRoute *route = &g_array_index(routes, NmmRoute, i);
        NmmMacKey key = nmm_mac_key_from_bytes(route->mac);

        g_hash_table_add(self->guests, g_memdup2(&key, sizeof(key)));
        g_hash_table_insert(self->routes,
                            g_memdup2(&route->address, sizeof(route->address)),
                            g_memdup2(&key, sizeof(key)));
    }
}
