/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uses one device, sends only neighbour requests and empty datagrams, changes no lasting state.
 */

#include "config.h"

#include "nmm-neighbour-probe.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-netlink.h"

/* RFC 863: the receiver discards datagrams to it. */
#define DISCARD_PORT 9

/* Open besides the sockets of the targets, at most. */
#define OTHER_FILES 128

/* The entry has a MAC and may be probed again. Only REACHABLE is a statement about the present. */
#define STATES_KNOWN (NUD_REACHABLE | NUD_STALE | NUD_DELAY)

typedef struct {
    const char *address; /* borrowed */
    NmmCidr cidr;
    int fd;            /* connected UDP socket, or -1 */
    gboolean answered; /* it resolved, or refused the datagram */
    gboolean failed;   /* the kernel has given up */
    char *mac;
} Target;

typedef struct {
    int ifindex;
    const char *ifname;
    NmmNlSock *sock;   /* requests */
    NmmNlSock *events; /* of the neighbour table */
    GArray *targets;   /* (element-type Target) */
} Probe;

static void
target_clear(gpointer data)
{
    Target *target = data;

    if (target->fd >= 0)
        close(target->fd);
    g_free(target->mac);
}

static void
probe_clear(Probe *probe)
{
    g_clear_pointer(&probe->sock, nl_socket_free);
    g_clear_pointer(&probe->events, nl_socket_free);
    g_clear_pointer(&probe->targets, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Probe, probe_clear)

static int
find_device(const char *ifname, GError **error)
{
    int ifindex = (int)if_nametoindex(ifname);

    if (ifindex == 0)
        nmm_fail(error, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), ifname);
    return ifindex;
}

static Target *
find_target(Probe *probe, struct rtnl_neigh *neigh)
{
    NmmCidr cidr;

    if (rtnl_neigh_get_ifindex(neigh) != probe->ifindex ||
        !nmm_netlink_addr_to_cidr(rtnl_neigh_get_dst(neigh), &cidr))
        return NULL;
    for (guint i = 0; i < probe->targets->len; i++) {
        Target *target = &g_array_index(probe->targets, Target, i);

        if (nmm_cidr_equal(&target->cidr, &cidr))
            return target;
    }
    return NULL;
}

/*
 * An existing entry may be half a minute old. Root can make the kernel probe again at once; for
 * other users a REACHABLE entry counts, and the probe of a STALE one takes the kernel some seconds.
 */
static void
probe_again(struct nl_object *object, gpointer user_data)
{
    struct rtnl_neigh *known = (struct rtnl_neigh *)object;
    Probe *probe = user_data;
    g_autoptr(NmmNlNeigh) neigh = NULL;

    if (!(rtnl_neigh_get_state(known) & STATES_KNOWN) || !find_target(probe, known))
        return;
    neigh = rtnl_neigh_alloc();
    rtnl_neigh_set_ifindex(neigh, probe->ifindex);
    rtnl_neigh_set_dst(neigh, rtnl_neigh_get_dst(known));
    rtnl_neigh_set_lladdr(neigh, rtnl_neigh_get_lladdr(known));
    rtnl_neigh_set_state(neigh, NUD_PROBE);
    /* The kernel refuses other users, which is no error: see above. */
    rtnl_neigh_add(probe->sock, neigh, NLM_F_REPLACE);
}

static void
learn(struct nl_object *object, gpointer user_data)
{
    struct rtnl_neigh *neigh = (struct rtnl_neigh *)object;
    Target *target = find_target(user_data, neigh);
    int state = rtnl_neigh_get_state(neigh);

    if (!target)
        return;
    if (state & NUD_REACHABLE)
        target->answered = TRUE;
    else if (state & NUD_FAILED)
        target->failed = TRUE;
    if (target->answered && !target->mac)
        target->mac = nmm_netlink_addr_to_mac(rtnl_neigh_get_lladdr(neigh));
}

static gboolean
read_neighbours(Probe *probe, void (*func)(struct nl_object *, gpointer), GError **error)
{
    g_autoptr(NmmNlCache) neighbours = nmm_dump_cache(probe->sock, NMM_DUMP_NEIGHBOURS, error);

    if (!neighbours)
        return FALSE;
    nl_cache_foreach(neighbours, func, probe);
    return TRUE;
}

/* Each target has a socket, and poll() takes no more than RLIMIT_NOFILE, by default 1024. */
static void
make_room(guint n_targets)
{
    const rlim_t wanted = (rlim_t)n_targets + OTHER_FILES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = MIN(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        g_debug("cannot open more files: %s", g_strerror(errno));
}

/* A target that cannot be sent to (the host's own firewall, no route) counts as failed. */
static void
send_datagram(const Probe *probe, Target *target)
{
    g_autoptr(GInetAddress) address =
        g_inet_address_new_from_bytes(target->cidr.bytes, target->cidr.family);
    g_autoptr(GSocketAddress) to = g_object_new(G_TYPE_INET_SOCKET_ADDRESS,
                                                "address",
                                                address,
                                                "port",
                                                DISCARD_PORT,
                                                "scope-id",
                                                (guint)probe->ifindex,
                                                NULL);
    struct sockaddr_storage native;
    int family = target->cidr.family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;

    target->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (target->fd < 0 || !g_socket_address_to_native(to, &native, sizeof native, NULL) ||
        setsockopt(target->fd,
                   SOL_SOCKET,
                   SO_BINDTODEVICE,
                   probe->ifname,
                   (socklen_t)strlen(probe->ifname)) < 0 ||
        connect(target->fd,
                (struct sockaddr *)&native,
                (socklen_t)g_socket_address_get_native_size(to)) < 0 ||
        send(target->fd, "", 0, MSG_NOSIGNAL) < 0) {
        g_debug("cannot send to %s on %s: %s", target->address, probe->ifname, g_strerror(errno));
        target->failed = TRUE;
    }
}

/* The neighbour itself refuses a datagram to a closed port, whatever the table has. */
static void
read_refusal(Target *target)
{
    int code = 0;
    socklen_t size = sizeof code;

    if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        return;
    if (code == ECONNREFUSED)
        target->answered = TRUE;
    else if (code == EHOSTUNREACH)
        target->failed = TRUE;
}

static gboolean
is_settled(const Target *target)
{
    return (target->answered && target->mac) || (target->failed && !target->answered);
}

static void
drain_events(Probe *probe)
{
    char buffer[16384];

    /* The table has the changes, so a lost event (ENOBUFS) loses nothing. */
    while (recv(nl_socket_get_fd(probe->events), buffer, sizeof buffer, MSG_DONTWAIT) > 0)
        continue;
}

/* Sleeps until the table may have changed. FALSE: all targets are settled, or time is up. */
static gboolean
wait_for_change(Probe *probe, gint64 deadline)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    struct pollfd events = {.fd = nl_socket_get_fd(probe->events), .events = POLLIN};
    gint64 left = deadline - g_get_monotonic_time();
    gboolean settled = TRUE;

    g_array_append_val(fds, events);
    for (guint i = 0; i < probe->targets->len; i++) {
        const Target *target = &g_array_index(probe->targets, Target, i);
        struct pollfd refusal = {.fd = target->answered ? -1 : target->fd};

        g_array_append_val(fds, refusal);
        settled = settled && is_settled(target);
    }
    if (settled || left <= 0)
        return FALSE;
    /* An interruption ends the poll early; any other error would recur at once. */
    if (poll((struct pollfd *)(gpointer)fds->data, fds->len, (int)(left / 1000 + 1)) < 0 &&
        errno != EINTR)
        return FALSE;
    for (guint i = 0; i < probe->targets->len; i++) {
        if (g_array_index(fds, struct pollfd, i + 1).revents & POLLERR)
            read_refusal(&g_array_index(probe->targets, Target, i));
    }
    drain_events(probe);
    return TRUE;
}

static gboolean
open_probe(Probe *probe, const char *const *addresses, GError **error)
{
    int code;

    probe->ifindex = find_device(probe->ifname, error);
    if (probe->ifindex == 0)
        return FALSE;
    probe->sock = nmm_netlink_connect(error);
    probe->events = probe->sock ? nmm_netlink_connect(error) : NULL;
    if (!probe->events)
        return FALSE;
    code = nl_socket_add_membership(probe->events, RTNLGRP_NEIGH);
    if (code < 0)
        return nmm_netlink_fail(code, "follow neighbours", error);

    probe->targets = g_array_new(FALSE, TRUE, sizeof(Target));
    g_array_set_clear_func(probe->targets, target_clear);
    for (; *addresses; addresses++) {
        Target target = {.address = *addresses, .fd = -1};

        if (!nmm_cidr_init_host(&target.cidr, *addresses, error))
            return FALSE;
        g_array_append_val(probe->targets, target);
    }
    return TRUE;
}

GHashTable *
nmm_neighbour_probe(const char *ifname,
                    const char *const *addresses,
                    guint timeout_ms,
                    GError **error)
{
    g_auto(Probe) probe = {.ifname = ifname};
    g_autoptr(GHashTable) answered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

    if (!open_probe(&probe, addresses, error) || !read_neighbours(&probe, probe_again, error))
        return NULL;
    make_room(probe.targets->len);
    for (guint i = 0; i < probe.targets->len; i++)
        send_datagram(&probe, &g_array_index(probe.targets, Target, i));
    do {
        if (!read_neighbours(&probe, learn, error))
            return NULL;
    } while (wait_for_change(&probe, deadline));

    for (guint i = 0; i < probe.targets->len; i++) {
        Target *target = &g_array_index(probe.targets, Target, i);

        if (target->answered && target->mac)
            g_hash_table_replace(
                answered, g_strdup(target->address), g_steal_pointer(&target->mac));
    }
    return g_steal_pointer(&answered);
}

typedef struct {
    int ifindex;
    const char *mac;
    guint rank; /* of @address; 0: none */
    char *address;
} Lookup;

static void
look_at(struct nl_object *object, gpointer user_data)
{
    struct rtnl_neigh *neigh = (struct rtnl_neigh *)object;
    Lookup *lookup = user_data;
    g_autofree char *mac = nmm_netlink_addr_to_mac(rtnl_neigh_get_lladdr(neigh));
    NmmCidr cidr;

    if (rtnl_neigh_get_ifindex(neigh) != lookup->ifindex || !mac ||
        g_ascii_strcasecmp(mac, lookup->mac) != 0 ||
        !nmm_netlink_addr_to_cidr(rtnl_neigh_get_dst(neigh), &cidr) ||
        nmm_cidr_get_rank(&cidr) <= lookup->rank)
        return;
    lookup->rank = nmm_cidr_get_rank(&cidr);
    g_free(lookup->address);
    lookup->address = nmm_cidr_address_to_string(&cidr);
}

char *
nmm_neighbour_lookup(const char *ifname, const char *mac, GError **error)
{
    Lookup lookup = {.ifindex = find_device(ifname, error), .mac = mac};
    g_autoptr(NmmNlSock) sock = lookup.ifindex ? nmm_netlink_connect(error) : NULL;
    g_autoptr(NmmNlCache) neighbours =
        sock ? nmm_dump_cache(sock, NMM_DUMP_NEIGHBOURS, error) : NULL;

    if (neighbours)
        nl_cache_foreach(neighbours, look_at, &lookup);
    return lookup.address;
}
