/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes kernel parameters (sysctl).
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @path: below /proc/sys. @out_value: (transfer full) (nullable): without the line's end; NULL if
 * the kernel has no such switch. NMM_ERROR_FAILED. */
gboolean nmm_sysctl_read(const char *path, char **out_value, GError **error);
/* NMM_ERROR_NOT_FOUND: the kernel has no such switch; NMM_ERROR_FAILED. */
gboolean nmm_sysctl_write(const char *path, const char *value, GError **error);
/* Gives @device the value that a new interface gets. @protocol: "ipv4" or "ipv6". TRUE without a
 * change if there is no such device or switch. NMM_ERROR_FAILED. */
gboolean
nmm_sysctl_reset(const char *protocol, const char *device, const char *name, GError **error);

G_END_DECLS
