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
/* With all its settings, unless it has them. */
void nmm_move_configure_link(GTask *task);
void nmm_move_remove_link(GTask *task);
/* The link gets the parent's new configuration, if it changed. */
void nmm_move_follow_parent(GTask *task);

G_END_DECLS
