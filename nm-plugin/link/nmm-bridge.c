/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts a device back into a bridge, as libvirt's daemon does when it starts. Which devices belong
 * there is decided elsewhere.
 */

#include "config.h"

#include "nmm-bridge.h"

#include <glib/gi18n-lib.h>
#include <net/if.h>
#include <netlink/route/link.h>

#include "nmm-dump.h"
#include "nmm-error.h"
#include "nmm-netlink.h"

typedef struct rtnl_link Link;
typedef struct nl_msg Message;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, rtnl_link_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, nlmsg_free)

static guint
find_index(const char *name, GError **error)
{
    guint index = if_nametoindex(name);

    if (index == 0)
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), name);
    return index;
}

/* libnl 3.7 knows no such flag, so the message is put together by hand. */
static gboolean
isolate(NmmNlSock *sock, guint port, GError **error)
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

    /* Takes the message over. */
    code = nl_send_sync(sock, g_steal_pointer(&message));
    if (code < 0)
        return nmm_netlink_fail(code, "isolate bridge port", error);
    return TRUE;
}

/**
 * nmm_bridge_add_port:
 * @bridge: name of a bridge
 * @port: name of the device that belongs into it
 * @isolated: keep a port that has to be added from the other isolated ones
 * @out_changed: (out): set on success: whether it was not in the bridge before
 * @error: return location
 *
 * Returns: whether @port is in @bridge; otherwise %NMM_ERROR_NOT_FOUND where either does not
 *   exist, %NMM_ERROR_CONFLICT where @port belongs to another device, or
 *   %NMM_ERROR_FAILED
 */
gboolean
nmm_bridge_add_port(const char *bridge,
                    const char *port,
                    gboolean isolated,
                    gboolean *out_changed,
                    GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(Link) link = NULL;
    guint bridge_index, master;
    int code;

    if (!sock)
        return FALSE;
    bridge_index = find_index(bridge, error);
    if (bridge_index == 0 || find_index(port, error) == 0)
        return FALSE;
    code = rtnl_link_get_kernel(sock, 0, port, &link);
    if (code < 0)
        return nmm_netlink_fail(code, "get link", error);

    master = rtnl_link_get_master(link);
    if (master != 0 && master != bridge_index) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_CONFLICT,
                    _("'%s' is a port of another device than '%s'"),
                    port,
                    bridge);
        return FALSE;
    }
    if (master == 0) {
        code = rtnl_link_enslave_ifindex(sock, bridge_index, rtnl_link_get_ifindex(link));
        if (code < 0)
            return nmm_netlink_fail(code, "add bridge port", error);
        /* A port that is not isolated would look like one that has been looked after. */
        if (isolated && !isolate(sock, rtnl_link_get_ifindex(link), error)) {
            rtnl_link_release_ifindex(sock, rtnl_link_get_ifindex(link));
            return FALSE;
        }
    }
    *out_changed = master == 0;
    return TRUE;
}

static gboolean
has_port(NmmNlCache *links, int bridge)
{
    struct nl_object *object;

    for (object = nl_cache_get_first(links); object; object = nl_cache_get_next(object)) {
        if (rtnl_link_get_master((struct rtnl_link *)object) == bridge)
            return TRUE;
    }
    return FALSE;
}

/**
 * nmm_bridge_remove:
 * @bridge: name of a bridge
 * @error: return location
 *
 * For one that a libvirt daemon has left behind that ended while it made a network.
 *
 * Returns: whether it is gone; otherwise %NMM_ERROR_NOT_FOUND where there is none,
 *   %NMM_ERROR_CONFLICT where it is no bridge or has ports, or %NMM_ERROR_FAILED
 */
gboolean
nmm_bridge_remove(const char *bridge, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(NmmNlCache) links = NULL;
    g_autoptr(Link) link = NULL;
    int code;

    if (!sock || find_index(bridge, error) == 0)
        return FALSE;
    links = nmm_dump_cache(sock, NMM_DUMP_LINKS, error);
    if (!links)
        return FALSE;
    link = rtnl_link_get_by_name(links, bridge);
    if (!link || g_strcmp0(rtnl_link_get_type(link), "bridge") != 0 ||
        has_port(links, rtnl_link_get_ifindex(link))) {
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_CONFLICT, _("'%s' is no bridge, or has ports"), bridge);
        return FALSE;
    }
    code = rtnl_link_delete(sock, link);
    return code == 0 || nmm_netlink_fail(code, "delete link", error);
}
