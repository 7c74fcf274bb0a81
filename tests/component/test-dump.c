/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of the real kernel that change during a dump. A test cannot make a change fall between two
 * of the kernel's messages, so it sets the kernel's mark in the messages and then makes the change.
 * Needs root.
 */

#include "config.h"

#include <net/if.h>
#include <netlink/msg.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-error.h"
#include "nmm-rtnl.h"

typedef struct {
    int ns;
    int previous;
    NmmNlSock *sock;
} Fixture;

static guint interruptions;     /* dumps that will be interrupted */
static guint dumps;             /* completed by the kernel */
static void (*meanwhile)(void); /* (nullable): called at the end of an interrupted dump */

/* Replaces libnl's nl_recv(), and calls it. */
static int
receive(struct nl_sock *sock, struct sockaddr_nl *from, guint8 **buffer, struct ucred **creds)
{
    int length = nl_recv(sock, from, buffer, creds);
    struct nlmsghdr *header = (gpointer)*buffer;
    gboolean ended = FALSE;

    for (int left = length; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
        if (interruptions > 0)
            header->nlmsg_flags |= NLM_F_DUMP_INTR;
        ended |= header->nlmsg_type == NLMSG_DONE;
    }
    if (!ended)
        return length;
    dumps++;
    if (interruptions > 0) {
        interruptions--;
        if (meanwhile)
            meanwhile();
    }
    return length;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    struct nl_cb *callbacks;

    fixture->ns = netns_new();
    fixture->previous = netns_enter(fixture->ns);
    /* No link-local addresses, which would appear later. */
    netns_write_sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
    netns_add_veth("eth0", "peer0", -1);
    netns_add_address("eth0", "10.0.0.2/24");
    netns_add_address("eth0", "10.0.1.2/24");
    fixture->sock = nmm_netlink_connect(&error);
    g_assert_no_error(error);
    callbacks = nl_socket_get_cb(fixture->sock);
    nl_cb_overwrite_recv(callbacks, receive);
    nl_cb_put(callbacks);
    interruptions = dumps = 0;
    meanwhile = NULL;
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    nl_socket_free(fixture->sock);
    netns_leave(fixture->previous);
    close(fixture->ns);
}

/* After an interruption only the rows of the last dump count. */

static void
remove_address(void)
{
    if (interruptions == 0)
        netns_remove_address("eth0", "10.0.0.2/24");
}

static void
test_addresses(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GArray) addresses = NULL;
    g_autoptr(GError) error = NULL;

    interruptions = 3;
    meanwhile = remove_address;
    addresses = nmm_rtnl_list_addresses(fixture->sock, (int)if_nametoindex("eth0"), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(dumps, ==, 4);
    for (guint i = 0; i < addresses->len; i++) {
        g_autofree char *text =
            nmm_cidr_to_string(&g_array_index(addresses, NmmRoutingAddress, i).cidr);

        g_assert_cmpstr(text, !=, "10.0.0.2/24");
    }
    g_assert_cmpuint(addresses->len, ==, 1);
}

static void
replace_pair(void)
{
    netns_delete("eth0");
    netns_add_veth("eth1", "peer1", -1);
}

static void
test_links(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NmmNlCache) links = NULL;
    g_autoptr(NmmNlLink) gone = NULL;
    g_autoptr(NmmNlLink) come = NULL;
    g_autoptr(GError) error = NULL;

    interruptions = 1;
    meanwhile = replace_pair;
    links = nmm_dump_cache(fixture->sock, NMM_DUMP_LINKS, &error);
    g_assert_no_error(error);
    gone = rtnl_link_get_by_name(links, "eth0");
    come = rtnl_link_get_by_name(links, "eth1");
    g_assert_null(gone);
    g_assert_nonnull(come);
    /* lo and the pair. */
    g_assert_cmpint(nl_cache_nitems(links), ==, 3);
}

/* The next request on the same socket gets its reply. */
static void
test_every_table(Fixture *fixture, gconstpointer data)
{
    for (int table = 0; table <= NMM_DUMP_LAST; table++) {
        g_autoptr(GPtrArray) still = NULL;
        g_autoptr(GPtrArray) interrupted = NULL;
        g_autoptr(GError) error = NULL;

        dumps = 0;
        still = nmm_dump_messages(fixture->sock, table, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(dumps, ==, 1);
        interruptions = 2;
        interrupted = nmm_dump_messages(fixture->sock, table, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(dumps, ==, 4);
    }
}

/* The number of dumps is bounded. */
static void
test_restless(Fixture *fixture, gconstpointer data)
{
    for (int table = 0; table <= NMM_DUMP_LAST; table++) {
        g_autoptr(NmmNlCache) cache = NULL;
        g_autoptr(GError) error = NULL;

        dumps = 0;
        interruptions = G_MAXUINT;
        cache = nmm_dump_cache(fixture->sock, table, &error);
        g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
        g_assert_null(cache);
        g_assert_cmpuint(dumps, ==, NMM_DUMP_TRIES);

        interruptions = 0;
        cache = nmm_dump_cache(fixture->sock, table, NULL);
        g_assert_nonnull(cache);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/dump/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("addresses", test_addresses);
    ADD("links", test_links);
    ADD("every-table", test_every_table);
    ADD("restless", test_restless);
#undef ADD
    return g_test_run();
}
