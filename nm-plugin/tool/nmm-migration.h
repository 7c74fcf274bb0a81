/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap check GUEST --for-migration-to URI: whether the host of that libvirt is ready for the
 * guest.
 */

#pragma once

#include "nmm-check-migration.h"
#include "nmm-commands.h"

G_BEGIN_DECLS

/* (transfer full) (nullable): NULL if there is no guest of that name or UUID. Connects to @uri,
 * read-only, and blocks. */
NmmReport *nmm_migration_check(const NmmHostState *state, const char *name, const char *uri);
/* (transfer full). @hypervisor: that of @guest. */
NmmReport *nmm_migration_report(const NmmHostState *state,
                                const NmmHostHypervisor *hypervisor,
                                const NmmGuest *guest,
                                const NmmMigrationTarget *target);

G_END_DECLS
