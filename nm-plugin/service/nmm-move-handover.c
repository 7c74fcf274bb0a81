/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-handover.h"

#include "nmm-inet6.h"
#include "nmm-move-mac.h"
#include "nmm-move-parent.h"
#include "nmm-neighbours.h"

/* The parent has the addresses, so they are no duplicates. While the kernel checks, which takes 1
 * to 2 s, it neither accepts packets to the address on the link alone, nor asks for neighbours.
 * When NetworkManager changes a configuration, it disables IPv6 for a moment (1.42 to 1.58), and
 * the kernel would check again. */
void
nmm_move_prepare_link(const NmmMoveContext *move)
{
    nmm_inet6_skip_dad(move->link_name);
}

void
nmm_move_settle_link(const NmmMoveContext *move)
{
    nmm_inet6_reset_dad(move->link_name);
    nmm_move_settle_mac(move);
}

/* NetworkManager has announced the IPv4 addresses, and does not announce IPv6 ones. */
void
nmm_move_hand_over(const NmmMoveContext *move)
{
    nmm_move_silence_parent(move, FALSE);
    nmm_neighbours_copy(nm_device_get_iface(move->device), move->link_name);
    nmm_move_context_announce(move, nmm_move_context_get_link_device(move), AF_INET6);
}

/* While the link gets its first MAC again, which takes about 20 ms, what the LAN sends to the other
 * one arrives on the parent. There NetworkManager disabled IPv6. */
void
nmm_move_prepare_parent(const NmmMoveContext *move)
{
    if (move->has_address6)
        nmm_inet6_enable(nm_device_get_iface(move->device));
}

void
nmm_move_hand_back(const NmmMoveContext *move)
{
    nmm_move_end_silence(move);
    nmm_neighbours_copy(move->link_name, nm_device_get_iface(move->device));
    nmm_move_context_announce(move, move->device, AF_INET6);
}
