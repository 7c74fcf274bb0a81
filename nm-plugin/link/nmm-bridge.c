/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts a device back into a bridge, as libvirt's daemon does when it starts. The caller decides
 * which device belongs there.
 */

#include "config.h"

#include "nmm-bridge.h"

#include <glib/gi18n-lib.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "nmm-error.h"
#include "nmm-rtnl.h"

typedef struct nl_msg Message;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, nlmsg_free)

/* libnl 3.7 has no function for this flag. */
static gboolean
isolate(NmmNlSock *sock, int port, GError **error)
{
    struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = port};
    g_autoptr(Message) message = nlmsg_alloc_simple(RTM_SETLINK, NLM_F_REQUEST);
    struct nlattr *info;
    int code;

    if (!message || nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
        g_error("out of memory");
    info = nla_nest_start(message, IFLA_PROTINFO);
    if (!info || nla_put_u8(message, IFLA_BRPORT_ISOLATED, 1) < 0)
        g_error("out of memory");
    nla_nest_end(message, info);

    code = nl_send_sync(sock, g_steal_pointer(&message));
    return code >= 0 || nmm_netlink_fail(code, "isolate bridge port", error);
}

gboolean
nmm_bridge_add_port(const char *bridge,
                    const char *port,
                    gboolean isolated,
                    gboolean *out_changed,
                    GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlLink) bridge_link = sock ? nmm_rtnl_get_link(sock, bridge, error) : NULL;
    g_autoptr(NmmNlLink) link = bridge_link ? nmm_rtnl_get_link(sock, port, error) : NULL;
    int master, code;

    if (!link)
        return FALSE;
    master = rtnl_link_get_master(link);
    if (master != 0 && master != rtnl_link_get_ifindex(bridge_link))
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("'%s' is already a port of a device other than '%s'"),
                        port,
                        bridge);
    if (master == 0) {
        code = rtnl_link_enslave(sock, bridge_link, link);
        if (code < 0)
            return nmm_netlink_fail(code, "add bridge port", error);
        /* The next call would take a port for done, isolated or not. */
        if (isolated && !isolate(sock, rtnl_link_get_ifindex(link), error)) {
            rtnl_link_release(sock, link);
            return FALSE;
        }
    }
    *out_changed = master == 0;
    return TRUE;
}

/* (transfer full) (nullable): NULL unless the bridge has learnt it on @port. */
static char *
read_learnt(struct nlmsghdr *header, int port)
{
    struct nlattr *attributes[NDA_MAX + 1];
    const struct ndmsg *entry = nlmsg_data(header);

    if (!nlmsg_valid_hdr(header, sizeof(*entry)) || entry->ndm_ifindex != port ||
        (entry->ndm_state & NUD_PERMANENT) != 0 ||
        nlmsg_parse(header, sizeof(*entry), attributes, NDA_MAX, NULL) < 0 ||
        !attributes[NDA_LLADDR] || nla_len(attributes[NDA_LLADDR]) != NMM_MAC_BYTES)
        return NULL;
    return nmm_mac_to_string(nla_data(attributes[NDA_LLADDR]));
}

GPtrArray *
nmm_bridge_list_macs(const char *port, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlLink) link = sock ? nmm_rtnl_get_link(sock, port, error) : NULL;
    g_autoptr(GPtrArray) messages =
        link ? nmm_dump_messages(sock, NMM_DUMP_BRIDGE_MACS, error) : NULL;
    g_autoptr(GPtrArray) macs = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; messages && i < messages->len; i++) {
        char *mac = read_learnt(nlmsg_hdr(messages->pdata[i]), rtnl_link_get_ifindex(link));

        if (mac)
            g_ptr_array_add(macs, mac);
    }
    return messages ? g_steal_pointer(&macs) : NULL;
}

static gboolean
has_port(NmmNlCache *links, int bridge)
{
    for (struct nl_object *object = nl_cache_get_first(links); object;
         object = nl_cache_get_next(object)) {
        if (rtnl_link_get_master((struct rtnl_link *)object) == bridge)
            return TRUE;
    }
    return FALSE;
}

gboolean
nmm_bridge_remove(const char *bridge, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlLink) link = sock ? nmm_rtnl_get_link(sock, bridge, error) : NULL;
    g_autoptr(NmmNlCache) links = link ? nmm_dump_cache(sock, NMM_DUMP_LINKS, error) : NULL;

    if (!links)
        return FALSE;
    if (g_strcmp0(rtnl_link_get_type(link), "bridge") != 0 ||
        has_port(links, rtnl_link_get_ifindex(link)))
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("cannot remove '%s' because it is not a bridge, or still has ports"),
                        bridge);
    return nmm_rtnl_delete_link(sock, rtnl_link_get_ifindex(link), error);
}
