/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and changes the host for a command, and waits for it: iterates the default main context, so
 * that libvirt's keepalive works and a libvirtd that hangs ends the wait.
 */

#pragma once

#include "nmm-check-migration.h"
#include "nmm-host-reader.h"

G_BEGIN_DECLS

/* For status and check: everything that they need of guests. */
#define NMM_HOST_READ_GUESTS                                                                       \
    (NMM_HOST_READ_NM | NMM_HOST_READ_LINKS | NMM_HOST_READ_USED_HYPERVISORS |                     \
     NMM_HOST_READ_LOCAL_HYPERVISORS | NMM_HOST_READ_LEASES | NMM_HOST_READ_STATUS)

/* Reads parts of @state, again or for the first time. @uris: (nullable): libvirt URIs to read. */
void nmm_host_update(NmmHostState *state, NmmHostReadFlags flags, const char *const *uris);
/* (transfer full): the host of the libvirt at @uri. @guest: the UUID of the guest that is to
 * migrate there. */
NmmMigrationTarget *nmm_host_read_target(const char *uri, const char *guest);
/* Applies @edits (element-type NmmEdit) in order, up to the first that fails. */
gboolean nmm_host_apply(const char *uri, const GPtrArray *edits, GError **error);

G_END_DECLS
