/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends the messages of a program to the journal under the program's name, or to standard error if
 * that is not the journal. The journal fields of messages are in core: nmm-journal.h.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Once, before the first message. @identifier must stay valid. */
void nmm_log_init(const char *identifier);

G_END_DECLS
