/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers that do not change the MAC of a device, links that are removed while it is changed, and
 * processes that die then. The linker's --wrap sends the product's requests here; a file has the
 * word, and the name of a device or the number of a request:
 *
 *     busy eth0            the request is refused
 *     ignores eth0         it succeeds without effect
 *     kill-before 2        the process dies before its second request; the next one does not
 *     kill-after 2
 *     gone-before 2        the host link of eth0 is removed before the second request
 *     gone-reading eth0    it is removed before the process reads eth0
 */

#include <glib.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/route/link.h>
#include <signal.h>
#include <unistd.h>

#include "fake-names.h"

int __real_rtnl_link_change(struct nl_sock *sock,
                            struct rtnl_link *orig,
                            struct rtnl_link *changes,
                            int flags);
int __wrap_rtnl_link_change(struct nl_sock *sock,
                            struct rtnl_link *orig,
                            struct rtnl_link *changes,
                            int flags);

int __real_rtnl_link_get_kernel(struct nl_sock *sock,
                                int ifindex,
                                const char *name,
                                struct rtnl_link **result);
int __wrap_rtnl_link_get_kernel(struct nl_sock *sock,
                                int ifindex,
                                const char *name,
                                struct rtnl_link **result);

#define HOST_LINK "nmmveth0"

static gboolean
is_wanted(const char *word, const char *object)
{
    g_autofree char *expected = g_strdup_printf("%s %s", word, object);
    g_autofree char *text = NULL;

    return g_file_get_contents(FAKE_DIR "/driver", &text, NULL, NULL) &&
           g_str_equal(text, expected);
}

/* The helper may begin at once. */
static void
die(void)
{
    unlink(FAKE_DIR "/driver");
    raise(SIGKILL);
}

/* As by NetworkManager, which removes the link of a connection that fails. */
static void
remove_host_link(struct nl_sock *sock)
{
    struct rtnl_link *link = rtnl_link_alloc();

    unlink(FAKE_DIR "/driver");
    rtnl_link_set_ifindex(link, (int)if_nametoindex(HOST_LINK));
    rtnl_link_delete(sock, link);
    rtnl_link_put(link);
}

int
__wrap_rtnl_link_get_kernel(struct nl_sock *sock,
                            int ifindex,
                            const char *name,
                            struct rtnl_link **result)
{
    if (name && is_wanted("gone-reading", name))
        remove_host_link(sock);
    return __real_rtnl_link_get_kernel(sock, ifindex, name, result);
}

int
__wrap_rtnl_link_change(struct nl_sock *sock,
                        struct rtnl_link *orig,
                        struct rtnl_link *changes,
                        int flags)
{
    static guint n_requests;
    const char *name = rtnl_link_get_name(orig);
    g_autofree char *number = NULL;
    int code;

    if (!rtnl_link_get_addr(changes))
        return __real_rtnl_link_change(sock, orig, changes, flags);
    number = g_strdup_printf("%u", ++n_requests);
    if (is_wanted("busy", name))
        return -NLE_BUSY;
    if (is_wanted("ignores", name))
        return 0;
    if (is_wanted("kill-before", number))
        die();
    if (is_wanted("gone-before", number))
        remove_host_link(sock);
    code = __real_rtnl_link_change(sock, orig, changes, flags);
    if (is_wanted("kill-after", number))
        die();
    return code;
}
