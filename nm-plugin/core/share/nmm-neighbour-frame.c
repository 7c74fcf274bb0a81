/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No allocation; every offset is checked before it is read.
 */

#include "config.h"

#include "nmm-neighbour-frame.h"

#include <string.h>

#define ETHERNET_BYTES   14
#define ETHERTYPE_AT     12
#define ETHERTYPE_ARP_V  0x0806
#define ETHERTYPE_IPV6_V 0x86dd

#define ARP_BYTES     28
#define ARP_REQUEST   1
#define ARP_REPLY     2
#define ARP_SENDER_AT 8
#define ARP_TARGET_AT 18

#define IPV6_BYTES        40
#define IPV6_SOURCE_AT    8
#define IPV6_DEST_AT      24
#define IPPROTO_ICMP6     58
#define ND_HOP_LIMIT      255
#define ND_BYTES          24 /* type, code, checksum, flags, target */
#define ND_TARGET_AT      8
#define ND_SOLICIT        135
#define ND_ADVERT         136
#define ND_OPT_SOURCE     1
#define ND_OPT_TARGET     2
#define ND_OPT_BYTES      8
#define ND_FLAG_SOLICITED 0x40
#define ND_FLAG_OVERRIDE  0x20
#define ECHO_BYTES        8 /* type, code, checksum, identifier, sequence number */
#define ECHO_ID_AT        4
#define ECHO_REQUEST      128
#define ECHO_REPLY        129

static const guint8 all_nodes[16] = {0xff, 0x02, [15] = 1};

static guint16
read16(const guint8 *at)
{
    return (guint16)((at[0] << 8) | at[1]);
}

static guint32
read32(const guint8 *at)
{
    return (guint32)read16(at) << 16 | read16(at + 2);
}

static void
write16(guint8 *at, guint16 value)
{
    at[0] = (guint8)(value >> 8);
    at[1] = (guint8)value;
}

static gboolean
is_zero(const guint8 *bytes, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (bytes[i] != 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_group_mac(const guint8 *mac)
{
    return (mac[0] & 1) != 0;
}

/* RFC 1071 over the pseudo header of RFC 8200 and the message. */
static guint16
icmp6_checksum(const guint8 *ip, const guint8 *message, gsize length)
{
    guint32 sum = IPPROTO_ICMP6 + (guint32)length;
    gsize i;

    for (i = IPV6_SOURCE_AT; i < IPV6_BYTES; i += 2)
        sum += read16(ip + i);
    for (i = 0; i + 1 < length; i += 2)
        sum += read16(message + i);
    if (i < length)
        sum += (guint32)message[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (guint16)~sum;
}

static gboolean
parse_arp(const guint8 *arp, gsize length, NmmNeighbourFrame *out)
{
    static const guint8 prefix[] = {0, 1, 0x08, 0x00, NMM_MAC_BYTES, 4};
    const guint8 *sender_mac = arp + ARP_SENDER_AT;
    const guint8 *sender = sender_mac + NMM_MAC_BYTES;
    const guint8 *target = arp + ARP_TARGET_AT + NMM_MAC_BYTES;
    guint16 operation;

    if (length < ARP_BYTES || memcmp(arp, prefix, sizeof(prefix)) != 0)
        return FALSE;
    operation = read16(arp + sizeof(prefix));
    if (operation != ARP_REQUEST && operation != ARP_REPLY)
        return FALSE;
    /* The payload must name the sender of the frame. */
    if (memcmp(sender_mac, out->mac, NMM_MAC_BYTES) != 0)
        return FALSE;
    if (!is_zero(sender, 4)) {
        out->has_sender = TRUE;
        nmm_cidr_set_address(&out->sender, G_SOCKET_FAMILY_IPV4, sender);
    }
    if (operation == ARP_REQUEST && !is_zero(target, 4) && memcmp(sender, target, 4) != 0) {
        out->has_target = TRUE;
        nmm_cidr_set_address(&out->target, G_SOCKET_FAMILY_IPV4, target);
    }
    return out->has_sender || out->has_target;
}

/* Finds the link-layer address option @wanted; without one *@out_mac stays NULL. FALSE: the options
 * are malformed, and the message must be dropped (RFC 4861). */
static gboolean
find_mac_option(const guint8 *options, gsize length, guint8 wanted, const guint8 **out_mac)
{
    while (length > 0) {
        gsize bytes;

        if (length < 2)
            return FALSE;
        bytes = (gsize)options[1] * 8;
        if (bytes == 0 || bytes > length)
            return FALSE;
        if (options[0] == wanted && bytes == ND_OPT_BYTES && !*out_mac)
            *out_mac = options + 2;
        options += bytes;
        length -= bytes;
    }
    return TRUE;
}

static gboolean
read_solicit(const guint8 *ip, const guint8 *target, const guint8 *mac, NmmNeighbourFrame *out)
{
    const guint8 *source = ip + IPV6_SOURCE_AT;

    out->has_target = TRUE;
    nmm_cidr_set_address(&out->target, G_SOCKET_FAMILY_IPV6, target);
    if (is_zero(source, 16))
        return !mac && ip[IPV6_DEST_AT] == 0xff; /* duplicate address detection */
    if (!mac && out->to_all)
        return FALSE;
    if (source[0] == 0xff)
        return FALSE;
    out->has_sender = TRUE;
    nmm_cidr_set_address(&out->sender, G_SOCKET_FAMILY_IPV6, source);
    return TRUE;
}

static gboolean
read_advert(const guint8 *ip, const guint8 *message, const guint8 *mac, NmmNeighbourFrame *out)
{
    gboolean to_group = ip[IPV6_DEST_AT] == 0xff;

    if (to_group && ((message[4] & ND_FLAG_SOLICITED) != 0 || !mac))
        return FALSE;
    out->has_sender = TRUE;
    nmm_cidr_set_address(&out->sender, G_SOCKET_FAMILY_IPV6, message + ND_TARGET_AT);
    return TRUE;
}

static gboolean
parse_nd(const guint8 *ip, gsize length, NmmNeighbourFrame *out)
{
    const guint8 *message = ip + IPV6_BYTES;
    const guint8 *target = message + ND_TARGET_AT;
    const guint8 *mac = NULL;
    gboolean solicit;
    gsize payload;

    if (length < IPV6_BYTES + ND_BYTES || ip[0] >> 4 != 6 || ip[6] != IPPROTO_ICMP6 ||
        ip[7] != ND_HOP_LIMIT)
        return FALSE;
    payload = read16(ip + 4);
    if (payload < ND_BYTES || payload > length - IPV6_BYTES)
        return FALSE;
    solicit = message[0] == ND_SOLICIT;
    if ((!solicit && message[0] != ND_ADVERT) || message[1] != 0)
        return FALSE;
    if (icmp6_checksum(ip, message, payload) != 0)
        return FALSE;
    if (target[0] == 0xff || is_zero(target, 16))
        return FALSE;
    if (!find_mac_option(
            message + ND_BYTES, payload - ND_BYTES, solicit ? ND_OPT_SOURCE : ND_OPT_TARGET, &mac))
        return FALSE;
    if (mac && memcmp(mac, out->mac, NMM_MAC_BYTES) != 0)
        return FALSE;
    return solicit ? read_solicit(ip, target, mac, out) : read_advert(ip, message, mac, out);
}

/* Only of a request that build_echo() made: the reply has its content. */
static gboolean
parse_echo_reply(const guint8 *ip, gsize length, NmmNeighbourFrame *out)
{
    const guint8 *source = ip + IPV6_SOURCE_AT;
    const guint8 *message = ip + IPV6_BYTES;

    if (length < IPV6_BYTES + ECHO_BYTES || read16(ip + 4) != ECHO_BYTES || message[1] != 0 ||
        read32(message + ECHO_ID_AT) != NMM_NEIGHBOUR_ECHO || source[0] == 0xff ||
        is_zero(source, 16) || icmp6_checksum(ip, message, ECHO_BYTES) != 0)
        return FALSE;
    out->is_echo = TRUE;
    out->has_sender = TRUE;
    nmm_cidr_set_address(&out->sender, G_SOCKET_FAMILY_IPV6, source);
    return TRUE;
}

static gboolean
parse_ipv6(const guint8 *ip, gsize length, NmmNeighbourFrame *out)
{
    if (length > IPV6_BYTES && ip[0] >> 4 == 6 && ip[6] == IPPROTO_ICMP6 &&
        ip[IPV6_BYTES] == ECHO_REPLY)
        return parse_echo_reply(ip, length, out);
    return parse_nd(ip, length, out);
}

gboolean
nmm_neighbour_frame_parse(const guint8 *data, gsize length, NmmNeighbourFrame *out)
{
    NmmNeighbourFrame frame = {0};
    const guint8 *payload;
    gboolean valid = FALSE;

    if (length < ETHERNET_BYTES)
        return FALSE;
    memcpy(frame.mac, data + NMM_MAC_BYTES, NMM_MAC_BYTES);
    if (is_group_mac(frame.mac) || is_zero(frame.mac, NMM_MAC_BYTES))
        return FALSE;
    frame.to_all = is_group_mac(data);
    payload = data + ETHERNET_BYTES;
    length -= ETHERNET_BYTES;
    switch (read16(data + ETHERTYPE_AT)) {
    case ETHERTYPE_ARP_V:
        valid = parse_arp(payload, length, &frame);
        break;
    case ETHERTYPE_IPV6_V:
        valid = parse_ipv6(payload, length, &frame);
        break;
    }
    if (valid)
        *out = frame;
    return valid;
}

static guint8 *
write_ethernet(guint8 *out, const guint8 *destination, const guint8 *source, guint16 type)
{
    memcpy(out, destination, NMM_MAC_BYTES);
    memcpy(out + NMM_MAC_BYTES, source, NMM_MAC_BYTES);
    write16(out + ETHERTYPE_AT, type);
    return out + ETHERNET_BYTES;
}

/* Writes the IPv6 header. Returns: the message of @length bytes, 0 except its type. */
static guint8 *
write_icmp6(guint8 *ip, const guint8 *source, const guint8 *destination, guint8 type, gsize length)
{
    guint8 *message = ip + IPV6_BYTES;

    memset(ip, 0, IPV6_BYTES + length);
    ip[0] = 6 << 4;
    write16(ip + 4, (guint16)length);
    ip[6] = IPPROTO_ICMP6;
    ip[7] = ND_HOP_LIMIT;
    memcpy(ip + IPV6_SOURCE_AT, source, 16);
    memcpy(ip + IPV6_DEST_AT, destination, 16);
    message[0] = type;
    return message;
}

/* Writes the checksum of the message that is complete. Returns: the length of the frame. */
static gsize
finish_icmp6(guint8 *ip, gsize length)
{
    guint8 *message = ip + IPV6_BYTES;

    write16(message + 2, icmp6_checksum(ip, message, length));
    return ETHERNET_BYTES + IPV6_BYTES + length;
}

/* A message of ND_BYTES and one link-layer address option. */
static gsize
write_nd(guint8 *ip,
         const guint8 *source,
         const guint8 *destination,
         guint8 type,
         guint8 flags,
         const guint8 *target,
         const guint8 *mac)
{
    const gsize length = ND_BYTES + ND_OPT_BYTES;
    guint8 *message = write_icmp6(ip, source, destination, type, length);
    guint8 *option = message + ND_BYTES;

    message[4] = flags;
    memcpy(message + ND_TARGET_AT, target, 16);
    option[0] = type == ND_SOLICIT ? ND_OPT_SOURCE : ND_OPT_TARGET;
    option[1] = 1;
    memcpy(option + 2, mac, NMM_MAC_BYTES);
    return finish_icmp6(ip, length);
}

/* The target's MAC stays 0. */
static guint8 *
write_arp(guint8 *out,
          guint8 operation,
          const guint8 *source_mac,
          const guint8 *destination_mac,
          const NmmCidr *source,
          const NmmCidr *target)
{
    const guint8 prefix[] = {0, 1, 0x08, 0x00, NMM_MAC_BYTES, 4, 0, operation};
    guint8 *arp = write_ethernet(out, destination_mac, source_mac, ETHERTYPE_ARP_V);

    memset(arp, 0, ARP_BYTES);
    memcpy(arp, prefix, sizeof(prefix));
    memcpy(arp + ARP_SENDER_AT, source_mac, NMM_MAC_BYTES);
    memcpy(arp + ARP_SENDER_AT + NMM_MAC_BYTES, source->bytes, 4);
    memcpy(arp + ARP_TARGET_AT + NMM_MAC_BYTES, target->bytes, 4);
    return arp;
}

static gsize
build_arp_request(guint8 *out,
                  const guint8 *source_mac,
                  const guint8 *destination_mac,
                  const NmmCidr *source,
                  const NmmCidr *target)
{
    static const guint8 broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    write_arp(out,
              ARP_REQUEST,
              source_mac,
              destination_mac ? destination_mac : broadcast,
              source,
              target);
    return ETHERNET_BYTES + ARP_BYTES;
}

static gsize
build_arp_reply(guint8 *out,
                const guint8 *source_mac,
                const guint8 *destination_mac,
                const NmmCidr *address,
                const NmmCidr *destination)
{
    guint8 *arp = write_arp(out, ARP_REPLY, source_mac, destination_mac, address, destination);

    memcpy(arp + ARP_TARGET_AT, destination_mac, NMM_MAC_BYTES);
    return ETHERNET_BYTES + ARP_BYTES;
}

static gsize
build_solicit(guint8 *out,
              const guint8 *source_mac,
              const guint8 *destination_mac,
              const NmmCidr *source,
              const NmmCidr *target)
{
    guint8 group[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    guint8 group_mac[NMM_MAC_BYTES];
    guint8 *ip;

    nmm_neighbour_solicited_mac(target, group_mac);
    memcpy(group + 13, target->bytes + 13, 3);
    ip = write_ethernet(
        out, destination_mac ? destination_mac : group_mac, source_mac, ETHERTYPE_IPV6_V);
    return write_nd(ip, source->bytes, group, ND_SOLICIT, 0, target->bytes, source_mac);
}

/* A unicast frame with a multicast packet (RFC 6085). */
static gsize
build_echo(guint8 *out,
           const guint8 *source_mac,
           const guint8 *destination_mac,
           const NmmCidr *source)
{
    guint8 *ip = write_ethernet(out, destination_mac, source_mac, ETHERTYPE_IPV6_V);
    guint8 *message = write_icmp6(ip, source->bytes, all_nodes, ECHO_REQUEST, ECHO_BYTES);

    write16(message + ECHO_ID_AT, NMM_NEIGHBOUR_ECHO >> 16);
    write16(message + ECHO_ID_AT + 2, NMM_NEIGHBOUR_ECHO & 0xffff);
    return finish_icmp6(ip, ECHO_BYTES);
}

static gboolean
is_all_nodes(const NmmCidr *address)
{
    return memcmp(address->bytes, all_nodes, sizeof(all_nodes)) == 0;
}

gsize
nmm_neighbour_frame_build_probe(guint8 *out,
                                const guint8 *source_mac,
                                const guint8 *destination_mac,
                                const NmmCidr *source,
                                const NmmCidr *target)
{
    if (target->family == G_SOCKET_FAMILY_IPV4)
        return build_arp_request(out, source_mac, destination_mac, source, target);
    if (destination_mac && is_all_nodes(target))
        return build_echo(out, source_mac, destination_mac, source);
    return build_solicit(out, source_mac, destination_mac, source, target);
}

gsize
nmm_neighbour_frame_build_reply(guint8 *out,
                                const guint8 *source_mac,
                                const guint8 *destination_mac,
                                const NmmCidr *address,
                                const NmmCidr *destination)
{
    const gboolean is_probe = is_zero(destination->bytes, sizeof(destination->bytes));
    guint8 *ip;

    if (address->family == G_SOCKET_FAMILY_IPV4)
        return build_arp_reply(out, source_mac, destination_mac, address, destination);
    ip = write_ethernet(out, destination_mac, source_mac, ETHERTYPE_IPV6_V);
    return write_nd(ip,
                    address->bytes,
                    is_probe ? all_nodes : destination->bytes,
                    ND_ADVERT,
                    ND_FLAG_OVERRIDE | (is_probe ? 0 : ND_FLAG_SOLICITED),
                    address->bytes,
                    source_mac);
}

gsize
nmm_neighbour_frame_build_announcement(guint8 *out,
                                       const guint8 *source_mac,
                                       const NmmCidr *address)
{
    static const guint8 all_nodes_mac[] = {0x33, 0x33, 0, 0, 0, 1};
    guint8 *ip;

    if (address->family == G_SOCKET_FAMILY_IPV4)
        return build_arp_request(out, source_mac, NULL, address, address);
    ip = write_ethernet(out, all_nodes_mac, source_mac, ETHERTYPE_IPV6_V);
    return write_nd(
        ip, address->bytes, all_nodes, ND_ADVERT, ND_FLAG_OVERRIDE, address->bytes, source_mac);
}

void
nmm_neighbour_solicited_mac(const NmmCidr *address, guint8 *out_mac)
{
    const guint8 mac[NMM_MAC_BYTES] = {
        0x33, 0x33, 0xff, address->bytes[13], address->bytes[14], address->bytes[15]};

    memcpy(out_mac, mac, sizeof(mac));
}
