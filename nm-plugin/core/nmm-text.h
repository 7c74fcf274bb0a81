/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that others wrote, for a terminal and for messages. A guest or profile may have any name, so
 * an escape sequence in it must be shown, not executed.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_TEXT_ERROR_MAX 500  /* an error of libvirt, which repeats what QEMU printed */
#define NMM_TEXT_LOG_MAX   4000 /* a line in the log, which may list guests */

/* (transfer full): valid UTF-8, every control character replaced by U+FFFD. */
char *nmm_text_clean(const char *text);
/* (transfer full): for messages: valid UTF-8 of at most 64 characters, control characters escaped.
 * Every message that quotes text of a file, of a profile or of libvirt takes it from here. */
char *nmm_text_to_display(const char *text);
/* (transfer full): the same, with at most @max characters, for a whole message that may contain
 * such text or comes from another program. */
char *nmm_text_to_message(const char *text, guint max);
/* In terminal cells: wide characters take two, combining ones none. */
guint nmm_text_width(const char *text);

G_END_DECLS
