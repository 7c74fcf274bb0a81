/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One value of vpn.data, from text to type, as its row in the table of keys says.
 */

#pragma once

#include "nmm-keys.h"
#include "nmm-subnet.h"

G_BEGIN_DECLS

/* More is refused unread; in bytes. */
#define NMM_VALUE_MAX_BYTES      4096
#define NMM_GUEST_LIST_MAX_BYTES (64 * 1024)

typedef struct {
    int choice;     /* index in the row's choices; BOOL: 1 is yes; else -1 */
    char **names;   /* (nullable): GUESTS, unless it is a choice */
    NmmCidr cidr;   /* ADDRESS4, ADDRESS6, unless it is a choice */
    NmmRange range; /* DHCP_RANGE, unless it is a choice */
} NmmValue;

/* Errors: NMM_ERROR_BAD_PROFILE, naming key, value and what is allowed. */
gboolean nmm_value_parse(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error);
void nmm_value_clear(NmmValue *value);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NmmValue, nmm_value_clear)

/* What names and texts of any kind must be: valid UTF-8 that XML can hold. */
gboolean nmm_value_check_text(const char *text, gsize max_bytes, GError **error);

/* For messages: valid UTF-8 without control characters, shortened. */
char *nmm_value_to_display(const char *text);
/* For messages: 'one', 'two', 'three'. */
char *nmm_value_quote_words(const char *const *words);

/*
 * The value of a GUESTS key is split like a shell splits words: spaces part names, quotes and
 * backslashes keep them in one ("web one" db1). join is the inverse of split.
 */
char **nmm_guest_list_parse(const char *value, GError **error);
char *nmm_guest_list_join(const char *const *names);

G_END_DECLS
