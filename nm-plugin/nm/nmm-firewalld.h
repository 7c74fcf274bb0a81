/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewalld on D-Bus. Calls use G_DBUS_CALL_FLAGS_NO_AUTO_START, because this project never starts
 * it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_FIREWALLD_NAME           "org.fedoraproject.FirewallD1"
#define NMM_FIREWALLD_PATH           "/org/fedoraproject/FirewallD1"
#define NMM_FIREWALLD_INTERFACE      NMM_FIREWALLD_NAME
#define NMM_FIREWALLD_ZONE_INTERFACE NMM_FIREWALLD_NAME ".zone"

/* Whether a call failed with @error (nullable) because firewalld is not running. */
gboolean nmm_firewalld_is_absent(const GError *error);

G_END_DECLS
