/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the text of one vpn.data item into its field of a profile, as the row of its key defines.
 * Every error is NMM_ERROR_BAD_PROFILE, with what is allowed but without the name of the key.
 */

#pragma once

#include "nmm-keys.h"
#include "nmm-cidr.h"

G_BEGIN_DECLS

#define NMM_VALUE_MAX_BYTES      4096
#define NMM_GUEST_LIST_MAX_BYTES (64 * 1024)

/* @profile: an NmmProfile whose field is still zero; it keeps its value if the text is refused. */
gboolean nmm_value_parse(const NmmKeyInfo *key, const char *text, gpointer profile, GError **error);
void nmm_value_clear(const NmmKeyInfo *key, gpointer profile);

/* Valid UTF-8 of characters that XML can hold: libxml2 since 2.14 replaces others silently. */
gboolean nmm_value_check_text(const char *text, gsize max_bytes, GError **error);

/* For messages: 'one', 'two', 'three'. @words: (nullable). */
char *nmm_value_quote_words(const char *const *words);

/*
 * Names or UUIDs separated by spaces. Quotes and backslashes work as in a shell ("web one" db1),
 * but nothing is expanded and '#' is an ordinary character. join is the inverse of parse.
 */
char **nmm_guest_list_parse(const char *value, GError **error);
char *nmm_guest_list_join(const char *const *names);

G_END_DECLS
