/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores the properties of each device, because the kernel also sends an event for each change of
 * any flag.
 */

#include "config.h"

#include "nmm-macvtap-watch.h"

#include <glib-unix.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "nmm-netlink.h"

/* Messages read before the main loop has its turn again. */
#define MESSAGES_PER_WAKE_UP 64

struct _NmmMacvtapWatch {
    NmmMacvtapChangedFunc handler;
    gpointer user_data;
    NmmNlSock *events;
    GSource *source;
    GHashTable *known;  /* (element-type int utf8): of each device, as describe() has it */
    GPtrArray *changed; /* (element-type utf8): in this wake-up */
};

static gboolean
is_macvtap(struct nlattr *info)
{
    struct nlattr *attributes[IFLA_INFO_MAX + 1];

    return info && nla_parse_nested(attributes, IFLA_INFO_MAX, info, NULL) == 0 &&
           attributes[IFLA_INFO_KIND] && nla_strcmp(attributes[IFLA_INFO_KIND], "macvtap") == 0;
}

static void
append_attribute(GString *text, const struct nlattr *attribute)
{
    const guint8 *bytes = attribute ? nla_data(attribute) : NULL;

    for (int i = 0; attribute && i < nla_len(attribute); i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_string_append_c(text, ' ');
}

/* (transfer full): whether it is up, parent, MAC and what only macvtap has, the mode among it. */
static char *
describe(const struct ifinfomsg *info, struct nlattr **attributes)
{
    GString *text = g_string_new(info->ifi_flags & IFF_UP ? "up " : "down ");

    append_attribute(text, attributes[IFLA_LINK]);
    append_attribute(text, attributes[IFLA_ADDRESS]);
    append_attribute(text, attributes[IFLA_LINKINFO]);
    return g_string_free(text, FALSE);
}

static void
note(NmmMacvtapWatch *self, const struct ifinfomsg *info, gboolean gone, struct nlattr **attributes)
{
    gpointer key = GINT_TO_POINTER(info->ifi_index);
    g_autofree char *now = gone ? NULL : describe(info, attributes);

    if (g_strcmp0(g_hash_table_lookup(self->known, key), now) == 0)
        return;
    if (now)
        g_hash_table_insert(self->known, key, g_steal_pointer(&now));
    else
        g_hash_table_remove(self->known, key);
    g_ptr_array_add(self->changed, g_strdup(nla_get_string(attributes[IFLA_IFNAME])));
}

static int
message_cb(struct nl_msg *message, void *data)
{
    struct nlmsghdr *header = nlmsg_hdr(message);
    const struct ifinfomsg *info = nlmsg_data(header);
    struct nlattr *attributes[IFLA_MAX + 1];

    /* A bridge reports its ports in messages of another family. */
    if ((header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK) &&
        nlmsg_valid_hdr(header, sizeof(*info)) && info->ifi_family == AF_UNSPEC &&
        nlmsg_parse(header, sizeof(*info), attributes, IFLA_MAX, NULL) == 0 &&
        attributes[IFLA_IFNAME] && is_macvtap(attributes[IFLA_LINKINFO]))
        note(data, info, header->nlmsg_type == RTM_DELLINK, attributes);
    return NL_OK;
}

static void
notify(NmmMacvtapWatch *self, gboolean lost)
{
    g_autoptr(GPtrArray) changed = g_steal_pointer(&self->changed);

    self->changed = g_ptr_array_new_with_free_func(g_free);
    if (lost)
        g_ptr_array_set_size(changed, 0);
    for (guint i = 0; i < changed->len; i++)
        self->handler(changed->pdata[i], self->user_data);
    if (lost)
        self->handler(NULL, self->user_data);
}

static gboolean
events_cb(int fd, GIOCondition condition, gpointer data)
{
    NmmMacvtapWatch *self = data;
    gboolean lost = FALSE;

    for (guint i = 0; i < MESSAGES_PER_WAKE_UP; i++) {
        int code = nl_recvmsgs_default(self->events);

        lost |= code == -NLE_NOMEM;
        if (code < 0 && code != -NLE_NOMEM)
            break;
    }
    if (lost || self->changed->len > 0)
        notify(self, lost);
    return G_SOURCE_CONTINUE;
}

/* After the socket listens, so that no change is lost. */
static gboolean
read_known(NmmMacvtapWatch *self, GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(GPtrArray) messages = sock ? nmm_dump_messages(sock, NMM_DUMP_LINKS, error) : NULL;

    for (guint i = 0; messages && i < messages->len; i++)
        message_cb(messages->pdata[i], self);
    g_ptr_array_set_size(self->changed, 0);
    return messages != NULL;
}

static gboolean
open_events(NmmMacvtapWatch *self, GError **error)
{
    int code;

    self->events = nmm_netlink_connect_events(message_cb, self, error);
    if (!self->events)
        return FALSE;
    code = nl_socket_add_membership(self->events, RTNLGRP_LINK);
    return code == 0 ? read_known(self, error) : nmm_netlink_fail(code, "watch links", error);
}

NmmMacvtapWatch *
nmm_macvtap_watch_new(NmmMacvtapChangedFunc handler, gpointer user_data, GError **error)
{
    NmmMacvtapWatch *self = g_new0(NmmMacvtapWatch, 1);

    self->handler = handler;
    self->user_data = user_data;
    self->known = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    self->changed = g_ptr_array_new_with_free_func(g_free);
    if (!open_events(self, error)) {
        nmm_macvtap_watch_free(self);
        return NULL;
    }
    self->source = g_unix_fd_source_new(nl_socket_get_fd(self->events), G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(events_cb), self, NULL);
    g_source_attach(self->source, g_main_context_get_thread_default());
    return self;
}

void
nmm_macvtap_watch_free(NmmMacvtapWatch *self)
{
    if (self->source)
        g_source_destroy(self->source);
    g_clear_pointer(&self->source, g_source_unref);
    g_clear_pointer(&self->events, nl_socket_free);
    g_hash_table_unref(self->known);
    g_ptr_array_unref(self->changed);
    g_free(self);
}
