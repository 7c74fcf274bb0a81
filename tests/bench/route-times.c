/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When ARP went over which link, and when which IPv4 route came: one line for each, until a signal.
 *
 *     frame SECONDS LINK in|out MAC SENDER TARGET
 *     route SECONDS LINK ADDRESS
 *
 * Frames have the kernel's own time stamp. Routes have the time at which their notification was
 * read, by a program that sleeps in poll() and is woken before others where it may; what that takes
 * is counted as the route's. Both are of the real-time clock.
 */

#include <arpa/inet.h>
#include <glib.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

static double
seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

static const char *
link_name(int ifindex, char *buffer)
{
    return if_indextoname((unsigned int)ifindex, buffer) ?: "?";
}

static int
open_frames(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 128),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {.len = G_N_ELEMENTS(filter), .filter = filter};
    const struct sockaddr_ll every_link = {
        .sll_family = AF_PACKET,
        .sll_protocol = g_htons(ETH_P_ALL), /* with ARP's own number nothing is seen going out */
    };
    const int yes = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) < 0 ||
        bind(fd, (const struct sockaddr *)&every_link, sizeof(every_link)) < 0)
        g_error("packet socket: %m");
    return fd;
}

static int
open_routes(void)
{
    const struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&group, sizeof(group)) < 0)
        g_error("netlink socket: %m");
    return fd;
}

static void
print_frame(int fd)
{
    struct {
        struct ether_header header;
        struct ether_arp arp;
    } __attribute__((packed)) frame;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct sockaddr_ll from;
    struct iovec iov = {.iov_base = &frame, .iov_len = sizeof(frame)};
    struct msghdr message = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t length = recvmsg(fd, &message, 0);
    const struct cmsghdr *stamp = CMSG_FIRSTHDR(&message);
    const guint8 *mac = frame.arp.arp_sha;
    char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN], name[IF_NAMESIZE];

    if (length < (ssize_t)sizeof(frame) || !stamp || stamp->cmsg_type != SCM_TIMESTAMPNS)
        return;
    printf("frame %.6f %s %s %02x:%02x:%02x:%02x:%02x:%02x %s %s\n",
           seconds((const struct timespec *)(const void *)CMSG_DATA(stamp)),
           link_name(from.sll_ifindex, name),
           from.sll_pkttype == PACKET_OUTGOING ? "out" : "in",
           mac[0],
           mac[1],
           mac[2],
           mac[3],
           mac[4],
           mac[5],
           inet_ntop(AF_INET, frame.arp.arp_spa, sender, sizeof(sender)),
           inet_ntop(AF_INET, frame.arp.arp_tpa, target, sizeof(target)));
}

static void
print_route(const struct nlmsghdr *message, const struct timespec *now)
{
    const struct rtmsg *route = NLMSG_DATA(message);
    int length = (int)RTM_PAYLOAD(message);
    char address[INET_ADDRSTRLEN] = "default", name[IF_NAMESIZE];
    int ifindex = 0;

    for (const struct rtattr *attr = RTM_RTA(route); RTA_OK(attr, length);
         attr = RTA_NEXT(attr, length)) {
        if (attr->rta_type == RTA_DST)
            inet_ntop(AF_INET, RTA_DATA(attr), address, sizeof(address));
        else if (attr->rta_type == RTA_OIF)
            ifindex = *(const int *)RTA_DATA(attr);
    }
    printf("route %.6f %s %s\n", seconds(now), link_name(ifindex, name), address);
}

static void
print_routes(int fd)
{
    _Alignas(struct nlmsghdr) char buffer[8192];
    ssize_t received = recv(fd, buffer, sizeof(buffer), 0);
    unsigned int length = received > 0 ? (unsigned int)received : 0;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    for (const struct nlmsghdr *message = (const struct nlmsghdr *)(void *)buffer;
         NLMSG_OK(message, length);
         message = NLMSG_NEXT(message, length)) {
        if (message->nlmsg_type == RTM_NEWROUTE)
            print_route(message, &now);
    }
}

int
main(void)
{
    const struct sched_param priority = {.sched_priority = 1};
    struct pollfd fds[] = {
        {.fd = open_routes(), .events = POLLIN},
        {.fd = open_frames(), .events = POLLIN},
    };

    (void)sched_setscheduler(0, SCHED_FIFO, &priority);
    setlinebuf(stdout);
    while (poll(fds, G_N_ELEMENTS(fds), -1) >= 0) {
        if (fds[0].revents)
            print_routes(fds[0].fd);
        if (fds[1].revents)
            print_frame(fds[1].fd);
    }
    return 1;
}
