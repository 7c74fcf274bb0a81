/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host links that carry our mark in the kernel, whoever made them and whether he still lives: what
 * a clean-up has to go by.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* interface name → UUID of the profile whose mark it carries. (transfer full) */
GHashTable *nm_macvtap_marked_list(GError **error);
/* Deletes the link of that name if it still carries @uuid's mark. One that is gone is no error. */
gboolean nm_macvtap_marked_delete(const char *ifname, const char *uuid, GError **error);

G_END_DECLS
