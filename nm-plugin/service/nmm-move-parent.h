/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move that change the parent. Those that take a task are calls as
 * nmm-move-calls.h describes.
 */

#pragma once

#include "nmm-move-context.h"

G_BEGIN_DECLS

/* From now on, the parent does not answer ARP requests for addresses of the link. A second call
 * changes nothing. @has_addresses: it has them itself until it is stripped. */
void nmm_move_silence_parent(const NmmMoveContext *move, gboolean has_addresses);
void nmm_move_end_silence(const NmmMoveContext *move);

void nmm_move_strip_parent(GTask *task);
/* While the profile is up and another program configured the parent. */
void nmm_move_strip_parent_again(GTask *task);
void nmm_move_restore_parent(GTask *task);
/* With its stored profile. */
void nmm_move_reactivate_parent(GTask *task);

G_END_DECLS
