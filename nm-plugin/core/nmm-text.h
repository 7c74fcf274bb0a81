/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for a terminal. A guest or profile may have any name, so an escape sequence in it must be
 * shown, not executed.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): valid UTF-8, every control character replaced by U+FFFD. */
char *nmm_text_clean(const char *text);
/* In terminal cells: wide characters take two, combining ones none. */
guint nmm_text_width(const char *text);

G_END_DECLS
