/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-hostlink-netlink.h"

#include <glib/gi18n-lib.h>
#include <net/if.h>
#include <string.h>

#include "nmm-error.h"
#include "nmm-hostlink-watch.h"
#include "nmm-identity.h"
#include "nmm-links.h"
#include "nmm-mac-swap.h"
#include "nmm-names.h"
#include "nmm-rtnl.h"
#include "nmm-sysctl.h"

typedef struct {
    NmmHostlink base;
    char *sysfs;
    NmmNlSock *sock;
    NmmHostlinkWatch *watch; /* (nullable) */
    char *name;              /* (nullable): the link made, NULL if there is none */
    int ifindex;
    int parent;
    GArray *routes;            /* NmmRoute, sorted: those installed, without guests' names */
    gboolean routes_uncertain; /* the kernel removed an address, and routes with it */
    GArray *addresses;         /* (nullable) NmmRoutingAddress: the parent's, last seen */
} NetlinkHostlink;

static NetlinkHostlink *
cast(NmmHostlink *hostlink)
{
    return (NetlinkHostlink *)hostlink;
}

/* Settings */

typedef struct {
    const char *path; /* below /proc/sys/net, in two parts around the link's name */
    const char *name;
    const char *value;
    gboolean ipv6;
} Sysctl;

/* LAN hosts must learn the parent's MAC for the host and no other. */
static const Sysctl sysctls[] = {
    /* Only the interface that the route back uses replies to an ARP request. */
    {"ipv4/conf", "arp_filter", "1", FALSE},
    /* No proxy ARP: with net.ipv4.conf.all.proxy_arp, a guest would find every address taken. */
    {"ipv4/conf", "medium_id", "-1", FALSE},
    /* Guests have permanent entries. The LAN would hear a request for any other address. */
    {"ipv4/neigh", "mcast_solicit", "0", FALSE},
    {"ipv6/neigh", "mcast_solicit", "0", TRUE},
    /* Whatever new interfaces have: the parent decides whether there is IPv6. */
    {"ipv6/conf", "disable_ipv6", "0", TRUE},
    {"ipv6/conf", "accept_ra", "0", TRUE},
    {"ipv6/conf", "autoconf", "0", TRUE},
    /* 1: no link-local address, so no duplicate address detection, no report, no second host. */
    {"ipv6/conf", "addr_gen_mode", "1", TRUE},
};

/* Before the link is up. */
static gboolean
write_sysctls(const char *link, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sysctls); i++) {
        const Sysctl *row = &sysctls[i];
        g_autofree char *path = g_strdup_printf("net/%s/%s/%s", row->path, link, row->name);
        GError *local = NULL;

        if (nmm_sysctl_write(path, row->value, &local))
            continue;
        /* The kernel may have no IPv6. */
        if (!row->ipv6 || !g_error_matches(local, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
            g_propagate_error(error, local);
            return FALSE;
        }
        g_clear_error(&local);
    }
    return TRUE;
}

/* Making */

/* Returns: the parent's own MAC, also while mode move has given it another one. (transfer full) */
static char *
check_parent(NetlinkHostlink *self, const char *name, GError **error)
{
    g_autoptr(GPtrArray) links = nmm_links_read_interfaces(self->sock, self->sysfs, error);

    if (!links || !nmm_links_check_parent(links, name, error))
        return NULL;
    return nmm_mac_swap_find_own(NMM_RUN_DIR, name);
}

/* NMM_ERROR_NOT_FOUND: there is no interface of that name. */
static gboolean
remove_marked(NmmNlSock *sock, const char *name, const char *profile_uuid, GError **error)
{
    g_autoptr(NmmNlLink) link = nmm_rtnl_get_link(sock, name, error);

    return link &&
           nmm_hostlink_check_mark(name, rtnl_link_get_ifalias(link), profile_uuid, error) &&
           nmm_rtnl_delete_link(sock, rtnl_link_get_ifindex(link), error);
}

static gboolean
remove_predecessor(NetlinkHostlink *self, const NmmHostlinkSpec *spec, GError **error)
{
    GError *local = NULL;

    if (remove_marked(self->sock, spec->name, spec->profile_uuid, &local))
        return TRUE;
    if (g_error_matches(local, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
        g_error_free(local);
        return TRUE;
    }
    g_propagate_error(error, local);
    return FALSE;
}

/* The kernel takes no alias in the request that makes the link. */
static gboolean
configure_link(NetlinkHostlink *self, const NmmHostlinkSpec *spec, GError **error)
{
    g_autofree char *mark = nmm_hostlink_make_mark(spec->profile_uuid);

    return nmm_rtnl_change_link(self->sock, spec->name, mark, FALSE, error) &&
           write_sysctls(spec->name, error) &&
           nmm_rtnl_change_link(self->sock, spec->name, NULL, TRUE, error);
}

static void
forget_link(NetlinkHostlink *self)
{
    g_clear_pointer(&self->watch, nmm_hostlink_watch_free);
    g_clear_pointer(&self->name, g_free);
    g_clear_pointer(&self->addresses, g_array_unref);
    g_array_set_size(self->routes, 0);
    self->routes_uncertain = FALSE;
    self->ifindex = 0;
}

/* Watching */

static gboolean
update_addresses(NetlinkHostlink *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) now = nmm_rtnl_list_addresses(self->sock, self->parent, &error);
    GArray *old = self->addresses;
    gboolean changed;

    if (!now) {
        g_warning("cannot read the addresses of the host link's parent: %s", error->message);
        return FALSE;
    }
    changed = !old || old->len != now->len;
    for (guint i = 0; !changed && i < now->len; i++)
        changed = !nmm_routing_address_equal(&g_array_index(old, NmmRoutingAddress, i),
                                             &g_array_index(now, NmmRoutingAddress, i));
    g_clear_pointer(&self->addresses, g_array_unref);
    self->addresses = g_steal_pointer(&now);
    return changed;
}

static void
seen_cb(const NmmHostlinkSeen *seen, gpointer data)
{
    NetlinkHostlink *self = data;

    if (seen->gone) {
        forget_link(self);
        nmm_hostlink_notify_gone(&self->base, _("another program deleted the host link"));
    } else if (seen->down) {
        /* remove() still removes it. */
        g_clear_pointer(&self->watch, nmm_hostlink_watch_free);
        nmm_hostlink_notify_gone(&self->base, _("another program set the host link down"));
    } else if (seen->address) {
        /* The kernel removed the routes with that source, even if the address is back already. */
        self->routes_uncertain |= seen->address_removed;
        if (update_addresses(self) || seen->address_removed)
            nmm_hostlink_notify_addresses(&self->base);
    }
}

/* The watch begins before the parent is read, so that no event is lost. */
static gboolean
adopt_link(NetlinkHostlink *self, const NmmHostlinkSpec *spec, GError **error)
{
    g_autoptr(NmmNlLink) link = NULL;
    g_autoptr(NmmNlLink) parent = NULL;

    self->watch = nmm_hostlink_watch_new(seen_cb, self, error);
    if (!self->watch)
        return FALSE;
    link = nmm_rtnl_get_link(self->sock, spec->name, error);
    parent = link ? nmm_rtnl_get_link(self->sock, spec->parent, error) : NULL;
    if (!parent)
        return FALSE;
    self->name = g_strdup(spec->name);
    self->ifindex = rtnl_link_get_ifindex(link);
    self->parent = rtnl_link_get_ifindex(parent);
    nmm_hostlink_watch_set_links(self->watch, self->ifindex, self->parent);
    self->addresses = nmm_rtnl_list_addresses(self->sock, self->parent, error);
    return self->addresses != NULL;
}

/* Methods */

static gboolean
hostlink_create(NmmHostlink *hostlink, const NmmHostlinkSpec *spec, GError **error)
{
    NetlinkHostlink *self = cast(hostlink);
    g_autofree char *parent_mac = NULL;
    g_autofree char *mac = NULL;
    int parent;

    g_return_val_if_fail(!self->name, FALSE);

    /* Every refusal comes before the first change. */
    parent_mac = check_parent(self, spec->parent, error);
    if (!parent_mac || !remove_predecessor(self, spec, error))
        return FALSE;
    mac = nmm_identity_link_mac(spec->profile_uuid, parent_mac);
    parent = (int)if_nametoindex(spec->parent);
    if (!nmm_rtnl_add_macvtap(self->sock, spec->name, parent, mac, error))
        return FALSE;
    if (!configure_link(self, spec, error) || !adopt_link(self, spec, error)) {
        forget_link(self);
        remove_marked(self->sock, spec->name, spec->profile_uuid, NULL);
        return FALSE;
    }
    return TRUE;
}

static gboolean
hostlink_remove(NmmHostlink *hostlink, GError **error)
{
    NetlinkHostlink *self = cast(hostlink);

    if (!self->name)
        return TRUE;
    if (!nmm_rtnl_delete_link(self->sock, self->ifindex, error))
        return FALSE;
    forget_link(self);
    return TRUE;
}

static gboolean
is_same_route(const NmmRoute *a, const NmmRoute *b)
{
    return nmm_cidr_equal(&a->source, &b->source) && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

/* One step of the comparison of two sorted arrays. @old or @wanted may be NULL. */
static gboolean
change_route(NetlinkHostlink *self,
             const NmmRoute *old,
             const NmmRoute *wanted,
             GArray *installed,
             GError **error)
{
    if (!wanted) {
        if (nmm_rtnl_delete_route(self->sock, self->ifindex, old, error))
            return TRUE;
        g_array_append_vals(installed, old, 1);
        return FALSE;
    }
    if ((!old || self->routes_uncertain || !is_same_route(old, wanted)) &&
        !nmm_rtnl_add_route(self->sock, self->ifindex, wanted, old != NULL, error)) {
        if (old)
            g_array_append_vals(installed, old, 1);
        return FALSE;
    }
    if (!old)
        nmm_rtnl_release_waiting(self->sock, self->parent, wanted);
    g_array_append_vals(installed, wanted, 1);
    return TRUE;
}

static const NmmRoute *
route_at(const GArray *routes, guint i)
{
    return i < routes->len ? &g_array_index(routes, NmmRoute, i) : NULL;
}

static gboolean
hostlink_set_routes(NmmHostlink *hostlink, const GArray *routes, GError **error)
{
    NetlinkHostlink *self = cast(hostlink);
    g_autoptr(GArray) installed = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    gboolean all = TRUE;
    guint i = 0;
    guint j = 0;

    g_return_val_if_fail(self->name != NULL, FALSE);

    while (i < self->routes->len || j < routes->len) {
        const NmmRoute *old = route_at(self->routes, i);
        const NmmRoute *wanted = route_at(routes, j);

        if (old && wanted) {
            int order = nmm_route_compare(old, wanted);

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
        g_array_index(installed, NmmRoute, i).guest = NULL;
    g_array_unref(self->routes);
    self->routes = g_steal_pointer(&installed);
    self->routes_uncertain = !all;
    return all;
}

static GArray *
hostlink_list_addresses(NmmHostlink *hostlink, GError **error)
{
    return nmm_rtnl_list_addresses(cast(hostlink)->sock, cast(hostlink)->parent, error);
}

static GArray *
hostlink_list_neighbours(NmmHostlink *hostlink, GError **error)
{
    return nmm_rtnl_list_neighbours(cast(hostlink)->sock, cast(hostlink)->parent, error);
}

static void
hostlink_free(NmmHostlink *hostlink)
{
    NetlinkHostlink *self = cast(hostlink);

    forget_link(self);
    g_array_unref(self->routes);
    g_clear_pointer(&self->sock, nl_socket_free);
    g_free(self->sysfs);
    g_free(self);
}

NmmHostlink *
nmm_hostlink_netlink_new(const char *sysfs, GError **error)
{
    static const NmmHostlinkMethods methods = {
        .create = hostlink_create,
        .remove = hostlink_remove,
        .set_routes = hostlink_set_routes,
        .list_addresses = hostlink_list_addresses,
        .list_neighbours = hostlink_list_neighbours,
        .free = hostlink_free,
    };
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    NetlinkHostlink *self;

    if (!sock)
        return NULL;
    self = g_new0(NetlinkHostlink, 1);
    self->base.methods = &methods;
    self->sysfs = g_strdup(sysfs);
    self->sock = g_steal_pointer(&sock);
    self->routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    return &self->base;
}

gboolean
nmm_hostlink_remove_orphan(const char *name, const char *profile_uuid, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);

    return sock && remove_marked(sock, name, profile_uuid, error);
}
