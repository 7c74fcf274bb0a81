/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with guests and networks, in memory. Behaves like libvirt 9.0 as far as the project relies
 * on it; the contract test proves it. Tests change it from outside as virsh would, connections
 * (fake-hypervisor.h) from inside. Both cause the events that libvirt sends.
 *
 * @guest is a name or a UUID. Every function may be called on any thread.
 */

#pragma once

#include "nmm-hypervisor.h"

#include "fake-calls.h"

G_BEGIN_DECLS

typedef struct _FakeHost FakeHost;

FakeHost *fake_host_new(void);
FakeHost *fake_host_ref(FakeHost *host);
void fake_host_unref(FakeHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeHost, fake_host_unref)

/* (transfer none): the log and the faults. */
FakeCalls *fake_host_get_calls(FakeHost *host);
/* No guest and no network is left; no event. */
void fake_host_reset(FakeHost *host);

/* Errors as libvirt's, in the project's domain. */
gboolean fake_host_define_guest(FakeHost *host, const char *xml, GError **error);
gboolean fake_host_create_guest(FakeHost *host, const char *xml, GError **error);
gboolean fake_host_start_guest(FakeHost *host, const char *guest, GError **error);
/* Sends the event of a running guest that arrived by migration. */
gboolean fake_host_arrive(FakeHost *host, const char *name);
gboolean fake_host_stop_guest(FakeHost *host, const char *guest, GError **error);
gboolean fake_host_undefine_guest(FakeHost *host, const char *guest, GError **error);
gboolean fake_host_attach(FakeHost *host,
                          const char *guest,
                          NmmScope scope,
                          const char *xml,
                          GError **error);
gboolean fake_host_update(FakeHost *host,
                          const char *guest,
                          NmmScope scope,
                          const char *xml,
                          GError **error);
gboolean fake_host_detach(FakeHost *host,
                          const char *guest,
                          NmmScope scope,
                          const char *alias,
                          GError **error);
/* Removes every macvtap interface, in both scopes. */
gboolean fake_host_strip_macvtap(FakeHost *host, const char *guest);
/* A guest that takes no further interface while it runs. */
void fake_host_set_rigid(FakeHost *host, const char *guest, gboolean rigid);
/* A guest that keeps an interface that it is asked for until fake_host_release_nics(). */
void fake_host_set_reluctant(FakeHost *host, const char *guest, gboolean reluctant);
void fake_host_release_nics(FakeHost *host, const char *guest);

/* A running guest is saved; it is resumed from the image when it is started. */
gboolean fake_host_save_guest(FakeHost *host, const char *guest, GError **error);
gboolean fake_host_discard_image(FakeHost *host, const char *guest, GError **error);
gboolean
fake_host_snapshot_guest(FakeHost *host, const char *guest, const char *snapshot, GError **error);
gboolean
fake_host_delete_snapshot(FakeHost *host, const char *guest, const char *snapshot, GError **error);
/* A running guest. */
gboolean fake_host_pause_guest(FakeHost *host, const char *guest, gboolean paused, GError **error);
/* Adds image, snapshots and whether it is paused to what was read of the guest. */
void fake_host_add_saved(FakeHost *host, NmmGuest *guest);

/* (transfer full) (nullable): UUIDs of all guests, in the order defined. */
char **fake_host_list_guests(FakeHost *host);
/* (transfer full) (nullable): NULL if there is no such guest. */
char *fake_host_get_guest_name(FakeHost *host, const char *guest);
/* (transfer full) (nullable): the document of one scope. */
char *fake_host_dump_guest(FakeHost *host, const char *guest, NmmScope scope);

gboolean fake_host_define_network(FakeHost *host, const char *xml, GError **error);
gboolean
fake_host_autostart_network(FakeHost *host, const char *name, gboolean autostart, GError **error);
/* No firewalld runs: a network with a zone does not start. */
gboolean fake_host_start_network(FakeHost *host, const char *name, GError **error);
gboolean fake_host_stop_network(FakeHost *host, const char *name, GError **error);
gboolean fake_host_undefine_network(FakeHost *host, const char *name, GError **error);
void fake_host_add_lease(FakeHost *host,
                         const char *network,
                         const char *mac,
                         const char *address,
                         const char *hostname);
/* (transfer full) (element-type NmmNetwork) */
GPtrArray *fake_host_list_networks(FakeHost *host, GError **error);
/* (transfer full) (element-type NmmLease) */
GPtrArray *fake_host_list_leases(FakeHost *host, const char *name, GError **error);
/* A network interface of the host, which has 'lo' from the beginning. */
void fake_host_add_link(FakeHost *host, const char *name, gboolean up);
/* (transfer full) (element-type NmmLink) */
GPtrArray *fake_host_list_links(FakeHost *host, GError **error);
gboolean fake_host_get_network_active(FakeHost *host, const char *name);
/* (transfer full) (nullable) */
NmmNetwork *fake_host_read_network(FakeHost *host, const char *name);

/* The daemon dies: connections are closed and open() fails; or it comes back. */
void fake_host_kill(FakeHost *host, const char *reason);
void fake_host_revive(FakeHost *host);
/* As with socket activation: connections are closed, and the next one starts the daemon again. */
void fake_host_fall_asleep(FakeHost *host);
gboolean fake_host_is_asleep(FakeHost *host);
/* Connections are closed, and open() fails. */
void fake_host_uninstall(FakeHost *host);
gboolean fake_host_is_missing(FakeHost *host);
/* The daemon of the networks alone, which list-networks would start. */
void fake_host_set_networks_asleep(FakeHost *host, gboolean asleep);
gboolean fake_host_are_networks_asleep(FakeHost *host);
/* Another program has started it. */
void fake_host_wake(FakeHost *host);
/* @hypervisor gets "awake" then. */
void fake_host_wait(FakeHost *host, NmmHypervisor *hypervisor);

/* For connections: those that have joined get events, even when the daemon dies. */
gboolean
fake_host_join(FakeHost *host, NmmHypervisor *hypervisor, gboolean read_only, GError **error);
void fake_host_leave(FakeHost *host, NmmHypervisor *hypervisor);
gboolean fake_host_is_joined(FakeHost *host, NmmHypervisor *hypervisor);
guint fake_host_count_joined(FakeHost *host);

G_END_DECLS
