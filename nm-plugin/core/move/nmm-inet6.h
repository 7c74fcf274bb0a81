/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own list of IPv6 addresses, which says what NetworkManager does not: which are
 * temporary, and which are still being checked for duplicates.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_INET6_FILE "/proc/net/if_inet6"

/* The kernel's IFA_F_TEMPORARY, IFA_F_DADFAILED and IFA_F_TENTATIVE. */
typedef enum {
    NMM_INET6_TEMPORARY = 0x01,
    NMM_INET6_FAILED = 0x08,
    NMM_INET6_TENTATIVE = 0x40,
} NmmInet6Flags;

/* The global addresses of @device whose flags are, of those in @mask, just @flags. @text: of
 * NMM_INET6_FILE. (transfer full) */
char **nmm_inet6_list(const char *text, const char *device, guint mask, guint flags);

G_END_DECLS
