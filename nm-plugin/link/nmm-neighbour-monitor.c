/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two packet sockets: their filters, what comes in, what goes out.
 */

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

/* Frames read before the main loop has its turn again. */
#define FRAMES_PER_WAKE_UP 64

typedef struct {
    int fd;
    int ifindex;
    guint8 mac[NMM_MAC_BYTES];
    GSource *source;
} Socket;

struct _NmmNeighbourMonitor {
    GObject parent_instance;
    Socket link;
    Socket parent;
    GArray *addresses;   /* NmmCidr: IPv6, answered for, and listened for on the link */
    GHashTable *clients; /* set of guint64: MACs of guests that are answered */
};

G_DEFINE_TYPE(NmmNeighbourMonitor, nmm_neighbour_monitor, G_TYPE_OBJECT)

enum { DISCOVERED, ASKED, N_SIGNALS };

static guint signals[N_SIGNALS];

/* Filters: offsets into the Ethernet frame; jumps count the instructions skipped. */

#define DROP            BPF_STMT(BPF_RET | BPF_K, 0)
#define ACCEPT          BPF_STMT(BPF_RET | BPF_K, NMM_NEIGHBOUR_FRAME_MAX)
#define ANCILLARY(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (guint32)SKF_AD_OFF + SKF_AD_##what)

/* ARP, neighbour solicitation, neighbour advertisement; nothing of a VLAN. */
#define KEEP_NEIGHBOURS                                                                            \
    ANCILLARY(VLAN_TAG_PRESENT), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), DROP,               \
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                                                    \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0),                                      \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),                                     \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 2),     \
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 135, 2, 0),    \
        DROP, ACCEPT, BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 136, 0, 1), DROP, ACCEPT

/* The link: whatever comes in. */
static const struct sock_filter link_filter[] = {
    ANCILLARY(PKTTYPE),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
    DROP,
    KEEP_NEIGHBOURS,
};

/* The parent: what is sent to the host, and what the host sends to all. The guests' frames pass the
 * parent on their way out too; they have other sources than @parent_mac (see PARENT_MAC_AT). */
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
    KEEP_NEIGHBOURS,
};

static gboolean
fail(GError **error, const char *ifname, const char *what)
{
    int code = errno;

    g_set_error(error,
                NMM_ERROR,
                code == ENODEV ? NMM_ERROR_NOT_FOUND : NMM_ERROR_FAILED,
                _("interface '%s': cannot listen for neighbours (%s): %s"),
                ifname,
                what,
                g_strerror(code));
    return FALSE;
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
    /* Protocol 0 hears nothing until bind(), so nothing gets in before the filter. */
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

static gboolean
start_link(Socket *sock, const char *ifname, GError **error)
{
    const int yes = 1;

    /* Spares the kernel a copy of everything that is sent; where it is too old, the filter does. */
    (void)setsockopt(sock->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
    return start_socket(sock, ifname, link_filter, G_N_ELEMENTS(link_filter), error);
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

static guint64
mac_to_key(const guint8 *mac)
{
    guint64 key = 0;

    memcpy(&key, mac, NMM_MAC_BYTES);
    return key;
}

static void
send_frame(const Socket *sock, const guint8 *frame, gsize length)
{
    if (send(sock->fd, frame, length, 0) < 0)
        g_warning("cannot send a neighbour discovery frame: %s", g_strerror(errno));
}

static gboolean
is_answered(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame)
{
    guint64 key = mac_to_key(frame->mac);

    if (!frame->has_sender || !frame->has_target || !g_hash_table_contains(self->clients, &key))
        return FALSE;
    for (guint i = 0; i < self->addresses->len; i++) {
        const NmmCidr *mine = &g_array_index(self->addresses, NmmCidr, i);

        if (frame->target.family == mine->family &&
            memcmp(frame->target.bytes, mine->bytes, sizeof(mine->bytes)) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
handle_link_frame(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame)
{
    if (frame->has_sender)
        g_signal_emit(self, signals[DISCOVERED], 0, frame->mac, &frame->sender, FALSE);
    /* After the handlers: the first question of a guest is answered as soon as it has its route. */
    if (is_answered(self, frame)) {
        guint8 answer[NMM_NEIGHBOUR_FRAME_MAX];
        gsize length = nmm_neighbour_frame_build_answer(
            answer, self->link.mac, frame->mac, &frame->target, &frame->sender);

        send_frame(&self->link, answer, length);
    }
}

static void
handle_parent_frame(NmmNeighbourMonitor *self, const NmmNeighbourFrame *frame, gboolean ours)
{
    if (!ours && frame->has_sender)
        g_signal_emit(self, signals[DISCOVERED], 0, frame->mac, &frame->sender, TRUE);
    else if (ours && frame->has_sender && frame->has_target)
        g_signal_emit(self, signals[ASKED], 0, &frame->target);
}

static void
handle_data(NmmNeighbourMonitor *self,
            const Socket *sock,
            const guint8 *data,
            gsize length,
            gboolean outgoing)
{
    NmmNeighbourFrame frame;

    if (!nmm_neighbour_frame_parse(data, length, &frame))
        return;
    if (sock == &self->link)
        handle_link_frame(self, &frame);
    else
        handle_parent_frame(self, &frame, outgoing);
}

static Socket *
find_socket(NmmNeighbourMonitor *self, int fd)
{
    return fd == self->link.fd ? &self->link : &self->parent;
}

static gboolean
readable_cb(int fd, GIOCondition condition, gpointer data)
{
    g_autoptr(NmmNeighbourMonitor) self = g_object_ref(data);

    for (guint i = 0; i < FRAMES_PER_WAKE_UP; i++) {
        guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
        struct sockaddr_ll from = {0};
        socklen_t from_length = sizeof(from);
        ssize_t n = recvfrom(
            fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from, &from_length);

        /* An interface that goes down or away is an error once; the host link's watcher tells. */
        if (n < 0)
            return G_SOURCE_CONTINUE;
        handle_data(
            self, find_socket(self, fd), frame, (gsize)n, from.sll_pkttype == PACKET_OUTGOING);
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
    if (sock->source != NULL)
        g_source_destroy(sock->source);
    g_clear_pointer(&sock->source, g_source_unref);
    if (sock->fd >= 0)
        close(sock->fd);
    sock->fd = -1;
}

static void
nmm_neighbour_monitor_finalize(GObject *object)
{
    NmmNeighbourMonitor *self = NMM_NEIGHBOUR_MONITOR(object);

    close_socket(&self->link);
    close_socket(&self->parent);
    g_array_unref(self->addresses);
    g_hash_table_unref(self->clients);
    G_OBJECT_CLASS(nmm_neighbour_monitor_parent_class)->finalize(object);
}

static void
nmm_neighbour_monitor_class_init(NmmNeighbourMonitorClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = nmm_neighbour_monitor_finalize;
    signals[DISCOVERED] = g_signal_new("discovered",
                                       NMM_TYPE_NEIGHBOUR_MONITOR,
                                       G_SIGNAL_RUN_LAST,
                                       0,
                                       NULL,
                                       NULL,
                                       NULL,
                                       G_TYPE_NONE,
                                       3,
                                       G_TYPE_POINTER,
                                       G_TYPE_POINTER,
                                       G_TYPE_BOOLEAN);
    signals[ASKED] = g_signal_new("asked",
                                  NMM_TYPE_NEIGHBOUR_MONITOR,
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  1,
                                  G_TYPE_POINTER);
}

static void
nmm_neighbour_monitor_init(NmmNeighbourMonitor *self)
{
    self->link.fd = -1;
    self->parent.fd = -1;
    self->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    self->clients = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

/**
 * nmm_neighbour_monitor_new:
 * @link: the host link's name
 * @parent: its lower device's name
 *
 * Returns: (transfer full): listening already
 */
NmmNeighbourMonitor *
nmm_neighbour_monitor_new(const char *link, const char *parent, GError **error)
{
    g_autoptr(NmmNeighbourMonitor) self = g_object_new(NMM_TYPE_NEIGHBOUR_MONITOR, NULL);

    if (!open_socket(&self->link, link, error) || !open_socket(&self->parent, parent, error) ||
        !start_link(&self->link, link, error) || !start_parent(&self->parent, parent, error))
        return NULL;
    watch_socket(self, &self->link);
    watch_socket(self, &self->parent);
    return g_steal_pointer(&self);
}

/**
 * nmm_neighbour_monitor_ask:
 * @question: as NmmRouting wants it
 */
void
nmm_neighbour_monitor_ask(NmmNeighbourMonitor *self, const NmmProbe *question)
{
    const Socket *sock = question->lan ? &self->parent : &self->link;
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gsize length = nmm_neighbour_frame_build_question(frame,
                                                      sock->mac,
                                                      question->lan ? NULL : question->mac,
                                                      &question->source,
                                                      &question->address);

    send_frame(sock, frame, length);
}

/* The guests' solicitations go to the addresses' groups; the device has to let those pass. */
static void
set_membership(NmmNeighbourMonitor *self, const NmmCidr *address, int option)
{
    struct packet_mreq group = {
        .mr_ifindex = self->link.ifindex,
        .mr_type = PACKET_MR_MULTICAST,
        .mr_alen = NMM_MAC_BYTES,
    };

    nmm_neighbour_solicited_mac(address, group.mr_address);
    if (setsockopt(self->link.fd, SOL_PACKET, option, &group, sizeof(group)) < 0)
        g_warning("cannot change the groups of the host link: %s", g_strerror(errno));
}

/**
 * nmm_neighbour_monitor_set_answers:
 * @addresses: (nullable): the host's
 * @routes: (nullable): the guests'
 */
void
nmm_neighbour_monitor_set_answers(NmmNeighbourMonitor *self,
                                  const GArray *addresses,
                                  const GArray *routes)
{
    g_autoptr(GArray) old = g_steal_pointer(&self->addresses);

    self->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    for (guint i = 0; addresses != NULL && i < addresses->len; i++) {
        const NmmCidr *address = &g_array_index(addresses, NmmCidr, i);

        if (address->family != G_SOCKET_FAMILY_IPV6 || !nmm_routing_is_routable(address))
            continue;
        g_array_append_val(self->addresses, *address);
        set_membership(self, address, PACKET_ADD_MEMBERSHIP);
    }
    /* The kernel counts memberships: what stays was added once more before it is dropped once. */
    for (guint i = 0; i < old->len; i++)
        set_membership(self, &g_array_index(old, NmmCidr, i), PACKET_DROP_MEMBERSHIP);
    g_hash_table_remove_all(self->clients);
    for (guint i = 0; routes != NULL && i < routes->len; i++) {
        guint64 key = mac_to_key(g_array_index(routes, NmmRoute, i).mac);

        g_hash_table_add(self->clients, g_memdup2(&key, sizeof(key)));
    }
}
