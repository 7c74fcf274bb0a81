/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the rules of the host's packet filter: those of nftables and of iptables-nft.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) (element-type NmmRuleChain). NMM_ERROR_DENIED (only root can read them),
 * NMM_ERROR_NOT_FOUND (no library), NMM_ERROR_FAILED. */
GPtrArray *nmm_ruleset_read(GError **error);
/* From what `nft -j -a list ruleset` and `nft -a list ruleset` print. NMM_ERROR_FAILED. */
GPtrArray *nmm_ruleset_parse(const char *json, const char *text, GError **error);

G_END_DECLS
