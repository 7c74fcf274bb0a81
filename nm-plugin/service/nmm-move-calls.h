/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move that are calls to NetworkManager. Each takes a task whose data is an
 * NmmMoveContext, and returns an NmmEvent (an int) or an error. A step neither knows which step
 * comes next, nor calls another one.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Finds the parent and reads its applied connection. NMM_EVENT_LEFTOVER or NMM_EVENT_ADOPT if a
 * process that died left something. */
void nmm_move_read(GTask *task);
void nmm_move_create_checkpoint(GTask *task);
void nmm_move_destroy_checkpoint(GTask *task);

void nmm_move_add_link(GTask *task);
void nmm_move_activate_link(GTask *task);
void nmm_move_bind_link(GTask *task);
void nmm_move_remove_link(GTask *task);

void nmm_move_strip_parent(GTask *task);
void nmm_move_restore_parent(GTask *task);
/* With its stored profile. */
void nmm_move_reactivate_parent(GTask *task);

G_END_DECLS
