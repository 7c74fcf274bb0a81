/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one profile alone can hold while it is up. The words for the user are what is compared, too.
 */

#pragma once

#include "nm-macvtap-profile.h"

G_BEGIN_DECLS

/* (transfer full): strv: "network 'isolated' of 'qemu:///system'", "host link 'nmmveth0'". @link,
 * @parent: (nullable): names, for the modes that have a host link; unknown ones are left out. */
char **
nm_macvtap_exclusive_list(const NMMacvtapProfile *profile, const char *link, const char *parent);
/* FALSE with NM_MACVTAP_ERROR_CONFLICT. @holder: (nullable): the name of the profile that has it.
 */
gboolean nm_macvtap_exclusive_refuse(const char *what, const char *holder, GError **error);

G_END_DECLS
