/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet addresses: bytes, text, and keys of tables.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_MAC_BYTES 6

/* (transfer full): "52:54:00:12:34:56", lower case. */
char *nmm_mac_to_string(const guint8 *mac);
/* @text: (nullable), in either case. @out_mac: NMM_MAC_BYTES, set on success only. */
gboolean nmm_mac_parse(const char *text, guint8 *out_mac);

/* A MAC as a number, for g_int64_hash(); 0 is none. */
typedef guint64 NmmMacKey;

NmmMacKey nmm_mac_key_from_bytes(const guint8 *mac);
void nmm_mac_key_to_bytes(NmmMacKey key, guint8 *out_mac);
char *nmm_mac_key_to_string(NmmMacKey key);

G_END_DECLS
