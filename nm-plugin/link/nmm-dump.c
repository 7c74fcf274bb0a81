/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel tells a table in several messages, and says so where the table has changed between
 * them: something may be missing then, or be told that is no more. libnl begins anew as often as it
 * takes, and keeps what it was told before; here that is forgotten, and there is an end to it.
 */

#include "config.h"

#include "nmm-dump.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/msg.h>

typedef struct {
    const char *objects; /* libnl's name for them */
    const char *what;    /* for the error */
    int request;
    gsize header_bytes; /* of the request, all zero: of every family */
} TableInfo;

static const TableInfo tables[] = {
    [NMM_DUMP_LINKS] = {"route/link", "list links", RTM_GETLINK, sizeof(struct ifinfomsg)},
    [NMM_DUMP_ADDRESSES] = {"route/addr", "list addresses", RTM_GETADDR, sizeof(struct ifaddrmsg)},
    [NMM_DUMP_NEIGHBOURS] = {"route/neigh", "list neighbours", RTM_GETNEIGH, sizeof(struct ndmsg)},
    [NMM_DUMP_ROUTES] = {"route/route", "list routes", RTM_GETROUTE, sizeof(struct rtmsg)},
};

static int
message_cb(struct nl_msg *message, void *data)
{
    nlmsg_get(message);
    g_ptr_array_add(data, message);
    return NL_OK;
}

/* Also where it was interrupted, all of it is read: the socket is free for the next request. */
static int
read_once(NmmNlSock *sock, const TableInfo *info, GPtrArray *messages)
{
    guint8 header[MAX(sizeof(struct ifinfomsg), sizeof(struct rtmsg))] = {0};
    int code;

    g_ptr_array_set_size(messages, 0);
    code = nl_send_simple(sock, info->request, NLM_F_DUMP, header, info->header_bytes);
    return code < 0 ? code : nl_recvmsgs_default(sock);
}

/**
 * nmm_dump_messages:
 * @sock: a route socket without events
 * @table: what to read
 * @error: return location; %NMM_ERROR_FAILED, also where it does not stand still for
 *   %NMM_DUMP_TRIES times
 *
 * Returns: (transfer full) (element-type nl_msg): every row, in the kernel's order
 */
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

/**
 * nmm_dump_cache:
 * @sock: a route socket without events
 * @table: what to read
 * @error: return location; as nmm_dump_messages()
 *
 * Returns: (transfer full): every row
 */
NmmNlCache *
nmm_dump_cache(NmmNlSock *sock, NmmDumpTable table, GError **error)
{
    const TableInfo *info = &tables[table];
    g_autoptr(GPtrArray) messages = nmm_dump_messages(sock, table, error);
    g_autoptr(NmmNlCache) cache = NULL;
    int code;

    if (messages == NULL)
        return NULL;
    code = nl_cache_alloc_name(info->objects, &cache);
    for (guint i = 0; i < messages->len && (code == 0 || code == -NLE_EXIST); i++)
        code = nl_cache_parse_and_add(cache, messages->pdata[i]);
    /* A row that is there twice is there once. */
    if (code < 0 && code != -NLE_EXIST) {
        nmm_netlink_fail(code, info->what, error);
        return NULL;
    }
    return g_steal_pointer(&cache);
}
