/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's list of IPv6 addresses, which has what NetworkManager does not report: which are
 * temporary, and which are still being checked for duplicates.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The kernel's IFA_F_TEMPORARY, IFA_F_DADFAILED and IFA_F_TENTATIVE. */
typedef enum {
    NMM_INET6_TEMPORARY = 0x01,
    NMM_INET6_FAILED = 0x08,
    NMM_INET6_TENTATIVE = 0x40,
} NmmInet6Flags;

/* (transfer full): the global addresses of @device, in the kernel's order, which of the flags in
 * @mask have exactly @flags. Empty if they cannot be read. */
char **nmm_inet6_list(const char *device, guint mask, guint flags);
/* The same from the text of /proc/net/if_inet6; skips lines that it does not understand. */
char **nmm_inet6_parse(const char *text, const char *device, guint mask, guint flags);

G_END_DECLS
