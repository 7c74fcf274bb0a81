/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arp_ignore=1: an interface answers only for its own addresses. The parent has none, unless
 * another program adds one, and then answers for that one. 8: it answers for no address.
 *
 * medium_id: with proxy_arp and forwarding, an interface answers for addresses that the host routes
 * to another interface, so the parent would answer for the whole LAN, which is routed to the host
 * link. Two interfaces with the same medium_id do not answer for each other, but for all other
 * interfaces (arp_fwd_proxy() in net/ipv4/arp.c). With -1, an interface answers for no address.
 */

#include "config.h"

#include "nmm-parent-arp.h"

#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "nmm-error.h"
#include "nmm-netlink.h"
#include "nmm-note.h"
#include "nmm-sysctl.h"

#define NOTE      "silent"
#define GROUP     "parent"
#define KEY_OWNER "owner"
#define KEY_INDEX "index" /* if it differs, the parent is a new device with its own values */

typedef struct {
    const char *name;
    int id; /* in netlink */
} Switch;

static const Switch arp_ignore = {"arp_ignore", IPV4_DEVCONF_ARP_IGNORE};
static const Switch medium_id = {"medium_id", IPV4_DEVCONF_MEDIUM_ID};
static const Switch *const switches[] = {&arp_ignore, &medium_id};

/* The kernel */

/* (transfer full) (nullable) */
static char *
read_switch(const char *device, const Switch *row)
{
    g_autofree char *path = g_strdup_printf("net/ipv4/conf/%s/%s", device, row->name);
    g_autoptr(GError) error = NULL;
    char *value = NULL;

    if (!nmm_sysctl_read(path, &value, &error))
        g_debug("%s", error->message);
    return value;
}

static struct nl_msg *
build_message(guint index, int id, guint32 value)
{
    struct nl_msg *message = nlmsg_alloc_simple(RTM_SETLINK, NLM_F_REQUEST);
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
    struct nlattr *families, *inet, *values;

    if (!message || nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
        !(families = nla_nest_start(message, IFLA_AF_SPEC)) ||
        !(inet = nla_nest_start(message, AF_INET)) ||
        !(values = nla_nest_start(message, IFLA_INET_CONF)) || nla_put_u32(message, id, value) < 0)
        g_error("out of memory");
    nla_nest_end(message, values);
    nla_nest_end(message, inet);
    nla_nest_end(message, families);
    return message;
}

/* Over netlink, because the helper's unit may not write to /proc/sys. */
static gboolean
write_switch(const char *device, const Switch *row, const char *value, GError **error)
{
    guint32 number = (guint32)g_ascii_strtoll(value, NULL, 10);
    guint index = if_nametoindex(device);
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    int code;

    if (!sock)
        return FALSE;
    code = nl_send_sync(sock, build_message(index, row->id, number));
    return code == 0 || nmm_netlink_fail(code, row->name, error);
}

/* The note: the new value of each parameter that was changed; the old value was 0 */

/* (transfer full) (nullable): NULL if there is none of the device that exists now. */
static GKeyFile *
read_note(const char *run_dir, const char *parent)
{
    g_autoptr(GKeyFile) note = nmm_note_read(run_dir, NOTE, parent);

    return note && g_key_file_get_uint64(note, GROUP, KEY_INDEX, NULL) == if_nametoindex(parent)
               ? g_steal_pointer(&note)
               : NULL;
}

/* Silence */

static void
plan(GKeyFile *note, const char *parent, const Switch *row, const char *value)
{
    g_autofree char *noted = g_key_file_get_string(note, GROUP, row->name, NULL);
    g_autofree char *now = read_switch(parent, row);

    if (g_strcmp0(now, noted ? noted : "0") == 0)
        g_key_file_set_string(note, GROUP, row->name, value);
}

static void
plan_all(GKeyFile *note, const char *parent, gboolean has_addresses)
{
    g_autofree char *medium = g_strdup_printf("%u", if_nametoindex(parent));

    plan(note, parent, &arp_ignore, has_addresses ? "8" : "1");
    plan(note, parent, &medium_id, medium);
}

static gboolean
change(GKeyFile *note, const char *parent, GError **error)
{
    gboolean done = TRUE;

    for (gsize i = 0; done && i < G_N_ELEMENTS(switches); i++) {
        g_autofree char *value = g_key_file_get_string(note, GROUP, switches[i]->name, NULL);

        done = !value || write_switch(parent, switches[i], value, error);
    }
    return done;
}

/* Its own switch goes with it. */
static gboolean
share_medium(const char *parent, const char *link, GError **error)
{
    g_autofree char *medium = read_switch(parent, &medium_id);

    return !medium || write_switch(link, &medium_id, medium, error);
}

gboolean
nmm_parent_arp_silence(const char *run_dir,
                       const char *owner,
                       const char *parent,
                       const char *link,
                       gboolean has_addresses,
                       GError **error)
{
    g_autoptr(GKeyFile) note = read_note(run_dir, parent);

    if (!note)
        note = g_key_file_new();
    g_key_file_set_string(note, GROUP, KEY_OWNER, owner);
    g_key_file_set_uint64(note, GROUP, KEY_INDEX, if_nametoindex(parent));
    plan_all(note, parent, has_addresses);
    return nmm_note_write(run_dir, NOTE, parent, note, error) && change(note, parent, error) &&
           share_medium(parent, link, error);
}

/* Restore */

static gboolean
restore_switch(GKeyFile *note, const char *parent, const Switch *row, GError **error)
{
    g_autofree char *set = g_key_file_get_string(note, GROUP, row->name, NULL);
    g_autofree char *now = set ? read_switch(parent, row) : NULL;

    return !now || !g_str_equal(now, set) || write_switch(parent, row, "0", error);
}

static gboolean
restore_all(GKeyFile *note, const char *parent, GError **error)
{
    gboolean done = TRUE;

    for (gsize i = 0; i < G_N_ELEMENTS(switches); i++)
        done = restore_switch(note, parent, switches[i], done ? error : NULL) && done;
    return done;
}

gboolean
nmm_parent_arp_restore(const char *run_dir, const char *owner, const char *parent, GError **error)
{
    g_autoptr(GKeyFile) note = read_note(run_dir, parent);
    g_autofree char *note_owner = note ? g_key_file_get_string(note, GROUP, KEY_OWNER, NULL) : NULL;

    if (note && g_strcmp0(note_owner, owner) != 0)
        return TRUE;
    return (!note || restore_all(note, parent, error)) &&
           nmm_note_remove(run_dir, NOTE, parent, error);
}
