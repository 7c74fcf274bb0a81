/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a macvtap interface receives from the LAN, each test in a network namespace. Needs root.
 */

#include "config.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netlink/route/link.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-allmulticast.h"
#include "nmm-error.h"

/* The kernel filters by a hash of 8 bits, with another secret for each interface: now and then one
 * of these passes with a group that the kernel itself joins, but not all of them. */
static const guint8 groups[][ETH_ALEN] = {
    {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb}, /* mDNS */
    {0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa}, /* SSDP */
    {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfc}, /* LLMNR */
    {0x33, 0x33, 0xff, 0x12, 0x34, 0x56}, /* neighbour solicitation */
};

#define ARRIVAL_MS 30000
#define FRAME_SIZE 60

typedef struct {
    int ns;
    int previous;
    NmmAllmulticast *all;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    GError *error = NULL;

    fixture->ns = netns_new();
    fixture->previous = netns_enter(fixture->ns);
    netns_add_veth("eth0", "lan0", -1);
    netns_add_macvtap("tap0", "eth0", "bridge", NULL, -1);
    netns_add_macvtap("tap1", "eth0", "bridge", NULL, -1);
    fixture->all = nmm_allmulticast_new(&error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->all, nmm_allmulticast_free);
    netns_leave(fixture->previous);
    close(fixture->ns);
}

static void
set(NmmAllmulticast *all, const char *first, const char *second)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    if (first)
        g_ptr_array_add(names, (gpointer)first);
    if (second)
        g_ptr_array_add(names, (gpointer)second);
    g_assert_true(nmm_allmulticast_set(all, names, &error));
    g_assert_no_error(error);
}

static const guint8 broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static int
open_packet_socket(const char *name)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = g_htons(ETH_P_ALL)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_assert_no_errno(fd);
    at.sll_ifindex = (int)if_nametoindex(name);
    g_assert_no_errno(bind(fd, (struct sockaddr *)&at, sizeof(at)));
    return fd;
}

static void
send_frame(int fd, const guint8 *group, guint8 *frame)
{
    memcpy(frame, group, ETH_ALEN);
    frame[6] = 0x02;
    frame[12] = 0x88; /* an EtherType for experiments */
    frame[13] = 0xb5;
    g_assert_cmpint(send(fd, frame, FRAME_SIZE, 0), ==, FRAME_SIZE);
}

static gboolean
has_received(int fd, const guint8 *frame)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    guint8 buffer[2048];

    while (poll(&poll_fd, 1, 20) == 1) {
        if (recv(fd, buffer, sizeof(buffer), 0) == FRAME_SIZE &&
            memcmp(buffer, frame, FRAME_SIZE) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The kernel drops frames on an interface for a moment after its carrier has come. */
static void
wait_until_frames_pass(int lan, int fd)
{
    gint64 limit = g_get_monotonic_time() + ARRIVAL_MS * G_TIME_SPAN_MILLISECOND;
    guint8 frame[FRAME_SIZE] = {0};

    frame[FRAME_SIZE - 1] = 1;
    do {
        g_assert_cmpint(g_get_monotonic_time(), <, limit);
        send_frame(lan, broadcast, frame);
    } while (!has_received(fd, frame));
}

/* Whether @frame comes before @end, which always comes. */
static gboolean
wait_frame(int fd, const guint8 *frame, const guint8 *end)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    guint8 buffer[2048];

    for (;;) {
        g_assert_cmpint(poll(&poll_fd, 1, ARRIVAL_MS), ==, 1);
        if (recv(fd, buffer, sizeof(buffer), 0) != FRAME_SIZE)
            continue;
        if (memcmp(buffer, frame, FRAME_SIZE) == 0)
            return TRUE;
        if (memcmp(buffer, end, FRAME_SIZE) == 0)
            return FALSE;
    }
}

/* Whether @name receives a frame to @group that the LAN sends. macvlan passes multicast and
 * broadcast frames on later, but in order. */
static gboolean
receives_group(const char *name, const guint8 *group)
{
    guint8 frame[FRAME_SIZE] = {0};
    guint8 end[FRAME_SIZE] = {0};
    int lan = open_packet_socket("lan0");
    int fd = open_packet_socket(name);
    gboolean received;

    wait_until_frames_pass(lan, fd);
    send_frame(lan, group, frame);
    send_frame(lan, broadcast, end);
    received = wait_frame(fd, frame, end);
    close(lan);
    close(fd);
    return received;
}

static gboolean
receives(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (!receives_group(name, groups[i]))
            return FALSE;
    }
    return TRUE;
}

/* As `ip link set NAME allmulticast on`, and as libvirt does. */
static void
set_flag(const char *name, gboolean on)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};

    g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
    g_assert_no_errno(ioctl(fd, SIOCGIFFLAGS, &request));
    request.ifr_flags =
        (short)(on ? request.ifr_flags | IFF_ALLMULTI : request.ifr_flags & ~IFF_ALLMULTI);
    g_assert_no_errno(ioctl(fd, SIOCSIFFLAGS, &request));
    close(fd);
}

static gboolean
has_flag(const char *name)
{
    struct rtnl_link *link = netns_get_link(name);
    guint flags = rtnl_link_get_flags(link);

    rtnl_link_put(link);
    return (flags & IFF_ALLMULTI) != 0;
}

static void
test_only_while_set(Fixture *fixture, gconstpointer data)
{
    g_assert_false(receives("tap0"));
    set(fixture->all, "tap0", NULL);
    g_assert_true(receives("tap0"));
    g_assert_false(receives("tap1"));
    set(fixture->all, "tap0", "tap1");
    g_assert_true(receives("tap0"));
    g_assert_true(receives("tap1"));
    set(fixture->all, "tap1", NULL);
    g_assert_false(receives("tap0"));
    g_assert_true(receives("tap1"));
    set(fixture->all, NULL, NULL);
    g_assert_false(receives("tap1"));
}

/* A process that dies closes its sockets. */
static void
test_taken_back_with_the_object(Fixture *fixture, gconstpointer data)
{
    set(fixture->all, "tap0", NULL);
    g_clear_pointer(&fixture->all, nmm_allmulticast_free);
    g_assert_false(receives("tap0"));
}

static void
test_flag_of_another_program_stays(Fixture *fixture, gconstpointer data)
{
    set_flag("tap0", TRUE);
    set(fixture->all, "tap0", NULL);
    set(fixture->all, NULL, NULL);
    g_assert_true(has_flag("tap0"));
    g_assert_true(receives("tap0"));
}

static void
test_flag_that_is_set_meanwhile_stays(Fixture *fixture, gconstpointer data)
{
    set(fixture->all, "tap0", NULL);
    set_flag("tap0", TRUE);
    set(fixture->all, NULL, NULL);
    g_assert_true(receives("tap0"));
}

/* libvirt clears it when a guest with trustGuestRxFilters='yes' reports its groups. */
static void
test_flag_that_is_cleared_changes_nothing(Fixture *fixture, gconstpointer data)
{
    set(fixture->all, "tap0", NULL);
    g_assert_false(has_flag("tap0"));
    set_flag("tap0", FALSE);
    g_assert_true(receives("tap0"));
    set_flag("tap0", TRUE);
    set_flag("tap0", FALSE);
    g_assert_true(receives("tap0"));
}

static void
test_last_of_two_takes_it_back(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    NmmAllmulticast *other = nmm_allmulticast_new(&error);

    g_assert_no_error(error);
    set(fixture->all, "tap0", NULL);
    set(other, "tap0", NULL);
    set(fixture->all, NULL, NULL);
    g_assert_true(receives("tap0"));
    nmm_allmulticast_free(other);
    g_assert_false(receives("tap0"));
}

static void
test_set_twice_counts_once(Fixture *fixture, gconstpointer data)
{
    set(fixture->all, "tap0", "tap0");
    set(fixture->all, "tap0", NULL);
    set(fixture->all, NULL, NULL);
    g_assert_false(receives("tap0"));
}

/* A guest that is started again gets a new interface of the same name. */
static void
test_new_interface_of_the_same_name(Fixture *fixture, gconstpointer data)
{
    set(fixture->all, "tap0", NULL);
    netns_delete("tap0");
    netns_add_macvtap("tap0", "eth0", "bridge", NULL, -1);
    g_assert_false(receives("tap0"));
    set(fixture->all, "tap0", NULL);
    g_assert_true(receives("tap0"));
}

static void
test_interface_that_is_missing(Fixture *fixture, gconstpointer data)
{
    set(fixture->all, "tap0", "tap9");
    g_assert_true(receives("tap0"));
    netns_delete("tap0");
    set(fixture->all, "tap9", "tap1");
    g_assert_true(receives("tap1"));
}

static void
test_interface_that_goes_down_and_up(Fixture *fixture, gconstpointer data)
{
    netns_set_up("tap0", FALSE);
    set(fixture->all, "tap0", NULL);
    netns_set_up("tap0", TRUE);
    g_assert_true(receives("tap0"));
    netns_set_up("eth0", FALSE);
    netns_set_up("eth0", TRUE);
    netns_set_up("tap0", TRUE);
    g_assert_true(receives("tap0"));
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/allmulticast/only-while-set", test_only_while_set);
    ADD("/allmulticast/taken-back-with-the-object", test_taken_back_with_the_object);
    ADD("/allmulticast/flag-of-another-program-stays", test_flag_of_another_program_stays);
    ADD("/allmulticast/flag-that-is-set-meanwhile-stays", test_flag_that_is_set_meanwhile_stays);
    ADD("/allmulticast/flag-that-is-cleared", test_flag_that_is_cleared_changes_nothing);
    ADD("/allmulticast/last-of-two-takes-it-back", test_last_of_two_takes_it_back);
    ADD("/allmulticast/set-twice-counts-once", test_set_twice_counts_once);
    ADD("/allmulticast/new-interface-of-the-same-name", test_new_interface_of_the_same_name);
    ADD("/allmulticast/interface-that-is-missing", test_interface_that_is_missing);
    ADD("/allmulticast/interface-that-goes-down-and-up", test_interface_that_goes_down_and_up);
    return g_test_run();
}
