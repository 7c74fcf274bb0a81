/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of a bridge. A libvirt network that is stopped and started again is a new bridge, and
 * libvirt leaves the devices of guests that run beside it (seen with libvirt 9.0) until its daemon
 * is restarted; this puts them back.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Makes @port a port of @bridge unless it is one already; then, with @isolated, keeps it from other
 * isolated ports. @out_changed: whether anything had to be done.
 * Errors: NMM_ERROR_NOT_FOUND where either is not there, NMM_ERROR_CONFLICT where the
 * port is another device's, NMM_ERROR_FAILED.
 */
gboolean nmm_bridge_add_port(const char *bridge,
                             const char *port,
                             gboolean isolated,
                             gboolean *out_changed,
                             GError **error);

/* Only where it is a bridge and has no port. Errors: NMM_ERROR_NOT_FOUND,
 * NMM_ERROR_CONFLICT, NMM_ERROR_FAILED. */
gboolean nmm_bridge_remove(const char *bridge, GError **error);

G_END_DECLS
