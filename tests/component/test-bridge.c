/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bridge ports on the real kernel, in a network namespace. Needs root.
 */

#include "config.h"

#include <dlfcn.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netpacket/packet.h>
#include <netlink/route/link.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-bridge.h"
#include "nmm-error.h"

static gboolean is_port_lost;

/* Replaces libnl's: makes the kernel refuse a message to a bridge, because its port is gone. */
int
nl_send_sync(struct nl_sock *sock, struct nl_msg *message)
{
    int (*send_sync)(struct nl_sock *, struct nl_msg *) = dlsym(RTLD_NEXT, "nl_send_sync");
    struct ifinfomsg *header = nlmsg_data(nlmsg_hdr(message));

    if (is_port_lost && header->ifi_family == AF_BRIDGE)
        header->ifi_index = G_MAXINT;
    return send_sync(sock, message);
}

static guint
get_master(const char *name)
{
    struct rtnl_link *link = netns_get_link(name);
    guint master = rtnl_link_get_master(link);

    rtnl_link_put(link);
    return master;
}

static gboolean
add(const char *bridge, const char *port, gboolean isolated)
{
    g_autoptr(GError) error = NULL;
    gboolean changed = -1;

    g_assert_true(nmm_bridge_add_port(bridge, port, isolated, &changed, &error));
    g_assert_no_error(error);
    return changed;
}

static void
assert_refused(const char *bridge, const char *port, int code, const char *word)
{
    g_autoptr(GError) error = NULL;
    gboolean changed = -1;

    g_assert_false(nmm_bridge_add_port(bridge, port, FALSE, &changed, &error));
    g_assert_error(error, NMM_ERROR, code);
    g_assert_nonnull(strstr(error->message, word));
    g_assert_cmpint(changed, ==, -1);
}

static void
test_add(void)
{
    g_assert_cmpint(get_master("port0"), ==, 0);
    g_assert_true(add("bridge0", "port0", FALSE));
    g_assert_cmpint(get_master("port0"), ==, if_nametoindex("bridge0"));
    g_assert_false(add("bridge0", "port0", FALSE));
    g_assert_cmpint(get_master("port0"), ==, if_nametoindex("bridge0"));
}

/* The flag is in sysfs, which shows another namespace here. The success of the request is enough: a
 * port outside a bridge has no such flag. */
static void
test_isolated(void)
{
    g_assert_true(add("bridge0", "port1", TRUE));
    g_assert_cmpint(get_master("port1"), ==, if_nametoindex("bridge0"));
}

/* The port is released again, so that the next attempt finds it outside. */
static void
test_not_isolated(void)
{
    g_autoptr(GError) error = NULL;
    gboolean changed = -1;

    is_port_lost = TRUE;
    g_assert_false(nmm_bridge_add_port("bridge0", "port2", TRUE, &changed, &error));
    is_port_lost = FALSE;
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "isolate"));
    g_assert_cmpint(changed, ==, -1);
    g_assert_cmpint(get_master("port2"), ==, 0);
    g_assert_true(add("bridge0", "port2", TRUE));
    g_assert_cmpint(get_master("port2"), ==, if_nametoindex("bridge0"));
}

static void
test_refused(void)
{
    assert_refused("bridge1", "port0", NMM_ERROR_CONFLICT, "'port0'");
    g_assert_cmpint(get_master("port0"), ==, if_nametoindex("bridge0"));
    assert_refused("bridge0", "nowhere", NMM_ERROR_NOT_FOUND, "'nowhere'");
    assert_refused("nowhere", "port0", NMM_ERROR_NOT_FOUND, "'nowhere'");
    assert_refused("peer0", "peer1", NMM_ERROR_FAILED, "bridge port");
}

static void
assert_kept(const char *bridge, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_bridge_remove(bridge, &error));
    g_assert_error(error, NMM_ERROR, code);
}

/* Earlier tests gave bridge0 ports. */
static void
test_remove(void)
{
    g_autoptr(GError) error = NULL;

    assert_kept("nowhere", NMM_ERROR_NOT_FOUND);
    assert_kept("peer0", NMM_ERROR_CONFLICT);
    assert_kept("bridge0", NMM_ERROR_CONFLICT);
    g_assert_cmpint(if_nametoindex("peer0"), !=, 0);
    g_assert_cmpint(if_nametoindex("bridge0"), !=, 0);
    g_assert_true(nmm_bridge_remove("bridge1", &error));
    g_assert_no_error(error);
    g_assert_cmpint(if_nametoindex("bridge1"), ==, 0);
}

#define SENDER "52:54:00:00:00:99"

/* One broadcast out of @name. */
static void
send_frame(const char *name)
{
    const guint8 frame[60] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0, 0, 0x99, 0x88, 0xb5};
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_ifindex = (int)if_nametoindex(name),
    };
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    g_assert_cmpint(sendto(fd, frame, sizeof(frame), 0, (const void *)&address, sizeof(address)),
                    ==,
                    sizeof(frame));
    close(fd);
}

static gboolean
has_sender(GPtrArray *macs)
{
    return g_ptr_array_find_with_equal_func(macs, SENDER, g_str_equal, NULL);
}

/* What the bridge learnt on a port; not the MAC of the port itself. */
static void
test_macs(void)
{
    g_autoptr(GPtrArray) other = NULL;
    g_autoptr(GPtrArray) macs = NULL;
    g_autoptr(GError) error = NULL;
    gboolean changed;

    nmm_bridge_add_port("bridge0", "port0", FALSE, &changed, &error);
    nmm_bridge_add_port("bridge0", "port1", FALSE, &changed, &error);
    g_assert_no_error(error);
    send_frame("peer0");
    for (guint i = 0; i < 100 && (!macs || !has_sender(macs)); i++) {
        g_clear_pointer(&macs, g_ptr_array_unref);
        macs = nmm_bridge_list_macs("port0", &error);
        g_assert_no_error(error);
        g_usleep(10 * 1000);
    }
    g_assert_true(has_sender(macs));
    other = nmm_bridge_list_macs("port1", &error);
    g_assert_false(has_sender(other));
    g_assert_null(nmm_bridge_list_macs("nosuch0", &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    netns_enter(netns_new());
    netns_add_bridge("bridge0");
    netns_add_bridge("bridge1");
    netns_add_veth("port0", "peer0", -1);
    netns_add_veth("port1", "peer1", -1);
    netns_add_veth("port2", "peer2", -1);

    g_test_add_func("/bridge/add", test_add);
    g_test_add_func("/bridge/isolated", test_isolated);
    g_test_add_func("/bridge/not-isolated", test_not_isolated);
    g_test_add_func("/bridge/refused", test_refused);
    g_test_add_func("/bridge/remove", test_remove);
    g_test_add_func("/bridge/macs", test_macs);
    return g_test_run();
}
