/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnftables, loaded when it is needed, so that the command works on hosts without it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What `nft COMMAND` prints; @json: with -j. With handles, without the state of counters. (transfer
 * full). NMM_ERROR_NOT_FOUND (no library), NMM_ERROR_FAILED. */
char *nmm_nft_run(const char *command, gboolean json, GError **error);

G_END_DECLS
