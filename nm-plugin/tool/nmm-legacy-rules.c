/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-legacy-rules.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

/* The tables that exist; to ask for another one would create it. */
#define TABLES "/proc/net/ip_tables_names"

/* (transfer full) (nullable): all entries of the table. */
static struct ipt_get_entries *
read_entries(int sock, const char *table)
{
    struct ipt_getinfo info = {0};
    struct ipt_get_entries *entries;
    socklen_t length = sizeof(info);

    g_strlcpy(info.name, table, sizeof(info.name));
    if (getsockopt(sock, IPPROTO_IP, IPT_SO_GET_INFO, &info, &length) < 0)
        return NULL;
    length = (socklen_t)(sizeof(*entries) + info.size);
    entries = g_malloc0(length);
    g_strlcpy(entries->name, table, sizeof(entries->name));
    entries->size = info.size;
    if (getsockopt(sock, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &length) < 0)
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

static gboolean
can_entries_drop(const struct ipt_get_entries *entries)
{
    const char *start = (const char *)entries->entrytable;

    for (guint offset = 0; offset + sizeof(struct ipt_entry) <= entries->size;) {
        const struct ipt_entry *entry = (gconstpointer)(start + offset);
        const struct xt_entry_target *target =
            (gconstpointer)(start + offset + entry->target_offset);

        if (entry->next_offset == 0 || can_target_drop(target))
            return entry->next_offset != 0;
        offset += entry->next_offset;
    }
    return FALSE;
}

static gboolean
can_table_drop(int sock, const char *table)
{
    g_autofree struct ipt_get_entries *entries = read_entries(sock, table);

    return !entries || can_entries_drop(entries);
}

gboolean
nmm_legacy_rules_can_drop(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) tables = NULL;
    gboolean found = FALSE;
    int sock;

    if (!g_file_get_contents(TABLES, &text, NULL, NULL) || !*text)
        return FALSE;
    sock = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    tables = g_strsplit(text, "\n", -1);
    for (guint i = 0; tables[i] && !found; i++)
        found = *tables[i] && !g_str_equal(tables[i], "nat") &&
                (sock < 0 || can_table_drop(sock, tables[i]));
    if (sock >= 0)
        close(sock);
    return found;
}
