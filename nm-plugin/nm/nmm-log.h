/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where messages of the programs that NetworkManager starts go: to the journal under their own
 * name, to standard error where that is no journal.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @identifier: (transfer none): the program's name; must stay valid. Once, before the first
 * message. */
void nmm_log_init(const char *identifier);

G_END_DECLS
