/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of six words: the address in hex, then index, prefix length, scope and flags in hex, then
 * the device.
 */

#include "config.h"

#include "nmm-inet6.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "nmm-error.h"
#include "nmm-sysctl.h"

#define WORDS        6
#define WORD_ADDRESS 0
#define WORD_SCOPE   3
#define WORD_FLAGS   4
#define WORD_DEVICE  5

#define SCOPE_GLOBAL 0

#define DAD     "accept_dad"
#define DISABLE "disable_ipv6"

/* Without the kernel's padding. */
static gboolean
split_line(const char *line, char words[WORDS][64])
{
    return sscanf(line,
                  "%63s %63s %63s %63s %63s %63s",
                  words[0],
                  words[1],
                  words[2],
                  words[3],
                  words[4],
                  words[5]) == WORDS;
}

static gboolean
parse_address(const char *hex, char out[INET6_ADDRSTRLEN])
{
    struct in6_addr address;

    if (strlen(hex) != 2 * sizeof(address))
        return FALSE;
    for (guint i = 0; i < sizeof(address); i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]);
        int low = g_ascii_xdigit_value(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return FALSE;
        address.s6_addr[i] = (guint8)(high << 4 | low);
    }
    return inet_ntop(AF_INET6, &address, out, INET6_ADDRSTRLEN) != NULL;
}

char **
nmm_inet6_parse(const char *text, const char *device, guint mask, guint flags)
{
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        char words[WORDS][64];
        char address[INET6_ADDRSTRLEN];

        if (!split_line(*line, words) || !g_str_equal(words[WORD_DEVICE], device) ||
            g_ascii_strtoull(words[WORD_SCOPE], NULL, 16) != SCOPE_GLOBAL ||
            (g_ascii_strtoull(words[WORD_FLAGS], NULL, 16) & mask) != flags ||
            !parse_address(words[WORD_ADDRESS], address))
            continue;
        g_strv_builder_add(addresses, address);
    }
    return g_strv_builder_end(addresses);
}

char **
nmm_inet6_list(const char *device, guint mask, guint flags)
{
    g_autofree char *text = NULL;

    g_file_get_contents("/proc/net/if_inet6", &text, NULL, NULL);
    return nmm_inet6_parse(text ?: "", device, mask, flags);
}

static void
clear_switch(const char *device, const char *name)
{
    g_autofree char *path = g_strdup_printf("net/ipv6/conf/%s/%s", device, name);
    g_autoptr(GError) error = NULL;

    if (!nmm_sysctl_write(path, "0", &error) &&
        !g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND))
        g_warning("%s", error->message);
}

void
nmm_inet6_skip_dad(const char *device)
{
    clear_switch(device, DAD);
}

void
nmm_inet6_reset_dad(const char *device)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_sysctl_reset("ipv6", device, DAD, &error))
        g_warning("%s", error->message);
}

void
nmm_inet6_enable(const char *device)
{
    clear_switch(device, DISABLE);
}
