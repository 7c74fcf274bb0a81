/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for a terminal: nothing that a guest's or a profile's name could make it do, and how much
 * room it takes.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): valid UTF-8 without control characters. */
char *nmm_text_clean(const char *text);
/* In terminal cells: wide characters take two, combining ones none. */
guint nmm_text_width(const char *text);

G_END_DECLS
