/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link on the real kernel: how it is made and unmade, what is kept of it, and what is told
 * of it.
 */

#include "config.h"

#include "nmm-hostlink-netlink.h"

#include <glib/gi18n-lib.h>
#include <net/if_arp.h>
#include <string.h>

#include "nmm-dump.h"
#include "nmm-error.h"
#include "nmm-hostlink-sysctl.h"
#include "nmm-parent-check.h"
#include "nmm-hostlink-watch.h"
#include "nmm-identity.h"
#include "nmm-rtnl.h"

struct _NmmHostlinkNetlink {
    GObject parent_instance;
    char *sysfs;
    NmmNlSock *sock;
    NmmHostlinkWatch *watch; /* (nullable) */
    char *name;              /* (nullable): the link made, NULL where there is none */
    int ifindex;
    int parent;
    gboolean carrier;
    GArray *routes;            /* NmmRoute, sorted: what was installed, guests' names left out */
    gboolean routes_uncertain; /* an address has gone, and routes with it */
    GArray *addresses;         /* (nullable) NmmCidr: the parent's, last seen */
};

static void hostlink_iface_init(NmmHostlinkInterface *iface);

G_DEFINE_TYPE_WITH_CODE(NmmHostlinkNetlink,
                        nmm_hostlink_netlink,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NMM_TYPE_HOSTLINK, hostlink_iface_init))

static NmmHostlinkNetlink *
cast(NmmHostlink *hostlink)
{
    return NMM_HOSTLINK_NETLINK(hostlink);
}

/* Making */

/* Reads the parent and has it judged. @out_parent: (transfer full). */
static gboolean
check_parent(NmmHostlinkNetlink *self, const char *name, NmmNlLink **out_parent, GError **error)
{
    g_autoptr(NmmNlCache) links = nmm_dump_cache(self->sock, NMM_DUMP_LINKS, error);
    g_autoptr(NmmNlLink) link = NULL;
    g_autoptr(NmmNlLink) master = NULL;
    g_autofree char *passthrough = NULL;
    NmmParentFacts facts = {.name = name};

    if (links == NULL)
        return FALSE;
    link = rtnl_link_get_by_name(links, name);
    if (link != NULL) {
        master = rtnl_link_get(links, rtnl_link_get_master(link));
        passthrough = nmm_rtnl_find_passthrough(links, rtnl_link_get_ifindex(link));
        facts.exists = TRUE;
        facts.ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER;
        facts.wireless = nmm_rtnl_is_wireless(self->sysfs, name);
        facts.kind = rtnl_link_get_type(link);
        facts.passthrough = passthrough;
    }
    if (master != NULL) {
        facts.master = rtnl_link_get_name(master);
        facts.master_kind = rtnl_link_get_type(master);
    }
    if (!nmm_parent_check_fit(&facts, FALSE, error))
        return FALSE;
    *out_parent = g_steal_pointer(&link);
    return TRUE;
}

/* @profile_uuid's link of that name goes; no link is no error. */
static gboolean
remove_marked(NmmHostlinkNetlink *self,
              const char *name,
              const char *profile_uuid,
              gboolean *out_existed,
              GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(NmmNlLink) link = nmm_rtnl_get_link(self->sock, name, &local);

    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    *out_existed = link != NULL;
    if (link == NULL)
        return TRUE;
    return nmm_hostlink_check_mark(name, rtnl_link_get_ifalias(link), profile_uuid, error) &&
           nmm_rtnl_delete_link(self->sock, rtnl_link_get_ifindex(link), error);
}

/* The kernel takes no alias with the request that makes the link. */
static gboolean
configure_link(NmmHostlinkNetlink *self, const NmmHostlinkSpec *spec, GError **error)
{
    g_autofree char *mark = nmm_hostlink_make_mark(spec->profile_uuid);

    return nmm_rtnl_change_link(self->sock, spec->name, mark, FALSE, error) &&
           nmm_hostlink_write_sysctls(spec->name, error) &&
           nmm_rtnl_change_link(self->sock, spec->name, NULL, TRUE, error);
}

static char *
read_mac(struct rtnl_link *link)
{
    struct nl_addr *address = rtnl_link_get_addr(link);

    if (address == NULL || nl_addr_get_len(address) != NMM_MAC_BYTES)
        return g_strdup("");
    return nmm_mac_to_string(nl_addr_get_binary_addr(address));
}

static void
forget_link(NmmHostlinkNetlink *self)
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
update_addresses(NmmHostlinkNetlink *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) now = nmm_rtnl_list_addresses(self->sock, self->parent, &error);
    GArray *old = self->addresses;
    gboolean changed;

    if (now == NULL) {
        g_warning("cannot read the addresses of the host link's parent: %s", error->message);
        return FALSE;
    }
    changed = old == NULL || old->len != now->len;
    for (guint i = 0; !changed && i < now->len; i++)
        changed = !nmm_cidr_equal(&g_array_index(old, NmmCidr, i), &g_array_index(now, NmmCidr, i));
    g_clear_pointer(&self->addresses, g_array_unref);
    self->addresses = g_steal_pointer(&now);
    return changed;
}

static void
tell_gone(NmmHostlinkNetlink *self, gboolean deleted)
{
    const char *reason = deleted ? _("the host link was deleted by somebody else")
                                 : _("the host link was set down by somebody else");

    /* What is only down is still ours to remove. */
    if (deleted)
        forget_link(self);
    else
        g_clear_pointer(&self->watch, nmm_hostlink_watch_free);
    nmm_hostlink_emit_gone(NMM_HOSTLINK(self), reason);
}

static void
tell_addresses(NmmHostlinkNetlink *self, gboolean removed)
{
    /* The kernel took the routes away whose source has gone, even if it came back since. */
    self->routes_uncertain |= removed;
    if (update_addresses(self) || removed)
        nmm_hostlink_emit_addresses_changed(NMM_HOSTLINK(self));
}

/* A handler may remove the link. */
static void
seen_cb(const NmmHostlinkSeen *seen, gpointer data)
{
    g_autoptr(NmmHostlinkNetlink) self = g_object_ref(data);

    if (seen->gone || seen->down) {
        tell_gone(self, seen->gone);
        return;
    }
    if (seen->carrier != self->carrier) {
        self->carrier = seen->carrier;
        nmm_hostlink_emit_carrier_changed(NMM_HOSTLINK(self), self->carrier);
    }
    if (seen->address && self->name != NULL)
        tell_addresses(self, seen->address_removed);
}

/* The watch is on before the parent is read: nothing falls between. */
static gboolean
adopt_link(NmmHostlinkNetlink *self, const char *name, const char *parent, GError **error)
{
    g_autoptr(NmmNlLink) link = NULL;
    g_autoptr(NmmNlLink) lower = NULL;

    self->watch = nmm_hostlink_watch_new(seen_cb, self, error);
    if (self->watch == NULL)
        return FALSE;
    link = nmm_rtnl_get_link(self->sock, name, NULL);
    lower = nmm_rtnl_get_link(self->sock, parent, NULL);
    if (link == NULL || lower == NULL)
        return nmm_netlink_fail(-NLE_NODEV, "get link", error);
    self->name = g_strdup(name);
    self->ifindex = rtnl_link_get_ifindex(link);
    self->parent = rtnl_link_get_ifindex(lower);
    self->carrier = (rtnl_link_get_flags(lower) & IFF_LOWER_UP) != 0;
    nmm_hostlink_watch_set_links(self->watch, self->ifindex, self->parent, self->carrier);
    self->addresses = nmm_rtnl_list_addresses(self->sock, self->parent, error);
    return self->addresses != NULL;
}

/* The interface's methods */

static gboolean
hostlink_create(NmmHostlink *hostlink, const NmmHostlinkSpec *spec, GError **error)
{
    NmmHostlinkNetlink *self = cast(hostlink);
    g_autoptr(NmmNlLink) parent = NULL;
    g_autofree char *parent_mac = NULL;
    g_autofree char *mac = NULL;
    gboolean existed;

    g_return_val_if_fail(self->name == NULL, FALSE);

    /* What is not ours to replace is said before anything is touched. */
    if (!check_parent(self, spec->parent, &parent, error) ||
        !remove_marked(self, spec->name, spec->profile_uuid, &existed, error))
        return FALSE;
    parent_mac = read_mac(parent);
    mac = nmm_identity_link_mac(spec->profile_uuid, parent_mac);
    if (!nmm_rtnl_add_macvtap(self->sock, spec->name, rtnl_link_get_ifindex(parent), mac, error))
        return FALSE;
    if (!configure_link(self, spec, error) || !adopt_link(self, spec->name, spec->parent, error)) {
        g_autoptr(NmmNlLink) made = nmm_rtnl_get_link(self->sock, spec->name, NULL);

        forget_link(self);
        if (made != NULL)
            nmm_rtnl_delete_link(self->sock, rtnl_link_get_ifindex(made), NULL);
        return FALSE;
    }
    return TRUE;
}

static gboolean
hostlink_remove(NmmHostlink *hostlink, GError **error)
{
    NmmHostlinkNetlink *self = cast(hostlink);

    if (self->name == NULL)
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
change_route(NmmHostlinkNetlink *self,
             const NmmRoute *old,
             const NmmRoute *wanted,
             GArray *installed,
             GError **error)
{
    if (wanted == NULL) {
        if (nmm_rtnl_delete_route(self->sock, self->ifindex, old, error))
            return TRUE;
        g_array_append_vals(installed, old, 1);
        return FALSE;
    }
    if ((old == NULL || self->routes_uncertain || !is_same_route(old, wanted)) &&
        !nmm_rtnl_add_route(self->sock, self->ifindex, wanted, old != NULL, error)) {
        if (old != NULL)
            g_array_append_vals(installed, old, 1);
        return FALSE;
    }
    if (old == NULL)
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
    NmmHostlinkNetlink *self = cast(hostlink);
    g_autoptr(GArray) installed = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    gboolean all = TRUE;
    guint i = 0;
    guint j = 0;

    g_return_val_if_fail(self->name != NULL, FALSE);

    while (i < self->routes->len || j < routes->len) {
        const NmmRoute *old = route_at(self->routes, i);
        const NmmRoute *wanted = route_at(routes, j);

        if (old != NULL && wanted != NULL) {
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

static gboolean
hostlink_has_carrier(NmmHostlink *hostlink)
{
    return cast(hostlink)->carrier;
}

static GArray *
hostlink_list_addresses(NmmHostlink *hostlink, GError **error)
{
    NmmHostlinkNetlink *self = cast(hostlink);

    return nmm_rtnl_list_addresses(self->sock, self->parent, error);
}

static GArray *
hostlink_list_neighbours(NmmHostlink *hostlink, GError **error)
{
    NmmHostlinkNetlink *self = cast(hostlink);

    return nmm_rtnl_list_neighbours(self->sock, self->parent, error);
}

static GPtrArray *
hostlink_list(NmmHostlink *hostlink, GError **error)
{
    NmmHostlinkNetlink *self = cast(hostlink);
    g_autoptr(NmmNlCache) links = nmm_dump_cache(self->sock, NMM_DUMP_LINKS, error);
    g_autoptr(GPtrArray) list = NULL;
    struct nl_object *object;

    if (links == NULL)
        return NULL;
    list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_hostlink_info_free);
    for (object = nl_cache_get_first(links); object != NULL; object = nl_cache_get_next(object)) {
        struct rtnl_link *link = (struct rtnl_link *)object;
        const char *uuid = nmm_hostlink_read_mark(rtnl_link_get_ifalias(link));
        g_autoptr(NmmNlLink) parent = NULL;
        NmmHostlinkInfo *info;

        if (uuid == NULL)
            continue;
        parent = rtnl_link_get(links, nmm_rtnl_get_parent(link));
        info = g_new0(NmmHostlinkInfo, 1);
        info->name = g_strdup(rtnl_link_get_name(link));
        info->profile_uuid = g_strdup(uuid);
        info->parent = parent != NULL ? g_strdup(rtnl_link_get_name(parent)) : NULL;
        g_ptr_array_add(list, info);
    }
    return g_steal_pointer(&list);
}

static gboolean
hostlink_remove_leftover(NmmHostlink *hostlink,
                         const char *name,
                         const char *profile_uuid,
                         GError **error)
{
    gboolean existed;

    if (!remove_marked(cast(hostlink), name, profile_uuid, &existed, error))
        return FALSE;
    if (!existed)
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), name);
    return existed;
}

static void
hostlink_iface_init(NmmHostlinkInterface *iface)
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
nmm_hostlink_netlink_finalize(GObject *object)
{
    NmmHostlinkNetlink *self = NMM_HOSTLINK_NETLINK(object);

    forget_link(self);
    g_array_unref(self->routes);
    g_clear_pointer(&self->sock, nl_socket_free);
    g_free(self->sysfs);
    G_OBJECT_CLASS(nmm_hostlink_netlink_parent_class)->finalize(object);
}

static void
nmm_hostlink_netlink_class_init(NmmHostlinkNetlinkClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = nmm_hostlink_netlink_finalize;
}

static void
nmm_hostlink_netlink_init(NmmHostlinkNetlink *self)
{
    self->routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
}

/**
 * nmm_hostlink_netlink_new:
 * @sysfs: "/sys"
 *
 * Returns: (transfer full): an object without a link
 */
NmmHostlink *
nmm_hostlink_netlink_new(const char *sysfs, GError **error)
{
    g_autoptr(NmmHostlinkNetlink) self = g_object_new(NMM_TYPE_HOSTLINK_NETLINK, NULL);

    self->sysfs = g_strdup(sysfs);
    self->sock = nmm_netlink_connect(error);
    if (self->sock == NULL)
        return NULL;
    return NMM_HOSTLINK(g_steal_pointer(&self));
}
