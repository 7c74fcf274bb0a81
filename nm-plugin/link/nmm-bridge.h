/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of a bridge. A libvirt network that is stopped and started again is a new bridge, and
 * libvirt does not add the devices of running guests to it (seen with libvirt 9.0) until its daemon
 * is restarted; this file adds them.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Makes @port a port of @bridge; then, with @isolated, keeps it from other isolated ports.
 * @out_changed: FALSE if it was a port already. Errors: NMM_ERROR_NOT_FOUND if either does not
 * exist, NMM_ERROR_CONFLICT if @port belongs to another device, NMM_ERROR_FAILED.
 */
gboolean nmm_bridge_add_port(const char *bridge,
                             const char *port,
                             gboolean isolated,
                             gboolean *out_changed,
                             GError **error);

/* (transfer full) (element-type utf8): the MACs, in lower case, from which frames came in through
 * @port. NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. */
GPtrArray *nmm_bridge_list_macs(const char *port, GError **error);

/* Removes the bridge of a network whose libvirt daemon ended while it started the network. Errors:
 * NMM_ERROR_NOT_FOUND, NMM_ERROR_CONFLICT if it is no bridge or has ports, NMM_ERROR_FAILED. */
gboolean nmm_bridge_remove(const char *bridge, GError **error);

G_END_DECLS
