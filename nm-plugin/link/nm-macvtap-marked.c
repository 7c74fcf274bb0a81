/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at marks alone: a link of the right name without one is a stranger's.
 */

#include "config.h"

#include "nm-macvtap-marked.h"

#include <netlink/route/link.h>

#include "nm-macvtap-names.h"
#include "nm-macvtap-netlink.h"

typedef struct rtnl_link NMMacvtapNlLink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapNlLink, rtnl_link_put)

static const char *
get_owner(NMMacvtapNlLink *link)
{
    const char *alias = rtnl_link_get_ifalias(link);

    if (!alias || !g_str_has_prefix(alias, NM_MACVTAP_LINK_IFALIAS))
        return NULL;
    return alias + sizeof(NM_MACVTAP_LINK_IFALIAS) - 1;
}

static NMMacvtapNlCache *
read_links(NMMacvtapNlSock *sock, GError **error)
{
    NMMacvtapNlCache *cache = NULL;
    int code = rtnl_link_alloc_cache(sock, AF_UNSPEC, &cache);

    if (code < 0)
        nm_macvtap_netlink_fail(code, "read links", error);
    return cache;
}

/**
 * nm_macvtap_marked_list:
 * @error: return location
 *
 * Returns: (transfer full) (element-type utf8 utf8): the name of each link with our mark, and the
 *   UUID in the mark; NULL with %NM_MACVTAP_ERROR_FAILED
 */
GHashTable *
nm_macvtap_marked_list(GError **error)
{
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(NMMacvtapNlSock) sock = nm_macvtap_netlink_connect(error);
    g_autoptr(NMMacvtapNlCache) cache = sock ? read_links(sock, error) : NULL;

    if (!cache)
        return NULL;
    for (struct nl_object *object = nl_cache_get_first(cache); object;
         object = nl_cache_get_next(object)) {
        NMMacvtapNlLink *link = (NMMacvtapNlLink *)object;
        const char *owner = get_owner(link);

        if (owner)
            g_hash_table_insert(found, g_strdup(rtnl_link_get_name(link)), g_strdup(owner));
    }
    return g_steal_pointer(&found);
}

/**
 * nm_macvtap_marked_delete:
 * @ifname: a link's name
 * @uuid: the profile whose mark it has to carry
 * @error: return location
 *
 * Returns: FALSE with %NM_MACVTAP_ERROR_FAILED where the link is there, marked, and stays
 */
gboolean
nm_macvtap_marked_delete(const char *ifname, const char *uuid, GError **error)
{
    g_autoptr(NMMacvtapNlSock) sock = nm_macvtap_netlink_connect(error);
    g_autoptr(NMMacvtapNlLink) link = NULL;
    int code;

    if (!sock)
        return FALSE;
    code = rtnl_link_get_kernel(sock, 0, ifname, &link);
    if (code == -NLE_NODEV || code == -NLE_OBJ_NOTFOUND)
        return TRUE;
    if (code < 0)
        return nm_macvtap_netlink_fail(code, "find link", error);
    if (g_strcmp0(get_owner(link), uuid) != 0)
        return TRUE;
    code = rtnl_link_delete(sock, link);
    if (code < 0 && code != -NLE_NODEV && code != -NLE_OBJ_NOTFOUND)
        return nm_macvtap_netlink_fail(code, "delete link", error);
    return TRUE;
}
