/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a profile from a file that the user picked: a libvirt network, a libvirt domain, or an
 * exported profile. GNOME passes every file to every VPN plugin, so any other file is refused at
 * once, with a clear message.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/*
 * @text ends in a NUL byte after @length bytes. @allowed_uris: (nullable): libvirt URIs that root
 * allowed besides the built-in ones. Only an exported profile has a UUID.
 * Errors: NMM_ERROR_BAD_XML: malformed or none of the three; NMM_ERROR_CONFLICT: no profile can
 * serve the network or guest; NMM_ERROR_BAD_PROFILE: the service would refuse the profile.
 */
NMConnection *
nmm_import_text(const char *bytes, gsize length, const char *const *allowed_uris, GError **error);
/* Reads at most 4 MiB; GIOErrorEnum if the file cannot be read. */
NMConnection *nmm_import_file(const char *path, const char *const *allowed_uris, GError **error);

G_END_DECLS
