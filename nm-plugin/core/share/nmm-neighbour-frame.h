/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One Ethernet frame of ARP or IPv6 neighbour discovery, read and written. Reading trusts nothing:
 * a frame that breaks a rule of RFC 826, 4861 or 5227 says nothing at all. Sockets are elsewhere.
 */

#pragma once

#include "nmm-subnet.h"

G_BEGIN_DECLS

#define NMM_MAC_BYTES 6
/* No frame that is written is longer, none that is read needs more. */
#define NMM_NEIGHBOUR_FRAME_MAX 256

/*
 * What a frame says. A claim: @sender has @mac (of every ARP packet with a sender address, the
 * gratuitous one included; of a solicitation's source; of an advertisement's target). A question:
 * who has @target? A probe (ARP with sender 0, solicitation from ::) asks and claims nothing.
 */
typedef struct {
    guint8 mac[NMM_MAC_BYTES]; /* the frame's source, and the one that the payload names */
    gboolean to_all;           /* sent to a broadcast or multicast MAC */
    gboolean has_sender;
    NmmCidr sender; /* prefix 32 or 128 */
    gboolean has_target;
    NmmCidr target; /* prefix 32 or 128 */
} NmmNeighbourFrame;

/* FALSE: not such a frame, or one that is not well-formed; @out is left alone. */
gboolean nmm_neighbour_frame_parse(const guint8 *data, gsize length, NmmNeighbourFrame *out);

/*
 * "Who has @target? Tell @source at @source_mac", to @destination_mac alone, or to all where that
 * is NULL. Returns: the frame's length in @out, at most NMM_NEIGHBOUR_FRAME_MAX.
 */
gsize nmm_neighbour_frame_build_question(guint8 *out,
                                         const guint8 *source_mac,
                                         const guint8 *destination_mac,
                                         const NmmCidr *source,
                                         const NmmCidr *target);
/*
 * IPv6 only: "@address is at @source_mac", a solicited advertisement to @destination at
 * @destination_mac.
 */
gsize nmm_neighbour_frame_build_answer(guint8 *out,
                                       const guint8 *source_mac,
                                       const guint8 *destination_mac,
                                       const NmmCidr *address,
                                       const NmmCidr *destination);
/*
 * "@address is at @source_mac", told to all who did not ask: a gratuitous ARP request, or an
 * unsolicited advertisement.
 */
gsize nmm_neighbour_frame_build_announcement(guint8 *out,
                                             const guint8 *source_mac,
                                             const NmmCidr *address);

/* The multicast MAC to which solicitations for @address (IPv6) are sent. */
void nmm_neighbour_solicited_mac(const NmmCidr *address, guint8 *out_mac);

/* "52:54:00:12:34:56", lower case, and back. */
char *nmm_mac_to_string(const guint8 *mac);
gboolean nmm_mac_parse(const char *text, guint8 *out_mac);

G_END_DECLS
