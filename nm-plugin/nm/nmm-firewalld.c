/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-firewalld.h"

#include <gio/gio.h>

gboolean
nmm_firewalld_is_absent(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}
