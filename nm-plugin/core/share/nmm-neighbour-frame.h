/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses and builds Ethernet frames of ARP and IPv6 neighbour discovery. A frame that breaks a rule
 * of RFC 826, 4861 or 5227 is ignored as a whole.
 */

#pragma once

#include "nmm-cidr.h"
#include "nmm-mac.h"

G_BEGIN_DECLS

/* The longest frame that is built, and as much of a received one as is needed. */
#define NMM_NEIGHBOUR_FRAME_MAX 256

/* Identifier and sequence number of the echo requests that are built. */
#define NMM_NEIGHBOUR_ECHO 0x6e6d6d76u

/*
 * A claim: @sender has @mac (from every ARP packet with a sender address, gratuitous ones too; from
 * the source of a solicitation; from the target of an advertisement). A request: who has @target?
 * A probe (ARP with sender 0, solicitation from ::) requests without a claim.
 */
typedef struct {
    guint8 mac[NMM_MAC_BYTES]; /* the frame's source; the payload has the same */
    gboolean to_all;           /* sent to a broadcast or multicast MAC */
    gboolean has_sender;
    NmmCidr sender; /* prefix 32 or 128 */
    gboolean has_target;
    NmmCidr target; /* prefix 32 or 128 */
    /* A reply to an echo request. A router may have forwarded it, unlike the other frames, so it
     * proves nothing about a host on the LAN. */
    gboolean is_echo;
} NmmNeighbourFrame;

/* @data: a frame without VLAN tag. FALSE: another or a malformed frame, or one with neither claim
 * nor request; @out is unchanged. */
gboolean nmm_neighbour_frame_parse(const guint8 *data, gsize length, NmmNeighbourFrame *out);

/* The builders write to @out, which has room for NMM_NEIGHBOUR_FRAME_MAX, and return the length. */

/*
 * "Who has @target? Tell @source at @source_mac", to @destination_mac, or to all if that is NULL.
 * An IPv6 solicitation has the target's solicited-node group as destination address even if one MAC
 * gets it, because a router among the guests would forward a packet to the address itself.
 *
 * If @target is ff02::1, "which addresses do you have?" to @destination_mac: an ICMPv6 echo request
 * to all nodes. The receiver replies from one of its addresses, or first solicits @source from it.
 */
gsize nmm_neighbour_frame_build_probe(guint8 *out,
                                      const guint8 *source_mac,
                                      const guint8 *destination_mac,
                                      const NmmCidr *source,
                                      const NmmCidr *target);
/* "@address is at @source_mac", to @destination at @destination_mac: an ARP reply or an
 * advertisement. If @destination is 0.0.0.0 or ::, the reply to a probe whether @address is free.
 */
gsize nmm_neighbour_frame_build_reply(guint8 *out,
                                      const guint8 *source_mac,
                                      const guint8 *destination_mac,
                                      const NmmCidr *address,
                                      const NmmCidr *destination);
/* "@address is at @source_mac" to all: a gratuitous ARP request or unsolicited advertisement. */
gsize nmm_neighbour_frame_build_announcement(guint8 *out,
                                             const guint8 *source_mac,
                                             const NmmCidr *address);

/* The multicast MAC of solicitations for @address (IPv6). */
void nmm_neighbour_solicited_mac(const NmmCidr *address, guint8 *out_mac);

G_END_DECLS
