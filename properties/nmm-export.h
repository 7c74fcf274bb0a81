/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a profile as text: as NetworkManager's keyfile, which imports to the same profile, or as
 * the definition of its libvirt network, for virsh net-define.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* @allowed_uris: (nullable): libvirt URIs that root allowed besides the built-in ones.
 * @host_id: the machine id, for address6=auto. */
char *nmm_export_keyfile(NMConnection *connection, const char *const *allowed_uris, GError **error);
/* Also NMM_ERROR_BAD_PROFILE if the mode has no network, or the DHCP range does not fit the subnet
 * that is chosen if the profile has no address. */
char *nmm_export_network(NMConnection *connection,
                         const char *const *allowed_uris,
                         const char *host_id,
                         GError **error);
/* Writes the network if @path ends in ".xml", else the keyfile. */
gboolean nmm_export_file(NMConnection *connection,
                         const char *path,
                         const char *const *allowed_uris,
                         const char *host_id,
                         GError **error);
/* The profile's name with NetworkManager's ending, without directory separators. */
char *nmm_export_suggest_filename(NMConnection *connection);

G_END_DECLS
