/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The administrator's configuration file, which limits what profiles may do. Only root can write
 * it. An unknown key or group is an error, because a misspelt limit would limit nothing.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char **libvirt_uris; /* connection URIs that profiles may use besides the built-in ones */
    char **admin_groups; /* whose members may use a private profile, besides root; may be empty */
    gboolean offers_profiles;
} NmmConfig;

/* (transfer full): NMM_CONFIG_FILE, except in tests. The defaults if there is no file. NULL with
 * NMM_ERROR_FAILED if it cannot be read, or has an unknown key. */
NmmConfig *nmm_config_read(const char *path, GError **error);
void nmm_config_free(NmmConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmConfig, nmm_config_free)

G_END_DECLS
