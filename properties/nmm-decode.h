/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoding of a text file: what its byte order mark or its XML declaration names, else UTF-8.
 * Only encodings of a short list, because a file must not make the C library load others.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): UTF-8 without byte order mark and NUL. @bytes ends with a NUL behind @length.
 * NMM_ERROR_BAD_XML: names the encoding; NULL without an error: no text at all. */
char *nmm_decode_text(const char *bytes, gsize length, GError **error);

G_END_DECLS
