/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host of the contract: the libvirtd that with-libvirtd started. */

#pragma once

#include <libvirt/libvirt.h>

#include "hypervisor-contract.h"

G_BEGIN_DECLS

#define URI "qemu:///system"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

extern const HypervisorHost libvirt_host;

/* Sends it to libvirtd; waits for its end after SIGKILL. */
void libvirt_host_signal_daemon(int number);
/* After SIGSTOP. libvirtd 9.0 sometimes crashes on requests of clients that have ended meanwhile;
 * then it is started again, as systemd does. */
void libvirt_host_revive_daemon(void);
/* Begins to save a running guest to a new pipe at @path; returns, when the save holds the guest,
 * the end of the pipe that is not read. */
int libvirt_host_save_to_pipe(const char *name, const char *path);
/* Reads the rest, so that the save ends. libvirt opens the pipe once more: close @fd later. */
void libvirt_host_drain(int fd);

G_END_DECLS
