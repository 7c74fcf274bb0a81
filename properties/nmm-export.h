/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile as text: NetworkManager's keyfile, which imports back to the same profile, or the
 * definition of an isolated profile's network, which virsh net-define takes.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

char *nmm_export_keyfile(NMConnection *connection, const char *const *allowed_uris, GError **error);
char *nmm_export_network(NMConnection *connection,
                         const char *const *allowed_uris,
                         const char *host_id,
                         GError **error);
gboolean nmm_export_file(NMConnection *connection,
                         const char *path,
                         const char *const *allowed_uris,
                         const char *host_id,
                         GError **error);
char *nmm_export_suggest_filename(NMConnection *connection);

G_END_DECLS
