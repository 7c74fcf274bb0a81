/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile's status as the properties of its object on D-Bus (NMM_DBUS_STATUS_INTERFACE). Readers
 * ignore properties and members of a problem that they do not know.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-profile-status.h"

G_BEGIN_DECLS

/* (transfer none): of the object. */
GDBusInterfaceInfo *nmm_status_variant_get_interface(void);

/* (transfer floating): a{sv}, all properties of the interface. */
GVariant *nmm_status_variant_build(const NmmProfileStatus *status);
/* (transfer full) (nullable): NULL if @properties (a{sv}) are not those of a status. */
NmmProfileStatus *nmm_status_variant_parse(GVariant *properties);

G_END_DECLS
