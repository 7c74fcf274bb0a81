/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the systemd unit of the libvirt daemon that serves a URI, because a remedy must name a unit
 * that this host has. Only looks at files; starts and connects to nothing.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_DAEMON_UNIT_ELSEWHERE, /* on another host, or a driver without a daemon */
    NMM_DAEMON_UNIT_MISSING,   /* the daemon is not installed */
    NMM_DAEMON_UNIT_MASKED,
    NMM_DAEMON_UNIT_INSTALLED,
} NmmDaemonUnitState;

typedef struct {
    NmmDaemonUnitState state;
    char *name;    /* (nullable) without suffix, if MASKED or INSTALLED: "virtqemud", "libvirtd" */
    char *package; /* (nullable) not ELSEWHERE: the package of the driver */
} NmmDaemonUnit;

/* Of the daemons that can serve @uri, chooses the one whose socket exists, as libvirt's clients do;
 * else one that is enabled; else one that is installed. Prefers the driver's own daemon to
 * libvirtd.
 * @part: (nullable): "network", to find the daemon of that driver instead if libvirt is modular.
 * @root: "", except in tests. Any thread. */
void
nmm_daemon_unit_find(const char *root, const char *uri, const char *part, NmmDaemonUnit *out_unit);
void nmm_daemon_unit_clear(NmmDaemonUnit *unit);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NmmDaemonUnit, nmm_daemon_unit_clear)

G_END_DECLS
