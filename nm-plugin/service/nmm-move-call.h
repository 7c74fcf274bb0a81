/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the steps of mode move that are calls end: those of nmm-move-calls.h, nmm-move-mac.h and
 * nmm-move-parent.h.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-move-steps.h"

G_BEGIN_DECLS

/* Each takes the task. @error: (transfer full); end_with() takes NULL, too, and puts
 * @format, the place, in front of it. */
void nmm_move_call_end(GTask *task, NmmEvent event);
void nmm_move_call_fail(GTask *task, GError *error);
void
nmm_move_call_end_with(GTask *task, GError *error, const char *format, ...) G_GNUC_PRINTF(3, 4);

G_END_DECLS
