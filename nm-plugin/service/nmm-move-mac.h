/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move that change MACs. Those that take a task are calls as nmm-move-calls.h
 * describes.
 */

#pragma once

#include "nmm-move-context.h"
#include "nmm-problem.h"

G_BEGIN_DECLS

/* Whether the link takes the parent's MAC, as far as that is known before. */
void nmm_move_decide_mac(NmmMoveContext *move);
/* Both end when NetworkManager knows. Also DONE if the kernel refuses: the link keeps its own then.
 */
void nmm_move_take_mac(GTask *task);
/* The host is moved already. */
void nmm_move_adopt_mac(NmmMoveContext *move);
/* The host has its addresses on the link alone. */
void nmm_move_settle_mac(const NmmMoveContext *move);

/* Changes nothing if the parent has its own MAC. */
void nmm_move_return_mac(GTask *task);
void nmm_move_return_mac_now(NmmMoveContext *move);

/* (transfer full) (nullable): the link has its own MAC although the profile wants the parent's.
 * Logs it as well. */
GPtrArray *nmm_move_report_mac(const NmmMoveContext *move);

G_END_DECLS
