/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel sends a table in several messages and marks them if the table changed in between: a
 * row may be missing then, or be there although it was deleted. libnl starts again without limit
 * and keeps the rows of the failed attempt; the dumps here discard them and are bounded.
 */

#include "config.h"

#include "nmm-netlink.h"

#include <glib/gi18n-lib.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/msg.h>

#include "nmm-error.h"

gboolean
nmm_netlink_fail(int code, const char *what, GError **error)
{
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_FAILED,
                _("the kernel refused '%s': %s"),
                what,
                nl_geterror(code));
    return FALSE;
}

NmmNlSock *
nmm_netlink_connect(GError **error)
{
    g_autoptr(NmmNlSock) sock = nl_socket_alloc();
    int code;

    if (!sock)
        g_error("out of memory");
    code = nl_connect(sock, NETLINK_ROUTE);
    if (code < 0) {
        nmm_netlink_fail(code, "connect", error);
        return NULL;
    }
    return g_steal_pointer(&sock);
}

NmmNlSock *
nmm_netlink_connect_events(nl_recvmsg_msg_cb_t message_cb, gpointer user_data, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    int code;

    if (!sock)
        return NULL;
    nl_socket_disable_seq_check(sock);
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, message_cb, user_data);
    code = nl_socket_set_nonblocking(sock);
    if (code < 0) {
        nmm_netlink_fail(code, "watch links", error);
        return NULL;
    }
    return g_steal_pointer(&sock);
}

/* Dumps */

typedef struct {
    const char *objects; /* libnl's name for them */
    const char *what;    /* for the error */
    int request;
    gsize header_bytes; /* of the request, zero but for the family */
    guint8 family;      /* 0: every one */
} TableInfo;

static const TableInfo tables[] = {
    [NMM_DUMP_LINKS] = {"route/link", "list links", RTM_GETLINK, sizeof(struct ifinfomsg)},
    [NMM_DUMP_ADDRESSES] = {"route/addr", "list addresses", RTM_GETADDR, sizeof(struct ifaddrmsg)},
    [NMM_DUMP_NEIGHBOURS] = {"route/neigh", "list neighbours", RTM_GETNEIGH, sizeof(struct ndmsg)},
    [NMM_DUMP_BRIDGE_MACS] =
        {"route/neigh", "list MACs of bridges", RTM_GETNEIGH, sizeof(struct ndmsg), AF_BRIDGE},
    [NMM_DUMP_ROUTES] = {"route/route", "list routes", RTM_GETROUTE, sizeof(struct rtmsg)},
};
G_STATIC_ASSERT(G_N_ELEMENTS(tables) == NMM_DUMP_LAST + 1);

static int
message_cb(struct nl_msg *message, void *data)
{
    nlmsg_get(message);
    g_ptr_array_add(data, message);
    return NL_OK;
}

/* Reads an interrupted dump to its end too, so that the socket is free for the next request. */
static int
read_once(NmmNlSock *sock, const TableInfo *info, GPtrArray *messages)
{
    guint8 header[MAX(sizeof(struct ifinfomsg), sizeof(struct rtmsg))] = {0};
    int code;

    g_ptr_array_set_size(messages, 0);
    header[0] = info->family;
    code = nl_send_simple(sock, info->request, NLM_F_DUMP, header, info->header_bytes);
    return code < 0 ? code : nl_recvmsgs_default(sock);
}

GPtrArray *
nmm_dump_messages(NmmNlSock *sock, NmmDumpTable table, GError **error)
{
    const TableInfo *info = &tables[table];
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func((GDestroyNotify)nlmsg_free);
    int code = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, message_cb, messages);

    if (code == 0)
        code = -NLE_DUMP_INTR;
    for (guint i = 0; i < NMM_DUMP_TRIES && code == -NLE_DUMP_INTR; i++)
        code = read_once(sock, info, messages);
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
    if (code < 0) {
        nmm_netlink_fail(code, info->what, error);
        return NULL;
    }
    return g_steal_pointer(&messages);
}

NmmNlCache *
nmm_dump_parse(const GPtrArray *messages, NmmDumpTable table, GError **error)
{
    const TableInfo *info = &tables[table];
    g_autoptr(NmmNlCache) cache = NULL;
    int code;

    code = nl_cache_alloc_name(info->objects, &cache);
    /* The kernel may send a row twice. */
    for (guint i = 0; i < messages->len && (code == 0 || code == -NLE_EXIST); i++)
        code = nl_cache_parse_and_add(cache, messages->pdata[i]);
    if (code < 0 && code != -NLE_EXIST) {
        nmm_netlink_fail(code, info->what, error);
        return NULL;
    }
    return g_steal_pointer(&cache);
}

NmmNlCache *
nmm_dump_cache(NmmNlSock *sock, NmmDumpTable table, GError **error)
{
    g_autoptr(GPtrArray) messages = nmm_dump_messages(sock, table, error);

    return messages ? nmm_dump_parse(messages, table, error) : NULL;
}

/* Addresses */

gboolean
nmm_netlink_addr_to_cidr(const struct nl_addr *addr, NmmCidr *out)
{
    int family = addr ? nl_addr_get_family(addr) : AF_UNSPEC;

    if ((family != AF_INET && family != AF_INET6) ||
        nl_addr_get_len(addr) != (family == AF_INET ? 4 : 16))
        return FALSE;
    nmm_cidr_set_address(out,
                         family == AF_INET ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6,
                         nl_addr_get_binary_addr(addr));
    out->prefix = nl_addr_get_prefixlen(addr);
    return TRUE;
}

char *
nmm_netlink_addr_to_mac(const struct nl_addr *addr)
{
    char text[64];

    if (!addr || nl_addr_get_len(addr) == 0)
        return NULL;
    return g_ascii_strdown(nl_addr2str(addr, text, sizeof(text)), -1);
}
