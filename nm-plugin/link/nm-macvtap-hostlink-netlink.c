/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link on the real kernel: how it is made and unmade, what is kept of it, and the watch on
 * it and its parent.
 */

#include "config.h"

#include "nm-macvtap-hostlink-netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/msg.h>
#include <string.h>
#include <unistd.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-identity.h"
#include "nm-macvtap-rtnl.h"

/* Messages read before the main loop has its turn again. */
#define MESSAGES_PER_WAKE_UP 64

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP (1 << 16)
#endif

typedef struct {
    const char *path; /* below /proc/sys/net, in two parts around the link's name */
    const char *name;
    const char *value;
    gboolean ipv6;
} Sysctl;

/* Hosts on the LAN are to learn the parent's MAC for the host and no other. */
static const Sysctl sysctls[] = {
    /* An ARP question is answered only by the interface that the route back goes out of. */
    {"ipv4/conf", "arp_filter", "1", FALSE},
    /* Guests have permanent entries; without one, nobody is asked, since the LAN would hear it. */
    {"ipv4/neigh", "mcast_solicit", "0", FALSE},
    {"ipv6/neigh", "mcast_solicit", "0", TRUE},
    {"ipv6/conf", "accept_ra", "0", TRUE},
    {"ipv6/conf", "autoconf", "0", TRUE},
    /* 1: no link-local address, so no duplicate address detection, no report, no second host. */
    {"ipv6/conf", "addr_gen_mode", "1", TRUE},
};

struct _NMMacvtapHostlinkNetlink {
    GObject parent_instance;
    char *sysfs;
    NMMacvtapNlSock *sock;
    NMMacvtapNlSock *events;
    GSource *source;
    char *name; /* (nullable): the link made, NULL where there is none */
    int ifindex;
    int parent;
    gboolean carrier;
    GArray *routes; /* NMMacvtapRoute, sorted: what was installed, guests' names left out */
    gboolean routes_uncertain; /* an address has gone, and routes with it */
    GArray *addresses;         /* (nullable) NMMacvtapCidr: the parent's, last seen */
    /* what the messages of one wake-up said */
    gboolean seen_gone;
    gboolean seen_down;
    gboolean seen_address;
    gboolean seen_address_removed;
    gboolean seen_carrier;
};

static void hostlink_iface_init(NMMacvtapHostlinkInterface *iface);

G_DEFINE_TYPE_WITH_CODE(NMMacvtapHostlinkNetlink,
                        nm_macvtap_hostlink_netlink,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NM_MACVTAP_TYPE_HOSTLINK, hostlink_iface_init))

static NMMacvtapHostlinkNetlink *
cast(NMMacvtapHostlink *hostlink)
{
    return NM_MACVTAP_HOSTLINK_NETLINK(hostlink);
}

/* Making */

static gboolean
write_sysctl(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    gboolean written;
    int code;

    if (fd < 0)
        return FALSE;
    written = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    code = errno;
    close(fd);
    errno = code;
    return written;
}

static gboolean
set_sysctls(const char *link, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sysctls); i++) {
        const Sysctl *row = &sysctls[i];
        g_autofree char *path =
            g_strdup_printf("/proc/sys/net/%s/%s/%s", row->path, link, row->name);

        if (write_sysctl(path, row->value))
            continue;
        /* IPv6 may be switched off altogether. */
        if (row->ipv6 && errno == ENOENT)
            continue;
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_FAILED,
                    _("cannot write '%s' to '%s': %s"),
                    row->value,
                    path,
                    g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

/* Reads the parent and has it judged. @out_parent: (transfer full). */
static gboolean
check_parent(NMMacvtapHostlinkNetlink *self,
             const char *name,
             NMMacvtapNlLink **out_parent,
             GError **error)
{
    g_autoptr(NMMacvtapNlCache) links = nm_macvtap_rtnl_list_links(self->sock, error);
    g_autoptr(NMMacvtapNlLink) link = NULL;
    g_autoptr(NMMacvtapNlLink) master = NULL;
    g_autofree char *passthrough = NULL;
    NMMacvtapHostlinkParent facts = {.name = name};

    if (links == NULL)
        return FALSE;
    link = rtnl_link_get_by_name(links, name);
    if (link != NULL) {
        master = rtnl_link_get(links, rtnl_link_get_master(link));
        passthrough = nm_macvtap_rtnl_find_passthrough(links, rtnl_link_get_ifindex(link));
        facts.exists = TRUE;
        facts.ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER;
        facts.wireless = nm_macvtap_rtnl_is_wireless(self->sysfs, name);
        facts.passthrough = passthrough;
    }
    if (master != NULL) {
        facts.master = rtnl_link_get_name(master);
        facts.master_kind = rtnl_link_get_type(master);
    }
    if (!nm_macvtap_hostlink_check_parent(&facts, error))
        return FALSE;
    *out_parent = g_steal_pointer(&link);
    return TRUE;
}

/* @profile_uuid's link of that name goes; no link is no error. */
static gboolean
remove_marked(NMMacvtapHostlinkNetlink *self,
              const char *name,
              const char *profile_uuid,
              gboolean *out_existed,
              GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(NMMacvtapNlLink) link = nm_macvtap_rtnl_get_link(self->sock, name, &local);

    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    *out_existed = link != NULL;
    if (link == NULL)
        return TRUE;
    return nm_macvtap_hostlink_check_mark(name, rtnl_link_get_ifalias(link), profile_uuid, error) &&
           nm_macvtap_rtnl_delete_link(self->sock, rtnl_link_get_ifindex(link), error);
}

/* The kernel takes no alias with the request that makes the link. */
static gboolean
configure_link(NMMacvtapHostlinkNetlink *self, const NMMacvtapHostlinkSpec *spec, GError **error)
{
    g_autofree char *mark = nm_macvtap_hostlink_make_mark(spec->profile_uuid);

    return nm_macvtap_rtnl_change_link(self->sock, spec->name, mark, FALSE, error) &&
           set_sysctls(spec->name, error) &&
           nm_macvtap_rtnl_change_link(self->sock, spec->name, NULL, TRUE, error);
}

static char *
read_mac(struct rtnl_link *link)
{
    struct nl_addr *address = rtnl_link_get_addr(link);

    if (address == NULL || nl_addr_get_len(address) != NM_MACVTAP_MAC_BYTES)
        return g_strdup("");
    return nm_macvtap_mac_to_string(nl_addr_get_binary_addr(address));
}

static void
stop_watch(NMMacvtapHostlinkNetlink *self)
{
    if (self->source != NULL)
        g_source_destroy(self->source);
    g_clear_pointer(&self->source, g_source_unref);
    g_clear_pointer(&self->events, nl_socket_free);
}

static void
forget_link(NMMacvtapHostlinkNetlink *self)
{
    stop_watch(self);
    g_clear_pointer(&self->name, g_free);
    g_clear_pointer(&self->addresses, g_array_unref);
    g_array_set_size(self->routes, 0);
    self->routes_uncertain = FALSE;
    self->ifindex = 0;
}

/* Watching */

static void
note_link(NMMacvtapHostlinkNetlink *self, const struct nlmsghdr *header)
{
    const struct ifinfomsg *info = nlmsg_data(header);

    /* A bridge tells of its ports in messages of its own family. */
    if (info->ifi_family != AF_UNSPEC)
        return;
    if (info->ifi_index == self->ifindex) {
        self->seen_gone |= header->nlmsg_type == RTM_DELLINK;
        self->seen_down |= (info->ifi_flags & IFF_UP) == 0;
    } else if (info->ifi_index == self->parent) {
        self->seen_carrier =
            header->nlmsg_type == RTM_NEWLINK && (info->ifi_flags & IFF_LOWER_UP) != 0;
    }
}

static void
note_address(NMMacvtapHostlinkNetlink *self, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *info = nlmsg_data(header);

    if ((int)info->ifa_index != self->parent)
        return;
    self->seen_address = TRUE;
    self->seen_address_removed |= header->nlmsg_type == RTM_DELADDR;
}

static int
message_cb(struct nl_msg *message, void *data)
{
    NMMacvtapHostlinkNetlink *self = data;
    const struct nlmsghdr *header = nlmsg_hdr(message);

    switch (header->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        if (nlmsg_valid_hdr(header, sizeof(struct ifinfomsg)))
            note_link(self, header);
        break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (nlmsg_valid_hdr(header, sizeof(struct ifaddrmsg)))
            note_address(self, header);
        break;
    }
    return NL_OK;
}

/* Messages were lost: looks at everything once. */
static void
look_again(NMMacvtapHostlinkNetlink *self)
{
    g_autoptr(NMMacvtapNlLink) link = nm_macvtap_rtnl_get_link(self->sock, self->name, NULL);
    g_autoptr(NMMacvtapNlLink) parent = NULL;

    self->seen_address = self->seen_address_removed = TRUE;
    self->seen_gone = link == NULL || rtnl_link_get_ifindex(link) != self->ifindex;
    self->seen_down = link != NULL && (rtnl_link_get_flags(link) & IFF_UP) == 0;
    if (rtnl_link_get_kernel(self->sock, self->parent, NULL, &parent) == 0)
        self->seen_carrier = (rtnl_link_get_flags(parent) & IFF_LOWER_UP) != 0;
}

static gboolean
update_addresses(NMMacvtapHostlinkNetlink *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) now = nm_macvtap_rtnl_list_addresses(self->sock, self->parent, &error);
    GArray *old = self->addresses;
    gboolean changed;

    if (now == NULL) {
        g_warning("cannot read the addresses of the host link's parent: %s", error->message);
        return FALSE;
    }
    changed = old == NULL || old->len != now->len;
    for (guint i = 0; !changed && i < now->len; i++)
        changed = !nm_macvtap_cidr_equal(&g_array_index(old, NMMacvtapCidr, i),
                                         &g_array_index(now, NMMacvtapCidr, i));
    g_clear_pointer(&self->addresses, g_array_unref);
    self->addresses = g_steal_pointer(&now);
    return changed;
}

static void
tell_gone(NMMacvtapHostlinkNetlink *self)
{
    const char *reason = self->seen_gone ? _("the host link was deleted by somebody else")
                                         : _("the host link was set down by somebody else");

    /* What is only down is still ours to remove. */
    if (self->seen_gone)
        forget_link(self);
    else
        stop_watch(self);
    nm_macvtap_hostlink_emit_gone(NM_MACVTAP_HOSTLINK(self), reason);
}

static void
tell_addresses(NMMacvtapHostlinkNetlink *self)
{
    gboolean removed = self->seen_address_removed;

    self->seen_address = self->seen_address_removed = FALSE;
    /* The kernel took the routes away whose source has gone, even if it came back since. */
    self->routes_uncertain |= removed;
    if (update_addresses(self) || removed)
        nm_macvtap_hostlink_emit_addresses_changed(NM_MACVTAP_HOSTLINK(self));
}

/* A handler may remove the link. */
static void
tell(NMMacvtapHostlinkNetlink *self)
{
    if (self->seen_gone || self->seen_down) {
        tell_gone(self);
        return;
    }
    if (self->seen_carrier != self->carrier) {
        self->carrier = self->seen_carrier;
        nm_macvtap_hostlink_emit_carrier_changed(NM_MACVTAP_HOSTLINK(self), self->carrier);
    }
    if (self->seen_address && self->name != NULL)
        tell_addresses(self);
}

static gboolean
events_cb(int fd, GIOCondition condition, gpointer data)
{
    g_autoptr(NMMacvtapHostlinkNetlink) self = g_object_ref(data);

    for (guint i = 0; i < MESSAGES_PER_WAKE_UP; i++) {
        int code = nl_recvmsgs_default(self->events);

        if (code == -NLE_NOMEM)
            look_again(self);
        else if (code < 0)
            break;
    }
    tell(self);
    return G_SOURCE_CONTINUE;
}

static gboolean
start_watch(NMMacvtapHostlinkNetlink *self, GError **error)
{
    int code;

    self->events = nm_macvtap_netlink_connect(error);
    if (self->events == NULL)
        return FALSE;
    nl_socket_disable_seq_check(self->events);
    nl_socket_modify_cb(self->events, NL_CB_VALID, NL_CB_CUSTOM, message_cb, self);
    code = nl_socket_set_nonblocking(self->events);
    if (code == 0)
        code = nl_socket_add_memberships(
            self->events, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NONE);
    if (code < 0)
        return nm_macvtap_netlink_fail(code, "watch links", error);
    self->seen_gone = self->seen_down = FALSE;
    self->seen_address = self->seen_address_removed = FALSE;
    self->source = g_unix_fd_source_new(nl_socket_get_fd(self->events), G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(events_cb), self, NULL);
    g_source_attach(self->source, g_main_context_get_thread_default());
    return TRUE;
}

/* The watch is on before the parent is read: nothing falls between. */
static gboolean
adopt_link(NMMacvtapHostlinkNetlink *self, const char *name, const char *parent, GError **error)
{
    g_autoptr(NMMacvtapNlLink) link = NULL;
    g_autoptr(NMMacvtapNlLink) lower = NULL;

    if (!start_watch(self, error))
        return FALSE;
    link = nm_macvtap_rtnl_get_link(self->sock, name, NULL);
    lower = nm_macvtap_rtnl_get_link(self->sock, parent, NULL);
    if (link == NULL || lower == NULL)
        return nm_macvtap_netlink_fail(-NLE_NODEV, "get link", error);
    self->name = g_strdup(name);
    self->ifindex = rtnl_link_get_ifindex(link);
    self->parent = rtnl_link_get_ifindex(lower);
    self->carrier = self->seen_carrier = (rtnl_link_get_flags(lower) & IFF_LOWER_UP) != 0;
    self->addresses = nm_macvtap_rtnl_list_addresses(self->sock, self->parent, error);
    return self->addresses != NULL;
}

/* The interface's methods */

static gboolean
hostlink_create(NMMacvtapHostlink *hostlink, const NMMacvtapHostlinkSpec *spec, GError **error)
{
    NMMacvtapHostlinkNetlink *self = cast(hostlink);
    g_autoptr(NMMacvtapNlLink) parent = NULL;
    g_autofree char *parent_mac = NULL;
    g_autofree char *mac = NULL;
    gboolean existed;

    g_return_val_if_fail(self->name == NULL, FALSE);

    /* What is not ours to replace is said before anything is touched. */
    if (!check_parent(self, spec->parent, &parent, error) ||
        !remove_marked(self, spec->name, spec->profile_uuid, &existed, error))
        return FALSE;
    parent_mac = read_mac(parent);
    mac = nm_macvtap_identity_link_mac(spec->profile_uuid, parent_mac);
    if (!nm_macvtap_rtnl_add_macvtap(
            self->sock, spec->name, rtnl_link_get_ifindex(parent), mac, error))
        return FALSE;
    if (!configure_link(self, spec, error) || !adopt_link(self, spec->name, spec->parent, error)) {
        g_autoptr(NMMacvtapNlLink) made = nm_macvtap_rtnl_get_link(self->sock, spec->name, NULL);

        forget_link(self);
        if (made != NULL)
            nm_macvtap_rtnl_delete_link(self->sock, rtnl_link_get_ifindex(made), NULL);
        return FALSE;
    }
    return TRUE;
}

static gboolean
hostlink_remove(NMMacvtapHostlink *hostlink, GError **error)
{
    NMMacvtapHostlinkNetlink *self = cast(hostlink);

    if (self->name == NULL)
        return TRUE;
    if (!nm_macvtap_rtnl_delete_link(self->sock, self->ifindex, error))
        return FALSE;
    forget_link(self);
    return TRUE;
}

static gboolean
is_same_route(const NMMacvtapRoute *a, const NMMacvtapRoute *b)
{
    return nm_macvtap_cidr_equal(&a->source, &b->source) &&
           memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

/* One step of the comparison of two sorted arrays. @old or @wanted may be NULL. */
static gboolean
change_route(NMMacvtapHostlinkNetlink *self,
             const NMMacvtapRoute *old,
             const NMMacvtapRoute *wanted,
             GArray *installed,
             GError **error)
{
    if (wanted == NULL) {
        if (nm_macvtap_rtnl_delete_route(self->sock, self->ifindex, old, error))
            return TRUE;
        g_array_append_vals(installed, old, 1);
        return FALSE;
    }
    if ((old == NULL || self->routes_uncertain || !is_same_route(old, wanted)) &&
        !nm_macvtap_rtnl_add_route(self->sock, self->ifindex, wanted, error)) {
        if (old != NULL)
            g_array_append_vals(installed, old, 1);
        return FALSE;
    }
    if (old == NULL)
        nm_macvtap_rtnl_release_waiting(self->sock, self->parent, wanted);
    g_array_append_vals(installed, wanted, 1);
    return TRUE;
}

static const NMMacvtapRoute *
route_at(const GArray *routes, guint i)
{
    return i < routes->len ? &g_array_index(routes, NMMacvtapRoute, i) : NULL;
}

static gboolean
hostlink_set_routes(NMMacvtapHostlink *hostlink, const GArray *routes, GError **error)
{
    NMMacvtapHostlinkNetlink *self = cast(hostlink);
    g_autoptr(GArray) installed = g_array_new(FALSE, FALSE, sizeof(NMMacvtapRoute));
    gboolean all = TRUE;
    guint i = 0;
    guint j = 0;

    g_return_val_if_fail(self->name != NULL, FALSE);

    while (i < self->routes->len || j < routes->len) {
        const NMMacvtapRoute *old = route_at(self->routes, i);
        const NMMacvtapRoute *wanted = route_at(routes, j);

        if (old != NULL && wanted != NULL) {
            int order = nm_macvtap_route_compare(old, wanted);

            if (order < 0)
                wanted = NULL;
            else if (order > 0)
                old = NULL;
        }
        i += old != NULL;
        j += wanted != NULL;
        if (!change_route(self, old, wanted, installed, all ? error : NULL))
            all = FALSE;
    }
    for (i = 0; i < installed->len; i++)
        g_array_index(installed, NMMacvtapRoute, i).guest = NULL;
    g_array_unref(self->routes);
    self->routes = g_steal_pointer(&installed);
    self->routes_uncertain = !all;
    return all;
}

static gboolean
hostlink_has_carrier(NMMacvtapHostlink *hostlink)
{
    return cast(hostlink)->carrier;
}

static GArray *
hostlink_list_addresses(NMMacvtapHostlink *hostlink, GError **error)
{
    NMMacvtapHostlinkNetlink *self = cast(hostlink);

    return nm_macvtap_rtnl_list_addresses(self->sock, self->parent, error);
}

static GArray *
hostlink_list_neighbours(NMMacvtapHostlink *hostlink, GError **error)
{
    NMMacvtapHostlinkNetlink *self = cast(hostlink);

    return nm_macvtap_rtnl_list_neighbours(self->sock, self->parent, error);
}

static GPtrArray *
hostlink_list(NMMacvtapHostlink *hostlink, GError **error)
{
    NMMacvtapHostlinkNetlink *self = cast(hostlink);
    g_autoptr(NMMacvtapNlCache) links = nm_macvtap_rtnl_list_links(self->sock, error);
    g_autoptr(GPtrArray) list = NULL;
    struct nl_object *object;

    if (links == NULL)
        return NULL;
    list = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_hostlink_info_free);
    for (object = nl_cache_get_first(links); object != NULL; object = nl_cache_get_next(object)) {
        struct rtnl_link *link = (struct rtnl_link *)object;
        const char *uuid = nm_macvtap_hostlink_read_mark(rtnl_link_get_ifalias(link));
        g_autoptr(NMMacvtapNlLink) parent = NULL;
        NMMacvtapHostlinkInfo *info;

        if (uuid == NULL)
            continue;
        parent = rtnl_link_get(links, rtnl_link_get_link(link));
        info = g_new0(NMMacvtapHostlinkInfo, 1);
        info->name = g_strdup(rtnl_link_get_name(link));
        info->profile_uuid = g_strdup(uuid);
        info->parent = parent != NULL ? g_strdup(rtnl_link_get_name(parent)) : NULL;
        g_ptr_array_add(list, info);
    }
    return g_steal_pointer(&list);
}

static gboolean
hostlink_remove_leftover(NMMacvtapHostlink *hostlink,
                         const char *name,
                         const char *profile_uuid,
                         GError **error)
{
    gboolean existed;

    if (!remove_marked(cast(hostlink), name, profile_uuid, &existed, error))
        return FALSE;
    if (!existed)
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_NOT_FOUND,
                    _("there is no network interface '%s'"),
                    name);
    return existed;
}

static void
hostlink_iface_init(NMMacvtapHostlinkInterface *iface)
{
    iface->create = hostlink_create;
    iface->remove = hostlink_remove;
    iface->set_routes = hostlink_set_routes;
    iface->has_carrier = hostlink_has_carrier;
    iface->list_addresses = hostlink_list_addresses;
    iface->list_neighbours = hostlink_list_neighbours;
    iface->list = hostlink_list;
    iface->remove_leftover = hostlink_remove_leftover;
}

static void
nm_macvtap_hostlink_netlink_finalize(GObject *object)
{
    NMMacvtapHostlinkNetlink *self = NM_MACVTAP_HOSTLINK_NETLINK(object);

    forget_link(self);
    g_array_unref(self->routes);
    g_clear_pointer(&self->sock, nl_socket_free);
    g_free(self->sysfs);
    G_OBJECT_CLASS(nm_macvtap_hostlink_netlink_parent_class)->finalize(object);
}

static void
nm_macvtap_hostlink_netlink_class_init(NMMacvtapHostlinkNetlinkClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = nm_macvtap_hostlink_netlink_finalize;
}

static void
nm_macvtap_hostlink_netlink_init(NMMacvtapHostlinkNetlink *self)
{
    self->routes = g_array_new(FALSE, FALSE, sizeof(NMMacvtapRoute));
}

/**
 * nm_macvtap_hostlink_netlink_new:
 * @sysfs: "/sys"
 *
 * Returns: (transfer full): an object without a link
 */
NMMacvtapHostlink *
nm_macvtap_hostlink_netlink_new(const char *sysfs, GError **error)
{
    g_autoptr(NMMacvtapHostlinkNetlink) self = g_object_new(NM_MACVTAP_TYPE_HOSTLINK_NETLINK, NULL);

    self->sysfs = g_strdup(sysfs);
    self->sock = nm_macvtap_netlink_connect(error);
    if (self->sock == NULL)
        return NULL;
    return NM_MACVTAP_HOSTLINK(g_steal_pointer(&self));
}
