/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The systemd unit of the libvirt daemon behind a URI, for messages: a remedy must name a unit that
 * this host has. Starts nothing and connects to nothing: it looks at files.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_DAEMON_UNIT_ELSEWHERE, /* the URI is of another host, or of a driver without a daemon */
    NMM_DAEMON_UNIT_MISSING,   /* no unit is installed: the daemon is not, either */
    NMM_DAEMON_UNIT_MASKED,
    NMM_DAEMON_UNIT_INSTALLED,
} NmmDaemonUnitState;

typedef struct {
    NmmDaemonUnitState state;
    char *name;    /* (nullable) without suffix, if MASKED or INSTALLED: "virtqemud", "libvirtd" */
    char *package; /* (nullable) not ELSEWHERE: the package of the driver */
} NmmDaemonUnit;

/* Of the daemons that could serve @uri, the one whose socket exists, as libvirt's clients choose
 * it, else one that is enabled, else one that is installed; the driver's own before the monolithic
 * one.
 * @part: (nullable): a driver that the daemon of @uri uses, "network": its daemon if libvirt is
 * modular here. @root: "", except in tests. Any thread. */
void
nmm_daemon_unit_find(const char *root, const char *uri, const char *part, NmmDaemonUnit *out_unit);
void nmm_daemon_unit_clear(NmmDaemonUnit *unit);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NmmDaemonUnit, nmm_daemon_unit_clear)

G_END_DECLS
