/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VPN service as NetworkManager sees it: one process for each active profile. Checks the
 * profile and its owner's rights, takes its locks, and runs one activation. libnm's base class
 * never resets what it has received, so a process serves one connect and ends.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

#define NMM_TYPE_SERVICE (nmm_service_get_type())
G_DECLARE_FINAL_TYPE(NmmService, nmm_service, NMM, SERVICE, NMVpnServicePlugin)

/* Owns @bus_name on the system bus. @run_dir: the directory of the locks. NULL with an error of
 * GIO. Signal "done": everything is undone, the process may end. */
NmmService *
nmm_service_new(const char *bus_name, const char *config_file, const char *run_dir, GError **error);
/* Takes the profile down if it is up; "done" follows. A second call ends a wait for NetworkManager,
 * and changes nothing else. */
void nmm_service_quit(NmmService *self);

G_END_DECLS
