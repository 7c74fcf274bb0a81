/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-standin.h"

#include <arpa/inet.h>
#include <string.h>

#include "nmm-identity.h"
#include "nmm-mac.h"

#define EUI64_BYTES 8

char *
nmm_standin_replace_in_id(const char *id, const char *own_mac)
{
    g_autofree char *standin = nmm_identity_standin_mac(own_mac);
    g_autofree char *own = g_ascii_strdown(own_mac, -1);
    g_autoptr(GString) text = g_string_new(id);

    if (!id)
        return NULL;
    g_string_ascii_down(text);
    g_string_replace(text, standin, own, 0);
    return g_strdup(text->str);
}

static gboolean
derive_eui64(const char *text, guint8 *out_id)
{
    guint8 mac[NMM_MAC_BYTES];

    if (!nmm_mac_parse(text, mac))
        return FALSE;
    out_id[0] = mac[0] ^ 2;
    memcpy(out_id + 1, (const guint8[]){mac[1], mac[2], 0xff, 0xfe}, 4);
    memcpy(out_id + 5, mac + 3, 3);
    return TRUE;
}

char *
nmm_standin_replace_in_address(const char *address, const char *own_mac)
{
    g_autofree char *standin = nmm_identity_standin_mac(own_mac);
    char text[INET6_ADDRSTRLEN];
    guint8 from[EUI64_BYTES];
    guint8 to[EUI64_BYTES];
    struct in6_addr bytes;

    if (!address || inet_pton(AF_INET6, address, &bytes) != 1 || !derive_eui64(standin, from) ||
        !derive_eui64(own_mac, to) || memcmp(bytes.s6_addr + 8, from, sizeof(from)) != 0)
        return g_strdup(address);
    memcpy(bytes.s6_addr + 8, to, sizeof(to));
    return g_strdup(inet_ntop(AF_INET6, &bytes, text, sizeof(text)));
}
