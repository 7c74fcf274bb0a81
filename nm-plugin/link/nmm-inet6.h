/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's list of IPv6 addresses, which has what NetworkManager does not report: which are
 * temporary, and which are still being checked for duplicates. And its switches for IPv6.
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

/* From now on, the kernel does not check new addresses of @device for duplicates, unless
 * net.ipv6.conf.all.accept_dad is set; or it does as on a new interface. */
void nmm_inet6_skip_dad(const char *device);
void nmm_inet6_reset_dad(const char *device);
/* Undoes net.ipv6.conf.DEVICE.disable_ipv6. */
void nmm_inet6_enable(const char *device);

G_END_DECLS
