/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Before the parent or the host link loses the host's addresses, the other one can use them, and
 * the LAN sends to it. Otherwise open connections would stall.
 */

#pragma once

#include "nmm-move-context.h"

G_BEGIN_DECLS

/* Before the link gets addresses that the parent has, and before the parent gets its MAC and its
 * addresses back. */
void nmm_move_prepare_link(const NmmMoveContext *move);
void nmm_move_prepare_parent(const NmmMoveContext *move);
/* Before the parent loses its addresses, and before the link is removed. */
void nmm_move_hand_over(const NmmMoveContext *move);
void nmm_move_hand_back(const NmmMoveContext *move);
/* The host has its addresses on the link alone. */
void nmm_move_settle_link(const NmmMoveContext *move);

G_END_DECLS
