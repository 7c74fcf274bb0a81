/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host link is told through /proc/sys, so that hosts on the LAN go on seeing one host. For
 * this layer alone.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Before @link is up. Errors: NMM_ERROR_FAILED, naming the file. */
gboolean nmm_hostlink_write_sysctls(const char *link, GError **error);

G_END_DECLS
