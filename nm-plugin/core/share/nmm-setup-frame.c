/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-setup-frame.h"

#include <string.h>

#define ETHERNET_BYTES   14
#define ETHERTYPE_AT     12
#define ETHERTYPE_IPV4_V 0x0800
#define ETHERTYPE_IPV6_V 0x86dd

#define IPV4_BYTES       20
#define IPV4_FRAGMENT_AT 6
#define IPV4_OFFSET      0x1fff
#define IPV4_PROTOCOL_AT 9
#define PROTOCOL_UDP     17
#define UDP_BYTES        8
#define DHCP_CLIENT      68
#define DHCP_SERVER      67

#define IPV6_BYTES          40
#define IPV6_NEXT_AT        6
#define NEXT_HOP_BY_HOP     0
#define NEXT_ICMP6          58
#define HOP_BY_HOP_BYTES    8
#define MLD_BYTES           8
#define MLD_N_RECORDS_AT    6
#define MLD2_REPORT         143
#define RECORD_BYTES        20 /* without sources */
#define RECORD_AUX_AT       1
#define RECORD_N_SOURCES_AT 2
#define RECORD_GROUP_AT     4
#define CHANGE_TO_EXCLUDE   4 /* what joining a group is */

static guint16
read16(const guint8 *at)
{
    return (guint16)((at[0] << 8) | at[1]);
}

static gboolean
is_dhcp_request(const guint8 *ip, gsize length)
{
    const guint8 *udp = ip + IPV4_BYTES;

    return length >= IPV4_BYTES + UDP_BYTES && ip[0] == (4 << 4 | IPV4_BYTES / 4) &&
           ip[IPV4_PROTOCOL_AT] == PROTOCOL_UDP &&
           (read16(ip + IPV4_FRAGMENT_AT) & IPV4_OFFSET) == 0 && read16(udp) == DHCP_CLIENT &&
           read16(udp + 2) == DHCP_SERVER;
}

static gboolean
is_join(const guint8 *record)
{
    static const guint8 solicited_node[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

    return record[0] == CHANGE_TO_EXCLUDE &&
           memcmp(record + RECORD_GROUP_AT, solicited_node, sizeof(solicited_node)) == 0;
}

static gboolean
has_join(const guint8 *mld, gsize length)
{
    const guint8 *record = mld + MLD_BYTES;

    length -= MLD_BYTES;
    for (guint n = read16(mld + MLD_N_RECORDS_AT); n > 0 && length >= RECORD_BYTES; n--) {
        gsize bytes =
            RECORD_BYTES + read16(record + RECORD_N_SOURCES_AT) * 16u + record[RECORD_AUX_AT] * 4u;

        if (is_join(record))
            return TRUE;
        if (bytes > length)
            return FALSE;
        record += bytes;
        length -= bytes;
    }
    return FALSE;
}

static gboolean
is_mld_join(const guint8 *ip, gsize length)
{
    const guint8 *option = ip + IPV6_BYTES;
    const guint8 *mld = option + HOP_BY_HOP_BYTES;

    return length >= IPV6_BYTES + HOP_BY_HOP_BYTES + MLD_BYTES && ip[0] >> 4 == 6 &&
           ip[IPV6_NEXT_AT] == NEXT_HOP_BY_HOP && option[0] == NEXT_ICMP6 && option[1] == 0 &&
           mld[0] == MLD2_REPORT && has_join(mld, length - IPV6_BYTES - HOP_BY_HOP_BYTES);
}

gboolean
nmm_setup_frame_parse(const guint8 *data, gsize length, guint8 *out_mac)
{
    const guint8 *payload = data + ETHERNET_BYTES;
    gboolean valid;

    /* to a group, from one host */
    if (length < ETHERNET_BYTES || !(data[0] & 1) || (data[NMM_MAC_BYTES] & 1))
        return FALSE;
    switch (read16(data + ETHERTYPE_AT)) {
    case ETHERTYPE_IPV4_V:
        valid = is_dhcp_request(payload, length - ETHERNET_BYTES);
        break;
    case ETHERTYPE_IPV6_V:
        valid = is_mld_join(payload, length - ETHERNET_BYTES);
        break;
    default:
        return FALSE;
    }
    if (valid)
        memcpy(out_mac, data + NMM_MAC_BYTES, NMM_MAC_BYTES);
    return valid;
}
