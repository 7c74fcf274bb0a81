/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-mac.h"

#include <string.h>

char *
nmm_mac_to_string(const guint8 *mac)
{
    return g_strdup_printf(
        "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

gboolean
nmm_mac_parse(const char *text, guint8 *out_mac)
{
    guint8 mac[NMM_MAC_BYTES];

    if (!text || strlen(text) != 3 * NMM_MAC_BYTES - 1)
        return FALSE;
    for (gsize i = 0; i < NMM_MAC_BYTES; i++) {
        int high = g_ascii_xdigit_value(text[3 * i]);
        int low = g_ascii_xdigit_value(text[3 * i + 1]);

        if (high < 0 || low < 0 || (i + 1 < NMM_MAC_BYTES && text[3 * i + 2] != ':'))
            return FALSE;
        mac[i] = (guint8)(high << 4 | low);
    }
    memcpy(out_mac, mac, sizeof(mac));
    return TRUE;
}

NmmMacKey
nmm_mac_key_from_bytes(const guint8 *mac)
{
    NmmMacKey key = 0;

    for (gsize i = 0; i < NMM_MAC_BYTES; i++)
        key = key << 8 | mac[i];
    return key;
}

void
nmm_mac_key_to_bytes(NmmMacKey key, guint8 *out_mac)
{
    for (gsize i = 0; i < NMM_MAC_BYTES; i++)
        out_mac[i] = (guint8)(key >> (8 * (NMM_MAC_BYTES - 1 - i)));
}

char *
nmm_mac_key_to_string(NmmMacKey key)
{
    guint8 mac[NMM_MAC_BYTES];

    nmm_mac_key_to_bytes(key, mac);
    return nmm_mac_to_string(mac);
}
