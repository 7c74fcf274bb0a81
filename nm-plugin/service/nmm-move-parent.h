/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move that change the parent. Each is a call as nmm-move-calls.h describes.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void nmm_move_strip_parent(GTask *task);
/* While the profile is up and another program configured the parent. */
void nmm_move_strip_parent_again(GTask *task);
void nmm_move_restore_parent(GTask *task);
/* With its stored profile. */
void nmm_move_reactivate_parent(GTask *task);

G_END_DECLS
