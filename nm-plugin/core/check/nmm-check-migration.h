/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether another host is ready for the live migration of a guest. It needs the networks and
 * interfaces that the guest's interfaces are attached to, because libvirt refuses the migration
 * without them, and the host links over which it reaches the guest.
 */

#pragma once

#include "nmm-check.h"
#include "nmm-host-state.h"

G_BEGIN_DECLS

/* The other host, as its libvirt describes it. */
typedef struct {
    char *uri;
    GError *error;          /* (nullable): why nothing of it is known */
    gboolean runs_guest;    /* it runs a guest of the same UUID */
    GPtrArray *networks;    /* (element-type NmmNetwork) (nullable): NULL with @networks_error */
    GError *networks_error; /* (nullable) */
    GPtrArray *links; /* (element-type NmmLink) (nullable): name and @up; NULL with @links_error */
    GError *links_error; /* (nullable) */
} NmmMigrationTarget;

NmmMigrationTarget *nmm_migration_target_new(const char *uri);
void nmm_migration_target_free(NmmMigrationTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmMigrationTarget, nmm_migration_target_free)

/* (transfer full) (element-type NmmCheckResult): the step "target", then "interface" for each of
 * the guest's interfaces and "host-link" for each active profile that serves it over one. Evaluates
 * all of them, even after a broken one, unless the target is. */
GPtrArray *nmm_check_migration(const NmmHostState *state,
                               const NmmHostHypervisor *hypervisor,
                               const NmmGuest *guest,
                               const NmmMigrationTarget *target);

G_END_DECLS
