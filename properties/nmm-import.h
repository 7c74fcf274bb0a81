/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile from a file that a user picked: a libvirt network, a libvirt domain, or a profile that
 * was exported. GNOME offers every file to every VPN plugin, so what is none of the three is
 * refused at once and in plain words.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

NMConnection *
nmm_import_text(const char *text, gsize length, const char *const *allowed_uris, GError **error);
NMConnection *nmm_import_file(const char *path, const char *const *allowed_uris, GError **error);

G_END_DECLS
