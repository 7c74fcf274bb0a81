/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-hostlink-watch.h"

#include <glib-unix.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>

#include "nmm-netlink.h"

/* Messages read before the main loop has its turn again. */
#define MESSAGES_PER_WAKE_UP 64

struct _NmmHostlinkWatch {
    NmmHostlinkSeenFunc handler;
    gpointer user_data;
    NmmNlSock *events;
    GSource *source;
    int link;
    int parent;
    NmmHostlinkSeen seen; /* from the messages of this wake-up */
};

static void
note_link(NmmHostlinkWatch *self, const struct nlmsghdr *header)
{
    const struct ifinfomsg *info = nlmsg_data(header);

    /* A bridge reports its ports in messages of another family. */
    if (info->ifi_family != AF_UNSPEC || info->ifi_index != self->link)
        return;
    self->seen.gone |= header->nlmsg_type == RTM_DELLINK;
    self->seen.down |= (info->ifi_flags & IFF_UP) == 0;
}

static void
note_address(NmmHostlinkWatch *self, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *info = nlmsg_data(header);

    if ((int)info->ifa_index != self->parent)
        return;
    self->seen.address = TRUE;
    self->seen.address_removed |= header->nlmsg_type == RTM_DELADDR;
}

static int
message_cb(struct nl_msg *message, void *data)
{
    NmmHostlinkWatch *self = data;
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

/* Messages were lost: reads the link, and assumes that addresses changed. */
static void
read_again(NmmHostlinkWatch *self)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(NULL);
    g_autoptr(NmmNlLink) link = NULL;

    if (!sock)
        return;
    self->seen.address = self->seen.address_removed = TRUE;
    self->seen.gone = rtnl_link_get_kernel(sock, self->link, NULL, &link) < 0;
    self->seen.down = link && (rtnl_link_get_flags(link) & IFF_UP) == 0;
}

/* The handler may free the watch. */
static void
notify(NmmHostlinkWatch *self)
{
    const NmmHostlinkSeen seen = self->seen;

    self->seen = (NmmHostlinkSeen){0};
    self->handler(&seen, self->user_data);
}

static gboolean
events_cb(int fd, GIOCondition condition, gpointer data)
{
    NmmHostlinkWatch *self = data;

    for (guint i = 0; i < MESSAGES_PER_WAKE_UP; i++) {
        int code = nl_recvmsgs_default(self->events);

        if (code == -NLE_NOMEM)
            read_again(self);
        else if (code < 0)
            break;
    }
    notify(self);
    return G_SOURCE_CONTINUE;
}

static gboolean
open_events(NmmHostlinkWatch *self, GError **error)
{
    int code;

    self->events = nmm_netlink_connect_events(message_cb, self, error);
    if (!self->events)
        return FALSE;
    code = nl_socket_add_memberships(
        self->events, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NONE);
    return code == 0 || nmm_netlink_fail(code, "watch links", error);
}

NmmHostlinkWatch *
nmm_hostlink_watch_new(NmmHostlinkSeenFunc handler, gpointer user_data, GError **error)
{
    g_autoptr(NmmHostlinkWatch) self = g_new0(NmmHostlinkWatch, 1);

    self->handler = handler;
    self->user_data = user_data;
    if (!open_events(self, error))
        return NULL;
    self->source = g_unix_fd_source_new(nl_socket_get_fd(self->events), G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(events_cb), self, NULL);
    g_source_attach(self->source, g_main_context_get_thread_default());
    return g_steal_pointer(&self);
}

void
nmm_hostlink_watch_set_links(NmmHostlinkWatch *self, int link, int parent)
{
    self->link = link;
    self->parent = parent;
}

void
nmm_hostlink_watch_free(NmmHostlinkWatch *self)
{
    if (self->source)
        g_source_destroy(self->source);
    g_clear_pointer(&self->source, g_source_unref);
    g_clear_pointer(&self->events, nl_socket_free);
    g_free(self);
}
