/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-legacy-rules.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* The three have the same structures but for the size of two of them. */
typedef struct {
    const char *tables; /* those that exist; to ask for another one would create it */
    int family;
    int level;
    int get_info;
    int get_entries;
    gsize info_size;
    gsize info_entries_size; /* offsets */
    gsize target_offset;
    gsize next_offset;
    gsize entry_size;
} Kind;

#define KIND(prefix)                                                                               \
    .info_size = sizeof(struct prefix##_getinfo),                                                  \
    .info_entries_size = offsetof(struct prefix##_getinfo, size),                                  \
    .target_offset = offsetof(struct prefix##_entry, target_offset),                               \
    .next_offset = offsetof(struct prefix##_entry, next_offset),                                   \
    .entry_size = sizeof(struct prefix##_entry)

static const Kind ip = {
    .tables = "/proc/net/ip_tables_names",
    .family = AF_INET,
    .level = IPPROTO_IP,
    .get_info = IPT_SO_GET_INFO,
    .get_entries = IPT_SO_GET_ENTRIES,
    KIND(ipt),
};
static const Kind ip6 = {
    .tables = "/proc/net/ip6_tables_names",
    .family = AF_INET6,
    .level = IPPROTO_IPV6,
    .get_info = IP6T_SO_GET_INFO,
    .get_entries = IP6T_SO_GET_ENTRIES,
    KIND(ip6t),
};
static const Kind arp = {
    .tables = "/proc/net/arp_tables_names",
    .family = AF_INET,
    .level = IPPROTO_IP,
    .get_info = ARPT_SO_GET_INFO,
    .get_entries = ARPT_SO_GET_ENTRIES,
    KIND(arpt),
};

G_STATIC_ASSERT(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries));
G_STATIC_ASSERT(sizeof(struct ipt_get_entries) == sizeof(struct arpt_get_entries));

typedef struct ipt_get_entries Entries;

/* (transfer full) (nullable): all entries of the table. */
static Entries *
read_entries(const Kind *kind, int sock, const char *table)
{
    char info[256] = "";
    socklen_t length = (socklen_t)kind->info_size;
    guint size;
    Entries *entries;

    g_assert(kind->info_size <= sizeof(info));
    g_strlcpy(info, table, XT_TABLE_MAXNAMELEN);
    if (getsockopt(sock, kind->level, kind->get_info, info, &length) < 0)
        return NULL;
    memcpy(&size, info + kind->info_entries_size, sizeof(size));
    length = (socklen_t)(sizeof(*entries) + size);
    entries = g_malloc0(length);
    g_strlcpy(entries->name, table, sizeof(entries->name));
    entries->size = size;
    if (getsockopt(sock, kind->level, kind->get_entries, entries, &length) < 0)
        g_clear_pointer(&entries, g_free);
    return entries;
}

/* A verdict is negative, a jump is not. Extensions other than these let a packet through, or are
 * not known. */
static gboolean
can_target_drop(const struct xt_entry_target *target)
{
    static const char *const passing[] = {
        XT_ERROR_TARGET, "LOG", "MARK", "CONNMARK", "CHECKSUM", "TCPMSS", "CT", "NFLOG", NULL};
    const struct xt_standard_target *standard = (const struct xt_standard_target *)target;

    if (g_str_equal(target->u.user.name, XT_STANDARD_TARGET))
        return standard->verdict == -NF_DROP - 1;
    return !g_strv_contains(passing, target->u.user.name);
}

static guint
get_offset(const char *entry, gsize where)
{
    guint16 offset;

    memcpy(&offset, entry + where, sizeof(offset));
    return offset;
}

static gboolean
can_entries_drop(const Kind *kind, const Entries *entries)
{
    const char *entry = (const char *)entries->entrytable;
    const char *end = entry + entries->size;

    while (entry + kind->entry_size <= end) {
        guint next = get_offset(entry, kind->next_offset);
        gconstpointer target = entry + get_offset(entry, kind->target_offset);

        if (next == 0 || can_target_drop(target))
            return next != 0;
        entry += next;
    }
    return FALSE;
}

static gboolean
can_table_drop(const Kind *kind, int sock, const char *table)
{
    g_autofree Entries *entries = sock >= 0 ? read_entries(kind, sock, table) : NULL;

    return !entries || can_entries_drop(kind, entries);
}

static gboolean
can_kind_drop(const Kind *kind)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) tables = NULL;
    gboolean found = FALSE;
    int sock;

    if (!g_file_get_contents(kind->tables, &text, NULL, NULL) || !*text)
        return FALSE;
    sock = socket(kind->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    tables = g_strsplit(text, "\n", -1);
    for (guint i = 0; tables[i] && !found; i++)
        found =
            *tables[i] && !g_str_equal(tables[i], "nat") && can_table_drop(kind, sock, tables[i]);
    if (sock >= 0)
        close(sock);
    return found;
}

gboolean
nmm_legacy_rules_can_drop(gboolean inet6)
{
    return inet6 ? can_kind_drop(&ip6) : can_kind_drop(&ip) || can_kind_drop(&arp);
}
