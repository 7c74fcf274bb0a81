/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publishes the status of the profile on D-Bus, read-only: root and the users who may see the
 * profile can read the properties of one object. A signal follows each change; it has no values if
 * the profile is private, because signals reach everybody.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-profile-status.h"

G_BEGIN_DECLS

typedef struct _NmmPublisher NmmPublisher;

/* @readers: (element-type uid_t) (nullable): NULL for everybody. NULL with an error of GIO. */
NmmPublisher *nmm_publisher_new(GDBusConnection *bus,
                                const NmmProfileStatus *status,
                                const GArray *readers,
                                GError **error);
void nmm_publisher_free(NmmPublisher *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmPublisher, nmm_publisher_free)

/* Publishes @status, of the same profile, if it differs from the one before. */
void nmm_publisher_update(NmmPublisher *self, const NmmProfileStatus *status);

G_END_DECLS
