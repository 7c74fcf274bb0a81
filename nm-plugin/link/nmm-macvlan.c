/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-macvlan.h"

#include <linux/neighbour.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "nmm-netlink.h"
#include "nmm-rtnl.h"

/* (transfer full) (nullable): NULL unless it is a unicast MAC in the filter of @ifindex. */
static char *
read_filter(struct nlmsghdr *header, int ifindex)
{
    struct nlattr *attributes[NDA_MAX + 1];
    const struct ndmsg *entry = nlmsg_data(header);
    const guint8 *mac;

    if (!nlmsg_valid_hdr(header, sizeof(*entry)) || entry->ndm_ifindex != ifindex ||
        (entry->ndm_flags & NTF_SELF) == 0 || (entry->ndm_state & NUD_PERMANENT) == 0 ||
        nlmsg_parse(header, sizeof(*entry), attributes, NDA_MAX, NULL) < 0 ||
        !attributes[NDA_LLADDR] || nla_len(attributes[NDA_LLADDR]) != NMM_MAC_BYTES)
        return NULL;
    mac = nla_data(attributes[NDA_LLADDR]);
    return (mac[0] & 1) == 0 ? nmm_mac_to_string(mac) : NULL;
}

/* A guest or another program uses the frames of a macvtap, unless this project made it. */
static gboolean
is_own(struct rtnl_link *link)
{
    return g_strcmp0(rtnl_link_get_type(link), "macvtap") != 0 ||
           nmm_hostlink_read_mark(rtnl_link_get_ifalias(link)) != NULL;
}

/* (transfer full) (nullable) (element-type utf8): a set. */
static GHashTable *
read_own_macs(NmmNlSock *sock, GError **error)
{
    g_autoptr(NmmNlCache) links = nmm_dump_cache(sock, NMM_DUMP_LINKS, error);
    GHashTable *macs;

    if (!links)
        return NULL;
    macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (struct nl_object *object = nl_cache_get_first(links); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_link *link = (struct rtnl_link *)object;
        char *mac = nmm_netlink_addr_to_mac(rtnl_link_get_addr(link));

        if (mac && is_own(link))
            g_hash_table_add(macs, g_steal_pointer(&mac));
        g_free(mac);
    }
    return macs;
}

GPtrArray *
nmm_macvlan_list_macs(const char *parent, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlLink) link = sock ? nmm_rtnl_get_link(sock, parent, error) : NULL;
    g_autoptr(GHashTable) own = link ? read_own_macs(sock, error) : NULL;
    g_autoptr(GPtrArray) messages =
        own ? nmm_dump_messages(sock, NMM_DUMP_BRIDGE_MACS, error) : NULL;
    g_autoptr(GPtrArray) macs = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; messages && i < messages->len; i++) {
        char *mac = read_filter(nlmsg_hdr(messages->pdata[i]), rtnl_link_get_ifindex(link));

        if (mac && !g_hash_table_contains(own, mac))
            g_ptr_array_add(macs, g_steal_pointer(&mac));
        g_free(mac);
    }
    return messages ? g_steal_pointer(&macs) : NULL;
}
