/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-way.h"

#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/route.h>

#include "nmm-error.h"
#include "nmm-netlink.h"

typedef struct {
    guint ifindex;
    guint32 table;
} Way;

static int
message_cb(struct nl_msg *message, void *user_data)
{
    Way *way = user_data;
    struct nlattr *attributes[RTA_MAX + 1];

    if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct rtmsg), attributes, RTA_MAX, NULL) < 0)
        return NL_SKIP;
    if (attributes[RTA_OIF])
        way->ifindex = nla_get_u32(attributes[RTA_OIF]);
    if (attributes[RTA_TABLE])
        way->table = nla_get_u32(attributes[RTA_TABLE]);
    return NL_OK;
}

/* Returns: a libnl error. */
static int
ask(NmmNlSock *sock, const NmmCidr *address, Way *way)
{
    const guint length = address->family == G_SOCKET_FAMILY_IPV6 ? 16 : 4;
    struct rtmsg request = {
        .rtm_family = (guchar)address->family,
        .rtm_dst_len = (guchar)(length * 8),
        .rtm_flags = RTM_F_LOOKUP_TABLE,
    };
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, 0);
    int code;

    nlmsg_append(message, &request, sizeof(request), NLMSG_ALIGNTO);
    nla_put(message, RTA_DST, (int)length, address->bytes);
    nl_socket_disable_auto_ack(sock);
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, message_cb, way);
    code = nl_send_auto(sock, message);
    nlmsg_free(message);
    return code >= 0 ? nl_recvmsgs_default(sock) : code;
}

gboolean
nmm_way_find(const NmmCidr *address, char **out_device, gboolean *out_main, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autofree char *text = nmm_cidr_address_to_string(address);
    char name[IF_NAMESIZE];
    Way way = {0};
    int code;

    if (!sock)
        return FALSE;
    code = ask(sock, address, &way);
    /* libnl has no code for an unreachable network. */
    if (code < 0 && code != -NLE_OBJ_NOTFOUND && code != -NLE_FAILURE)
        return nmm_netlink_fail(code, "find route", error);
    if (code < 0 || !if_indextoname(way.ifindex, name))
        return nmm_fail(error, NMM_ERROR_NOT_FOUND, _("the host has no route to '%s'"), text);
    *out_device = g_strdup(name);
    *out_main = way.table == RT_TABLE_MAIN;
    return TRUE;
}
