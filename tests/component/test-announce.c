/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Announcements as the other end of the cable receives them, each test in a network namespace. A
 * rule of nftables makes sending fail. Needs root.
 */

#include "config.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-announce.h"
#include "nmm-error.h"
#include "nmm-neighbour-frame.h"

#define TIMEOUT_MS 10000

typedef struct {
    int ns;
    int previous;
    int peer; /* a packet socket at the other end */
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = g_htons(ETH_P_ALL)};

    fixture->ns = netns_new();
    fixture->previous = netns_enter(fixture->ns);
    netns_add_veth("eth0", "peer0", -1);
    netns_add_address("eth0", "10.0.0.2/24");
    netns_add_address("eth0", "10.0.1.2/24");
    netns_add_address("eth0", "fd00::2/64");
    netns_add_address("eth0", "fe80::2/64");
    fixture->peer = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert_no_errno(fixture->peer);
    at.sll_ifindex = (int)if_nametoindex("peer0");
    g_assert_no_errno(bind(fixture->peer, (struct sockaddr *)&at, sizeof(at)));
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    close(fixture->peer);
    netns_leave(fixture->previous);
    close(fixture->ns);
}

/* (nullable): the next address announced; NULL after @timeout_ms without one. */
static char *
receive_one(Fixture *fixture, int timeout_ms)
{
    struct pollfd waiting = {.fd = fixture->peer, .events = POLLIN};
    guint8 mac[NMM_MAC_BYTES];
    g_autofree char *mac_text = netns_get_mac("eth0");

    g_assert_true(nmm_mac_parse(mac_text, mac));
    while (poll(&waiting, 1, timeout_ms) > 0) {
        guint8 data[NMM_NEIGHBOUR_FRAME_MAX];
        gssize length = recv(fixture->peer, data, sizeof(data), 0);
        NmmNeighbourFrame frame;

        /* The kernel sends frames, too. */
        if (length < 0 || !nmm_neighbour_frame_parse(data, (gsize)length, &frame) ||
            !frame.has_sender || !frame.to_all || memcmp(frame.mac, mac, sizeof(mac)) != 0)
            continue;
        return nmm_cidr_address_to_string(&frame.sender);
    }
    return NULL;
}

/* These in this order, and no other. */
static void
assert_received(Fixture *fixture, const char *const *expected)
{
    g_autofree char *more = NULL;

    for (; *expected; expected++) {
        g_autofree char *received = receive_one(fixture, TIMEOUT_MS);

        g_assert_cmpstr(received, ==, *expected);
    }
    more = receive_one(fixture, 0);
    g_assert_cmpstr(more, ==, NULL);
}

static void
test_all(Fixture *fixture, gconstpointer data)
{
    static const char *const expected[] = {"10.0.0.2", "10.0.1.2", "fd00::2", NULL};
    g_autoptr(GError) error = NULL;

    g_assert_true(nmm_announce("eth0", AF_UNSPEC, &error));
    g_assert_no_error(error);
    assert_received(fixture, expected);
}

static void
test_one_family(Fixture *fixture, gconstpointer data)
{
    static const char *const expected[] = {"fd00::2", NULL};
    g_autoptr(GError) error = NULL;

    g_assert_true(nmm_announce("eth0", AF_INET6, &error));
    g_assert_no_error(error);
    assert_received(fixture, expected);
}

static void
forbid(const char *what)
{
    g_autofree char *rules = g_strdup_printf("table netdev forbid {\n"
                                             "chain out {\n"
                                             "type filter hook egress device eth0 priority 0;\n"
                                             "%s drop\n"
                                             "}\n"
                                             "}\n",
                                             what);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) nft =
        g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, &error, "nft", rules, NULL);

    g_assert_no_error(error);
    g_subprocess_wait_check(nft, NULL, &error);
    g_assert_no_error(error);
}

/* The first announcement fails; the others are sent, and the error is returned. */
static void
test_one_that_fails(Fixture *fixture, gconstpointer data)
{
    static const char *const expected[] = {"10.0.1.2", "fd00::2", NULL};
    g_autoptr(GError) error = NULL;

    forbid("arp saddr ip 10.0.0.2");
    g_assert_false(nmm_announce("eth0", AF_UNSPEC, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "'eth0'"));
    g_assert_nonnull(strstr(error->message, g_strerror(ENOBUFS)));
    assert_received(fixture, expected);
}

static void
test_all_fail(Fixture *fixture, gconstpointer data)
{
    static const char *const expected[] = {NULL};
    g_autoptr(GError) error = NULL;

    forbid("meta protocol { arp, ip6 }");
    g_assert_false(nmm_announce("eth0", AF_UNSPEC, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    assert_received(fixture, expected);
}

static void
test_no_device(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_announce("nosuch0", AF_UNSPEC, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'nosuch0'"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/announce/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("all", test_all);
    ADD("one-family", test_one_family);
    ADD("one-that-fails", test_one_that_fails);
    ADD("all-fail", test_all_fail);
    ADD("no-device", test_no_device);
#undef ADD
    return g_test_run();
}
