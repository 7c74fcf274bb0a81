/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move that are calls to NetworkManager. Each takes a task whose data is an
 * NmmMoveContext, and returns an NmmEvent (an int) or an error. A step neither knows which step
 * comes next, nor calls another one.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-move-steps.h"

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
/* The link gets the parent's new configuration, if it changed. */
void nmm_move_follow_parent(GTask *task);

/* For the steps: each takes the task. @error: (transfer full); end_with() takes NULL, too, and puts
 * @format, the place, in front of it. */
void nmm_move_call_end(GTask *task, NmmEvent event);
void nmm_move_call_fail(GTask *task, GError *error);
void
nmm_move_call_end_with(GTask *task, GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);

G_END_DECLS
