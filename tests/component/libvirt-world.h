/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world of the contract on the libvirtd that with-libvirtd has started.
 */

#pragma once

#include <libvirt/libvirt.h>

#include "hypervisor-contract.h"

G_BEGIN_DECLS

#define URI "qemu:///system"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

extern const HypervisorWorld libvirt_world;

/* To libvirtd; after SIGKILL it waits for its end. */
void libvirt_world_signal_daemon(int number);
/* After SIGSTOP. libvirtd 9.0 now and then crashes on what clients that have gone meanwhile had
 * asked for; then it is started anew, as systemd does it. */
void libvirt_world_revive_daemon(void);

G_END_DECLS
